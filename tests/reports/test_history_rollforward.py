"""History taken over gives the roll-forwards of the year, tied to the ledger (P33; IAS 2.36, S-X 12-09)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest

from tests.conftest import Company
from tests.inventory.erp_sheets import MARCH_END, moved
from tests.inventory.sheets import take_in
from writeoffs.reports.selectors import roll_facts
from writeoffs.reports.statements.rollforward import ALLOWANCE_COLUMNS, GROSS_COLUMNS, RollForward, roll_forward
from writeoffs.reports.statements.spans import range_span

pytestmark = pytest.mark.django_db

HISTORY = [
    moved("OPENING", 1000, "H0", day="2025-12-31", cost=200_000, allowance=18_000, category="Goods"),
    moved("RECEIPT", 2700, "H1", cost=540_000),
    moved("SALE", 2525, "H2", cost=505_000, allowance=4_000),
    moved("UTILISED", 45, "H3", cost=9_000, allowance=7_000),
    moved("COUNT", "-7.5", "H4", cost=-1_500),
    moved("EXCHANGE", "", "H5", cost=2_000, allowance=200),
    moved("CHARGE", "", "H6", allowance=11_000),
    moved("REVERSAL", "", "H7", allowance=2_500),
]


def shown(roll: RollForward) -> dict[str, D]:
    columns = {column.key: amount for column, amount in zip(roll.columns, roll.total.amounts, strict=True)}
    return {"opening": roll.total.opening, **columns, "closing": roll.total.closing, "gap": roll.total.difference}


def test_the_roll_forwards_of_the_year_close_to_the_ledger(company: Company) -> None:
    take_in(company, HISTORY, code="erp_movements", as_of=MARCH_END, options={"history": "history"})
    span = range_span(dt.date(2026, 1, 1), dt.date(2026, 12, 31), "en")
    facts = roll_facts(entity=company.entity, span=span)
    gross = roll_forward(columns=GROSS_COLUMNS, names=facts.names, movements=facts.gross, gl=facts.gl_gross)
    allowance = roll_forward(
        columns=ALLOWANCE_COLUMNS, names=facts.names, movements=facts.allowance, gl=facts.gl_allowance
    )
    assert shown(gross) == {
        "opening": D(200_000),
        "receipts": D(540_000),
        "issued": D(-505_000),
        "written_off": D(-9_000),
        "count": D(-1_500),
        "exchange": D(2_000),
        "closing": D(226_500),
        "gap": D(0),
    }
    assert shown(allowance) == {
        "opening": D(18_000),
        "charged": D(11_000),
        "reversed": D(-2_500),
        "released": D(-4_000),
        "utilised": D(-7_000),
        "exchange": D(200),
        "closing": D(15_700),
        "gap": D(0),
    }
