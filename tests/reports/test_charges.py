"""What write-offs cost and brought stands in the register, in the file for the ERP and in the tax, once each."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.posting.stock import make_lot
from tests.proposals.documents import draft, posted
from tests.reports.books import APRIL, void
from tests.reports.conftest import Books, figure, page_of, row_of, rows_of_csv
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.exports import journal_rows
from writeoffs.posting.models import Posting
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal
from writeoffs.proposals.services import ChargeInput
from writeoffs.valuation.rules.tax import TaxPolicy, impact

CHARGES = "Charges and recoveries"


def scrapped(books: Books) -> Proposal:
    company = books.company
    proposal = draft(company, make_lot(company.entity, "TV", category="Screens"), quarantine_goods=False)
    for charge in (
        ChargeInput("DISPOSAL_COST", Decimal(64), "ACCOUNT"),
        ChargeInput("PROCEEDS", Decimal("18.50"), "CASH"),
        ChargeInput("INPUT_TAX", Decimal(80)),
        ChargeInput("INSURANCE", Decimal(250), certainty="CERTAIN"),
    ):
        services.charge_add(proposal=proposal, user=company["PREPARER"], charge=charge)
    return posted(company, proposal)


@pytest.mark.django_db
def test_the_register_shows_scrap_insurance_vat_and_disposal_cost_of_each_document(books: Books) -> None:
    assert CHARGES not in page_of(books.get("register/?period=2026-03")).tables
    proposal = scrapped(books)
    table = page_of(books.get("register/?period=2026-03")).tables[CHARGES]
    assert table[0][3:8] == ["Scrap, EUR", "Insurance, EUR", "VAT, EUR", "Disposal cost, EUR", "Income tax, EUR"]
    total = [figure(text) for text in row_of(table, "Total")[3:8]]
    assert total == [Decimal("18.50"), Decimal(250), Decimal(80), Decimal(64), Decimal(0)]
    assert {row[0] for row in table[1:-1]} == {proposal.number}
    narrowed = page_of(books.get("register/?period=2026-03&reason=FIRE")).tables
    assert CHARGES not in narrowed


@pytest.mark.django_db
def test_a_void_turns_the_charges_on_its_own_day(books: Books) -> None:
    void(books.company, scrapped(books), APRIL)
    table = page_of(books.get("register/?period=2026-04")).tables[CHARGES]
    assert figure(row_of(table, "Total")[6]) == -64
    assert "Void of disposal cost" in {row[1] for row in table[1:-1]}


@pytest.mark.django_db
def test_the_register_as_csv_holds_the_charges_too(books: Books) -> None:
    scrapped(books)
    assert any("Disposal cost" in cells for cells in rows_of_csv(books.get("register.csv?period=2026-03")))


@pytest.mark.django_db
def test_the_journal_for_the_erp_hands_out_every_leg_and_nothing_of_origin_erp(books: Books) -> None:
    proposal = scrapped(books)
    postings = [Posting.objects.get(source_ref=proposal.source_ref)]
    text = str(journal_rows(entity=books.company.entity, postings=postings))
    for entry in JournalEntry.objects.filter(source_ref=proposal.source_ref):
        assert entry.number in text
    for entry in JournalEntry.objects.filter(origin="ERP"):
        assert entry.number not in text
    assert not Posting.objects.filter(
        source_ref__in=JournalEntry.objects.filter(origin="ERP").values("source_ref")
    ).exists()


def test_a_document_with_its_tax_does_not_hide_the_tax_on_the_others() -> None:
    policy = TaxPolicy("RECOGNITION", Decimal("0.25"), "EUR")
    with_tax = [
        ("WRITE_DOWN_EXPENSE", Decimal(400)), ("INVENTORY", Decimal(-400)),
        ("CURRENT_TAX_PAYABLE", Decimal(100)), ("CURRENT_TAX_EXPENSE", Decimal(-100)),
    ]  # fmt: skip
    other = [("ABNORMAL_LOSS", Decimal(1000)), ("INVENTORY", Decimal(-1000))]
    assert impact(with_tax, policy=policy).tax.lines == ()
    whole = impact([*with_tax, *other], policy=policy)
    assert whole.whole.tax == 350
    assert whole.tax.lines == (("CURRENT_TAX_PAYABLE", Decimal(250)), ("CURRENT_TAX_EXPENSE", Decimal(-250)))
