"""The reports on an assessment: the NRV test, ageing and excess, adjustments of other bases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from core.access import EntityRequest, for_entity
from writeoffs.reports import adjustments as adjusting
from writeoffs.reports import ageing as ages
from writeoffs.reports import assessments as facts
from writeoffs.reports import back_testing, behind
from writeoffs.reports.assessment_forms import AssessmentForm
from writeoffs.reports.builders.adjustments import adjustments_report
from writeoffs.reports.builders.ageing import ageing_report
from writeoffs.reports.builders.back_test import back_test_report
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.builders.nrv import nrv_report
from writeoffs.reports.links import Links
from writeoffs.reports.present import PAPER_LINES
from writeoffs.reports.statements.back_test import back_test as back_tested
from writeoffs.reports.statements.spans import range_span
from writeoffs.reports.views import PDF, PRINT, SCREEN, _answer, _page
from writeoffs.valuation.models import Assessment, Basis


def frame_of(request: EntityRequest, assessment: Assessment, shape: str) -> Frame:
    """The day of the assessment is what such a report covers."""
    entity = request.entity
    day = range_span(assessment.as_of, assessment.as_of, entity.locale)
    params = {key: str(value) for key, value in request.GET.items() if key != "page"}
    return Frame(entity, day, links=Links(entity if shape == SCREEN else None), params=params)


def asked(
    request: EntityRequest, *, bases: Sequence[str] = tuple(Basis.values), fields: Sequence[str] = ()
) -> tuple[AssessmentForm, Assessment | None]:
    found = facts.assessments_finished(entity=request.entity, bases=bases)
    form = AssessmentForm(request.GET, entity=request.entity, found=found, fields=fields)
    return form, form.chosen


def nothing_yet(request: EntityRequest, title: str, *, basis: str = "") -> HttpResponse:
    """There is no finished assessment to report on."""
    return render(request, "reports/no_assessment.html", {"title": title, "basis": basis})


@for_entity()
def nrv(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """Every lot of an assessment, cost against net realisable value."""
    form, assessment = asked(request)
    if assessment is None:
        return nothing_yet(request, "NRV test")
    lines = facts.nrv_lines(assessment, form.narrow())
    totals, paper = facts.nrv_totals(lines), shape in (PRINT, PDF)
    page = _page(request, lines) if shape == SCREEN else None
    shown: Any = list(page) if page is not None else list(lines[:PAPER_LINES]) if paper else behind.Streamed(lines)
    report = nrv_report(
        frame_of(request, assessment, shape),
        assessment=assessment,
        lines=shown,
        totals=totals,
        by_category=facts.nrv_by_category(lines),
        people=facts.people_of(assessment),
        narrowed=form.words(),
        cut=totals.lines - PAPER_LINES if paper else 0,
    )
    return _answer(request, report, shape, forms=(form,), page=page)


@for_entity()
def ageing(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """Every item of an assessment by age, with its demand and what lies beyond it."""
    form, assessment = asked(request, fields=("category", "location"))
    if assessment is None:
        return nothing_yet(request, "Ageing and excess")
    narrow, paper = form.narrow(), shape in (PRINT, PDF)
    items, totals = ages.ItemAges(assessment, narrow), ages.age_totals(assessment, narrow)
    page = _page(request, items) if shape == SCREEN else None
    shown: Any = list(page) if page is not None else items[0:PAPER_LINES] if paper else items
    bands, rates = ages.bands_of(assessment)
    report = ageing_report(
        frame_of(request, assessment, shape),
        assessment=assessment,
        items=shown,
        totals=totals,
        bands=bands,
        rates=rates,
        policies=ages.policies_of(assessment),
        people=facts.people_of(assessment),
        narrowed=form.words(),
        cut=totals.items - PAPER_LINES if paper else 0,
    )
    return _answer(request, report, shape, forms=(form,), page=page)


OTHERS = (Basis.GROUP.value, Basis.TAX.value)


@for_entity()
def adjustments(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """What the group or tax basis carries beyond the books, by fiscal year of the charge."""
    form, assessment = asked(request, bases=OTHERS, fields=("category", "location"))
    if assessment is None:
        return nothing_yet(request, "Adjustments of other bases", basis="group or tax")
    lines, paper = adjusting.valued_lines(assessment, form.narrow()), shape in (PRINT, PDF)
    differences = adjusting.differences_by_year(assessment, lines)
    page = _page(request, lines) if shape == SCREEN else None
    count = page.paginator.count if page is not None else lines.count()
    shown: Any = list(page) if page is not None else list(lines[:PAPER_LINES]) if paper else behind.Streamed(lines)
    report = adjustments_report(
        frame_of(request, assessment, shape),
        assessment=assessment,
        lines=shown,
        count=count,
        by_category=adjusting.adjustments_by_category(lines, differences),
        differences=differences,
        people=facts.people_of(assessment),
        narrowed=form.words(),
        cut=count - PAPER_LINES if paper else 0,
    )
    return _answer(request, report, shape, forms=(form,), page=page)


@for_entity()
def back_test(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """What a run estimated, against what the goods fetched until today."""
    form, assessment = asked(request, bases=(Basis.LEADING.value,), fields=("category", "location"))
    if assessment is None:
        return nothing_yet(request, "Back-test of NRV estimates")
    entity, until = request.entity, request.entity.local_date()
    test = back_tested(
        back_testing.estimates_of(assessment, form.narrow()),
        back_testing.fetched_since(assessment, until=until),
        exponent=entity.exponent,
    )
    frame = frame_of(request, assessment, shape)
    report = back_test_report(frame, assessment=assessment, test=test, until=until, narrowed=form.words())
    return _answer(request, report, shape, forms=(form,))
