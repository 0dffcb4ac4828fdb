"""The pages of assessments: the list, one run with its lines, groups and comparison, one line and its override."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from core import jobs
from core.access import EntityRequest, for_entity
from core.errors import BadInput, DomainError
from core.middleware import record_refusal
from core.requests import sort_headings
from core.words import Role
from writeoffs.valuation import assessment_selectors as selectors
from writeoffs.valuation import overrides
from writeoffs.valuation.assess import assessment_start
from writeoffs.valuation.assessment_exports import lines_csv, lines_xlsx
from writeoffs.valuation.assessment_filters import DEFAULT_SORT, LineFilter, lines_filtered
from writeoffs.valuation.assessment_forms import OverrideForm, StartForm
from writeoffs.valuation.bases import basis_record
from writeoffs.valuation.explained import parts_of
from writeoffs.valuation.models import Assessment, AssessmentLine, Basis

PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADINGS = (
    ("sku", "Item", False),
    ("location", "Lot, location", False),
    ("quantity", "Quantity", True),
    ("cost", "Cost", True),
    ("carried", "Carried", True),
    ("required", "Required", True),
    ("movement", "Movement", True),
)


def assessment_or_404(request: EntityRequest, number: str) -> Assessment:
    found = Assessment.objects.select_related("entity", "created_by", "previous", "job")
    return get_object_or_404(found, entity=request.entity, number=number)


def line_or_404(request: EntityRequest, number: str, pk: int) -> AssessmentLine:
    found = AssessmentLine.objects.select_related(
        *("assessment__entity", "assessment__previous", "lot__item__category", "lot__location", "override_by"),
        *("policy__decided_by", "policy__asked_by", "price__entered_by", "price__evidence", "price__upload__file"),
    )
    return get_object_or_404(found, assessment__entity=request.entity, assessment__number=number, pk=pk)


def may_override(request: EntityRequest) -> bool:
    return bool(request.entity_roles & overrides.ROLES)


@require_safe
@for_entity()
def assessment_list(request: EntityRequest) -> HttpResponse:
    """Newest first."""
    page = Paginator(selectors.assessments_of(request.entity), PAGE).get_page(request.GET.get("page"))
    return render(request, "valuation/assessments.html", {"page_obj": page, "may_start": may_override(request)})


@require_safe
@for_entity()
def assessment_export(request: EntityRequest, number: str, extension: str) -> HttpResponseBase:
    """Exactly what the same query string shows on the page, all pages of it."""
    assessment = assessment_or_404(request, number)
    lines = lines_filtered(assessment=assessment, params=request.GET)
    name = f"{request.entity.slug}-{assessment.number}.{extension}"
    if extension == "csv":
        response = StreamingHttpResponse(lines_csv(lines), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    return FileResponse(lines_xlsx(assessment.number, lines), as_attachment=True, filename=name, content_type=XLSX)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER, Role.CONTROLLER)
def assessment_new(request: EntityRequest) -> HttpResponse:
    """Which day, whose books, which part of the stock; then the run's own page shows how far it is."""
    form = StartForm(request.POST or None, entity=request.entity)
    status = 200
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            assessment = assessment_start(
                entity=request.entity,
                user=request.user,
                as_of=given["as_of"],
                basis=given["basis"],
                categories=list(given["categories"]),
                locations=list(given["locations"]),
            )
        except DomainError as error:
            record_refusal(request, error)
            form.add_error(None, error.message)
            status = error.status
        else:
            return redirect(assessment)
    status = 400 if form.errors and status == 200 else status
    return render(request, "valuation/assessment_new.html", {"form": form}, status=status)


class _Lines(Paginator[AssessmentLine]):
    """Knows the count from the filter's totals already, and fetches a page in the quick way."""

    def __init__(self, lines: QuerySet[AssessmentLine], count: int) -> None:
        super().__init__(lines, PAGE)
        self.lines, self.known = lines, count

    @cached_property
    def count(self) -> int:
        return self.known

    def page(self, number: int | str) -> Page[AssessmentLine]:
        number = self.validate_number(number)
        rows = selectors.lines_page(lines=self.lines, first=(number - 1) * PAGE, count=PAGE)
        return Page(rows, number, self)


