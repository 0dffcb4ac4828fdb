"""The reports' pages: thin; every form of a report comes from the same builder."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from babel.dates import format_skeleton
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from writeoffs.reports import behind, correcting, selectors, typesetting
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.builders.behind import document_words, lines_report, movements_report
from writeoffs.reports.builders.corrections import loss_notes
from writeoffs.reports.builders.impact import impact_report
from writeoffs.reports.builders.listing import listing_report
from writeoffs.reports.builders.losses import loss_chart, losses_table
from writeoffs.reports.builders.register import register_report
from writeoffs.reports.builders.rollforward import rollforward_report
from writeoffs.reports.builders.trace import trace_report
from writeoffs.reports.charges import charges_posted
from writeoffs.reports.erp import balance_of_span, erp_statements, period_tied
from writeoffs.reports.exports import report_csv, report_xlsx
from writeoffs.reports.forms import BehindForm, ListingForm, PeriodForm, RegisterForm
from writeoffs.reports.links import Links
from writeoffs.reports.present import PAPER_LINES, cut_sentence, shown_tables, typeset_data
from writeoffs.reports.statements.impact import impact_statement
from writeoffs.reports.statements.losses import LossTable, loss_table
from writeoffs.reports.statements.restated import corrections_of
from writeoffs.reports.statements.spans import PeriodFact, compared_span, default_span, months_until
from writeoffs.reports.tables import Formats, Report
from writeoffs.reports.trace import line_of, trace_of
from writeoffs.valuation.rules.tax import TaxPolicy

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


def _asked(request: EntityRequest, shape: str, *, compares: bool = False) -> Asked:
    entity = request.entity
    periods = selectors.periods_all(entity=entity)
    default = default_span(periods, entity.local_date(), entity.locale)
    form = PeriodForm(request.GET, periods=periods, default=default, locale=entity.locale, compares=compares)
    span = form.span(default)
    compared = compared_span(span, periods, form.comparison, entity.locale) if compares else None
    links = Links(entity if shape == SCREEN else None)
    params = {key: str(value) for key, value in request.GET.items() if key != "page"}
    return Asked(form, periods, Frame(entity, span, compared, links, params))


@for_entity()
def index(request: EntityRequest) -> HttpResponse:
    """Which reports there are, the period's figures at first sight, and the chart."""
    asked = _asked(request, SCREEN, compares=True)
    frame = asked.frame
    losses, labels, months = _losses(frame, asked.periods)
    chart = loss_chart(frame, losses, labels)
    report = _impact(frame, asked.periods, with_chart=False)
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
    limit = PAPER_LINES if shape in (PRINT, PDF) else None
    shown = list(page) if page is not None else lines[0:limit] if limit else lines
    corrections = correcting.corrections_all(entity=request.entity)
    notes = loss_notes(asked.frame, corrections)
    if limit and len(lines) > limit:
        notes += (f"The first {limit:,} of {len(lines):,} lines are shown; the xlsx file has all; totals are of all.",)
    report = register_report(
        asked.frame,
        lines=shown,
        totals=lines.totals,
        people=selectors.people_behind(entity=request.entity, span=asked.frame.span),
        narrowed=narrow_form.words(),
        notes=notes,
        charges=charges_posted(entity=request.entity, span=asked.frame.span, narrow=narrow_form.narrow()),
    )
    return _answer(request, report, shape, forms=(asked.form, narrow_form), page=page)


@for_entity()
def rollforward(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """Inventory and allowance from opening to closing, against the ledger."""
    asked = _asked(request, shape)
    entity, span = request.entity, asked.frame.span
    report = rollforward_report(
        asked.frame,
        facts=selectors.roll_facts(entity=entity, span=span),
        people=selectors.people_behind(entity=entity, span=span),
        corrections=correcting.corrections_all(entity=entity),
    )
    return _answer(request, report, shape, forms=(asked.form,))


@for_entity()
def impact(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """What own entries did to the statements; of one document where `proposal` names it."""
    asked = _asked(request, shape, compares=True)
    number = request.GET.get("proposal", "")
    if number and selectors.proposal_of(entity=request.entity, number=number) is None:
        raise Http404
    report = _impact(asked.frame, asked.periods, number=number)
    return _answer(request, report, shape, forms=() if number else (asked.form,))


def _impact(frame: Frame, periods: list[PeriodFact], *, number: str = "", with_chart: bool = True) -> Report:
    entity, source_ref = frame.entity, f"proposal:{number}" if number else None
    current = selectors.accounts_summed(entity=entity, span=frame.span, source_ref=source_ref)
    prior = None
    if frame.compared and not number:
        prior = selectors.accounts_summed(entity=entity, span=frame.compared)
    policy = TaxPolicy(entity.tax_timing, entity.tax_rate, entity.currency)
    chosen = _losses(frame, periods) if with_chart and not number else None
    balance = balance_of_span(entity=entity, span=frame.span) if with_chart and not number else None
    corrections = [] if number else correcting.corrections_all(entity=entity)
    return impact_report(
        frame,
        statement=impact_statement(
            current=current,
            prior=prior,
            policy=policy,
            corrections=corrections_of(frame.span, corrections),
            prior_corrections=corrections_of(frame.compared, corrections),
        ),
        corrections=corrections,
        people=selectors.people_behind(entity=entity, span=frame.span, source_ref=source_ref),
        losses=chosen[0] if chosen else None,
        month_labels=chosen[1] if chosen else (),
        months=chosen[2] if chosen else (),
        number=number,
        erp=erp_statements(balance=balance, policy=policy) if balance else None,
    )


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
    frame, form = _behind(request, shape, ("kind",))
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
    report = trace_report(
        Frame(entity, span, links=Links(entity if shape == SCREEN else None)),
        trace=found,
        rows=found.rows(page if page is not None else behind.Streamed(found.found)),
        count=page.paginator.count if page is not None else found.found.count(),
        document=document_words(line.entry.source_ref),
    )
    return _answer(request, report, shape, forms=(), page=page)


def _behind(request: EntityRequest, shape: str, fields: tuple[str, ...]) -> tuple[Frame, BehindForm]:
    entity = request.entity
    form = BehindForm(request.GET, entity=entity, fields=fields)
    span = default_span([], entity.local_date(), entity.locale)
    return Frame(entity, span, links=Links(entity if shape == SCREEN else None)), form


def _losses(frame: Frame, periods: list[PeriodFact]) -> tuple[LossTable, list[str], list[PeriodFact]]:
    """The chart's table, the labels of its months, and the months."""
    months = months_until(frame.span, periods)
    facts = selectors.losses_by_month(entity=frame.entity, months=months)
    table = loss_table(facts, months=[p.code for p in months], reasons=selectors.REASONS)
    labels = [format_skeleton("yyMMM", p.starts_on, locale=frame.entity.locale) for p in months]
    return table, labels, months


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
