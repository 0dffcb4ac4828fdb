"""Disposals: units on hand leave with their allowance, goods at nil value leave the quarantine register alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from core.changes import change_decide
from core.errors import BadInput, NotEnoughStock, SegregationOfDuties, WrongState
from core.models import ChangeRequest, Entity, User
from core.verify import Tally
from inventory.models import Lot, Movement, QuarantineEntry
from inventory.quarantine_days import days_request, days_told
from inventory.selectors import quarantine_overdue
from inventory.verifiers import lot_caches, quarantine
from tests.conftest import Company, make_company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, header, posted
from tests.proposals.test_charges import add, entries
from tests.proposals.test_entry_only import complaints
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.models import Posting
from writeoffs.proposals import proofs, services
from writeoffs.proposals.models import Kind, Proposal

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def disposal(company: Company, lot: Lot, quantity: str, reason: str = "OBSOLESCENCE", **more: object) -> Proposal:
    made = header(kind=Kind.DISPOSAL, reason=reason)
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=made)
    return services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, quantity=Decimal(quantity), **more)


def standing(company: Company, quantity: str = "10") -> QuarantineEntry:
    posted(company, draft(company, make_lot(company.entity), quantity))
    return QuarantineEntry.objects.get()


def out_of_quarantine(company: Company, entry: QuarantineEntry, quantity: str) -> Proposal:
    return disposal(company, entry.lot, quantity, entry.reason, quarantine=entry)


def void(company: Company, proposal: Proposal) -> None:
    waiting = ChangeRequest.objects.filter(subject=proposal.source_ref, status=ChangeRequest.Status.OPEN).first()
    change = waiting or services.void_request(
        proposal=proposal, user=company["PREPARER"], reason="Not gone", posted_on=DAY
    )
    services.void_decide(change=change, user=company["APPROVER"], approve=True)


def proven() -> list[str]:
    found = [*complaints(), *proofs.quarantine(Tally()), *quarantine(Tally()), *lot_caches(Tally())]
    # The opening of a test's lot is a movement alone.
    return [complaint for complaint in found if "upload:0" not in complaint]


def test_a_written_down_lot_leaves_with_its_allowance_and_its_scrap_proceeds_and_cost_stand_apart() -> None:
    company = make_company()
    lot = make_lot(company.entity, quantity="100", unit_cost="100", allowance="8500")
    proposal = disposal(company, lot, "100")
    add(company, proposal, "PROCEEDS", "1200", "ACCOUNT")
    add(company, proposal, "DISPOSAL_COST", "300", "ACCOUNT")
    proposal = posted(company, proposal)
    assert proposal.number == "DS-2026-0001"
    assert entries(proposal) == {
        "DISPOSAL": {"1490": Decimal(8500), "5100": Decimal(1500), "1400": Decimal(-10000)},
        "PROCEEDS": {"1200": Decimal(1200), "5300": Decimal(-1200)},
        "DISPOSAL_COST": {"5310": Decimal(300), "2000": Decimal(-300)},
    }
    lot.refresh_from_db()
    assert (lot.quantity, lot.cost, lot.allowance, lot.write_down) == (0, 0, 0, 0)
    assert Movement.objects.filter(kind="DISPOSAL").count() == 1
    assert (Posting.objects.get().takes, Posting.objects.get().status) == ("ADJUSTMENT", "UNACKNOWLEDGED")
    assert not QuarantineEntry.objects.exists()
    assert proven() == []
    void(company, proposal)
    lot.refresh_from_db()
    assert (lot.quantity, lot.cost, lot.allowance) == (100, 10000, 8500)
    assert proven() == []


def test_a_fully_provided_lot_leaves_without_expense(company: Company) -> None:
    lot = make_lot(company.entity, quantity="10", unit_cost="100", allowance="1000")
    assert entries(posted(company, disposal(company, lot, "4"))) == {
        "DISPOSAL": {"1490": Decimal(400), "1400": Decimal(-400)}
    }


def test_goods_in_quarantine_leave_the_register_and_touch_neither_lot_nor_inventory(company: Company) -> None:
    entry = standing(company)
    held = Lot.objects.values_list("quantity", "cost", "allowance").get()
    proposal = out_of_quarantine(company, entry, "4")
    add(company, proposal, "DISPOSAL_COST", "60", "CASH")
    proposal = posted(company, proposal)
    assert entries(proposal) == {"DISPOSAL_COST": {"5310": Decimal(60), "1000": Decimal(-60)}}
    entry.refresh_from_db()
    assert (entry.quantity_left, entry.status) == (6, "STANDING")
    assert Lot.objects.values_list("quantity", "cost", "allowance").get() == held
    posting = Posting.objects.get(kind="DISPOSAL")
    assert (posting.takes, posting.status, posting.lines.count()) == ("JOURNAL", "NOT_NEEDED", 0)
    assert (proposal.gross_loss, proposal.net_loss) == (0, 0)
    rest = posted(company, out_of_quarantine(company, entry, "6"))
    assert not JournalEntry.objects.filter(source_ref=rest.source_ref).exists()
    entry.refresh_from_db()
    assert (entry.quantity_left, entry.status) == (0, "DISPOSED")
    assert proven() == []


def test_what_took_the_last_units_names_what_became_of_them_and_is_undone_first(company: Company) -> None:
    entry = standing(company)
    first = posted(company, out_of_quarantine(company, entry, "4"))
    back = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=header(kind=Kind.RECOVERY))
    back = services.line_add(
        proposal=back, user=company["PREPARER"], lot=entry.lot, quarantine=entry, quantity=Decimal(6)
    )
    back = posted(company, back)
    assert entries(back) == {"RECOVERY": {"1400": Decimal(240), "5100": Decimal(-240)}}
    entry.refresh_from_db()
    assert entry.status == "RECOVERED"
    assert proven() == []
    with pytest.raises(WrongState, match=f"{back.number} took units of the same goods out of quarantine later"):
        void(company, first)
    void(company, back)
    void(company, first)
    entry.refresh_from_db()
    assert (entry.quantity_left, entry.status) == (10, "STANDING")
    assert proven() == []


def test_a_void_of_a_disposal_out_of_quarantine_works_when_the_lot_is_gone(company: Company) -> None:
    entry = standing(company, "100")
    proposal = posted(company, out_of_quarantine(company, entry, "100"))
    assert Lot.objects.get().quantity == 0
    void(company, proposal)
    entry.refresh_from_db()
    assert (entry.quantity_left, entry.status) == (100, "STANDING")
    assert proven() == []


def test_a_lot_and_what_stands_of_it_in_quarantine_leave_by_one_document(company: Company) -> None:
    entry = standing(company)
    proposal = out_of_quarantine(company, entry, "10")
    services.line_add(proposal=proposal, user=company["PREPARER"], lot=entry.lot, quantity=Decimal(5))
    proposal = posted(company, proposal)
    assert entries(proposal) == {"DISPOSAL": {"5100": Decimal(200), "1400": Decimal(-200)}}
    assert Lot.objects.get().quantity == 85
    assert proven() == []
    void(company, proposal)
    assert Lot.objects.get().quantity == 90
    assert QuarantineEntry.objects.get().status == "STANDING"
    assert proven() == []


def test_more_than_stands_or_before_it_came_is_refused(company: Company) -> None:
    entry = standing(company)
    with pytest.raises(NotEnoughStock, match="10 of WO-2026-0001 stand in quarantine; 11 were to be disposed of"):
        out_of_quarantine(company, entry, "11")
    with pytest.raises(BadInput, match="above nil can be disposed of"):
        out_of_quarantine(company, entry, "-1")
    with pytest.raises(NotEnoughStock, match="holds 90; 91 were to be disposed of"):
        disposal(company, entry.lot, "91")
    with pytest.raises(BadInput, match="so its disposal posts to that account"):
        disposal(company, entry.lot, "1", "THEFT", quarantine=entry)


def test_goods_do_not_leave_quarantine_before_they_came(company: Company) -> None:
    entry, before = standing(company), DAY - dt.timedelta(9)
    made = header(kind=Kind.DISPOSAL, event_on=before, found_on=before, posting_on=before)
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=made)
    of = {"lot": entry.lot, "quarantine": entry, "quantity": Decimal(1)}
    with pytest.raises(BadInput, match="cannot leave it on 2026-03-07"):
        services.line_add(proposal=proposal, user=company["PREPARER"], **of)


def test_goods_are_disposed_of_once_however_many_documents_were_approved(company: Company) -> None:
    entry = standing(company)
    first, second = (out_of_quarantine(company, entry, "10") for _ in range(2))
    posted(company, first)
    with pytest.raises(WrongState, match="nothing of it stands in quarantine any more"):
        posted(company, second)


def test_a_preparer_makes_a_disposal_from_the_register(company: Company, signed_in: SignIn) -> None:
    entry = standing(company)
    client, address = signed_in(company["PREPARER"]), "/e/north/proposals/from-quarantine/"
    page = client.post(address, {"entry": entry.pk, "kind": "DISPOSAL"}).content.decode()
    assert "Dispose of written-off goods" in page
    form = {"entry": entry.pk, "kind": "DISPOSAL", "confirmed": "1", "reason": entry.reason, "note": "Shredded"}
    dates = {"event_on": DAY, "found_on": DAY, "posting_on": DAY}
    page = client.post(address, {**form, **dates}, follow=True).content.decode()
    proposal = Proposal.objects.get(kind="DISPOSAL")
    assert "in quarantine at nil value" in page
    assert "Add a charge" in page
    assert proposal.lines.get().quantity == -10
    assert client.post(address, {"entry": entry.pk, "kind": "WRITE_OFF"}).status_code == 404
    found = client.get(f"/e/north/proposals/{proposal.number}/lots/?q=LAMP").content.decode()
    assert "In quarantine, at nil value" in found
    assert client.get(f"/e/north/proposals/{proposal.number}/lines/1/").status_code == 200
    posted(company, proposal)
    register = signed_in(company["AUDITOR"]).get("/e/north/reports/register/?period=FY2026").content.decode()
    assert proposal.number in register


def test_the_register_names_what_is_overdue(company: Company, signed_in: SignIn) -> None:
    entry = standing(company)
    today = company.entity.local_date()
    assert (today - DAY).days > company.entity.quarantine_days == 60
    assert list(quarantine_overdue(entity=company.entity)) == [entry]
    assert not quarantine_overdue(entity=company.entity, today=DAY + dt.timedelta(60))
    assert quarantine_overdue(entity=company.entity, today=DAY + dt.timedelta(61)).exists()
    page = signed_in(company["AUDITOR"]).get("/e/north/stock/quarantine/").content.decode()
    assert "1 entry has stood for more than 60 days" in page
    assert "LAMP" in signed_in(company["AUDITOR"]).get("/e/north/stock/quarantine/?status=overdue").content.decode()


def test_when_quarantine_is_overdue_is_changed_by_two_people(company: Company, signed_in: SignIn) -> None:
    standing(company)
    address = "/e/north/stock/quarantine/days/"
    controller = signed_in(company["CONTROLLER"])
    for days, said in (("0", "greater than or equal to 1"), ("60", "are overdue after 60 days already")):
        answer = controller.post(address, {"days": days, "why": "Room is short"})
        assert answer.status_code == 400
        assert said in answer.content.decode()
    asked = controller.post(address, {"days": "90", "why": "The shredder comes each quarter"}, follow=True)
    assert "Asked: Goods in quarantine are overdue after 90 days instead of 60" in asked.content.decode()
    change = ChangeRequest.objects.get()
    with pytest.raises(SegregationOfDuties):
        change_decide(change=change, user=company["CONTROLLER"], approve=True)
    change_decide(change=change, user=company["APPROVER"], approve=True)
    company.entity.refresh_from_db()
    assert not quarantine_overdue(entity=company.entity, today=DAY + dt.timedelta(90))
    assert quarantine_overdue(entity=company.entity, today=DAY + dt.timedelta(91)).exists()
    assert signed_in(company["PREPARER"]).post(address, {"days": "5", "why": "x"}).status_code == 403
    assert not list(days_told(Tally()))
    company.entity.quarantine_days = 30
    company.entity.save()
    (complaint,) = days_told(Tally())
    assert "overdue after 30 days; the audit trail says 90" in complaint


def test_days_asked_for_twice_are_not_made_twice(company: Company) -> None:
    change = days_request(entity=company.entity, user=company["CONTROLLER"], days=30, why="Audit")
    Entity.objects.update(quarantine_days=45)
    with pytest.raises(WrongState, match="the days have changed since"):
        change_decide(change=change, user=company["APPROVER"], approve=True)
