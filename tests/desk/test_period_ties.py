"""Stock and ledger are held up against each other as of every period end, by role, account, place and class."""

from __future__ import annotations

import pytest

from core.models import Category
from core.verify import Tally
from tests.conftest import Company
from tests.desk.books import alter
from writeoffs.posting.period_ties import period_ends
from writeoffs.proposals.models import Proposal

pytestmark = [pytest.mark.django_db, pytest.mark.database]

CHANGES = {
    "a line of another class": (
        "update ledger_journalline set category_id = (select max(id) from core_category) where role = 'INVENTORY' "
        "and entry_id = (select id from ledger_journalentry where leg = 'WRITE_OFF')",
        "North Trading: Inventory at the end of March 2026, Goods at MAIN: the movements add up to 4,600.00 EUR, the "
        "journal lines on 1400 Inventory to 5,000.00 EUR.",
    ),
    "a line of another amount": (
        "update ledger_journalline set amount = amount - 10000 where role = 'INVENTORY_ALLOWANCE' and entry_id = "
        "(select id from ledger_journalentry where leg = 'OPENING')",
        "North Trading: Inventory allowance at the end of January 2026, Goods at MAIN: the movements add up to "
        "-250.00 EUR, the journal lines on 1490 ",
    ),
    "a movement of a later month": (
        "update inventory_movement set posted_on = '2026-04-01' where kind = 'WRITE_OFF'",
        "Inventory at the end of March 2026, Goods at MAIN: the movements add up to 5,000.00 EUR, the journal lines",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_difference_at_a_period_end_is_named(company: Company, books: dict[str, Proposal], change: str) -> None:
    Category.objects.create(entity=company.entity, name="Other")
    assert list(period_ends(Tally())) == []
    statement, complaint = CHANGES[change]
    alter(statement)
    assert any(complaint in said for said in period_ends(Tally())), list(period_ends(Tally()))
