"""The audit trail: searched by record, person, day and kind, and proved by recomputing its chain. Auditors,
controllers."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from core import audit
from core.access import EntityRequest, for_entity
from core.models import ChainHead
from core.words import Role
from writeoffs.desk.audit_search import AuditForm, events_found

PER_PAGE = 50


@require_GET
@for_entity(Role.AUDITOR, Role.CONTROLLER)
def audit_trail(request: EntityRequest) -> HttpResponse:
    return _page(request)


@require_POST
@for_entity(Role.AUDITOR, Role.CONTROLLER)
def audit_prove(request: EntityRequest) -> HttpResponse:
    """Recompute the chain from its first event to its head; reads only."""
    return _page(request, audit.chain_verify(audit.entity_chain(request.entity)))


def _page(request: EntityRequest, proof: audit.ChainProof | None = None) -> HttpResponse:
    form = AuditForm(request.GET, entity=request.entity)
    events = events_found(entity=request.entity, form=form)
    page = Paginator(events, PER_PAGE).get_page(request.GET.get("page"))
    head = ChainHead.objects.filter(chain=audit.entity_chain(request.entity)).first()
    context = {"form": form, "page_obj": page, "head": head, "proof": proof, "filtered": form.is_narrowed}
    return render(request, "desk/audit.html", context)
