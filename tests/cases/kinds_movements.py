"""Cases of what the ERP moved: a sale of written-down goods, a history that is taken over, a subsidiary abroad."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.entity_groups import EntityGroup
from core.exchange import AVERAGE, CLOSING, RateBook, RateGiven, rate_enter
from tests.cases.given import Given, NotUnderstood
from tests.cases.run import UNITS, Run, kind
from tests.conftest import Company, make_company
from tests.groups.parties import make_party
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.reports.group_selectors import group_facts
from writeoffs.reports.margin import sold_facts
from writeoffs.reports.selectors import roll_facts
from writeoffs.reports.statements.margin import margin_lines, margin_total
from writeoffs.reports.statements.rollforward import ALLOWANCE_COLUMNS, GROSS_COLUMNS, RollForward, roll_forward
from writeoffs.reports.statements.spans import PeriodFact, Span, period_span, range_span
from writeoffs.reports.statements.translation import TranslatedRow, group_roll

HEADER = "document,date,kind,sku,lot_code,location,category,quantity,cost,allowance,revenue,settlement,write_down_year"
SETTLED = {
    **dict.fromkeys(("RECEIVABLE", "ACCOUNT", "ON_ACCOUNT", "CREDIT"), "RECEIVABLE"),
    **dict.fromkeys(("CASH", "BANK", "PAID"), "CASH"),
}
# The case's word -> the sheet's kind, and whether the amount stands in the cost or in the allowance.
GROSS = {
    "opening": "OPENING",
    **dict.fromkeys(("purchases", "receipts"), "RECEIPT"),
    **dict.fromkeys(("cost_of_goods_issued", "issued", "cost_of_sales"), "SALE"),
    **dict.fromkeys(("written_off", "write_offs"), "UTILISED"),
    "count_differences": "COUNT",
    **dict.fromkeys(("exchange_differences", "exchange"), "EXCHANGE"),
}
ALLOWANCE = {
    "opening": "OPENING",
    "charged": "CHARGE",
    "reversed": "REVERSAL",
    **dict.fromkeys(("utilised", "utilised_on_disposal", "used"), "UTILISED"),
    **dict.fromkeys(("released", "released_on_sale"), "RELEASED"),
    **dict.fromkeys(("exchange_differences", "exchange"), "EXCHANGE"),
}
# The roll-forward's column of a movement.
COLUMNS = {"CHARGE": "charged", "REVERSAL": "reversed", "UTILISED": "utilised", "RELEASED": "released"}
SIGNED = frozenset({"COUNT", "EXCHANGE"})


def sell(run: Run, quantity: Decimal, *, revenue: str = "", settled: str = "") -> None:
    """A movements sheet with one sale of the case's lot."""
    lot = run.lot()
    row = f"SO-1,{run.today},SALE,{lot.item.sku},{lot.code},{lot.location.code},,{quantity},,,{revenue},{settled},"
    run.company.sheet("erp_movements", HEADER, [row], by="PREPARER", second="CONTROLLER")


@kind("sale")
def sale(run: Run, inputs: Given) -> dict[str, Any]:
    unit_cost = inputs.figure("cost") / UNITS
    run.one_lot(f"{UNITS}", f"{unit_cost:f}", allowance=inputs.text("allowance", default="0"))
    run.move_to(run.today + dt.timedelta(days=1))
    revenue = inputs.text("revenue") if "revenue" in inputs else ""
    settled = inputs.word("settled", SETTLED, default="receivable")
    sell(run, inputs.figure("fraction_sold", default="1") * UNITS, revenue=revenue, settled=settled if revenue else "")
    facts = sold_facts(entity=run.company.entity, span=range_span(run.today, run.today, "en"))
    margin = margin_total(margin_lines(facts))
    return {"margin_from_prior_write_down": margin.benefit}


def history(run: Run, gross: Mapping[str, Any], allowance: Mapping[str, Any], *, opened: dt.date) -> None:
    """A sheet of history: a row a movement, in the order in which a lot can bear them."""
    rows: dict[str, list[str]] = {}
    for words, given, at in ((GROSS, gross, 0), (ALLOWANCE, allowance, 1)):
        for word in given:
            if word not in words:
                raise NotUnderstood(f"inputs: {word!r} is no movement; {', '.join(words)} are")
            row = rows.setdefault(words[word], ["", ""])
            if row[at]:
                raise NotUnderstood(f"inputs: {word!r} says again what another movement says")
            row[at] = given[word]
    lines = []
    for code in ("OPENING", "RECEIPT", "CHARGE", "EXCHANGE", "SALE", "UTILISED", "COUNT", "REVERSAL", "RELEASED"):
        if code not in rows:
            continue
        cost, held = (text if code in SIGNED else text.lstrip("-") for text in rows[code])
        # Nil, not the lot's share: the case says elsewhere what left the allowance.
        held = held or ("0" if cost else "")
        day = opened if code == "OPENING" else run.today
        lines.append(f"H-{code},{day},{code},GOODS,L1,WH1,Goods,{_units(code, cost)},{cost},{held},,,")
    run.company.sheet(
        "erp_movements", HEADER, lines, by="PREPARER", second="CONTROLLER", options={"history": "history"}
    )


