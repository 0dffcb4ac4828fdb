"""The reports' pages: thin; every form of a report comes from the same builder."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from writeoffs.reports import behind, made, selectors, typesetting
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.builders.behind import document_words, lines_report, movements_report
from writeoffs.reports.builders.listing import listing_report
from writeoffs.reports.builders.losses import loss_chart, losses_table
from writeoffs.reports.builders.trace import trace_report
from writeoffs.reports.erp import period_tied
from writeoffs.reports.exports import report_csv, report_xlsx
from writeoffs.reports.forms import EARLIEST, LATEST, BehindForm, ListingForm, PeriodForm, RegisterForm
from writeoffs.reports.links import Links
from writeoffs.reports.present import PAPER_LINES, cut_sentence, shown_tables, typeset_data
from writeoffs.reports.standing import standing_notices, standing_of
from writeoffs.reports.statements.spans import PREVIOUS, PeriodFact, compared_span, default_span, range_span
from writeoffs.reports.tables import Formats, Notice, Report
from writeoffs.reports.trace import line_of, trace_of

logger = logging.getLogger(__name__)

PAGE_LINES = 100
SCREEN, PRINT, PDF, XLSX, CSV = "screen", "print", "pdf", "xlsx", "csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ReportNotPrinted(DomainError):
    """The typesetter could not make the PDF."""

    status = 503


@dataclass(frozen=True)
class Asked:
    """What the address asks for."""

    form: PeriodForm
    periods: list[PeriodFact]
    frame: Frame


def _asked(request: EntityRequest, shape: str, *, compares: bool = False, compare: str = PREVIOUS) -> Asked:
    """compare: what is compared with where the address says nothing."""
    entity = request.entity
    periods = selectors.periods_all(entity=entity)
    default = default_span(periods, entity.local_date(), entity.locale)
    form = PeriodForm(
        request.GET, periods=periods, default=default, locale=entity.locale, compares=compares, compare=compare
    )
    span = form.span(default)
    compared = compared_span(span, periods, form.comparison, entity.locale) if compares else None
    links = Links(entity if shape == SCREEN else None)
    params = {key: str(value) for key, value in request.GET.items() if key != "page"}
    standing = standing_notices(entity=entity, spans=[span, compared])
    return Asked(form, periods, Frame(entity, span, compared, links, params, standing))


@for_entity()
def index(request: EntityRequest) -> HttpResponse:
    """Which reports there are, the period's figures at first sight, and the chart."""
    asked = _asked(request, SCREEN, compares=True)
    frame = asked.frame
    losses, labels, months = made.losses_of(frame, asked.periods)
    chart = loss_chart(frame, losses, labels)
    report = made.impact_of(frame, asked.periods, with_chart=False)
    table = losses_table(frame, losses, labels, months) if losses.reasons else None
    context = {
        "form": asked.form,
        "form_list": (asked.form,),
        "span": frame.span,
        "report": report,
        "tiles": shown_tiles(report),
        "chart": _svg(chart.screen),
        "table": shown_tables(_only(report, table))[0] if table else None,
        "query_string": _query_string(request),
        "has_entries": bool(report.tables[-1].rows) or bool(losses.reasons),
    }
    return render(request, "reports/index.html", context)


