"""The first page of a group: its companies, how far their books are, and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.group_access import GroupRequest
from core.models import Entity
from core.words import Role
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.reports.builders.group_rollforward import framework_notice
from writeoffs.reports.group_selectors import group_facts
from writeoffs.reports.group_views import group_frame, missing_url
from writeoffs.reports.statements.rollforward import ALLOWANCE_COLUMNS, GROSS_COLUMNS
from writeoffs.reports.statements.spans import Span, date_text
from writeoffs.reports.statements.translation import TranslatedRow, group_roll
from writeoffs.reports.tables import Formats, Tile


@dataclass(frozen=True, slots=True)
class CompanyLine:
    """One company: what its own books say on the last day, and what that is in the group's currency ("" without a
    rate). books, tone: how far its periods are for the days shown, in words and as a pill."""

    entity: Entity
    own: str
    gross: str
    allowance: str
    carrying: str
    books: str
    tone: str


def overview_context(request: GroupRequest) -> dict[str, Any]:
    """group, form, lines (CompanyLine), totals, tiles, missing ((Missing, address of its form)), notices."""
    form, frame, book = group_frame(request, linked=True)
    currency, locale = request.group.currency, request.group.parent.locale
    facts = group_facts(book=book, members=request.members, span=frame.span)
    gross = group_roll(columns=GROSS_COLUMNS, members=facts.gross, currency=currency)
    held = group_roll(columns=ALLOWANCE_COLUMNS, members=facts.allowance, currency=currency)
    formats = Formats(currency, locale)
    books = _books(request.members, frame.span, locale)
    lines = [
        _line(entity, gross.rows[place], held.rows[place], formats, books)
        for place, entity in enumerate(request.members)
    ]
    total = _carrying(gross.total, held.total)
    figures = (
        ("Gross inventory", gross.total.closing),
        ("Allowance", held.total.closing),
        ("Carrying amount", total),
    )
    tiles = [Tile(f"{label}, {currency}", value) for label, value in figures if value is not None]
    return {
        "group": request.group,
        "form": form,
        "form_list": (form,),
        "span": frame.span,
        "as_of": date_text(frame.span.ends_on, locale),
        "lines": lines,
        "totals": [_text(formats, value) for _, value in figures],
        "tiles": [{"tile": tile, "text": formats.money(tile.value)} for tile in tiles],
        "missing": [(each, missing_url(request, each)) for each in facts.missing],
        "notices": framework_notice(request.members),
        "query_string": f"?{request.GET.urlencode()}" if request.GET else "",
        "may_change": Role.CONTROLLER in request.parent_roles,
    }


def _carrying(gross: TranslatedRow, held: TranslatedRow) -> Decimal | None:
    return None if gross.closing is None or held.closing is None else gross.closing - held.closing


def _text(formats: Formats, value: Decimal | None) -> str:
    return "no rate" if value is None else formats.money(value)


def _line(
    entity: Entity,
    gross: TranslatedRow,
    held: TranslatedRow,
    formats: Formats,
    books: Mapping[int, tuple[str, str]],
) -> CompanyLine:
    own = (gross.own or (Decimal(0),))[-1] - (held.own or (Decimal(0),))[-1]
    words, tone = books.get(entity.pk, ("No period covers these days", "missing"))
    return CompanyLine(
        entity=entity,
        own=Formats(entity.currency, formats.locale).money(own),
        gross=_text(formats, gross.closing),
        allowance=_text(formats, held.closing),
        carrying=_text(formats, _carrying(gross, held)),
        books=words,
        tone=tone,
    )


def _books(members: Sequence[Entity], span: Span, locale: str) -> dict[int, tuple[str, str]]:
    """For each company: whether every period of the days is closed, or since when not. One query."""
    rows = FiscalPeriod.objects.filter(
        entity__in=members, starts_on__lte=span.ends_on, ends_on__gte=span.starts_on
    ).order_by("entity_id", "starts_on")
    states: dict[int, list[FiscalPeriod]] = {}
    for period in rows:
        states.setdefault(period.entity_id, []).append(period)
    found = {}
    for key, periods in states.items():
        still_open = [p for p in periods if p.status in FiscalPeriod.TAKING]
        if still_open:
            soft = all(p.status == FiscalPeriod.Status.SOFT_CLOSED for p in still_open)
            word, tone = ("Soft-closed", "soft") if soft else ("Open", "open")
            found[key] = (f"{word} from {date_text(still_open[0].starts_on, locale)}", tone)
        else:
            found[key] = ("Closed", "closed")
    return found
