"""A committed sheet of ERP movements: lots, movements, entries, worklist and acknowledgements stand together."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest

from core import verify
from core.errors import NotAllowed, SegregationOfDuties, StaleContent, WrongState
from core.models import Upload
from inventory.models import ErpMovement, Lot, Movement, UnexplainedFall
from inventory.services import fall_explain
from tests.conftest import Company
from tests.inventory.erp_sheets import MARCH_END, moved
from tests.inventory.sheets import MARCH, check, commit, lot_row, take_in, upload_of
from tests.posting.test_stock_list_commit import assert_caches_equal_movements, written_off
from writeoffs.ledger.models import FiscalPeriod, JournalEntry
from writeoffs.posting.models import Posting

WEEK = dt.timedelta(days=7)
pytestmark = pytest.mark.django_db


def entries(company: Company, ref: str = "movements:") -> dict[str, tuple[str, dict[str, D]]]:
    """leg -> (origin, role -> amount) of what sheets of movements booked; one day at most."""
    found: dict[str, tuple[str, dict[str, D]]] = {}
    for entry in JournalEntry.objects.filter(entity=company.entity, source_ref__startswith=ref):
        assert entry.leg not in found
        sums: dict[str, D] = {}
        for line in entry.lines.all():
            sums[line.role] = sums.get(line.role, D(0)) + line.amount
        found[entry.leg] = (entry.origin, sums)
    return found


def sheet(company: Company, rows: list[dict[str, Any]], **fields: Any) -> Upload:
    return take_in(company, rows, code="erp_movements", as_of=MARCH_END, **fields)


def complaints(company: Company, rows: list[dict[str, Any]], **fields: Any) -> dict[str, str]:
    """code -> message of what stands against the rows."""
    upload = upload_of(company, "erp_movements", as_of=MARCH_END, **fields)
    _, issues = check(upload, rows)
    return {code: message for _, code, _, _, _, message in issues.kept}


def whole() -> list[str]:
    """What verify says, but for the audit trail of uploads that these tests take in by hand."""
    return [said for said in verify.complaints(verify.Tally()) if "audit trail" not in said and "committed" not in said]


@pytest.mark.database
def test_half_of_a_written_down_lot_is_sold_on_account(company: Company) -> None:
    take_in(company, [lot_row(quantity=100, cost=90, allowance=3000, write_down_years="2025")])
    sheet(company, [moved("Sale", 50, revenue=4000, settlement="receivable")])

    assert entries(company) == {
        "REVENUE": ("ERP", {"RECEIVABLE": D(4000), "REVENUE": D(-4000)}),
        "SALE": ("ERP", {"COGS": D(4500), "INVENTORY": D(-4500)}),
        "RELEASE": ("OWN", {"INVENTORY_ALLOWANCE": D(1500), "COGS": D(-1500)}),
    }
    lot = Lot.objects.get()
    assert (lot.quantity, lot.cost, lot.allowance, lot.write_down) == (D(50), D(4500), D(1500), D(1500))
    kept = ErpMovement.objects.get()
    assert (kept.quantity, kept.cost, kept.allowance, kept.revenue) == (D(-50), D(-4500), D(-1500), D(4000))
    posting = Posting.objects.get()
    assert (posting.source_ref, posting.status, posting.kind) == (kept.source_ref, "NOT_NEEDED", "RELEASE")
    assert_caches_equal_movements(company)
    assert not whole()


def test_the_next_list_agrees_with_the_books_after_the_sheet(company: Company) -> None:
    take_in(company, [lot_row("A", "L1"), lot_row("B", "L2")])
    sheet(company, [moved("SALE", 4), moved("RECEIPT", 3, cost=9, sku="B", lot_code="L2")])
    before = Movement.objects.count()
    take_in(
        company,
        [lot_row("A", "L1", quantity=6), lot_row("B", "L2", quantity=13, cost="2.230769")],
        as_of=MARCH_END + WEEK,
    )
    assert Movement.objects.count() == before
    assert not UnexplainedFall.objects.exists()


@pytest.mark.database
def test_a_sale_that_a_list_has_shown_explains_its_fall_and_takes_nothing_twice(company: Company) -> None:
    take_in(company, [lot_row(allowance=5, write_down_years="2025")])
    take_in(company, [lot_row(quantity=4)], as_of=MARCH + WEEK)
    fall = UnexplainedFall.objects.get()
    lot = Lot.objects.get()
    first = sheet(company, [moved("SALE", 2, "S1", revenue=10, settlement="CASH")])
    fall.refresh_from_db()
    assert fall.explanation == ""
    sheet(company, [moved("SALE", 4, "S2", day="2026-03-06", revenue=20, settlement="CASH")])
    fall.refresh_from_db()
    assert (fall.explanation, fall.explained_by) == ("SALE", company["CONTROLLER"])
    assert Lot.objects.get().quantity == lot.quantity == D(4)
    assert list(ErpMovement.objects.order_by("id").values_list("cost", "allowance", "fall", "upload")[:1]) == [
        (D(-4), D(-1), fall.pk, first.pk)
    ]
    assert sum(row.allowance for row in ErpMovement.objects.all()) == D(-3)
    legs = {
        (entry.leg, line.role): line.amount
        for entry in JournalEntry.objects.filter(source_ref=f"movements:{first.pk}/2026-03-05")
        for line in entry.lines.all()
    }
    assert legs == {
        ("EXPLAINED", "COGS"): D(4),
        ("EXPLAINED", "STOCK_CLEARING"): D(-4),
        ("REVENUE", "CASH"): D(10),
        ("REVENUE", "REVENUE"): D(-10),
    }
    assert not whole()


def test_a_row_that_a_list_has_taken_in_is_left_out_and_said_so(company: Company) -> None:
    take_in(company, [lot_row()], as_of=MARCH + WEEK)
    said = complaints(company, [moved("RECEIPT", 3, cost=6), moved("SALE", 1)])
    assert set(said) == {"listed_before"}
    assert "the stock list of 2026-03-08 has taken it in already" in said["listed_before"]
    sheet(company, [moved("SALE", 1)])
    assert Lot.objects.get().quantity == D(10)


def test_a_transfer_carries_allowance_and_age(company: Company) -> None:
    take_in(company, [lot_row(allowance=5, write_down_years="2025", received_on="2024-05-05")])
    sheet(company, [moved("TRANSFER", 4, to_location="WH9")])
    there = Lot.objects.get(location__code="WH9")
    assert (there.quantity, there.cost, there.allowance, there.write_down) == (D(4), D(8), D(2), D(2))
    assert (there.received_on, there.unit_cost) == (dt.date(2024, 5, 5), D(2))
    assert entries(company) == {
        "TRANSFER": ("ERP", {"INVENTORY": D(0), "INVENTORY_ALLOWANCE": D(0)}),
    }
    assert not Posting.objects.exists()
    assert_caches_equal_movements(company)
    assert not whole()


def test_returns_production_scrap_and_revaluation(company: Company) -> None:
    take_in(company, [lot_row(quantity=10, cost=10, allowance=40, write_down_years="2025")])
    rows = [
        moved("CUSTOMER_RETURN", 2, revenue=30, settlement="CASH"),
        moved("PRODUCTION_OUT", 3),
        moved("SUPPLIER_RETURN", 3),
        moved("SCRAP", 2),
        moved("REVALUATION", cost=-30),
        moved("PRODUCTION_IN", 5, cost=60, sku="NEW", lot_code="P1", category="Tools"),
    ]
    sheet(company, rows)
    lot = Lot.objects.get(item__sku="A")
    # 12 units at 120 and 48 after the return; 8 leave with two thirds; the fall of 30 below allowance releases 6.
    assert (lot.quantity, lot.cost, lot.allowance) == (D(4), D(10), D(10))
    made = Lot.objects.get(item__sku="NEW")
    assert (made.quantity, made.cost, made.unit_cost, made.item.category.name) == (D(5), D(60), D(12), "Tools")
    booked = entries(company)
    assert booked["SALE"] == ("ERP", {"INVENTORY": D(20), "COGS": D(-20)})
    assert booked["REVENUE"] == ("ERP", {"REVENUE": D(30), "CASH": D(-30)})
    assert booked["PRODUCTION"] == ("ERP", {"INVENTORY": D(30), "STOCK_CLEARING": D(-30)})
    assert booked["RETURN"] == ("ERP", {"INVENTORY": D(-30), "STOCK_CLEARING": D(30)})
    assert booked["SCRAP"] == ("ERP", {"INVENTORY": D(-20), "STOCK_CLEARING": D(20)})
    assert booked["REVALUATION"] == ("ERP", {"INVENTORY": D(-30), "STOCK_CLEARING": D(30)})
    assert booked["RELEASE"] == ("OWN", {"INVENTORY_ALLOWANCE": D(30), "COGS": D(-30)})
    assert_caches_equal_movements(company)
    assert not whole()


def test_scrap_of_units_that_we_wrote_off_is_the_erp_following(company: Company) -> None:
    take_in(company, [lot_row()])
    line = written_off(company, Lot.objects.get(), D(6))
    sheet(company, [moved("SCRAP", 4)])
    line.refresh_from_db()
    assert (line.outstanding, Lot.objects.get().quantity) == (D(2), D(10))
    assert ErpMovement.objects.get().quantity == D(0)
    assert "was taken in before, with row 2" in complaints(company, [moved("SCRAP", 4)])["document_taken_in_before"]


def test_the_cost_that_the_erp_gives_leaves_and_the_last_units_take_the_rest(company: Company) -> None:
    take_in(company, [lot_row(quantity=10, cost=10)])
    sheet(company, [moved("SALE", 4, cost="44.50")])
    lot = Lot.objects.get()
    assert (lot.cost, lot.unit_cost) == (D("55.50"), D("9.25"))
    sheet(company, [moved("SALE", 6, "S2", day="2026-03-06", cost=60)])
    lot.refresh_from_db()
    assert (lot.quantity, lot.cost) == (D(0), D(0))


@pytest.mark.database
def test_history_builds_the_roll_forward_and_journals_against_clearing_alone(company: Company) -> None:
    rows = [
        moved("OPENING", 1000, "H0", day="2025-12-31", cost=200_000, allowance=18_000, category="Goods"),
        moved("RECEIPT", 2700, "H1", cost=540_000),
        moved("RELEASED", 0, "H2", cost=0, allowance=0),
        moved("SALE", 2525, "H3", cost=505_000, allowance=4_000),
        moved("UTILISED", 45, "H4", cost=9_000, allowance=7_000),
        moved("COUNT", "-7.5", "H5", cost=-1_500),
        moved("EXCHANGE", "", "H6", cost=2_000, allowance=200),
        moved("CHARGE", "", "H7", allowance=11_000),
        moved("REVERSAL", "", "H8", allowance=2_500),
    ]
    sheet(company, rows, options={"history": "history"})
    lot = Lot.objects.get()
    assert (lot.quantity, lot.cost, lot.allowance, lot.write_down) == (
        D("1122.5"),
        D(226_500),
        D(15_700),
        D(15_700),
    )
    assert set(JournalEntry.objects.values_list("origin", "leg")) == {("ERP", "HISTORY")}
    assert not Posting.objects.exists()
    assert_caches_equal_movements(company)
    assert not whole()
    # What comes after is compared with it.
    take_in(company, [lot_row(quantity="1122.5", cost=lot.unit_cost)], as_of=MARCH_END + WEEK)
    said = complaints(company, [moved("CHARGE", "", "H9", allowance=1)], options={"history": "history"})
    assert not said
    sheet(company, [moved("SALE", 1, "S1", day="2026-03-31")], options={"history": "history"})


def test_history_of_a_lot_that_was_listed_is_refused(company: Company) -> None:
    take_in(company, [lot_row()])
    said = complaints(company, [moved("CHARGE", "", allowance=1)], options={"history": "history"})
    assert "lot 'L1' of A at WH1 has been listed or posted already" in said["history_after_postings"]


def test_released_allowance_is_committed_by_another_controller(company: Company) -> None:
    take_in(company, [lot_row(allowance=5, write_down_years="2025")])
    upload = upload_of(company, "erp_movements", as_of=MARCH_END, by=company["CONTROLLER"])
    summary, _ = check(upload, [moved("SALE", 1)])
    assert summary.needs_controller
    with pytest.raises(NotAllowed, match="a controller commits it"):
        commit(upload, company["PREPARER"])
    with pytest.raises(SegregationOfDuties, match="other than its uploader"):
        commit(upload, company["CONTROLLER"])
    assert not ErpMovement.objects.exists()


def test_a_sheet_is_taken_in_once_and_only_as_its_preview_showed(company: Company) -> None:
    take_in(company, [lot_row()])
    first, second = (upload_of(company, "erp_movements", as_of=MARCH_END) for _ in range(2))
    check(first, [moved("SALE", 1, "S1")])
    check(second, [moved("SALE", 10, "S2")])
    commit(first, company["CONTROLLER"])
    with pytest.raises(WrongState, match="committed already"):
        commit(first, company["CONTROLLER"])
    with pytest.raises(StaleContent, match="Check the sheet again"):
        commit(second, company["CONTROLLER"])
    assert Lot.objects.get().quantity == D(9)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "unknown_lot": (moved("SALE", 1, lot_code="L7"), "Row 2: lot 'L7' of A at WH1 is not in the books. Mend the row"),
    "more_than_on_hand": (moved("SALE", 11), "Row 2: lot 'L1' of A at WH1 holds 10 on 2026-03-05; 11 were to leave"),
    "day_not_open": (moved("SALE", 1, day="2026-02-05"), "February 2026 is closed. The first open date is 2025-01-01"),
    "revenue_without_settlement": (moved("SALE", 1, revenue=5), "Expected CASH or RECEIVABLE"),
    "unknown_kind": (moved("GIFT", 1), "Row 2, kind: 'GIFT' is not known. Expected one of SALE, RECEIPT"),
    "history_only": (moved("CHARGE", "", allowance=3), "a sheet may tell it as history only"),
    "wrong_quantity": (moved("SALE", -3), "Row 2, quantity: -3 is below nil. Expected how many units"),
    "wrong_cost": (moved("REVALUATION", ""), "Row 2, cost: nothing is given for a revaluation. Enter its amount"),
    "wrong_revenue": (moved("SCRAP", 1, revenue=5, settlement="CASH"), "only a sale or a customer's return has"),
    "wrong_to_location": (moved("TRANSFER", 1), "is where the units stand already"),
    "wrong_date": (moved("SALE", 1, day="2026-05-03"), "2026-05-03 is after 2026-03-31, the day that the sheet speaks"),
    "cost_missing": (moved("RECEIPT", 1, lot_code="L9"), "the cost is missing and the books know no unit cost"),
    "cost_too_high": (moved("SALE", 1, cost=300), "would leave lot 'L1' of A at WH1 with a cost of -280"),
}


@pytest.mark.parametrize("code", BAD)
def test_a_bad_row_is_named_with_its_value_and_the_next_step(company: Company, code: str) -> None:
    take_in(company, [lot_row()], as_of=MARCH - 5 * WEEK)
    FiscalPeriod.objects.filter(starts_on=dt.date(2026, 2, 1)).update(status="CLOSED")
    row, expected = BAD[code]
    assert expected in complaints(company, [row])[code]


def test_two_rows_of_one_document_line_are_refused_and_several_lines_are_not(company: Company) -> None:
    take_in(company, [lot_row()])
    said = complaints(company, [moved("SALE", 1, "S1"), moved("SALE", 2, "S1")])
    assert "Row 3: document S1, lot 'L1' of A at WH1 stands in row 2 already" in said["the_same_document_line_twice"]
    assert not complaints(company, [moved("SALE", 1, "S1", line="10"), moved("SALE", 2, "S1", line="20")])


def test_a_fall_that_a_person_calls_a_sale_goes_on_to_cost_of_sales_once(company: Company) -> None:
    take_in(company, [lot_row(allowance=5, write_down_years="2025")])
    take_in(company, [lot_row(quantity=4)], as_of=MARCH + WEEK)
    sheet(company, [moved("SALE", 2)])
    fall = UnexplainedFall.objects.get()
    fall_explain(entity=company.entity, fall=fall, explanation="SALE", note="", user=company["PREPARER"])
    assert entries(company, "fall:") == {"EXPLAINED": ("ERP", {"COGS": D(8), "STOCK_CLEARING": D(-8)})}
    # The allowance of the units was released by the list that showed the fall.
    released = JournalEntry.objects.get(leg="RELEASE")
    assert {line.role: line.amount for line in released.lines.all()} == {"INVENTORY_ALLOWANCE": D(3), "COGS": D(-3)}
    assert not whole()
    said = complaints(company, [moved("SALE", 4, "S2")])
    assert set(said) == {"listed_before"}


def test_a_fall_that_was_no_sale_books_nothing(company: Company) -> None:
    take_in(company, [lot_row()])
    take_in(company, [lot_row(quantity=4)], as_of=MARCH + WEEK)
    before = JournalEntry.objects.count()
    fall = UnexplainedFall.objects.get()
    fall_explain(entity=company.entity, fall=fall, explanation="PRODUCTION", note="", user=company["PREPARER"])
    assert JournalEntry.objects.count() == before


def test_a_sale_of_a_closed_month_explains_its_fall_on_the_first_open_day(company: Company) -> None:
    take_in(company, [lot_row()])
    take_in(company, [lot_row(quantity=4)], as_of=MARCH + WEEK)
    FiscalPeriod.objects.filter(starts_on__lte=dt.date(2026, 3, 1)).update(status="CLOSED")
    sheet(company, [moved("SALE", 4, revenue=10, settlement="CASH")])
    booked = JournalEntry.objects.filter(source_ref__startswith="movements:")
    assert {(entry.leg, entry.posted_on) for entry in booked} == {
        ("EXPLAINED", dt.date(2026, 4, 1)),
        ("REVENUE", dt.date(2026, 4, 1)),
    }
    assert ErpMovement.objects.get().happened_on == dt.date(2026, 3, 5)
    # What no fall is left for is left out, and what is new cannot be dated there.
    assert set(complaints(company, [moved("SALE", 3, "S2"), moved("SALE", 1, "S3", day="2026-03-20")])) == {
        "listed_before",
        "day_not_open",
    }
