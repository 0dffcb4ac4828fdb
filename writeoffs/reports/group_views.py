"""The group's reports: thin; every form of one comes from the same builder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from core.exchange import Missing, RateBook
from core.group_access import GroupRequest, for_group
from core.words import Role
from writeoffs.reports.builders.group_rollforward import GroupFrame, group_rollforward_report
from writeoffs.reports.exports import report_csv, report_xlsx
from writeoffs.reports.forms import PeriodForm
from writeoffs.reports.group_selectors import group_facts, group_periods, translatable_span
from writeoffs.reports.present import shown_tables
from writeoffs.reports.standing import standing_of_group
from writeoffs.reports.statements.spans import default_span, period_span
from writeoffs.reports.views import CSV, PDF, PRINT, SCREEN, XLSX, XLSX_TYPE, report_pdf, shown_tiles


def group_frame(request: GroupRequest, *, linked: bool) -> tuple[PeriodForm, GroupFrame, RateBook]:
    """The days that the address asks for: calendar months, counted from the group's own year. Without a wish, the
    newest month that can be translated."""
    group = request.group
    locale, today = group.parent.locale, group.parent.local_date()
    book = RateBook(group)
    periods = group_periods(group=group, members=request.members)
    newest = translatable_span(book, request.members, periods, today)
    default = period_span(newest, locale) if newest else default_span(periods, today, locale)
    form = PeriodForm(request.GET, periods=periods, default=default, locale=locale)
    span = form.span(default)
    standing = standing_of_group(members=request.members, span=span)
    return form, GroupFrame(group, request.members, span, linked, standing), book


@for_group
def rollforward(request: GroupRequest, shape: str = SCREEN) -> HttpResponse:
    """Inventory and allowance of every company from opening to closing, in the group's currency."""
    form, frame, book = group_frame(request, linked=shape == SCREEN)
    facts = group_facts(book=book, members=request.members, span=frame.span)
    report = group_rollforward_report(frame, facts)
    files: dict[str, tuple[Callable[[Any], bytes], str]] = {
        PDF: (report_pdf, "application/pdf"),
        XLSX: (report_xlsx, XLSX_TYPE),
        CSV: (report_csv, "text/csv; charset=utf-8"),
    }
    if shape in files:
        make, kind = files[shape]
        response = HttpResponse(make(report), content_type=kind)
        days = f"{frame.span.starts_on.isoformat()}-{frame.span.ends_on.isoformat()}"
        name = f"{request.group.slug}-{report.slug}-{days}.{shape}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    if shape == SCREEN:
        # What is missing is said with a link to the form instead.
        report = replace(report, notices=report.notices[len(facts.missing) :])
    context = {
        "group": request.group,
        "report": report,
        "tables": shown_tables(report),
        "tiles": shown_tiles(report),
        "forms": (form,),
        "form": form,
        "query_string": _query_string(request),
        "missing": [(each, missing_url(request, each)) for each in facts.missing],
        "chart": "",
    }
    return render(request, "groups/print.html" if shape == PRINT else "groups/rollforward.html", context)


def missing_url(request: GroupRequest, each: Missing) -> str:
    """The form for the rate that is missing, filled in; empty for those who may not enter it."""
    if Role.CONTROLLER not in request.parent_roles:
        return ""
    given = {"currency": each.currency, "kind": each.kind, "from": each.starts_on, "to": each.ends_on}
    return f"{reverse('groups:rate', args=[request.group.slug])}?{urlencode(given)}"


def _query_string(request: HttpRequest) -> str:
    return f"?{request.GET.urlencode()}" if request.GET else ""
