"""A count: every row kept, compared with the books as they stand when it is taken in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from core.errors import BadInput, StaleContent
from core.models import Membership, User
from inventory.models import CountLine, CountSheet, Lot
from inventory.movements import MovementRow, movements_append
from inventory.selectors import count_figures
from tests.conftest import Company
from tests.inventory.sheets import MARCH, check, commit, lot_row, take_in, upload_of
from tests.proposals.documents import posted
from writeoffs.proposals.services import proposal_create_from_count

DAY = dt.timedelta(days=1)
LATER = MARCH + 30 * DAY
SignIn = Callable[[User], Client]
pytestmark = [pytest.mark.django_db, pytest.mark.database]


def counted(sku: str = "A", lot: str = "L1", at: str = "WH1", units: Any = 10, **more: Any) -> dict[str, Any]:
    return {"sku": sku, "lot_code": lot, "location": at, "counted_quantity": units, **more}


@pytest.fixture
def stocked(company: Company) -> Company:
    """Four lots of ten at 2.00; L2 carries an allowance of 5.00."""
    take_in(
        company,
        [
            lot_row("A", "L1"),
            lot_row("A", "L2", allowance=5, write_down_years="2025"),
            lot_row("A", "L3"),
            lot_row("A", "L4", "WH2"),
        ],
    )
    return company


def counts(company: Company, *rows: dict[str, Any], **fields: Any) -> CountSheet:
    upload = take_in(company, list(rows), code="count", as_of=LATER, **fields)
    return CountSheet.objects.get(upload=upload)


def test_every_row_is_kept_with_difference_and_value(stocked: Company) -> None:
    sheet = counts(
        stocked,
        counted(lot="L1", units=10, note="fine"),
        counted(lot="L2", units=6, counted_on="2026-03-30"),
        counted(lot="L3", units="12.5"),
    )

    assert (sheet.number, sheet.status, sheet.line_count, sheet.difference_count) == ("CS-2026-0001", "OPEN", 3, 2)
    assert sheet.counted_on == dt.date(2026, 3, 31)
    assert list(
        sheet.lines.order_by("row").values_list("row", "book_quantity", "counted_quantity", "difference", "value")
    ) == [
        (2, D(10), D(10), D(0), D(0)),
        (3, D(10), D(6), D(-4), D(-6)),
        (4, D(10), D("12.5"), D("2.5"), D(5)),
    ]
    assert sheet.lines.get(row=2).note == "fine"
    assert [line.percent for line in sheet.lines.order_by("row")] == [D(0), D(-40), D(25)]


def test_counts_are_numbered_without_gaps(stocked: Company) -> None:
    assert [counts(stocked, counted()).number for _ in range(2)] == ["CS-2026-0001", "CS-2026-0002"]


def test_the_figures_tell_short_from_over_and_what_was_not_counted(stocked: Company) -> None:
    sheet = counts(stocked, counted(lot="L1", units=0), counted(lot="L2", units=11))
    figures = count_figures(sheet=sheet)

    assert (figures.counted, figures.matched, figures.short, figures.over) == (2, 0, 1, 1)
    # L2 carries 15 of a cost of 20, and so does what was found of it.
    assert (figures.short_value, figures.over_value, figures.net_value) == (D(-20), D("1.5"), D("-18.5"))
    # L3 stands at the location that was counted; L4 at another one.
    assert (figures.not_counted, figures.not_counted_value) == (1, D(20))


def test_the_preview_says_what_was_found(stocked: Company) -> None:
    summary, issues = check(
        upload_of(stocked, "count", as_of=LATER), [counted(lot="L1", units=9), counted(lot="L2"), counted(lot="L3")]
    )

    assert not issues.kept
    assert dict(summary.figures)["Short"] == "1 lot, quantity (1), (2.00) EUR"
    assert dict(summary.figures)["On the books, not on this sheet"] == "1 lot"
    assert summary.commit_label == "Take in 3 counted lots, 1 different"


def test_who_only_counts_is_not_told_what_the_books_expect(stocked: Company) -> None:
    upload = upload_of(stocked, "count", as_of=LATER, by=stocked["COUNTER"])
    summary, _ = check(upload, [counted(lot="L1", units=9)])

    assert (summary.figures, summary.value) == ([("Counted", "1 lot")], None)
    assert summary.commit_label == "Take in 1 lot"
    assert commit(upload, stocked["COUNTER"]) == "CS-2026-0001: 1 lot counted."


def test_an_unknown_lot_is_an_error_that_says_the_next_step(stocked: Company) -> None:
    _, issues = check(
        upload_of(stocked, "count", as_of=LATER), [counted(lot="L9"), counted("Z"), counted(lot="L4", at="WH1")]
    )
    messages = [message for *_, message in issues.kept]

    assert issues.errors == 3
    assert "not in the books. Mend the row, or upload a stock list" in messages[0]
    assert "No item has the SKU 'Z'" in messages[1]
    assert "The books have that lot at WH2" in messages[2]


def test_a_lot_counted_twice_and_a_negative_count_are_errors(stocked: Company) -> None:
    _, issues = check(upload_of(stocked, "count", as_of=LATER), [counted(), counted(), counted(lot="L2", units=-1)])

    assert [(code, row) for _, code, row, *_ in issues.kept] == [("lot_counted_twice", 3), ("negative_count", 4)]
    assert "Rows 2 and 3 both count lot 'L1'" in issues.kept[0][5]


def test_a_lot_that_moved_after_it_was_counted_is_flagged(stocked: Company) -> None:
    lot = Lot.objects.get(code="L1")
    with transaction.atomic():
        movements_append(
            entity=stocked.entity,
            posted_on=dt.date(2026, 3, 29),
            source_ref="upload:0",
            rows=[MovementRow(lot.pk, "ISSUE", -10_000, -20_000)],
        )
    _, issues = check(
        upload_of(stocked, "count", as_of=LATER),
        [counted(lot="L1", units=9, counted_on="2026-03-28"), counted(lot="L2")],
    )

    assert [(level, code, row) for level, code, row, *_ in issues.kept] == [("WARNING", "moved_since_the_count", 2)]


def test_a_count_whose_lot_moves_between_check_and_commit_is_refused(stocked: Company) -> None:
    upload = upload_of(stocked, "count", as_of=LATER)
    check(upload, [counted(lot="L1"), counted(lot="L2")])
    lot = Lot.objects.get(code="L2")
    with transaction.atomic():
        movements_append(
            entity=stocked.entity,
            posted_on=LATER.date(),
            source_ref="upload:0",
            rows=[MovementRow(lot.pk, "ISSUE", -10_000, -20_000)],
        )
    with pytest.raises(StaleContent, match=r"row 3: lot 'L2' of A at WH1.*Check the sheet again"):
        commit(upload, stocked["PREPARER"])
    assert not CountSheet.objects.exists()


def test_a_movement_of_a_lot_that_was_not_counted_does_not_matter(stocked: Company) -> None:
    upload = upload_of(stocked, "count", as_of=LATER)
    check(upload, [counted(lot="L1")])
    lot = Lot.objects.get(code="L2")
    with transaction.atomic():
        movements_append(
            entity=stocked.entity,
            posted_on=LATER.date(),
            source_ref="upload:0",
            rows=[MovementRow(lot.pk, "ISSUE", -10_000, -20_000)],
        )
    commit(upload, stocked["PREPARER"])
    assert CountLine.objects.count() == 1


def test_another_entitys_lots_cannot_be_counted(stocked: Company, other_company: Company) -> None:
    _, issues = check(upload_of(other_company, "count", as_of=LATER), [counted()])
    assert issues.errors == 1


def test_a_lot_cannot_stand_twice_on_a_sheet_in_the_database(stocked: Company) -> None:
    line = counts(stocked, counted()).lines.get()
    line.pk = None
    with (
        pytest.raises(IntegrityError, match=r"count_line_once_per_lot|sheet_id|a count line is never replaced"),
        transaction.atomic(),
    ):
        line.save(force_insert=True)


def page(company: Company, client: Client, sheet: CountSheet, query: str = "") -> Any:
    return client.get(reverse("counts:detail", args=[company.entity.slug, sheet.number]) + query)


def test_the_page_lists_the_differences_the_largest_first(stocked: Company, signed_in: SignIn) -> None:
    sheet = counts(stocked, counted(lot="L1", units=9), counted(lot="L2"), counted(lot="L3", units=15))
    response = page(stocked, signed_in(stocked["PREPARER"]), sheet)

    assert response.status_code == 200
    assert [line.lot.code for line in response.context["page_obj"]] == ["L3", "L1"]
    assert b"Propose 2 differences" in response.content
    everything = page(stocked, signed_in(stocked["PREPARER"]), sheet, "?lines=all")
    assert [line.lot.code for line in everything.context["page_obj"]] == ["L1", "L2", "L3"]


@pytest.mark.parametrize(
    ("day", "kind", "units", "flagged"),
    [
        ("2026-04-02", "ISSUE", -1, True),
        ("2026-03-31", "ISSUE", -1, True),
        ("2026-03-30", "WRITE_OFF", -1, True),
        ("2026-04-02", "COUNT", -1, True),
        ("2026-04-02", "REVALUATION", 0, False),
    ],
)
def test_a_lot_of_an_opening_list_that_moves_after_its_count_is_marked(
    stocked: Company, signed_in: SignIn, day: str, kind: str, units: int, flagged: bool
) -> None:
    sheet = counts(stocked, counted(lot="L1", units=9), counted(lot="L2", units=9))
    lot = Lot.objects.get(code="L1")
    client = signed_in(stocked["PREPARER"])
    assert page(stocked, client, sheet).context["moved"] == set()
    with transaction.atomic():
        movements_append(
            entity=stocked.entity,
            posted_on=dt.date.fromisoformat(day),
            source_ref="upload:0",
            rows=[MovementRow(lot.pk, kind, units * 10_000, -20_000)],
        )
    assert page(stocked, client, sheet).context["moved"] == ({lot.pk} if flagged else set())


def test_the_adjustment_of_a_count_itself_is_no_move_since(stocked: Company, signed_in: SignIn) -> None:
    sheet = counts(stocked, counted(lot="L1", units=9), by=stocked["COUNTER"])
    posted(stocked, proposal_create_from_count(entity=stocked.entity, user=stocked["PREPARER"], sheet=sheet))
    assert Lot.objects.get(code="L1").quantity == D(9)
    assert page(stocked, signed_in(stocked["PREPARER"]), sheet).context["moved"] == set()


def test_only_a_preparer_is_offered_to_propose_and_only_once(stocked: Company, signed_in: SignIn) -> None:
    sheet = counts(stocked, counted(units=9))
    assert b"Propose 1 difference" not in page(stocked, signed_in(stocked["AUDITOR"]), sheet).content
    CountSheet.objects.update(status=CountSheet.Status.PROPOSED)
    assert b"Propose 1 difference" not in page(stocked, signed_in(stocked["PREPARER"]), sheet).content


def test_a_count_where_everything_matched_says_so(stocked: Company, signed_in: SignIn) -> None:
    response = page(stocked, signed_in(stocked["PREPARER"]), counts(stocked, counted()))
    assert b"Everything matched" in response.content


def test_a_counter_sees_own_sheets_only_and_no_book_quantity(stocked: Company, signed_in: SignIn) -> None:
    upload = upload_of(stocked, "count", as_of=LATER, by=stocked["COUNTER"])
    check(upload, [counted(units=9)])
    commit(upload, stocked["CONTROLLER"])
    own = CountSheet.objects.get(upload=upload)
    other = counts(stocked, counted(lot="L2", units=9))
    client = signed_in(stocked["COUNTER"])

    listed = client.get(reverse("counts:list", args=[stocked.entity.slug]))
    assert [sheet.number for sheet in listed.context["page_obj"]] == [own.number]
    shown = page(stocked, client, own)
    assert shown.status_code == 200
    assert b"Book" not in shown.content.split(b"<thead>")[1].split(b"</thead>")[0]
    assert page(stocked, client, other).status_code == 404
    assert client.get(reverse("counts:export", args=[stocked.entity.slug, own.number, "csv"])).status_code == 403


def test_count_pages_answer_strangers_and_other_entities_alike(
    stocked: Company, other_company: Company, signed_in: SignIn
) -> None:
    sheet = counts(stocked, counted(units=9))
    address = reverse("counts:detail", args=[stocked.entity.slug, sheet.number])

    assert Client().get(address).status_code == 302
    assert signed_in(other_company["PREPARER"]).get(address).status_code == 404
    assert signed_in(stocked["ADMIN"]).get(address).status_code == 403
    elsewhere = reverse("counts:detail", args=[other_company.entity.slug, sheet.number])
    Membership.objects.create(entity=other_company.entity, user=stocked["PREPARER"], role="PREPARER")
    assert signed_in(stocked["PREPARER"]).get(elsewhere).status_code == 404


def test_the_count_is_exported_with_the_sheets_own_columns(stocked: Company, signed_in: SignIn) -> None:
    sheet = counts(stocked, counted(units=9, note="=1+1"), counted(lot="L2"))
    client = signed_in(stocked["AUDITOR"])
    address = reverse("counts:export", args=[stocked.entity.slug, sheet.number, "csv"])
    text = b"".join(client.get(address).streaming_content).decode()  # type: ignore[attr-defined]

    assert text.splitlines() == [
        "\ufeffsku,lot_code,location,counted_quantity,counted_on,note,book_quantity,difference,value,count_1,count_2",
        "A,L1,WH1,9,,'=1+1,10,-1,-2,,",
    ]
    everything = b"".join(client.get(address + "?lines=all").streaming_content)  # type: ignore[attr-defined]
    assert len(everything.splitlines()) == 3


def test_a_count_page_asks_a_constant_number_of_times(
    stocked: Company, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    sheet = counts(stocked, *(counted(lot=f"L{n}", units=n) for n in (1, 2, 3)))
    client = signed_in(stocked["PREPARER"])
    with django_assert_max_num_queries(16):
        page(stocked, client, sheet)


def twice(sku: str, units: Any, again: Any = "") -> dict[str, Any]:
    return counted(sku, "", units=units, recounted_quantity=again)


def test_above_the_tolerance_the_second_count_decides(company: Company) -> None:
    """P16: 2 % of units; gross shortage, overage and net."""
    rows = [("BOLT", 5000, "0.12"), ("DRILL", 40, 85), ("SAW", 25, "31.40")]
    take_in(company, [lot_row(sku, "", quantity=units, cost=cost) for sku, units, cost in rows])
    again = [twice("BOLT", 4960), twice("DRILL", 35, 36), twice("SAW", 28, 28)]
    sheet = counts(company, *again, options={"tolerance": "2"})
    assert sheet.tolerance == D(2)
    assert list(
        sheet.lines.order_by("row").values_list(
            "first_count", "second_count", "counted_quantity", "difference", "value"
        )
    ) == [
        (None, None, D(4960), D(-40), D("-4.8")),
        (D(35), D(36), D(36), D(-4), D(-340)),
        (D(28), D(28), D(28), D(3), D("94.2")),
    ]
    figures = count_figures(sheet=sheet)
    assert (figures.short_value, figures.over_value, figures.net_value, figures.twice) == (
        D("-344.8"),
        D("94.2"),
        D("-250.6"),
        2,
    )


def test_a_lot_beyond_the_tolerance_needs_a_second_count_and_blind_counters_learn_no_more(stocked: Company) -> None:
    for role, said in (("PREPARER", "which differs from the book's 10 by more"), ("COUNTER", "which differs by more")):
        upload = upload_of(stocked, "count", as_of=LATER, by=stocked[role], options={"tolerance": "2.5"})
        _, issues = check(upload, [counted(units=9), counted(lot="L2", units="9.75")])
        assert issues.errors == 1
        assert f"Row 2: lot 'L1' of A at WH1 was counted at 9, {said}" in issues.kept[0][5]


def test_within_the_tolerance_the_first_count_stands_and_without_one_the_second_decides(stocked: Company) -> None:
    row = counted(units=9, recounted_quantity=8)
    assert counts(stocked, row, options={"tolerance": "10"}).lines.get().counted_quantity == D(9)
    assert counts(stocked, row).lines.get().counted_quantity == D(8)


def test_a_tolerance_is_a_percentage(stocked: Company) -> None:
    with pytest.raises(BadInput, match="Tolerance '200': expected a percentage"):
        check(upload_of(stocked, "count", as_of=LATER, options={"tolerance": "200"}), [counted()])
