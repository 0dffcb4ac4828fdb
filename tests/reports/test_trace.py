"""Every journal line opens what it sums: proposal lines, charges or movements, whose amounts add up to it exactly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client

from core.models import Category, CostCentre, User
from inventory.models import Item, Lot
from tests.conftest import Company
from tests.inventory.sheets import lot_row, take_in
from tests.posting.stock import make_lot
from tests.proposals.documents import draft, header, posted
from tests.reports.books import MARCH
from tests.reports.conftest import Books, figure, page_of, row_of, rows_of_csv, workbook
from writeoffs.ledger.models import Account, AccountMap, JournalEntry, JournalLine
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal
from writeoffs.proposals.services import ChargeInput
from writeoffs.reports.trace import line_of, trace_of

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def assert_every_line_is_explained(company: Company) -> int:
    """Each line's rows, one by one, add up to it, and so does their total."""
    lines = JournalLine.objects.filter(entry__entity=company.entity).select_related("entry")
    for stored in lines:
        line = line_of(entity=company.entity, number=stored.entry.number, line_number=stored.line_number)
        assert line is not None
        trace = trace_of(entity=company.entity, line=line)
        rows = trace.rows(trace.found)
        where = f"{stored.entry.leg} of {stored.entry.source_ref}, {stored.role}"
        assert rows, where
        assert sum(row.amount for row in rows) == trace.total == stored.amount, where
        assert trace.rest == 0
    return len(lines)


def test_the_lines_of_write_offs_counts_write_downs_and_voids_are_explained_to_the_cent(books: Books) -> None:
    assert assert_every_line_is_explained(books.company) > 15


def test_the_lines_of_charges_are_explained_by_settlement_and_cost_centre(company: Company) -> None:
    centre = CostCentre.objects.create(entity=company.entity, code="K1")
    proposal = draft(company, make_lot(company.entity), quarantine_goods=False)
    for charge in (
        ChargeInput("DISPOSAL_COST", Decimal(30), "CASH"),
        ChargeInput("DISPOSAL_COST", Decimal(20), "ACCOUNT", note="Haulage"),
        ChargeInput("DISPOSAL_COST", Decimal(5), "CASH", cost_centre=centre),
        ChargeInput("PROCEEDS", Decimal(12), "ACCOUNT"),
        ChargeInput("INSURANCE", Decimal(100), certainty="CERTAIN"),
        ChargeInput("TAX", Decimal(90)),
    ):
        services.charge_add(proposal=proposal, user=company["PREPARER"], charge=charge)
    proposal = posted(company, proposal)
    change = services.void_request(proposal=proposal, user=company["PREPARER"], reason="No", posted_on=MARCH)
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    assert assert_every_line_is_explained(company) == 2 * (2 + 5 + 2 + 2 + 2)


def test_a_void_of_some_lines_is_explained_by_those_lines_and_goes_back_to_the_accounts_of_their_override(
    company: Company,
) -> None:
    lamp, milk = make_lot(company.entity, "LAMP"), make_lot(company.entity, "MILK", category="Food")
    own = Account.objects.create(entity=company.entity, code="5101", name="Food", section="COST_OF_SALES")
    food = Category.objects.get(name="Food")
    rule = AccountMap.objects.create(entity=company.entity, role="WRITE_DOWN_EXPENSE", account=own, category=food)
    proposal = draft(company, lamp)
    services.line_add(proposal=proposal, user=company["PREPARER"], lot=milk, quantity=Decimal(4))
    proposal = posted(company, proposal)
    rule.delete()
    change = services.void_request(
        proposal=proposal, user=company["PREPARER"], reason="Milk found", posted_on=MARCH, lines=[2]
    )
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    mirror = JournalEntry.objects.get(leg="VOID")
    assert {(line.account.code, line.amount) for line in mirror.lines.select_related("account")} == {
        ("1400", Decimal(160)), ("5101", Decimal(-160)),
    }  # fmt: skip
    assert_every_line_is_explained(company)


