"""The roll-forwards of a group's companies in its currency, with what they are in the companies' own, and the rates."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format

from core.entity_groups import EntityGroup, ExchangeRate, days_text
from core.exchange import Missing
from core.models import Entity
from core.words import Framework
from writeoffs.reports.group_selectors import GroupFacts
from writeoffs.reports.links import Links
from writeoffs.reports.statements.rollforward import ALLOWANCE_COLUMNS, GROSS_COLUMNS
from writeoffs.reports.statements.spans import ONE_DAY, Span
from writeoffs.reports.statements.translation import GroupRoll, TranslatedRow, group_roll
from writeoffs.reports.tables import Cell, Column, Kind, Notice, Report, Row, Table, Tile

TITLE = "Group roll-forward"
NO_RATE = "no rate"


@dataclass(frozen=True)
class GroupFrame:
    """group, members, span: what is reported. linked: whether figures lead somewhere; on paper they do not. standing:
    what the reader has to know of the companies' periods."""

    group: EntityGroup
    members: Sequence[Entity]
    span: Span
    linked: bool = True
    standing: tuple[Notice, ...] = ()

    def heading(self, words: str) -> str:
        return f"{words}, {self.group.currency}"

    def generated(self) -> str:
        """When the report was made, at the parent's place."""
        moment = timezone.now().astimezone(zoneinfo.ZoneInfo(self.group.parent.time_zone))
        return f"{date_format(moment, 'Y-m-d H:i')} {moment.tzname()}"

    def links_of(self) -> Mapping[int | None, Links]:
        return {entity.pk: Links(entity if self.linked else None) for entity in self.members}


def group_rollforward_report(frame: GroupFrame, facts: GroupFacts) -> Report:
    currency = frame.group.currency
    gross = group_roll(columns=GROSS_COLUMNS, members=facts.gross, currency=currency)
    allowance = group_roll(columns=ALLOWANCE_COLUMNS, members=facts.allowance, currency=currency)
    return Report(
        slug="group-rollforward",
        title=TITLE,
        lead="From opening to closing in the group's currency: what moved, and what only the exchange rates did.",
        entity=frame.group.name,
        currency=currency,
        locale=frame.group.parent.locale,
        span=frame.span.label,
        generated=frame.generated(),
        tables=(
            _translated_table(frame, "gross", "Gross inventory", gross),
            _translated_table(frame, "allowance", "Allowance", allowance),
            _own_table(frame, "gross-own", "Gross inventory, own currencies", gross),
            _own_table(frame, "allowance-own", "Allowance, own currencies", allowance),
            rates_table(frame, facts.used, facts.missing),
        ),
        tiles=_tiles(frame, gross, allowance),
        notices=(*missing_notices(frame, facts.missing), *frame.standing, *_other_notices(frame, (gross, allowance))),
        notes=(
            "Openings are translated at the closing rate of the day before, movements at the average rate of their "
            "month, closings at the closing rate of the last day (IAS 21.39-40); exchange is what is left over.",
            "The allowance is shown as a positive amount; in the ledger it stands in credit.",
        ),
    )


def missing_notices(frame: GroupFrame, missing: Sequence[Missing]) -> tuple[Notice, ...]:
    """One sentence for each rate that is not there: what, for when, and where it is entered."""
    where = f"Enter it under Exchange rates of {frame.group}; until then the figures that need it stay empty."
    return tuple(Notice(f"{each.sentence} {where}", "bad") for each in missing)


def framework_notice(members: Sequence[Entity]) -> tuple[Notice, ...]:
    """Adding up is no consolidation: companies that measure differently are added as they are, and that is said."""
    kept: dict[str, list[str]] = {}
    for entity in members:
        kept.setdefault(str(Framework(entity.framework).label), []).append(entity.name)
    if len(kept) < 2:
        return ()
    said = "; ".join(f"{', '.join(names)}: {framework}" for framework, names in kept.items())
    return (Notice(f"The companies measure stock differently, and their figures are added as they are. {said}."),)


def _other_notices(frame: GroupFrame, rolls: Sequence[GroupRoll]) -> tuple[Notice, ...]:
    differing = sorted({row.name for roll in rolls for row in roll.rows if row.difference})
    found = [
        Notice(f"{name}: stock and ledger differ. Open its own roll-forward to see in which class.", "bad")
        for name in differing
    ]
    return (*found, *framework_notice(frame.members))


