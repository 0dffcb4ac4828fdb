"""A count's difference is posted once: a lot that moved since its count is counted again, not adjusted again."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction

from core.errors import StaleContent, WrongState
from core.money import MONEY_SCALE, to_raw
from inventory.models import CountSheet, Lot
from inventory.movements import MovementRow, movements_append
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, approved, posted, submitted
from tests.proposals.test_making import count_of
from tests.proposals.test_void import void
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal, Status

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def proposed(company: Company, sheet: CountSheet) -> Proposal:
    return services.proposal_create_from_count(entity=company.entity, user=company["PREPARER"], sheet=sheet)


def received(lot: Lot, units: str) -> None:
    """What a stock list brings, at the lot's unit cost."""
    cost = to_raw(Decimal(units) * lot.unit_cost, MONEY_SCALE)
    row = MovementRow(lot.pk, "RECEIPT", to_raw(Decimal(units), 4), cost)
    with transaction.atomic():
        movements_append(entity=lot.entity, posted_on=DAY, source_ref="upload:9", rows=[row])


def test_two_counts_of_one_lot_are_never_both_open(company: Company) -> None:
    lot = make_lot(company.entity, "A")
    first, second = (count_of(company, {lot: "-3"}, f"CS-2026-000{n}") for n in (1, 2))
    adjusting = proposed(company, first)
    with pytest.raises(WrongState, match=rf"Lot A / L1 at MAIN.*counted on CS-2026-0001, and {adjusting.number}"):
        proposed(company, second)
    second.refresh_from_db()
    assert second.status == CountSheet.Status.OPEN
    services.proposal_discard(proposal=adjusting, user=company["PREPARER"])
    assert proposed(company, second).line_count == 1


def test_the_same_difference_found_by_a_second_count_is_not_posted_again(company: Company) -> None:
    lot = make_lot(company.entity, "A", quantity="100")
    first, second = (count_of(company, {lot: "-3"}, f"CS-2026-000{n}") for n in (1, 2))
    posted(company, proposed(company, first))
    with pytest.raises(StaleContent, match="lot A / L1 at MAIN held 100 when it was counted, 97 now"):
        proposed(company, second)
    received(lot, "3")
    with pytest.raises(StaleContent, match="held 100 when it was counted, and another count adjusted it since"):
        proposed(company, second)


def test_a_voided_adjustment_can_be_proposed_again(company: Company) -> None:
    sheet = count_of(company, {make_lot(company.entity): "-3"})
    proposal = posted(company, proposed(company, sheet))
    void(company, proposal)
    sheet.refresh_from_db()
    assert posted(company, proposed(company, sheet)).status == Status.POSTED


def test_a_difference_that_a_stock_list_brought_along_is_not_proposed(company: Company) -> None:
    lot = make_lot(company.entity, "A", quantity="79")
    sheet = count_of(company, {lot: "13"})
    received(lot, "13")
    with pytest.raises(StaleContent, match=r"held 79 when it was counted, 92 now.*counted again"):
        proposed(company, sheet)
    sheet.refresh_from_db()
    assert sheet.status == CountSheet.Status.OPEN


def test_the_lots_that_moved_are_left_out_and_named_where_others_have_not(company: Company) -> None:
    moved, still = make_lot(company.entity, "MOVED"), make_lot(company.entity, "STILL")
    sheet = count_of(company, {moved: "5", still: "-5"})
    received(moved, "5")
    proposal = proposed(company, sheet)
    assert [line.lot for line in proposal.lines.all()] == [still]
    assert "Left out, to be counted again: lot MOVED / L1 at MAIN held 100 when it was counted, 105 now." in (
        proposal.note
    )


def test_a_lot_that_moves_stops_the_adjustment_at_every_later_step(company: Company) -> None:
    for number, step in enumerate(("submit", "approve", "post"), start=1):
        lot = make_lot(company.entity, step.upper())
        proposal = proposed(company, count_of(company, {lot: "2"}, f"CS-2026-000{number}"))
        if step == "approve":
            proposal = submitted(company, proposal)
        elif step == "post":
            proposal = approved(company, proposal)
        received(lot, "2")
        with pytest.raises(
            StaleContent, match=f"lot {step.upper()} / L1 at MAIN held 100 when it was counted, 102 now"
        ):
            take(company, proposal, step)
        lot.refresh_from_db()
        assert lot.quantity == Decimal(102)


def take(company: Company, proposal: Proposal, step: str) -> None:
    if step == "submit":
        submitted(company, proposal)
    elif step == "approve":
        services.proposal_approve(proposal=proposal, user=company["APPROVER"], digest=proposal.digest)
    else:
        services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)


def test_a_lot_taken_off_the_draft_lets_the_rest_go_on(company: Company) -> None:
    moved, still = make_lot(company.entity, "MOVED"), make_lot(company.entity, "STILL")
    proposal = proposed(company, count_of(company, {moved: "5", still: "-5"}))
    received(moved, "5")
    with pytest.raises(StaleContent, match="Remove those lines"):
        submitted(company, proposal)
    services.line_remove(line=proposal.lines.get(lot=moved), user=company["PREPARER"])
    proposal.refresh_from_db()
    assert posted(company, proposal).line_count == 1


def test_any_number_of_counted_lots_is_looked_at_in_one_query(company, django_assert_num_queries) -> None:
    from writeoffs.proposals.counted import differences_moved, refuse_moved

    lots = [make_lot(company.entity, f"S{number}") for number in range(20)]
    sheet = count_of(company, dict.fromkeys(lots, "-1"))
    proposal = proposed(company, sheet)
    with django_assert_num_queries(2):
        differences_moved(sheet)
        refuse_moved(proposal, step="")