def _units(code: str, cost: str) -> str:
    """A unit is worth one: the case tells no quantities."""
    return cost if code in ("OPENING", "RECEIPT", "SALE", "UTILISED", "COUNT") else ""


def span_of(company: Company, day: dt.date) -> Span:
    period = FiscalPeriod.objects.get(
        entity=company.entity, starts_on__lte=day, ends_on__gte=day, number__lt=FiscalPeriod.ADJUSTMENT
    )
    fact = PeriodFact(period.fiscal_year, period.number, period.starts_on, period.ends_on)
    return period_span(fact, company.entity.locale)


def amounts(roll: RollForward) -> dict[str, Decimal]:
    return {column.key: amount for column, amount in zip(roll.columns, roll.total.amounts, strict=True)}


@kind("rollforward")
def roll_forwards(run: Run, inputs: Given) -> dict[str, Any]:
    history(run, inputs["gross"], inputs["allowance"], opened=run.today.replace(day=1) - dt.timedelta(days=1))
    facts = roll_facts(entity=run.company.entity, span=span_of(run.company.company, run.today))
    gross = roll_forward(columns=GROSS_COLUMNS, names=facts.names, movements=facts.gross, gl=facts.gl_gross)
    held = roll_forward(columns=ALLOWANCE_COLUMNS, names=facts.names, movements=facts.allowance, gl=facts.gl_allowance)
    assert not gross.differing, gross.differing
    assert not held.differing, held.differing
    by_column = amounts(held)
    return {
        "gross_closing": gross.total.closing,
        "allowance_closing": held.total.closing,
        "income_statement_lines": {"write_downs": by_column["charged"], "reversals": by_column["reversed"]},
    }


@kind("fx_roll")
def subsidiary_abroad(run: Run, inputs: Given) -> dict[str, Any]:
    """The case's company is the subsidiary; its parent keeps the group in another currency."""
    opened = run.today.replace(day=1) - dt.timedelta(days=1)
    # Goods that the allowance fits on: the case tells of the allowance alone.
    local = inputs["local"]
    worth = sum(abs(local.figure(word)) for word in local)
    history(run, {"opening": f"{worth * 10}"}, local, opened=opened)
    currency = "GBP" if run.company.entity.currency != "GBP" else "EUR"
    parent = make_company(f"parent-{run.company.entity.slug}", currency=currency)
    party = make_party(parent, run.company.company)
    ends = (run.today.replace(day=1) + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    run.move_to(ends + dt.timedelta(days=1))
    rates = inputs["rates"]
    for name, first, last, which in (
        (CLOSING, opened, opened, "opening"),
        (AVERAGE, opened + dt.timedelta(days=1), ends, "average"),
        (CLOSING, ends, ends, "closing"),
    ):
        given = RateGiven(run.company.entity.currency, name, first, last, rates.figure(which), "The case", sure=True)
        rate_enter(group=party.group, user=party.keeper, given=given)
    return _group(party.group, run, ends, local)


def _group(group: EntityGroup, run: Run, day: dt.date, local: Given) -> dict[str, Any]:
    members = [run.company.entity]
    facts = group_facts(book=RateBook(group), members=members, span=span_of(run.company.company, day))
    assert not facts.missing, facts.missing
    roll = group_roll(columns=ALLOWANCE_COLUMNS, members=facts.allowance, currency=group.currency)
    row: TranslatedRow = roll.rows[0]
    by_column = {column.key: amount for column, amount in zip(roll.columns, row.amounts, strict=True)}
    return {
        "local_closing": row.own[-1],
        "group": {
            "opening": row.opening,
            **{word: by_column.get(COLUMNS[ALLOWANCE[word]]) for word in local if ALLOWANCE[word] in COLUMNS},
            "exchange": row.exchange,
            "closing": row.closing,
        },
    }