def _tiles(frame: GroupFrame, gross: GroupRoll, allowance: GroupRoll) -> tuple[Tile, ...]:
    closing, held = gross.total.closing, allowance.total.closing
    carrying = None if closing is None or held is None else closing - held
    exchange = gross.total.exchange, allowance.total.exchange
    net = None if exchange[0] is None or exchange[1] is None else exchange[0] - exchange[1]
    figures = (
        ("Gross inventory", closing, ""),
        ("Allowance", held, ""),
        ("Carrying amount", carrying, ""),
        ("Exchange, net", net, "to the translation reserve, never to profit"),
    )
    return tuple(
        Tile(frame.heading(label), value, note=note if value is not None else NO_RATE) for label, value, note in figures
    )


def _translated_table(frame: GroupFrame, slug: str, title: str, roll: GroupRoll) -> Table:
    labels = ("Opening", *(column.label for column in roll.columns), "Exchange", "Closing", "GL balance", "Difference")
    links = frame.links_of()
    return Table(
        slug=slug,
        title=title,
        columns=(Column("Company", room=2), *(Column(frame.heading(label), Kind.MONEY) for label in labels)),
        rows=[_translated_row(row, _own_report(links[row.key], frame.span)) for row in roll.rows],
        foot=(_translated_row(roll.total, "", "total"),),
    )


def _own_report(links: Links, span: Span) -> str:
    return links.rollforward(starts_on=span.starts_on, ends_on=span.ends_on)


def _translated_row(row: TranslatedRow, url: str, style: str = "") -> Row:
    figures = (row.opening, *row.amounts, row.exchange, row.closing, row.ledger, row.difference)
    cells = (Cell(NO_RATE if figure is None else figure) for figure in figures)
    return Row((Cell(row.name, url), *cells), style or ("warn" if row.difference or None in figures else ""))


def _own_table(frame: GroupFrame, slug: str, title: str, roll: GroupRoll) -> Table:
    labels = ("Opening", *(column.label for column in roll.columns), "Closing")
    links = frame.links_of()
    return Table(
        slug=slug,
        title=title,
        columns=(
            Column("Company", room=2),
            Column("Currency"),
            *(Column(label, Kind.MONEY) for label in labels),
        ),
        rows=[_own_row(frame.span, links[row.key], roll, row) for row in roll.rows],
        note="As each company keeps its books"
        + ("; every figure opens the movements behind it." if frame.linked else "."),
    )


def _own_row(span: Span, links: Links, roll: GroupRoll, row: TranslatedRow) -> Row:
    opening, *amounts, closing = row.own or ()

    def behind(amount: Decimal, kinds: Sequence[str], first: dt.date | None, last: dt.date) -> Cell:
        url = links.movements(starts_on=first, ends_on=last, kinds=kinds) if amount else ""
        return Cell(amount, url, row.currency)

    return Row(
        (
            Cell(row.name),
            Cell(row.currency),
            behind(opening, (), None, span.starts_on - ONE_DAY),
            *(
                behind(amount, column.kinds, span.starts_on, span.ends_on)
                for column, amount in zip(roll.columns, amounts, strict=True)
            ),
            behind(closing, (), None, span.ends_on),
        )
    )


def rates_table(frame: GroupFrame, used: Sequence[ExchangeRate], missing: Sequence[Missing]) -> Table:
    """What was translated at what, and what could not be: it goes out with every form of the report."""
    return Table(
        slug="rates",
        title="Exchange rates",
        columns=(
            Column("Currency"),
            Column("Kind"),
            Column("Days"),
            Column(f"One unit is, {frame.group.currency}", Kind.RATE),
            Column("Source", room=2),
            Column("Entered by"),
            Column("Entered on", Kind.DATE),
            Column("Replaces", room=2),
        ),
        rows=[*(_missing_row(frame, each) for each in missing), *(_rate_row(rate) for rate in used)],
        empty="Every company keeps its books in the group's currency: nothing is translated.",
    )


def _missing_row(frame: GroupFrame, each: Missing) -> Row:
    kind = str(ExchangeRate.Kind(each.kind).label)
    words = f"Enter it under Exchange rates of {frame.group}."
    cells = (each.currency, kind, days_text(each.kind, each.starts_on, each.ends_on), NO_RATE, words, "", None, "")
    return Row(tuple(Cell(value) for value in cells), "warn")


def _rate_row(rate: ExchangeRate) -> Row:
    replaces = f"version {rate.version - 1}: {rate.reason}" if rate.version > 1 else ""
    cells = (
        *(rate.currency, rate.get_kind_display(), rate.days, rate.rate, rate.source),
        *(str(rate.entered_by), rate.entered_at.date(), replaces),
    )
    return Row(tuple(Cell(value) for value in cells))
