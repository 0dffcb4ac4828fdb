"""A committed stock list: lots, movements, entries, worklist and acknowledgements stand together."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import Decimal as D

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.errors import (
    NotAllowed,
    OutdatedList,
    PeriodClosed,
    SegregationOfDuties,
    StaleContent,
    UnmappedRole,
    WrongState,
)
from core.models import Category, User
from inventory.models import Item, Lot, Movement, StagedLot, UnexplainedFall, WriteDownMovement
from tests.conftest import Company
from tests.inventory.sheets import MARCH, check, commit, lot_row, take_in, upload_of
from tests.proposals.documents import draft, posted
from tests.proposals.test_void import void
from writeoffs.ledger.models import AccountMap, FiscalPeriod, JournalEntry, JournalLine
from writeoffs.posting.acknowledge import posting_acknowledge
from writeoffs.posting.models import Posting, PostingLine
from writeoffs.posting.verifiers import posting_states

SignedIn = Callable[[User], Client]
WEEK = dt.timedelta(days=7)
pytestmark = [pytest.mark.django_db, pytest.mark.database]


def lines(entry: JournalEntry) -> list[tuple[str, str, str, D]]:
    return [
        (line.role, line.location.code, line.category.name, line.amount)
        for line in entry.lines.select_related("location", "category").order_by("role", "location__code", "amount")
    ]


def entry_of(company: Company, leg: str) -> JournalEntry:
    return JournalEntry.objects.filter(entity=company.entity, leg=leg).latest("id")


def assert_caches_equal_movements(company: Company) -> None:
    for lot in Lot.objects.filter(entity=company.entity):
        sums = lot.movements.aggregate(q=Sum("quantity"), c=Sum("cost"), a=Sum("allowance"), w=Sum("write_down"))
        kept = (lot.quantity, lot.cost, lot.allowance, lot.write_down)
        assert tuple(sums[name] or D(0) for name in "qcaw") == kept, lot
        attached = lot.write_down_movements.aggregate(w=Sum("amount"))["w"] or D(0)
        assert attached == lot.write_down


def written_off(company: Company, lot: Lot, units: D, outstanding: D | None = None) -> PostingLine:
    """A posting that the ERP has not followed yet, as the book leaves it."""
    count = Posting.objects.count()
    posting = Posting.objects.create(
        entity=company.entity,
        source_ref=f"proposal:WO-2026-{count:04d}",
        posted_on=MARCH.date(),
        posted_at=MARCH,
        posted_by=company["CONTROLLER"],
        status=Posting.Status.UNACKNOWLEDGED,
    )
    return PostingLine.objects.create(
        posting=posting, lot=lot, quantity=-units, outstanding=units if outstanding is None else outstanding
    )


def test_the_first_list_opens_the_books(company: Company) -> None:
    upload = take_in(
        company,
        [
            lot_row("A", "L1", "WH1", "10", "2.005", received_on="2025-01-01", expires_on="2026-12-31"),
            lot_row("A", "L2", "WH2", "1.5", "3", description="kept from the first row"),
            lot_row("B", "L1", "WH1", "0", "7", category=""),
        ],
    )

    assert list(Lot.objects.order_by("id").values_list("item__sku", "code", "location__code", "quantity", "cost")) == [
        ("A", "L1", "WH1", D(10), D("20.05")),
        ("A", "L2", "WH2", D("1.5"), D("4.50")),
        ("B", "L1", "WH1", D(0), D(0)),
    ]
    assert Item.objects.get(sku="B").category.name == Category.UNCATEGORISED
    assert [m.kind for m in Movement.objects.order_by("sequence")] == ["OPENING"] * 3
    assert list(Movement.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2, 3]
    entry = JournalEntry.objects.get()
    assert (entry.origin, entry.leg, entry.source_ref) == ("ERP", "OPENING", f"upload:{upload.pk}")
    assert lines(entry) == [
        ("INVENTORY", "WH1", "Tools", D("20.05")),
        ("INVENTORY", "WH2", "Tools", D("4.50")),
        ("STOCK_CLEARING", "WH1", "Tools", D("-20.05")),
        ("STOCK_CLEARING", "WH2", "Tools", D("-4.50")),
    ]
    assert_caches_equal_movements(company)


def test_the_first_list_brings_allowances_and_the_years_of_their_charges(company: Company) -> None:
    take_in(
        company,
        [
            lot_row("A", "L1", quantity=100, cost=10, allowance="580", write_down_years="2024=300.00; 2025=280"),
            lot_row("A", "L2", quantity=10, cost=6, original_unit_cost=10, write_down_years="2024"),
        ],
    )

    first, second = Lot.objects.order_by("code")
    assert (first.cost, first.allowance, first.write_down) == (D(1000), D(580), D(580))
    assert (second.cost, second.allowance, second.write_down) == (D(60), D(0), D(40))
    assert list(WriteDownMovement.objects.order_by("lot", "fiscal_year").values_list("fiscal_year", "amount")) == [
        (2024, D(300)),
        (2025, D(280)),
        (2024, D(40)),
    ]
    assert lines(entry_of(company, "OPENING")) == [
        ("INVENTORY", "WH1", "Tools", D(1060)),
        ("INVENTORY_ALLOWANCE", "WH1", "Tools", D(-580)),
        ("STOCK_CLEARING", "WH1", "Tools", D(-480)),
    ]
    assert_caches_equal_movements(company)


def test_a_later_list_receives_issues_and_revalues(company: Company) -> None:
    take_in(company, [lot_row("A", "L1"), lot_row("A", "L2"), lot_row("A", "L3")])
    upload = take_in(
        company,
        [
            lot_row("A", "L1", quantity=14),
            lot_row("A", "L2", quantity=4),
            lot_row("A", "L3", cost=3),
            lot_row("C", "N"),
        ],
        as_of=MARCH + WEEK,
    )

    assert lines(entry_of(company, "RECEIPT")) == [
        ("INVENTORY", "WH1", "Tools", D(28)),
        ("STOCK_CLEARING", "WH1", "Tools", D(-28)),
    ]
    assert lines(entry_of(company, "ISSUE")) == [
        ("INVENTORY", "WH1", "Tools", D(-12)),
        ("STOCK_CLEARING", "WH1", "Tools", D(12)),
    ]
    assert lines(entry_of(company, "REVALUATION"))[0] == ("INVENTORY", "WH1", "Tools", D(10))
    fall = UnexplainedFall.objects.get()
    assert (fall.movement.lot.code, fall.movement.quantity, fall.upload) == ("L2", D(-6), upload)
    assert Lot.objects.get(code="L3").unit_cost == D(3)
    assert not JournalEntry.objects.filter(origin="OWN").exists()
    assert_caches_equal_movements(company)


def test_a_transfer_moves_cost_allowance_and_age_between_locations(company: Company) -> None:
    take_in(
        company,
        [lot_row("A", "L1", "WH1", allowance=5, write_down_years="2025", received_on="2024-05-05"), lot_row("B", "L2")],
    )
    take_in(company, [lot_row("A", "L1", "WH2", received_on="2026-03-05"), lot_row("B", "L2")], as_of=MARCH + WEEK)

    moved = Lot.objects.get(item__sku="A", location__code="WH2")
    assert (moved.quantity, moved.cost, moved.allowance, moved.received_on) == (D(10), D(20), D(5), dt.date(2024, 5, 5))
    assert lines(entry_of(company, "TRANSFER")) == [
        ("INVENTORY", "WH1", "Tools", D(-20)),
        ("INVENTORY", "WH2", "Tools", D(20)),
        ("INVENTORY_ALLOWANCE", "WH1", "Tools", D(5)),
        ("INVENTORY_ALLOWANCE", "WH2", "Tools", D(-5)),
    ]
    assert not UnexplainedFall.objects.exists()
    assert_caches_equal_movements(company)


def test_allowance_released_with_a_fall_is_our_own_entry_and_a_second_controller_commits_it(company: Company) -> None:
    take_in(company, [lot_row("A", "L1", allowance=5, write_down_years="2025")])
    later = upload_of(company, "stock_list", as_of=MARCH + WEEK, by=company["CONTROLLER"])
    summary, _ = check(later, [lot_row("A", "L1", quantity=4)])

    assert summary.needs_controller
    with pytest.raises(NotAllowed, match="a controller commits it"):
        commit(later, company["PREPARER"])
    with pytest.raises(SegregationOfDuties, match="other than its uploader"):
        commit(later, company["CONTROLLER"])
    later.created_by = company["PREPARER"]
    later.save()
    commit(later, company["CONTROLLER"])

    release = entry_of(company, "RELEASE")
    assert release.origin == "OWN"
    assert lines(release) == [("COGS", "WH1", "Tools", D(-3)), ("INVENTORY_ALLOWANCE", "WH1", "Tools", D(3))]
    assert_caches_equal_movements(company)


def test_released_allowance_is_handed_to_the_erp_as_a_posting_of_its_list(
    company: Company, signed_in: SignedIn
) -> None:
    take_in(company, [lot_row("A", "L1", allowance=5, write_down_years="2025")])
    assert not Posting.objects.exists()
    later = upload_of(company, "stock_list", as_of=MARCH + WEEK, by=company["PREPARER"])
    check(later, [lot_row("A", "L1", quantity=4)])
    commit(later, company["CONTROLLER"])
    posting, release = Posting.objects.get(), entry_of(company, "RELEASE")
    assert (posting.source_ref, posting.status) == (f"upload:{later.pk}", Posting.Status.NOT_NEEDED)
    client = signed_in(company["CONTROLLER"])
    page = client.get(reverse("postings:list", args=["north"]), {"status": ""}).content.decode()
    assert f"upload-{later.pk}" in page
    assert release.number in page
    answer = client.get(reverse("postings:journal", args=["north", posting.pk]))
    assert f'filename="upload-{later.pk}-journal.csv"' in answer["Content-Disposition"]
    rows = answer.content.decode("utf-8-sig").splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == [release.number] * 2
    assert entry_of(company, "ISSUE").number not in {row.split(",")[0] for row in rows}
    assert not list(posting_states(Counter()))
    # The next list is compared with what people posted, not with the list before it.
    take_in(company, [lot_row("A", "L1", quantity=4)], as_of=MARCH + 2 * WEEK)


def test_written_off_units_never_come_back_and_the_list_without_them_acknowledges(company: Company) -> None:
    take_in(company, [lot_row("A", "L1"), lot_row("A", "L2")])
    lot = Lot.objects.get(code="L1")
    line = written_off(company, lot, D(10))
    take_in(company, [lot_row("A", "L1", quantity=20), lot_row("A", "L2")], as_of=MARCH + WEEK)
    line.refresh_from_db()
    assert (line.outstanding, line.posting.status) == (D(10), Posting.Status.UNACKNOWLEDGED)
    assert Movement.objects.count() == 2

    take_in(company, [lot_row("A", "L1", quantity=13), lot_row("A", "L2")], as_of=MARCH + 2 * WEEK)
    line.refresh_from_db()
    assert line.outstanding == D(3)

    take_in(company, [lot_row("A", "L1"), lot_row("A", "L2")], as_of=MARCH + 3 * WEEK)
    line.refresh_from_db()
    assert (line.outstanding, line.posting.status) == (D(0), Posting.Status.ACKNOWLEDGED)
    assert "stock list of 2026-03-22" in line.posting.acknowledged_how
    assert Movement.objects.count() == 2


def test_the_oldest_posting_is_followed_first(company: Company) -> None:
    take_in(company, [lot_row("A", "L1")])
    lot = Lot.objects.get()
    older, newer = written_off(company, lot, D(4)), written_off(company, lot, D(6))
    take_in(company, [lot_row("A", "L1", quantity=13)], as_of=MARCH + WEEK)

    older.refresh_from_db()
    newer.refresh_from_db()
    assert (older.outstanding, newer.outstanding) == (D(0), D(3))
    assert (older.posting.status, newer.posting.status) == ("ACKNOWLEDGED", "UNACKNOWLEDGED")


def test_a_list_older_than_the_latest_posting_or_list_is_refused_with_both_moments(company: Company) -> None:
    take_in(company, [lot_row()])
    with pytest.raises(OutdatedList, match="speaks of 2026-02-22, but stock was posted on 2026-03-01"):
        check(upload_of(company, "stock_list", as_of=MARCH - WEEK), [lot_row()])
    with pytest.raises(OutdatedList, match=r"2026-03-01 11:00 UTC, but 'stock_list-0.csv' as of 2026-03-01 12:00"):
        check(upload_of(company, "stock_list", as_of=MARCH - dt.timedelta(hours=1)), [lot_row()])


def test_a_closed_period_refuses_the_commit_and_leaves_nothing(company: Company) -> None:
    FiscalPeriod.objects.filter(starts_on=dt.date(2026, 3, 1)).update(status="CLOSED")
    upload = upload_of(company, "stock_list")
    check(upload, [lot_row()])
    with pytest.raises(PeriodClosed, match="2026-03-01"):
        commit(upload, company["CONTROLLER"])
    assert not Lot.objects.exists()
    assert not Movement.objects.exists()


def test_an_unmapped_role_refuses_the_commit_and_leaves_nothing(company: Company) -> None:
    AccountMap.objects.filter(role="STOCK_CLEARING").delete()
    upload = upload_of(company, "stock_list")
    check(upload, [lot_row()])
    with pytest.raises(UnmappedRole, match="STOCK_CLEARING"):
        commit(upload, company["CONTROLLER"])
    assert not Lot.objects.exists()
    assert not Category.objects.exists()


def test_a_second_commit_of_the_same_list_does_nothing(company: Company) -> None:
    upload = take_in(company, [lot_row()])
    with pytest.raises(WrongState, match="committed already"):
        commit(upload, company["CONTROLLER"])
    assert Movement.objects.count() == 1


def test_two_first_lists_open_the_books_only_once(company: Company) -> None:
    first, second = upload_of(company, "stock_list"), upload_of(company, "stock_list")
    check(first, [lot_row("A", "L1")])
    check(second, [lot_row("B", "L9", "WH9", category="Other")])
    commit(first, company["CONTROLLER"])
    with pytest.raises(StaleContent, match="have moved since"):
        commit(second, company["CONTROLLER"])
    assert Lot.objects.count() == 1


def test_a_list_whose_plan_has_changed_since_its_check_is_refused(company: Company) -> None:
    take_in(company, [lot_row("A", "L1")])
    later = upload_of(company, "stock_list", as_of=MARCH + WEEK)
    check(later, [lot_row("A", "L1", quantity=12)])
    written_off(company, Lot.objects.get(), D(2))
    with pytest.raises(StaleContent, match="Check the list again"):
        commit(later, company["CONTROLLER"])


def test_a_record_made_by_hand_since_the_check_is_named(company: Company) -> None:
    upload = upload_of(company, "stock_list")
    check(upload, [lot_row("A", "L1")])
    Category.objects.create(entity=company.entity, name="Tools")
    with pytest.raises(StaleContent, match="made the category Tools"):
        commit(upload, company["CONTROLLER"])


def test_negative_and_zero_cost_lots_are_kept_and_entries_balance(company: Company) -> None:
    take_in(company, [lot_row("A", "L1", quantity=-3), lot_row("A", "L2", cost=0), lot_row("A", "L3", quantity=1)])

    assert list(Lot.objects.order_by("code").values_list("quantity", "cost")) == [
        (D(-3), D(-6)),
        (D(10), D(0)),
        (D(1), D(2)),
    ]
    assert JournalLine.objects.aggregate(net=Sum("amount"))["net"] == D(0)


def test_a_list_of_nothing_but_worthless_lots_makes_no_entry(company: Company) -> None:
    take_in(company, [lot_row("A", "L1", cost=0)])
    assert Lot.objects.count() == 1
    assert not JournalEntry.objects.exists()


def test_another_entity_keeps_its_own_records_of_the_same_names(company: Company, other_company: Company) -> None:
    take_in(company, [lot_row()])
    take_in(other_company, [lot_row(quantity=3)])

    assert Lot.objects.get(entity=company.entity).quantity == D(10)
    assert Lot.objects.get(entity=other_company.entity).quantity == D(3)
    assert Item.objects.filter(sku="A").count() == 2


def test_every_statement_of_a_commit_is_made_for_the_whole_list(
    company: Company, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    rows = [lot_row(f"S{n % 30}", f"L{n}", f"WH{n % 4}") for n in range(300)]
    upload = upload_of(company, "stock_list")
    check(upload, rows)
    with django_assert_max_num_queries(60):  # type: ignore[operator]
        commit(upload, company["CONTROLLER"])
    later = upload_of(company, "stock_list", as_of=MARCH + WEEK)
    check(later, [{**row, "quantity": 11} for row in rows])
    with django_assert_max_num_queries(60):  # type: ignore[operator]
        commit(later, company["CONTROLLER"])
    assert StagedLot.objects.count() == 600


def test_a_list_drawn_before_a_posting_was_made_is_refused_whatever_date_the_posting_bears(company: Company) -> None:
    take_in(company, [lot_row("A", "L1", quantity=647)])
    before = upload_of(company, "stock_list", as_of=MARCH + WEEK)
    check(before, [lot_row("A", "L1", quantity=647)])
    backdated = posted(company, draft(company, Lot.objects.get(), "100"))
    posting_acknowledge(
        entity=company.entity, source_ref=backdated.source_ref, user=company["CONTROLLER"], how="ERP document 4711"
    )
    drawn_since = dt.datetime(2026, 3, 17, 12, tzinfo=dt.UTC)
    with pytest.raises(OutdatedList, match="2026-03-17 12:00 UTC, but stock was posted or voided at"):
        check(upload_of(company, "stock_list", as_of=drawn_since), [lot_row("A", "L1", quantity=647)])
    with pytest.raises(OutdatedList):
        commit(before, company["CONTROLLER"])
    assert Lot.objects.get().quantity == D(547)
    take_in(company, [lot_row("A", "L1", quantity=547)], as_of=timezone.now() + dt.timedelta(seconds=1))
    assert Lot.objects.get().quantity == D(547)


def test_a_list_drawn_before_a_void_is_refused(company: Company) -> None:
    take_in(company, [lot_row("A", "L1", cost=0)])
    proposal = posted(company, draft(company, Lot.objects.get(), "4"))
    drawn = timezone.now()
    void(company, proposal)
    with pytest.raises(OutdatedList, match="posted or voided at"):
        check(upload_of(company, "stock_list", as_of=drawn), [lot_row("A", "L1", quantity=6, cost=0)])
