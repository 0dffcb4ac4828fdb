"""The only writer of the journal: sums, numbers, chain, seal, and what it refuses."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from core.errors import PeriodClosed, Unbalanced, UnmappedRole, WrongState
from core.models import Category, ChainHead, CostCentre, Location
from tests.conftest import Company, make_company
from writeoffs.ledger import journal
from writeoffs.ledger.journal import PlannedEntry, PlannedLine
from writeoffs.ledger.models import AccountMap, FiscalPeriod, JournalEntry, JournalLine

DAY = dt.date(2026, 3, 14)


def loss(amount: str = "100.00", **dimensions: object) -> PlannedEntry:
    value = Decimal(amount)
    return PlannedEntry(
        leg="WRITE_OFF",
        origin="OWN",
        description="Expired stock",
        lines=[
            PlannedLine("WRITE_DOWN_EXPENSE", value, reason="EXPIRY", **dimensions),
            PlannedLine("INVENTORY", -value, **dimensions),
        ],
    )


def write(company: Company, *entries: PlannedEntry, ref: str = "proposal:WO-1", day: dt.date = DAY, **extra: object):
    with transaction.atomic():
        period = journal.period_lock(entity=company.entity, posted_on=day)
        return journal.entries_write(
            entity=company.entity,
            period=period,
            posted_on=day,
            source_ref=ref,
            entries=entries,
            posted_by=company["CONTROLLER"],
            **extra,
        )


def test_an_entry_is_numbered_hashed_and_sealed(company: Company) -> None:
    [entry] = write(
        company, loss(), prepared_by=company["PREPARER"], approved_by=company["APPROVER"], evidence=["b", "a"]
    )
    entry.refresh_from_db()
    assert entry.number == "2026-000001"
    assert entry.sealed
    assert entry.net_id == 0
    assert entry.evidence == ["a", "b"]
    assert (entry.chain_sequence, entry.previous_hash) == (1, "")
    assert [(line.role, line.amount, line.account.code) for line in entry.lines.all()] == [
        ("WRITE_DOWN_EXPENSE", Decimal("100.0000"), "5100"),
        ("INVENTORY", Decimal("-100.0000"), "1400"),
    ]
    head = ChainHead.objects.get(chain=f"journal:{company.entity.pk}")
    assert (head.sequence, head.hash) == (1, entry.hash)


def test_the_stored_rows_give_the_hash_that_was_stored(company: Company) -> None:
    [written] = write(company, loss(), evidence=["ff"])
    entry = JournalEntry.objects.get(pk=written.pk)
    assert journal.entry_hash(journal.content_of(entry, entry.lines.order_by("line_number"))) == entry.hash


def test_each_entry_names_the_hash_of_the_one_before(company: Company) -> None:
    first, second = write(company, loss(), PlannedEntry("COUNT_GAIN", "OWN", "Found", loss("5.00").lines))
    [third] = write(company, loss(), ref="proposal:WO-2")
    assert [e.number for e in (first, second, third)] == ["2026-000001", "2026-000002", "2026-000003"]
    assert (second.previous_hash, third.previous_hash) == (first.hash, second.hash)


def test_numbers_start_anew_in_every_fiscal_year_and_the_chain_goes_on(company: Company) -> None:
    write(company, loss())
    [entry] = write(company, loss(), ref="proposal:WO-2", day=dt.date(2027, 1, 1))
    assert (entry.number, entry.chain_sequence) == ("2027-000001", 2)


def test_lines_are_summed_by_role_location_category_reason_and_cost_centre(company: Company) -> None:
    here = Location.objects.create(entity=company.entity, code="A")
    there = Location.objects.create(entity=company.entity, code="B")
    food = Category.objects.create(entity=company.entity, name="Food")
    sales = CostCentre.objects.create(entity=company.entity, code="S")
    lines = []
    for _ in range(5000):
        for place in (here.pk, there.pk):
            lines.append(PlannedLine("WRITE_DOWN_EXPENSE", Decimal("1.25"), place, food.pk, sales.pk, reason="EXPIRY"))
            lines.append(PlannedLine("INVENTORY", Decimal("-1.25"), place, food.pk))
    [entry] = write(company, PlannedEntry("WRITE_OFF", "OWN", "Many", lines))
    assert sorted((line.role, line.location.code, line.amount) for line in entry.lines.select_related("location")) == [
        ("INVENTORY", "A", Decimal("-6250.0000")),
        ("INVENTORY", "B", Decimal("-6250.0000")),
        ("WRITE_DOWN_EXPENSE", "A", Decimal("6250.0000")),
        ("WRITE_DOWN_EXPENSE", "B", Decimal("6250.0000")),
    ]


def test_a_posting_of_ten_thousand_lines_takes_a_constant_number_of_queries(
    company: Company, django_assert_max_num_queries
) -> None:
    places = [Location.objects.create(entity=company.entity, code=str(n)) for n in range(150)]
    lines = [
        PlannedLine(role, Decimal(sign), place.pk)
        for place in places
        for role, sign in (("WRITE_DOWN_EXPENSE", "2.00"), ("INVENTORY", "-2.00"))
        for _ in range(34)
    ]
    with django_assert_max_num_queries(20):
        [entry] = write(company, PlannedEntry("WRITE_OFF", "OWN", "Many", lines))
    assert entry.lines.count() == 300


def test_an_entry_whose_lines_are_all_nil_is_left_out(company: Company) -> None:
    assert write(company, loss("0.00")) == []
    assert not JournalEntry.objects.exists()


def test_debits_and_credits_that_differ_are_refused_before_the_database_is_asked(company: Company) -> None:
    lines = [PlannedLine("INVENTORY", Decimal("-100.00")), PlannedLine("COGS", Decimal("99.99"))]
    with pytest.raises(Unbalanced, match=r"Write-off: the credits are 0\.01 EUR more"):
        write(company, PlannedEntry("WRITE_OFF", "OWN", "Off", lines))
    assert not JournalEntry.objects.exists()


@pytest.mark.parametrize(
    ("currency", "amount"), [("EUR", "0.0050"), ("JPY", "10.50"), ("KWD", "0.0001")], ids=["EUR", "JPY", "KWD"]
)
def test_an_amount_below_the_smallest_unit_of_the_currency_is_refused(db: None, currency: str, amount: str) -> None:
    company = make_company(currency=currency)
    with pytest.raises(Unbalanced, match=f"not a multiple of the smallest unit of {currency}"):
        write(company, loss(amount))


def test_a_currency_with_three_decimals_is_posted_to_the_last(db: None) -> None:
    company = make_company(currency="KWD")
    [entry] = write(company, loss("1.005"))
    assert entry.lines.get(role="INVENTORY").amount == Decimal("-1.0050")


def test_a_closed_period_refuses_and_names_the_first_open_date(company: Company) -> None:
    FiscalPeriod.objects.filter(starts_on__lte=DAY).update(status="CLOSED")
    with pytest.raises(
        PeriodClosed, match=r"2026-03-14 cannot be posted: March 2026 is closed.*first open date is 2026-04-01"
    ):
        write(company, loss())


def test_a_date_without_a_period_refuses(company: Company) -> None:
    with pytest.raises(PeriodClosed, match="has no fiscal period for this date"):
        write(company, loss(), day=dt.date(2031, 1, 1))


def test_every_role_without_an_account_is_named(company: Company) -> None:
    AccountMap.objects.filter(role__in=["INVENTORY", "WRITE_DOWN_EXPENSE"]).delete()
    with pytest.raises(UnmappedRole, match=r"Inventory \(INVENTORY\), Write-downs of inventory \(WRITE_DOWN_EXPENSE\)"):
        write(company, loss())


def test_a_second_posting_of_one_document_is_refused_and_names_the_entry(company: Company) -> None:
    write(company, loss())
    with pytest.raises(WrongState, match="proposal:WO-1/WRITE_OFF is posted already, as entry 2026-000001"):
        write(company, loss())
    assert JournalEntry.objects.count() == 1


def test_two_legs_of_one_document_are_mirrored_by_two_voids(company: Company) -> None:
    legs = write(company, loss(), PlannedEntry("COUNT_GAIN", "OWN", "Found", loss("5.00").lines))
    mirrors = [
        PlannedEntry(
            "VOID",
            "OWN",
            "Void",
            [PlannedLine(x.role, -x.amount, x.location_id, x.category_id, reason=x.reason) for x in e.lines.all()],
            reverses_id=e.pk,
        )
        for e in legs
    ]
    voids = write(company, *mirrors, ref="proposal:WO-1/void")
    assert [v.reverses_id for v in voids] == [e.pk for e in legs]
    with pytest.raises(IntegrityError), transaction.atomic():
        write(company, *mirrors, ref="proposal:WO-1/void-again")
    assert JournalEntry.objects.count() == 4


def test_a_refused_posting_leaves_no_gap(company: Company) -> None:
    write(company, loss())
    with transaction.atomic():
        write(company, loss(), ref="proposal:WO-2")
        transaction.set_rollback(True)
    [entry] = write(company, loss(), ref="proposal:WO-3")
    assert (entry.number, entry.chain_sequence) == ("2026-000002", 2)


def test_entries_of_two_entities_have_numbers_and_chains_of_their_own(company: Company, other_company: Company) -> None:
    [a], [b] = write(company, loss()), write(other_company, loss())
    assert a.number == b.number == "2026-000001"
    assert (a.previous_hash, b.previous_hash) == ("", "")
    assert a.hash != b.hash


def test_everything_that_was_written_satisfies_the_deferred_constraints(company: Company) -> None:
    write(company, loss())
    connection.check_constraints()
    assert not JournalLine.objects.filter(amount=0).exists()