def test_the_lines_of_a_stock_list_are_explained_by_its_movements(company: Company) -> None:
    rows = [
        lot_row("A", "L1", quantity=10, cost=2),
        lot_row("B", "L1", quantity=5, cost=3, category="Food"),
        lot_row("C", "L1", at="WH2", quantity=7, cost=1, allowance="2.00", original_unit_cost="1.285715",
                write_down_years="2025"),
    ]  # fmt: skip
    take_in(company, rows[:2], as_of=datetime(2026, 3, 1, 12, tzinfo=UTC))
    later = [lot_row("A", "L1", quantity=4, cost=2), lot_row("B", "L1", quantity=9, cost=3, category="Food")]
    take_in(company, [*later, lot_row("D", "L9", at="WH2", quantity=1, cost=8)],
            as_of=datetime(2026, 3, 9, 12, tzinfo=UTC))  # fmt: skip
    assert {entry.leg for entry in JournalEntry.objects.all()} >= {"OPENING", "RECEIPT", "ISSUE"}
    assert_every_line_is_explained(company)


def test_the_entry_leads_to_a_page_whose_rows_add_up_to_the_line(books: Books) -> None:
    entry = JournalEntry.objects.filter(source_ref=books.made["count"].source_ref).first()
    assert entry is not None
    entry_page = page_of(books.client.get(f"/e/north/ledger/entries/{entry.number}/"))
    line = entry.lines.order_by("line_number")[0]
    address = f"/e/north/reports/lines/{entry.number}/{line.line_number}/"
    assert address in {href for _, href in entry_page.links}
    page = page_of(books.get(f"lines/{entry.number}/{line.line_number}/"))
    table = next(iter(page.tables.values()))
    assert figure(row_of(table, "Journal line")[-1]) == line.amount
    assert sum(figure(row[-1]) for row in table if row[0].startswith("Line ")) == line.amount


def test_the_files_hold_the_same_rows(books: Books) -> None:
    entry = JournalEntry.objects.get(source_ref=books.made["expiry"].source_ref)
    path = f"lines/{entry.number}/1"
    csv_rows = rows_of_csv(books.get(f"{path}.csv"))
    sheet = next(iter(workbook(books.get(f"{path}.xlsx")).values()))
    assert any(cells and cells[0] == "Line 1" for cells in csv_rows)
    assert any(cells[0] == "Line 1" for cells in sheet)


def test_lots_that_changed_their_class_since_are_told_as_the_rest(books: Books) -> None:
    """The page does not pretend: the line stays what was posted, and the rest says why."""
    entry = JournalEntry.objects.get(source_ref=books.made["expiry"].source_ref)
    line = line_of(entity=books.company.entity, number=entry.number, line_number=1)
    assert line is not None
    Item.objects.filter(sku="LAMP").update(category=Category.objects.get(name="Bulbs"))
    trace = trace_of(entity=books.company.entity, line=line)
    assert (trace.total, trace.rest) == (0, line.amount)
    assert (
        "Lots that stand in another location or class by now" in books.get(f"lines/{entry.number}/1/").content.decode()
    )


def test_a_line_that_is_not_there_is_not_found_and_strangers_see_nothing(
    books: Books, other_company: Company, signed_in: SignIn
) -> None:
    entry = JournalEntry.objects.get(source_ref=books.made["expiry"].source_ref)
    for number, line in ((entry.number, 99), ("2026-999999", 1), ("x", 1), ("2026-1", 1)):
        assert books.client.get(f"/e/north/reports/lines/{number}/{line}/").status_code == 404
    stranger = signed_in(other_company["AUDITOR"])
    assert stranger.get(f"/e/north/reports/lines/{entry.number}/1/").status_code == 404
    assert stranger.get(f"/e/south/reports/lines/{entry.number}/1/").status_code == 404
    assert Client().get(f"/e/north/reports/lines/{entry.number}/1/").status_code == 302


@pytest.mark.parametrize("count", [2, 150])
def test_a_page_takes_the_same_number_of_queries_however_many_lines_it_sums(
    company: Company, signed_in: SignIn, count: int, django_assert_max_num_queries: Callable[..., object]
) -> None:
    lots = [make_lot(company.entity, f"S{number}").pk for number in range(count)]
    proposal, _ = services.proposal_create_from_stock(
        entity=company.entity, user=company["PREPARER"], header=header(), lots=Lot.objects.filter(pk__in=lots)
    )
    posted(company, proposal)
    entry = JournalEntry.objects.get(source_ref=Proposal.objects.get().source_ref)
    client = signed_in(company["AUDITOR"])
    address = f"/e/north/reports/lines/{entry.number}/1/"
    client.get(address)
    with django_assert_max_num_queries(12):
        text = client.get(address).content.decode()
    assert ("page=2" in text) is (count > 100)
    assert "Provisional: March 2026 (open) is not closed" in text