@require_safe
@for_entity()
def assessment_detail(request: EntityRequest, number: str) -> HttpResponse:
    """What is required against what is carried, lot by lot or grouped; while it runs, how far it is."""
    assessment = assessment_or_404(request, number)
    context: dict[str, Any] = {"assessment": assessment, "may_override": may_override(request)}
    if assessment.status in (Assessment.Status.RUNNING, Assessment.Status.FAILED):
        return render(request, "valuation/assessment.html", context | _progress(assessment))
    status, refused = 200, ""
    try:
        lines = lines_filtered(assessment=assessment, params=request.GET)
    except BadInput as error:
        lines, status, refused = AssessmentLine.objects.none(), error.status, error.message
    totals = selectors.line_totals(lines) if not refused else None
    overridden, more = selectors.overridden(assessment)
    context |= {
        "filter": LineFilter(request.GET, assessment=assessment),
        "refused": refused,
        "totals": totals,
        "filtered": any(v for k, v in request.GET.items() if k not in ("page", "sort", "by")),
        "may_propose": Role.PREPARER in request.entity_roles and assessment.basis == Basis.LEADING,
        "levels": selectors.by_level(assessment),
        "changes": selectors.changes(assessment),
        "overridden": overridden,
        "required": assessment.required + more,
        "newer": newer_than(assessment),
        "may_record": may_override(request)
        and assessment.basis != Basis.LEADING
        and assessment.status == Assessment.Status.DONE,
        "groupings": selectors.GROUPINGS.values(),
        "commitments": selectors.commitment_totals(assessment),
    }
    if totals is not None:
        context |= _shown(request, lines, totals)
    return render(request, "valuation/assessment.html", context, status=status)


def newer_than(assessment: Assessment) -> Assessment | None:
    """A finished run of a later day, or a later one of the same day, for the same books."""
    finished = Assessment.objects.filter(
        entity=assessment.entity_id,
        basis=assessment.basis,
        status__in=(Assessment.Status.DONE, Assessment.Status.PROPOSED),
        as_of__gte=assessment.as_of,
        pk__gt=assessment.pk,
    )
    return finished.select_related("entity").order_by("-as_of", "-pk").first()


def _shown(request: EntityRequest, lines: QuerySet[AssessmentLine], totals: selectors.LineTotals) -> dict[str, Any]:
    """The page of lines, or of groups where the address asks for them."""
    grouping = selectors.GROUPINGS.get(request.GET.get("by", ""))
    if grouping is None:
        page: Any = _Lines(lines, totals.lines).get_page(request.GET.get("page"))
        # What is left of a tick at the left and the item that stays in view has to fit a screen of 1280.
        legend = sorted({remark.gist: remark.sentence for line in page for remark in line.remarks}.items())
        headings = sort_headings(HEADINGS, request.GET.get("sort", DEFAULT_SORT))
        return {"page_obj": page, "legend": legend, "headings": headings}
    found = selectors.groups_query(lines=lines, grouping=grouping)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    groups = [selectors.group_of(row, grouping) for row in page.object_list]
    shown = [(group, _query(request, grouping.param, group.value)) for group in groups]
    return {"page_obj": page, "grouping": grouping, "group_rows": shown}


def _query(request: EntityRequest, name: str, value: str) -> str:
    """This page's query string, narrowed to one group's lines."""
    params = request.GET.copy()
    for other in ("by", "page"):
        params.pop(other, None)
    params[name] = value
    return params.urlencode()


def _progress(assessment: Assessment) -> dict[str, Any]:
    """job, percent and seconds_left (None while unknown) of a run that is being worked on."""
    job = assessment.job
    if assessment.status != Assessment.Status.RUNNING or job is None:
        return {}
    return jobs.progress_of(job)


