"""A posting stands only on a date on which the lot held what it takes, from then until today."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core.errors import BadInput, NotEnoughStock
from core.models import ChangeRequest
from core.words import Reason
from inventory.models import Lot, Movement, QuarantineEntry
from inventory.movements import MovementRow, movements_append
from tests.conftest import Company
from tests.posting.stock import OPENED, make_lot
from tests.proposals.documents import DAY, approved, draft, header, posted, write_down_draft
from tests.proposals.test_void import void
from writeoffs.proposals import services
from writeoffs.proposals.models import Kind, Proposal

pytestmark = pytest.mark.django_db

APRIL = dt.date(2026, 4, 10)


def move(lot: Lot, kind: str, quantity: int, cost: int, on: dt.date) -> None:
    row = MovementRow(lot.pk, kind, quantity * 10_000, cost * 10_000)
    with transaction.atomic():
        movements_append(entity=lot.entity, posted_on=on, source_ref="upload:9", rows=[row])


def on(company: Company, lot: Lot, day: dt.date, quantity: str = "10", **fields: object) -> Proposal:
    return draft(company, lot, quantity, event_on=day, found_on=day, posting_on=day, **fields)


def test_units_do_not_leave_before_they_came_in(company: Company) -> None:
    lot = make_lot(company.entity)
    with pytest.raises(NotEnoughStock) as refused:
        on(company, lot, dt.date(2025, 12, 31))
    assert refused.value.message == (
        "Lot LAMP / L1 at MAIN held 0 on 2025-12-31; 10 cannot leave it then. The first posting date that works is "
        "2026-01-01: take it or a later one."
    )
    assert posted(company, on(company, lot, OPENED)).status == "POSTED"


def test_units_that_had_left_in_between_are_not_written_off_before_others_came(company: Company) -> None:
    lot = make_lot(company.entity, quantity="100", unit_cost="1")
    move(lot, "ISSUE", -95, -95, dt.date(2026, 3, 20))
    move(lot, "RECEIPT", 50, 50, APRIL)
    with pytest.raises(NotEnoughStock, match=r"held 5 on 2026-03-20; 10 cannot .* works is 2026-04-10"):
        on(company, lot, DAY)
    assert posted(company, on(company, lot, DAY, "5")).status == "POSTED"
    assert posted(company, on(company, lot, APRIL, "45")).status == "POSTED"


def test_a_dearer_later_receipt_does_not_leave_before_it_came(company: Company) -> None:
    lot = make_lot(company.entity, quantity="10", unit_cost="1")
    move(lot, "RECEIPT", 10, 990, APRIL)
    with pytest.raises(NotEnoughStock, match=r"carried 10\.00 on 2026-03-16; 500\.00 cannot be taken off it then"):
        on(company, lot, DAY, "10")


def test_a_write_down_does_not_stand_before_the_stock_existed(company: Company) -> None:
    lot = make_lot(company.entity, opened=APRIL)
    with pytest.raises(NotEnoughStock, match=r"carried 0\.00 on 2026-03-16; 1,000\.00 cannot .* 2026-04-10"):
        write_down_draft(company, lot, "3000")


def test_an_allowance_is_not_used_before_it_was_charged(company: Company) -> None:
    lot = make_lot(company.entity)
    posted(company, write_down_draft(company, lot, "3000"))
    with pytest.raises(NotEnoughStock, match=r"had an allowance of 0\.00 on 2026-02-02; 100\.00 cannot be used then"):
        on(company, lot, dt.date(2026, 2, 2))


def test_stock_that_came_later_than_the_approval_stops_the_posting(company: Company) -> None:
    lot = make_lot(company.entity, quantity="10", unit_cost="1")
    proposal = approved(company, on(company, lot, DAY))
    move(lot, "ISSUE", -10, -10, dt.date(2026, 3, 20))
    move(lot, "RECEIPT", 10, 10, APRIL)
    with pytest.raises(NotEnoughStock, match="held 0 on 2026-03-20"):
        services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)
    assert not Movement.objects.filter(source_ref=proposal.source_ref).exists()


def test_the_date_offered_works_for_every_lot_of_the_document(company: Company) -> None:
    early, late = make_lot(company.entity, "A"), make_lot(company.entity, "B", opened=APRIL)
    january = dt.date(2025, 6, 2)
    lines = [services.LineInput(lot.pk, -10_000) for lot in (early, late)]
    with pytest.raises(NotEnoughStock, match=r"Lot B .* 1 more lot is too early as well.* works is 2026-04-10"):
        services.proposal_create(
            entity=company.entity,
            user=company["PREPARER"],
            header=header(event_on=january, found_on=january, posting_on=january),
            lines=lines,
        )


def test_goods_do_not_come_back_before_they_were_written_off(company: Company) -> None:
    posted(company, draft(company, make_lot(company.entity), "10"))
    entry = QuarantineEntry.objects.get()
    before = DAY - dt.timedelta(days=1)
    made = header(kind=Kind.RECOVERY, reason=entry.reason, event_on=before, found_on=before, posting_on=before)
    of = {"entity": company.entity, "user": company["PREPARER"], "entries": QuarantineEntry.objects.all()}
    with pytest.raises(BadInput, match=r"in quarantine since 2026-03-16 .* cannot leave it on 2026-03-15"):
        services.proposal_create_from_quarantine(header=made, **of)
    same_day = header(kind=Kind.RECOVERY, reason=entry.reason)
    assert services.proposal_create_from_quarantine(header=same_day, **of).line_count == 1


def test_a_void_does_not_take_back_what_was_gone_on_its_date(company: Company) -> None:
    lot = make_lot(company.entity, quantity="5", unit_cost="1")
    gain = draft(company, lot, "2", kind=Kind.COUNT_ADJUSTMENT, reason=Reason.COUNT_DIFFERENCE)
    proposal = posted(company, gain)
    move(lot, "SALE", -7, -7, dt.date(2026, 3, 20))
    move(lot, "RECEIPT", 10, 10, APRIL)
    with pytest.raises(NotEnoughStock, match="held 0 on 2026-03-20; 2 cannot leave"):
        void(company, proposal, DAY)
    services.void_decide(change=ChangeRequest.objects.get(status="OPEN"), user=company["APPROVER"], approve=False)
    void(company, proposal, APRIL)
    lot.refresh_from_db()
    assert lot.quantity == Decimal(8)


def test_a_lot_that_was_negative_before_is_judged_only_by_what_the_posting_takes(company: Company) -> None:
    lot = make_lot(company.entity, quantity="-3", unit_cost="1")
    move(lot, "RECEIPT", 10, 10, APRIL)
    found = on(company, lot, DAY, "4", kind=Kind.COUNT_ADJUSTMENT, reason=Reason.COUNT_DIFFERENCE)
    assert posted(company, found).status == "POSTED"


def test_the_check_asks_once_however_many_lots(company: Company) -> None:
    lots = [make_lot(company.entity, f"S{number}") for number in range(12)]
    few = approved(company, on(company, lots[0], DAY))
    many = services.proposal_create(
        entity=company.entity,
        user=company["PREPARER"],
        header=header(),
        lines=[services.LineInput(lot.pk, -10_000) for lot in lots[1:]],
    )
    many = approved(company, many)
    counts = []
    for proposal in (few, many):
        with CaptureQueriesContext(connection) as asked:
            services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)
        counts.append(len([q for q in asked if "sum(cost - allowance)" in q["sql"]]))
    assert counts == [1, 1]