@for_entity()
def register(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """Every posted line of the period."""
    asked = _asked(request, shape)
    narrow_form = RegisterForm(request.GET, entity=request.entity)
    lines = selectors.RegisterLines(
        entity=request.entity, span=asked.frame.span, narrow=narrow_form.narrow(), periods=asked.periods
    )
    page = _page(request, lines) if shape == SCREEN else None
    report = made.register_of(
        asked.frame,
        lines,
        page=list(page) if page is not None else None,
        narrowed=narrow_form.words(),
        paper=shape in (PRINT, PDF),
    )
    return _answer(request, report, shape, forms=(asked.form, narrow_form), page=page)


@for_entity()
def rollforward(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """Inventory and allowance from opening to closing, against the ledger."""
    asked = _asked(request, shape)
    report = made.rollforward_of(asked.frame)
    return _answer(request, report, shape, forms=(asked.form,))


@for_entity()
def impact(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """What own entries did to the statements; of one document where `proposal` names it."""
    asked = _asked(request, shape, compares=True)
    number = request.GET.get("proposal", "")
    frame = asked.frame
    if number:
        proposal = selectors.proposal_of(entity=request.entity, number=number)
        if proposal is None:
            raise Http404
        day = range_span(proposal.posting_on, proposal.posting_on, request.entity.locale)
        frame = replace(frame, standing=standing_notices(entity=request.entity, spans=[day]))
    report = made.impact_of(frame, asked.periods, number=number)
    return _answer(request, report, shape, forms=() if number else (asked.form,))


@for_entity()
def listing(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """Every journal line of the period, and what ties the accounts of stock to the ERP at its end."""
    asked = _asked(request, shape)
    entity, frame = request.entity, asked.frame
    narrow_form = ListingForm(request.GET)
    narrow = narrow_form.narrow(frame.span)
    found = behind.lines_behind(entity=entity, narrow=narrow).select_related("entry__posted_by")
    page = _page(request, found) if shape == SCREEN else None
    shown: Any = list(page) if page is not None else behind.Streamed(found)
    report = listing_report(
        frame,
        lines=list(found[:PAPER_LINES]) if shape in (PRINT, PDF) else shown,
        totals=behind.line_totals(found),
        tied=period_tied(entity=entity, span=frame.span),
        people=selectors.people_behind(entity=entity, span=frame.span),
        narrowed=narrow_form.words(),
    )
    return _answer(request, report, shape, forms=(asked.form, narrow_form), page=page)


@for_entity()
def movements(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """The movements behind a figure of a roll-forward."""
    frame, form = _behind(request, shape, ("kind", "lots"))
    found = behind.movements_behind(entity=request.entity, narrow=form.narrow())
    page = _page(request, found) if shape == SCREEN else None
    report = movements_report(
        frame,
        movements=list(page) if page is not None else behind.Streamed(found),
        totals=behind.movement_totals(found),
        words=form.words(request.entity.locale),
    )
    return _answer(request, report, shape, forms=(form,), page=page)


@for_entity()
def lines(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """The journal lines behind a figure of a statement."""
    frame, form = _behind(request, shape, ("role", "origin", "leg", "reason", "account"))
    found = behind.lines_behind(entity=request.entity, narrow=form.narrow())
    page = _page(request, found) if shape == SCREEN else None
    report = lines_report(
        frame,
        lines=list(page) if page is not None else behind.Streamed(found),
        totals=behind.line_totals(found),
        words=form.words(request.entity.locale),
    )
    return _answer(request, report, shape, forms=(form,), page=page)


@for_entity()
def trace(request: EntityRequest, number: str, line_number: int, shape: str = SCREEN) -> HttpResponse:
    """The proposal lines, charges or movements that one journal line sums."""
    line = line_of(entity=request.entity, number=number, line_number=line_number)
    if line is None:
        raise Http404
    entity = request.entity
    span = default_span([], entity.local_date(), entity.locale)
    found = trace_of(entity=entity, line=line)
    page = _page(request, found.found) if shape == SCREEN else None
    standing = standing_of(entity=entity, period=line.entry.period)
    report = trace_report(
        Frame(entity, span, links=Links(entity if shape == SCREEN else None), standing=standing),
        trace=found,
        rows=found.rows(page if page is not None else behind.Streamed(found.found)),
        count=page.paginator.count if page is not None else found.found.count(),
        document=document_words(line.entry.source_ref),
    )
    return _answer(request, report, shape, forms=(), page=page)


def _behind(request: EntityRequest, shape: str, fields: tuple[str, ...]) -> tuple[Frame, BehindForm]:
    entity = request.entity
    form = BehindForm(request.GET, entity=entity, fields=fields)
    span, narrow = default_span([], entity.local_date(), entity.locale), form.narrow()
    standing: tuple[Notice, ...] = ()
    if narrow.starts_on or narrow.ends_on:
        days = range_span(narrow.starts_on or EARLIEST, narrow.ends_on or LATEST, entity.locale)
        standing = standing_notices(entity=entity, spans=[replace(days, part=narrow.part)])
    return Frame(entity, span, links=Links(entity if shape == SCREEN else None), standing=standing), form


def _page(request: EntityRequest, lines: Any) -> Page[Any]:
    return Paginator(lines, PAGE_LINES).get_page(request.GET.get("page"))


def _only(report: Report, table: Any) -> Report:
    return replace(report, tables=(table,))


def _query_string(request: EntityRequest) -> str:
    params = request.GET.copy()
    params.pop("page", None)
    return f"?{params.urlencode()}" if params else ""


def _svg(text: str) -> str:
    """chart.py escapes every text that came from data."""
    return mark_safe(text)  # noqa: S308


def shown_tiles(report: Report) -> list[dict[str, Any]]:
    formats = Formats(report.currency, report.locale)
    return [{"tile": tile, "text": formats.money(tile.value)} for tile in report.tiles]


def _answer(
    request: EntityRequest, report: Report, shape: str, *, forms: tuple[Any, ...], page: Page[Any] | None = None
) -> HttpResponse:
    answer: dict[str, Callable[[], HttpResponse]] = {
        PDF: lambda: _file(request, report, report_pdf(report), "application/pdf", PDF),
        XLSX: lambda: _file(request, report, report_xlsx(report), XLSX_TYPE, XLSX),
        CSV: lambda: _file(request, report, report_csv(report), "text/csv; charset=utf-8", CSV),
    }
    if shape in answer:
        return answer[shape]()
    tables = shown_tables(report, limit=PAPER_LINES if shape == PRINT else None)
    context = {
        "report": report,
        "tables": tables,
        "tiles": shown_tiles(report),
        "chart": _svg(report.chart),
        "forms": forms,
        "form": forms[0] if forms else None,
        "page_obj": page,
        "query_string": _query_string(request),
        "cut": cut_sentence(tables, PAPER_LINES),
    }
    return render(request, "reports/print.html" if shape == PRINT else "reports/report.html", context)


def report_pdf(report: Report) -> bytes:
    try:
        return typesetting.pdf(typeset_data(report))
    except typesetting.TypesettingFailed as error:
        logger.exception("PDF of %s failed", report.slug)
        raise ReportNotPrinted(
            f"The PDF of {report.title}, {report.span}, could not be made. Use Print or xlsx; both have all figures."
        ) from error


def _file(request: EntityRequest, report: Report, content: bytes, kind: str, ending: str) -> HttpResponse:
    """A file to keep, named after the company, the report and its days: north-register-2026-03.pdf."""
    response = HttpResponse(content, content_type=kind)
    when = request.GET.get("proposal") or request.GET.get("period") or request.GET.get("to") or ""
    name = "-".join(
        filter(None, (request.entity.slug, report.slug, "".join(c for c in when if c.isalnum() or c in "-")))
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    return response
