"""Losses without records: what was estimated, each step of the calculation, and the document that books it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from core.middleware import refused_in_form
from core.money import MONEY_SCALE, RATE_SCALE, from_raw
from core.papers import paper_download
from core.words import Role
from writeoffs.posting.shrinkage import ESTIMATED, accrued
from writeoffs.proposals import policy, services
from writeoffs.proposals.estimate_forms import EstimateForm, ProposeForm, initial_of
from writeoffs.proposals.estimate_models import LossEstimate
from writeoffs.proposals.models import Proposal, Status
from writeoffs.valuation.rules.estimating import Step

PER_PAGE = 50


def _estimate(request: EntityRequest, number: str) -> LossEstimate:
    rows = LossEstimate.objects.select_related("entity", "location", "category", "made_by", "replaces")
    return get_object_or_404(rows.prefetch_related("figures"), entity=request.entity, number=number)


@require_safe
@for_entity()
def estimate_list(request: EntityRequest) -> HttpResponse:
    """The newest first, each with its document."""
    rows = LossEstimate.objects.filter(entity=request.entity).select_related("location", "category", "made_by")
    page = Paginator(rows.select_related("replaced_by"), PER_PAGE).get_page(request.GET.get("page"))
    documents: dict[str, Proposal] = {}
    for made in Proposal.objects.filter(entity=request.entity, made_from__in=[one.source_ref for one in page]).order_by(
        "pk"
    ):
        if made.status not in (Status.REJECTED, Status.VOIDED):
            documents.setdefault(made.made_from, made)
    context = {
        "page_obj": page,
        "rows": [(one, documents.get(one.source_ref)) for one in page],
        "may_estimate": Role.PREPARER in request.entity_roles,
    }
    return render(request, "estimates/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def estimate_new(request: EntityRequest) -> HttpResponse:
    """?method= chooses the figures; ?replaces= begins with those of an estimate that was wrong. "show" works the loss
    out without keeping it."""
    entity = request.entity
    replaces = None
    if request.GET.get("replaces"):
        replaces = get_object_or_404(LossEstimate, entity=entity, number=request.GET["replaces"][:20])
    method = request.GET.get("method") or (replaces.method if replaces else LossEstimate.Method.GROSS_PROFIT.value)
    if method not in LossEstimate.Method.values:
        raise Http404
    initial: dict[str, Any] = {"event_on": entity.local_date(), **(initial_of(replaces) if replaces else {})}
    typed = (request.POST, request.FILES) if request.method == "POST" else ()
    form = EstimateForm(*typed, entity=entity, method=method, replaces=replaces, initial=initial)
    status, shown = (400 if form.errors else 200), None
    if request.method == "POST" and form.is_valid():
        try:
            if "show" in request.POST:
                shown = services.estimate_worked(entity=entity, estimate=form.estimate())
            else:
                made = services.estimate_make(entity=entity, user=request.user, estimate=form.estimate())
                messages.success(request, f"{made} is kept. Look at its steps, then propose it.")
                return redirect(made)
        except DomainError as error:
            status = refused_in_form(request, form, error)
    context = {
        "form": form,
        "method": method,
        "methods": LossEstimate.Method.choices,
        "replaces": replaces,
        "steps": _shown(shown.steps, {}) if shown else None,
    }
    return render(request, "estimates/new.html", context, status=status)


def _shown(steps: tuple[Step, ...], sources: dict[str, str]) -> list[dict[str, Any]]:
    """The steps as a page has them: money as amounts, a rate in percent."""
    return [
        {
            "label": step.label,
            "cost": _money(step.cost),
            "retail": _money(step.retail),
            "rate": None if step.rate is None else from_raw(step.rate, RATE_SCALE),
            "source": sources.get(step.code, ""),
            "total": step.total,
        }
        for step in steps
    ]


def _money(raw: int | None) -> Decimal | None:
    return None if raw is None else from_raw(raw, MONEY_SCALE)


@require_safe
@for_entity()
def estimate_detail(request: EntityRequest, number: str) -> HttpResponse:
    """Every step with the source of its figure; what our books had there; what became of it."""
    return _detail(request, _estimate(request, number))


def _detail(
    request: EntityRequest, estimate: LossEstimate, form: ProposeForm | None = None, status: int = 200
) -> HttpResponse:
    entity = request.entity
    documents = list(Proposal.objects.filter(entity=entity, made_from=estimate.source_ref).order_by("pk"))
    standing = accrued(entity=entity, role=ESTIMATED).get((estimate.location_id, estimate.category_id), 0)
    booked = [one for one in documents if one.status not in (Status.REJECTED, Status.VOIDED)]
    today = entity.local_date()
    replaced_by = LossEstimate.objects.filter(replaces=estimate).first()
    context = {
        "estimate": estimate,
        "steps": _shown(estimate.worked().steps, {one.code: one.source for one in estimate.figures.all()}),
        "beyond_book": max(estimate.loss - estimate.book, Decimal(0)),
        "documents": documents,
        "replaced_by": replaced_by,
        "standing": from_raw(standing, MONEY_SCALE) if any(one.status == Status.POSTED for one in booked) else None,
        "may_propose": Role.PREPARER in request.entity_roles and not booked and not replaced_by and estimate.loss,
        "may_prepare": Role.PREPARER in request.entity_roles,
        "form": form
        or ProposeForm(
            initial={"posting_on": policy.posting_date_default(entity=entity, found_on=estimate.event_on) or today}
        ),
    }
    return render(request, "estimates/detail.html", context, status=status)


@require_POST
@for_entity(Role.PREPARER)
def estimate_propose(request: EntityRequest, number: str) -> HttpResponse:
    estimate = _estimate(request, number)
    form = ProposeForm(request.POST)
    status = 400
    if form.is_valid():
        try:
            made = services.estimate_propose(
                estimate=estimate, user=request.user, posting_on=form.cleaned_data["posting_on"]
            )
        except DomainError as error:
            status = refused_in_form(request, form, error)
        else:
            messages.success(request, f"{made} is a draft. Look at it, then submit it.")
            return redirect(made)
    return _detail(request, estimate, form, status)


@require_POST
@for_entity(Role.PREPARER)
def estimate_release(request: EntityRequest, number: str) -> HttpResponse:
    estimate = _estimate(request, number)
    made = services.estimate_release(estimate=estimate, user=request.user)
    messages.success(request, f"{made} is a draft that releases what no count has used. Look at it, then submit it.")
    return redirect(made)


@require_safe
@for_entity()
def estimate_paper(request: EntityRequest, number: str) -> HttpResponse:
    """The evidence, as a download."""
    estimate = _estimate(request, number)
    if estimate.file_id is None:
        raise Http404
    return paper_download(estimate.file_id, estimate.file_name)
