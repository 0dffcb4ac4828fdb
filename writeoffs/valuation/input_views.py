"""The pages of the inputs: what stands of each kind, one with its history, giving, replacing and withdrawing one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from core.files import file_store
from core.idempotency import key_of
from core.middleware import refused_in_form
from core.models import StoredFile
from core.papers import content_type_of, paper_download
from writeoffs.valuation import input_selectors as selectors
from writeoffs.valuation.doubts import doubts
from writeoffs.valuation.giving import input_give, input_withdraw, require_giver, said, standing_of
from writeoffs.valuation.input_forms import FilterForm, InputForm, WithdrawForm, initial_of
from writeoffs.valuation.inputs import Input
from writeoffs.valuation.kinds_of_input import KINDS, InputKind

PAGE = 50
# The sheet that gives many of a kind at once.
SHEETS = {
    "price": "prices",
    "contract": "contracts",
    "commitment": "purchase_commitments",
    "use": "material_uses",
    "demand": "demand",
    "condition": "condition_marks",
    "sales": "sales_figures",
    "rate": "price_rates",
}


def _kind(code: str) -> InputKind:
    if code not in KINDS:
        raise Http404
    return KINDS[code]


def _may_give(request: EntityRequest, kind: InputKind) -> bool:
    return bool(request.entity_roles & set(kind.roles))


def _input(request: EntityRequest, kind: InputKind, pk: int) -> Input:
    rows = kind.model._default_manager.filter(entity=request.entity)
    return get_object_or_404(selectors.joined(kind, rows), pk=pk)


@require_safe
@for_entity()
def inputs(request: EntityRequest, code: str) -> HttpResponse:
    """What stands of a kind, filtered; with a day, what counts on it."""
    kind = _kind(code)
    form = FilterForm(request.GET, entity=request.entity, kind=kind)
    readable = form.is_valid()
    chosen = form.cleaned_data if readable else {}
    rows = selectors.inputs_filtered(entity=request.entity, kind=kind, chosen=chosen)
    page = Paginator(selectors.joined(kind, rows), PAGE).get_page(request.GET.get("page"))
    shown = [selectors.cells(kind, given) for given in page]
    # Columns that say nothing on this page only take its width.
    used = [
        place
        for place in range(len(selectors.COLUMNS[kind.code]))
        if place == 0 or not shown or any(cells[place][1] not in (None, "", False) for cells in shown)
    ]
    context = {
        "kind": kind,
        "kinds": list(KINDS.values()),
        "form": form,
        "page_obj": page,
        "columns": [selectors.COLUMNS[kind.code][place] for place in used],
        "rows": [(given, [cells[place] for place in used]) for given, cells in zip(page, shown, strict=True)],
        "filtered": any(chosen.values()),
        "may_give": _may_give(request, kind),
        "sheet": SHEETS[kind.code],
    }
    return render(request, "valuation/inputs.html", context, status=200 if readable else 400)


@require_safe
@for_entity()
def input_detail(request: EntityRequest, code: str, pk: int) -> HttpResponse:
    """One input: what it says, where it is from, every version of it and what stands on other days."""
    kind = _kind(code)
    return _detail(request, kind, _input(request, kind, pk), WithdrawForm())


def _detail(
    request: EntityRequest, kind: InputKind, given: Input, form: WithdrawForm, status: int = 200
) -> HttpResponse:
    versions = list(selectors.versions_of(kind=kind, given=given))
    others = selectors.other_days_of(kind=kind, given=given)
    context: dict[str, Any] = {
        "kind": kind,
        "given": given,
        "said": said(given),
        "facts": selectors.cells(kind, given),
        "versions": [(each, said(each)) for each in versions],
        "others": [(each, said(each)) for each in others],
        "stands": versions[0].pk == given.pk and not given.withdrawn,
        "doubts": doubts(request.entity, given),
        "may_give": _may_give(request, kind),
        "form": form,
    }
    return render(request, "valuation/input.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity()
def input_new(request: EntityRequest, code: str) -> HttpResponse:
    """Give one, or another version of the one that the address names."""
    kind = _kind(code)
    require_giver(request.entity, request.user, kind)
    initial = {}
    if request.GET.get("like", "").isdigit():
        like = kind.model._default_manager.filter(entity=request.entity, pk=int(request.GET["like"][:18])).first()
        initial = initial_of(kind, like) if like is not None else {}
    typed = (request.POST, request.FILES) if request.method == "POST" else ()
    form = InputForm(*typed, entity=request.entity, kind=kind, initial=initial)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            made = _keep(request, kind, form)
        except DomainError as error:
            status = refused_in_form(request, form, error)
        else:
            messages.success(request, f"The {kind.noun} of {made} is kept: {said(made)}.")
            for sentence in doubts(request.entity, made):
                messages.warning(request, sentence)
            return redirect("valuation:input", request.entity.slug, kind.code, made.pk)
    elif form.errors:
        status = 400
    return render(request, "valuation/input_new.html", {"kind": kind, "form": form}, status=status)


def _keep(request: EntityRequest, kind: InputKind, form: InputForm) -> Input:
    paper = form.paper()
    stored: StoredFile | None = None
    if paper is not None:
        stored = file_store(
            entity=request.entity,
            name=paper.name,
            content=paper.content,
            content_type=content_type_of(paper),
            user=request.user,
        )
    given = form.given(stored)
    if stored is None:
        # A figure that is put right keeps its paper, unless another one is given.
        before = standing_of(request.entity, kind, given)
        given.evidence_id = before.evidence_id if before is not None and before.source == given.source else None
    return input_give(entity=request.entity, user=request.user, given=given, key=key_of(request))


@require_POST
@for_entity()
def input_withdraw_view(request: EntityRequest, code: str, pk: int) -> HttpResponse:
    kind = _kind(code)
    given = _input(request, kind, pk)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return _detail(request, kind, given, form, status=400)
    made = input_withdraw(
        entity=request.entity,
        user=request.user,
        standing=given,
        reason=form.cleaned_data["reason"],
        key=key_of(request),
    )
    messages.success(request, f"The {kind.noun} of {made} is withdrawn.")
    return redirect("valuation:input", request.entity.slug, kind.code, made.pk)


@require_safe
@for_entity()
def input_paper(request: EntityRequest, code: str, pk: int) -> HttpResponse:
    """The evidence, as a download."""
    given = _input(request, _kind(code), pk)
    if given.evidence is None:
        raise Http404
    return paper_download(given.evidence.pk, given.evidence.name)