@require_GET
@for_entity()
def assessment_progress(request: EntityRequest, number: str) -> HttpResponse:
    """How far it is: asked for every second by the page. When it is over the page loads itself again."""
    jobs.jobs_recover()
    assessment = assessment_or_404(request, number)
    context = {"assessment": assessment, **_progress(assessment)}
    response = render(request, "valuation/_progress.html", context)
    if assessment.status != Assessment.Status.RUNNING:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@for_entity(Role.PREPARER, Role.CONTROLLER)
def assessment_record(request: EntityRequest, number: str) -> HttpResponse:
    """Keep what a group or tax assessment requires as the write-down of its basis."""
    assessment = basis_record(assessment=assessment_or_404(request, number), user=request.user)
    messages.success(
        request, f"{assessment} is recorded for the {assessment.get_basis_display().lower()} basis. Nothing is posted."
    )
    return redirect(assessment)


@require_safe
@for_entity()
def assessment_compare(request: EntityRequest, number: str) -> HttpResponse:
    """What changed since the run before: new, grown, shrunk, gone, and why."""
    assessment = assessment_or_404(request, number)
    gone = Paginator(selectors.gone_lines(assessment).select_related("lot__item", "lot__location"), PAGE).get_page(
        request.GET.get("page")
    )
    context = {"assessment": assessment, "changes": selectors.changes(assessment), "page_obj": gone}
    return render(request, "valuation/compare.html", context)


@require_safe
@for_entity()
def line_detail(request: EntityRequest, number: str, pk: int) -> HttpResponse:
    """How the figure of one lot came about."""
    return _line_page(request, line_or_404(request, number, pk))


def _line_page(
    request: EntityRequest, line: AssessmentLine, form: OverrideForm | None = None, status: int = 200
) -> HttpResponse:
    open_ = line.assessment.status in (Assessment.Status.DONE, Assessment.Status.PROPOSED)
    may = may_override(request) and open_ and not line.proposal_ref and line.outcome != AssessmentLine.Outcome.OUT
    previous = None
    if line.assessment.previous_id is not None:
        previous = AssessmentLine.objects.filter(assessment=line.assessment.previous_id, lot=line.lot_id).first()
    context = {
        "line": line,
        "assessment": line.assessment,
        "parts": parts_of(line),
        "previous": previous,
        "form": (form or OverrideForm(line=line)) if may else None,
    }
    return render(request, "valuation/line.html", context, status=status)


@require_POST
@for_entity(Role.PREPARER, Role.CONTROLLER)
def line_override(request: EntityRequest, number: str, pk: int) -> HttpResponse:
    """Take an override; refused, the page is shown with the reason and with what was typed."""
    line = line_or_404(request, number, pk)
    form = OverrideForm(request.POST, line=line)
    if not form.is_valid():
        return _line_page(request, line, form, 400)

    def step() -> str:
        given = form.cleaned_data
        overrides.line_override(
            line=line, user=request.user, amount=given["amount"], reason=given["reason"], cause=given["cause"]
        )
        return f"{overrides.named(line)}: your override counts from now on."

    return _stepped(request, line, form, step)


@require_POST
@for_entity(Role.PREPARER, Role.CONTROLLER)
def line_withdraw(request: EntityRequest, number: str, pk: int) -> HttpResponse:
    line = line_or_404(request, number, pk)

    def step() -> str:
        overrides.override_withdraw(line=line, user=request.user)
        return f"{overrides.named(line)}: what was worked out counts again."

    return _stepped(request, line, None, step)


def _stepped(
    request: EntityRequest, line: AssessmentLine, form: OverrideForm | None, step: Callable[[], str]
) -> HttpResponse:
    try:
        said = step()
    except DomainError as error:
        record_refusal(request, error)
        form = form or OverrideForm(line=line)
        if form.is_bound:
            form.add_error(None, error.message)
        else:
            messages.error(request, error.message)
        return _line_page(request, line_or_404(request, line.assessment.number, line.pk), form, error.status)
    messages.success(request, said)
    return redirect(line_url(line))


def line_url(line: AssessmentLine) -> str:
    return reverse("valuation:line", args=[line.assessment.entity.slug, line.assessment.number, line.pk])
