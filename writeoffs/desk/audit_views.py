"""The audit trail: searched by record, person, day and kind, and proved by recomputing the company's chains. The head
of the chains can be taken away, and one that was taken earlier be held up against the books. Auditors, controllers."""

from __future__ import annotations

import itertools
from contextlib import suppress
from dataclasses import dataclass

from django import forms
from django.core.paginator import Paginator
from django.db import DatabaseError, transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from core import audit, chains, heads
from core.access import EntityRequest, for_entity
from core.errors import BadInput
from core.models import ChainHead
from core.verify import consistent_view
from core.words import Role
from writeoffs.desk.audit_search import AuditForm, events_found

PER_PAGE = 50
PROVED = "chains.proved"
# What an auditor reads at once; `manage.py verify --all` names every one.
COMPLAINTS = 20


class HeadForm(forms.Form):
    """A file of heads that somebody kept."""

    file = forms.FileField(
        label="File of heads",
        error_messages={"required": "Choose the file of heads that was kept.", "empty": "This file is empty."},
        widget=forms.ClearableFileInput(attrs={"class": "form-control", "accept": ".json,application/json"}),
    )


@dataclass(frozen=True, slots=True)
class Proved:
    """One chain of the company: how many links it has, its head, and the first broken places."""

    title: str
    links: int
    head: str
    complaints: list[str]


@dataclass(frozen=True, slots=True)
class Held:
    """What a kept file says of the books: when it was made, how many links it knows, what differs."""

    made_at: str
    links: int
    complaints: list[str]


@require_GET
@for_entity(Role.AUDITOR, Role.CONTROLLER)
def audit_trail(request: EntityRequest) -> HttpResponse:
    return _page(request)


@require_POST
@for_entity(Role.AUDITOR, Role.CONTROLLER)
def audit_prove(request: EntityRequest) -> HttpResponse:
    """Recompute every chain of the company from its first link to its head; that it was done is an event."""
    proofs = _proofs(request)
    _proved(request, proofs)
    return _page(request, proofs=proofs)


def _proved(request: EntityRequest, proofs: list[Proved]) -> None:
    """Keep who proved the chains and what came of it. A trail that is broken may take no event any more; then the page
    has said so."""
    broken = sum(1 for proof in proofs if proof.complaints)
    links, what = sum(proof.links for proof in proofs), "chain" if len(proofs) == 1 else "chains"
    result = f"{broken} of them broken" if broken else "nothing is wrong"
    with suppress(DatabaseError), transaction.atomic():
        audit.record(
            entity=request.entity,
            actor=request.user,
            kind=PROVED,
            message=f"{request.user} proved {len(proofs)} {what}, {links:,} links in all: {result}.",
            data={"links": links, "broken": broken},
        )


@require_POST
@for_entity(Role.AUDITOR, Role.CONTROLLER)
def audit_head(request: EntityRequest) -> HttpResponse:
    """Give the heads of the company's chains as a file; that they were taken is an event itself."""
    entity, today = request.entity, request.entity.local_date()
    text = heads.heads_export(entity=entity)
    kept = heads.heads_read(text.encode())
    audit.record(
        entity=entity,
        actor=request.user,
        kind="heads.exported",
        message=f"{request.user} took the heads of {len(kept.chains)} chains away, {kept.links:,} links in all.",
        data={"links": kept.links},
    )
    response = HttpResponse(text, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="heads-{entity.slug}-{today.isoformat()}.json"'
    return response


@require_POST
@for_entity(Role.AUDITOR, Role.CONTROLLER)
def audit_against(request: EntityRequest) -> HttpResponse:
    """Hold a kept file of heads up against the books: first that they begin with it, then the chains themselves."""
    form = HeadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, head_form=form, status=400)
    try:
        kept = heads.heads_of(heads.heads_read(form.cleaned_data["file"].read()), entity=request.entity)
    except BadInput as error:
        form.add_error("file", error.message)
        return _page(request, head_form=form, status=400)
    with consistent_view():
        held = Held(kept.made_at, kept.links, list(heads.heads_compare(kept)))
        proofs = _proofs(request)
    return _page(request, proofs=proofs, held=held)


def _proofs(request: EntityRequest) -> list[Proved]:
    found = []
    with consistent_view():
        for head in ChainHead.objects.order_by("chain"):
            kind = chains.kind_of(head.chain)
            if kind is None or chains.entity_id_of(head.chain) != request.entity.pk:
                continue
            complaints = list(itertools.islice(kind.prove(head.chain), COMPLAINTS))
            found.append(Proved(kind.title, head.sequence, head.hash, complaints))
    return found


def _page(
    request: EntityRequest,
    *,
    proofs: list[Proved] | None = None,
    held: Held | None = None,
    head_form: HeadForm | None = None,
    status: int = 200,
) -> HttpResponse:
    form = AuditForm(request.GET, entity=request.entity)
    events = events_found(entity=request.entity, form=form)
    page = Paginator(events, PER_PAGE).get_page(request.GET.get("page"))
    head = ChainHead.objects.filter(chain=audit.entity_chain(request.entity)).first()
    context = {
        "form": form,
        "page_obj": page,
        "head": head,
        "proofs": proofs,
        "broken": any(proof.complaints for proof in proofs or ()),
        "held": held,
        "head_form": head_form or HeadForm(),
        "filtered": form.is_narrowed,
    }
    return render(request, "desk/audit.html", context, status=status)
