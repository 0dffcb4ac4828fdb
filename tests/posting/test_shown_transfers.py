"""A transfer that a stock list has shown as a fall here and a rise there carries allowance and age all the same."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
import time_machine

from core.errors import SegregationOfDuties
from core.words import Method
from inventory.models import ErpMovement, Lot, Movement, UnexplainedFall, WriteDownMovement
from tests.conftest import Company
from tests.inventory.erp_sheets import MARCH_END, moved
from tests.inventory.sheets import MARCH, check, commit, lot_row, take_in, upload_of
from tests.posting.test_erp_movements import WEEK, complaints, entries, sheet, whole
from tests.posting.test_stock_list_commit import assert_caches_equal_movements
from tests.proposals.documents import posted, write_down_draft
from writeoffs.ledger.models import FiscalPeriod, JournalLine
from writeoffs.posting.models import Posting
from writeoffs.proposals.tax_facts import bridge_of
from writeoffs.reports.trace import trace_of

pytestmark = pytest.mark.django_db
LISTED = (MARCH + WEEK).date()


def listed(company: Company, *, there: int = 4, **first: object) -> None:
    """Ten units of L1 at WH1 with an allowance; a week later six are there and the others stand in L7 at WH9, under a
    lot code of its own, so that the list alone does not show that they were moved."""
    own = {"allowance": 5, "write_down_years": "2025", "received_on": "2024-05-05", **first}
    take_in(company, [lot_row(**own)])
    rows = [lot_row(quantity=6), lot_row(lot_code="L7", location="WH9", quantity=there, received_on="2026-03-04")]
    take_in(company, rows, as_of=MARCH + WEEK)


def told(quantity: int = 4, document: str = "T1", **more: object) -> dict[str, object]:
    return moved("TRANSFER", quantity, document, to_lot="L7", to_location="WH9", **more)


def balance(company: Company, role: str, location: str | None = None) -> D:
    lines = JournalLine.objects.filter(entry__entity=company.entity, role=role)
    if location:
        lines = lines.filter(location__code=location)
    return sum((line.amount for line in lines), D(0))


@pytest.mark.database
def test_allowance_and_age_go_to_where_the_units_are(company: Company) -> None:
    listed(company)
    assert balance(company, "COGS") == D(-2)
    sheet(company, [told()])
    here, there = Lot.objects.order_by("pk")
    assert (here.quantity, here.cost, here.allowance, here.write_down) == (D(6), D(12), D(3), D(3))
    assert (there.quantity, there.cost, there.allowance, there.write_down) == (D(4), D(8), D(2), D(2))
    assert there.received_on == dt.date(2024, 5, 5)
    years = WriteDownMovement.objects.filter(movement__lot=there).values_list("fiscal_year", "amount")
    assert list(years) == [(2025, D(2))]
    assert entries(company) == {
        "TRANSFER": ("ERP", {"INVENTORY": D(0), "INVENTORY_ALLOWANCE": D(0)}),
        "ISSUE": ("ERP", {"INVENTORY": D(8), "STOCK_CLEARING": D(-8)}),
        "RECEIPT": ("ERP", {"INVENTORY": D(-8), "STOCK_CLEARING": D(8)}),
        "RELEASE": ("OWN", {"INVENTORY_ALLOWANCE": D(-2), "COGS": D(2)}),
    }
    # The list and the transfer together leave profit as it was, and the allowance at the place of the units.
    assert balance(company, "COGS") == 0
    assert (balance(company, "INVENTORY_ALLOWANCE", "WH1"), balance(company, "INVENTORY_ALLOWANCE", "WH9")) == (-3, -2)
    fall, row = UnexplainedFall.objects.get(), ErpMovement.objects.get()
    assert (fall.explanation, row.fall, row.to_lot, row.to_cost) == ("TRANSFER", fall, there, D(0))
    assert Posting.objects.filter(source_ref=row.source_ref, kind="RELEASE").exists()
    assert {move.posted_on for move in Movement.objects.filter(source_ref=row.source_ref)} == {LISTED}
    for line in JournalLine.objects.select_related("entry__reverses"):
        assert (line.entry.leg, trace_of(entity=company.entity, line=line).rest) == (line.entry.leg, 0)
    assert_caches_equal_movements(company)
    assert not whole()
    assert set(complaints(company, [told(document="T2")])) == {"listed_before"}


def test_tax_waits_with_the_units_where_a_list_seemed_to_have_sold_them(company: Company) -> None:
    company.entity.tax_timing = "DISPOSAL"
    company.entity.save()
    listed(company)
    days = {"starts_on": LISTED.replace(day=1), "ends_on": LISTED.replace(day=31)}
    assert bridge_of(entity=company.entity, **days).total("closing_difference") == D(3)
    sheet(company, [told()])
    found = bridge_of(entity=company.entity, **days)
    assert (found.total("closing_difference"), found.total("deductible")) == (D(5), D(0))
    there = Lot.objects.get(code="L7")
    assert {row.lot_id: row.closing_difference for row in found.rows}[there.pk] == D(2)


def test_the_roll_forward_has_a_transfer_and_neither_a_release_nor_a_receipt(company: Company) -> None:
    listed(company)
    sheet(company, [told()])
    sums: dict[tuple[str, str], list[D]] = {}
    for move in Movement.objects.exclude(kind="OPENING").select_related("lot__location"):
        own = sums.setdefault((move.kind, move.lot.location.code), [D(0)] * 3)
        for place, value in enumerate((move.quantity, move.cost, move.allowance)):
            own[place] += value
    assert sums == {
        ("ISSUE", "WH1"): [0, 0, 0],
        ("TRANSFER", "WH1"): [D(-4), D(-8), D(-2)],
        ("TRANSFER", "WH9"): [D(4), D(8), D(2)],
        ("RECEIPT", "WH9"): [0, 0, 0],
    }


@pytest.mark.database
def test_what_was_written_down_directly_moves_with_its_lower_cost(company: Company) -> None:
    company.entity.method = Method.DIRECT
    company.entity.save()
    take_in(company, [lot_row()])
    with time_machine.travel(MARCH + 2 * WEEK + dt.timedelta(days=2)):
        posted(company, write_down_draft(company, Lot.objects.get(), "15"))
    rows = [lot_row(quantity=6), lot_row(lot_code="L7", location="WH9", quantity=4)]
    take_in(company, rows, as_of=MARCH + 3 * WEEK)
    here, there = Lot.objects.order_by("pk")
    assert (here.cost, here.write_down, there.cost, there.write_down) == (D(9), D(3), D(8), D(0))
    sheet(company, [told(day="2026-03-18")])
    there.refresh_from_db()
    assert (there.quantity, there.cost, there.allowance, there.write_down) == (D(4), D(6), D(0), D(2))
    assert ErpMovement.objects.get().to_cost == D(-2)
    assert balance(company, "COGS") == 0
    assert_caches_equal_movements(company)
    assert not whole()


def test_part_of_a_transfer_that_has_left_again_stays_released(company: Company) -> None:
    listed(company, there=1)
    said = complaints(company, [told()])
    assert set(said) == {"transfer_not_risen"}
    assert "3 of lot 'L1' of A at WH1 explain the fall" in said["transfer_not_risen"]
    sheet(company, [told()])
    assert Lot.objects.get(code="L7").allowance == D("0.5")
    assert list(ErpMovement.objects.values_list("quantity", "allowance", "to_cost")) == [
        (D(-1), D("-0.5"), D(0)),
        (D(-3), D("-1.5"), None),
    ]
    assert UnexplainedFall.objects.get().explanation == "TRANSFER"
    assert not whole()


def test_two_transfers_take_a_rise_between_them_once(company: Company) -> None:
    listed(company)
    sheet(company, [told(3)])
    sheet(company, [told(1, "T2")])
    assert Lot.objects.get(code="L7").allowance == D(2)
    assert not whole()


def test_a_closed_month_of_the_list_takes_it_on_the_first_open_day(company: Company) -> None:
    listed(company)
    FiscalPeriod.objects.filter(starts_on__lte=dt.date(2026, 3, 1)).update(status="CLOSED")
    sheet(company, [told()])
    ref = ErpMovement.objects.get().source_ref
    assert {move.posted_on for move in Movement.objects.filter(source_ref=ref)} == {dt.date(2026, 4, 1)}
    assert Lot.objects.get(code="L7").allowance == D(2)
    assert not whole()


def test_another_controller_commits_what_takes_a_release_back(company: Company) -> None:
    listed(company)
    upload = upload_of(company, "erp_movements", as_of=MARCH_END, by=company["CONTROLLER"])
    summary, _ = check(upload, [told()])
    assert summary.needs_controller
    with pytest.raises(SegregationOfDuties, match="other than its uploader"):
        commit(upload, company["CONTROLLER"])
    assert not ErpMovement.objects.exists()
