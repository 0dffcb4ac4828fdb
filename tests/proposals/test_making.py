"""Proposals made from stock, counts, quarantine and by hand, through the pages."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from core.errors import BadInput, SegregationOfDuties, WrongState
from core.models import Membership, StoredFile, Upload
from core.words import Reason, Role
from inventory.models import CountLine, CountSheet, Lot, QuarantineEntry
from tests.conftest import Company
from tests.inventory.sheets import MARCH, check, commit, upload_of
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, header, posted, submitted
from tests.proposals.test_void import recovery, void
from writeoffs.proposals import services
from writeoffs.proposals.models import Kind, Proposal
from writeoffs.proposals.selectors import inbox

pytestmark = pytest.mark.django_db
DATES = {"event_on": "2026-03-16", "found_on": "2026-03-16", "posting_on": "2026-03-16"}


def count_of(company: Company, differences: dict[Lot, str], number: str = "CS-2026-0001") -> CountSheet:
    counter = company["COUNTER"]
    file = StoredFile.objects.create(
        entity=company.entity,
        sha256=number,
        name="c",
        content_type="text/csv",
        size=1,
        content=b"x",
        created_by=counter,
    )
    upload = Upload.objects.create(
        entity=company.entity, kind="count", file=file, file_name="c", as_of="2026-03-16T12:00Z", created_by=counter
    )
    sheet = CountSheet.objects.create(
        entity=company.entity,
        number=number,
        upload=upload,
        counted_on=DAY,
        created_by=counter,
        line_count=len(differences),
        difference_count=sum(1 for difference in differences.values() if Decimal(difference)),
    )
    for row, (lot, difference) in enumerate(differences.items(), start=2):
        CountLine.objects.create(
            sheet=sheet,
            lot=lot,
            row=row,
            book_quantity=lot.quantity,
            counted_quantity=lot.quantity + Decimal(difference),
            difference=Decimal(difference),
            value=Decimal(difference) * lot.unit_cost,
        )
    return sheet


def test_a_filtered_stock_list_is_confirmed_with_what_is_left_out_and_becomes_a_draft(company, signed_in) -> None:
    for number in range(3):
        make_lot(company.entity, sku=f"OLD-{number}")
    make_lot(company.entity, sku="OLD-9", quantity="0")
    make_lot(company.entity, sku="NEW-1")
    client, address = signed_in(company["PREPARER"]), reverse("proposals:from_stock", args=["north"])
    page = client.get(address, {"q": "OLD"}).content.decode()
    assert "Propose 3 lots" in page
    assert "1 more with nothing on hand is left out." in page
    answer = client.post(
        f"{address}?q=OLD", {"confirmed": "1", "kind": "WRITE_OFF", "reason": "OBSOLESCENCE", **DATES}, follow=True
    )
    proposal = Proposal.objects.get()
    assert "is a draft of 3 lots. 1 with nothing for it left out." in answer.content.decode()
    assert (proposal.line_count, proposal.gross_loss, proposal.net_loss) == (3, 12000, 12000)
    assert set(proposal.lines.values_list("quantity", flat=True)) == {Decimal(-100)}


def test_lots_ticked_on_the_page_come_along_to_the_draft(company, signed_in) -> None:
    lots = [make_lot(company.entity, sku=f"S{number}") for number in range(3)]
    client, address = signed_in(company["PREPARER"]), reverse("proposals:from_stock", args=["north"])
    page = client.post(address, {"scope": "page", "lot": [lots[0].pk, lots[2].pk]})
    assert "Propose 2 lots" in page.content.decode()
    form = {"confirmed": "1", "kind": "WRITE_DOWN", "reason": "PRICE_FALL", "percent": "60", **DATES}
    client.post(address, {**form, "lot": [lots[0].pk, lots[2].pk]})
    proposal = Proposal.objects.get()
    assert proposal.lines.count() == 2
    assert set(proposal.lines.values_list("new_carrying_amount", "loss")) == {(Decimal(2400), Decimal(1600))}


def test_all_in_the_filter_is_taken_although_only_a_page_was_ticked(company, signed_in) -> None:
    lots = [make_lot(company.entity, sku=f"S{number}") for number in range(3)]
    client, address = signed_in(company["PREPARER"]), reverse("proposals:from_stock", args=["north"])
    page = client.post(address, {"scope": "filter", "lot": [lots[0].pk]})
    assert "Propose 3 lots" in page.content.decode()


def test_lots_of_another_entity_are_never_proposed(company, other_company, signed_in) -> None:
    foreign = make_lot(other_company.entity)
    client, address = signed_in(company["PREPARER"]), reverse("proposals:from_stock", args=["north"])
    form = {"confirmed": "1", "kind": "WRITE_OFF", "reason": "EXPIRY", **DATES, "lot": [foreign.pk]}
    assert client.post(address, form).status_code == 400
    assert not Proposal.objects.exists()


def test_lots_with_nothing_on_hand_alone_make_no_proposal(company: Company) -> None:
    make_lot(company.entity, quantity="0")
    with pytest.raises(BadInput, match="None of the 1 lots chosen"):
        services.proposal_create_from_stock(
            entity=company.entity, user=company["PREPARER"], header=header(), lots=Lot.objects.all()
        )
    assert not Proposal.objects.exists()


def test_the_differences_of_a_count_are_proposed_once_and_again_after_a_rejection(company, signed_in) -> None:
    short, over, same = (make_lot(company.entity, sku=sku) for sku in ("SHORT", "OVER", "SAME"))
    sheet = count_of(company, {short: "-4", over: "2", same: "0"})
    client = signed_in(company["PREPARER"])
    address = reverse("proposals:from_count", args=["north", sheet.number])
    assert client.post(address).status_code == 302
    proposal = Proposal.objects.get()
    assert (proposal.line_count, proposal.gross_loss, proposal.net_loss) == (2, 240, 80)
    assert proposal.number.startswith("CA-")
    assert client.post(address).status_code == 409
    services.proposal_submit(proposal=proposal, user=company["PREPARER"])
    services.proposal_reject(proposal=proposal, user=company["APPROVER"], comment="Count again")
    sheet.refresh_from_db()
    assert sheet.status == CountSheet.Status.OPEN
    assert client.post(address).status_code == 302


def test_a_posted_count_is_closed_and_its_void_opens_it_again(company: Company) -> None:
    sheet = count_of(company, {make_lot(company.entity): "-4"})
    proposal = services.proposal_create_from_count(entity=company.entity, user=company["PREPARER"], sheet=sheet)
    posted(company, proposal)
    sheet.refresh_from_db()
    assert sheet.status == CountSheet.Status.CLOSED
    void(company, proposal)
    sheet.refresh_from_db()
    assert sheet.status == CountSheet.Status.OPEN


def test_a_count_without_differences_has_nothing_to_propose(company: Company) -> None:
    sheet = count_of(company, {make_lot(company.entity): "0"})
    with pytest.raises(WrongState, match="has no differences"):
        services.proposal_create_from_count(entity=company.entity, user=company["PREPARER"], sheet=sheet)


@pytest.mark.parametrize(
    ("uploader", "committer", "said"),
    [
        ("APPROVER", "PREPARER", "uploaded"),
        ("COUNTER", "APPROVER", "took in"),
    ],
)
def test_neither_who_counted_nor_who_took_in_the_count_approves_its_adjustment(
    company: Company, uploader: str, committer: str, said: str
) -> None:
    Membership.objects.create(entity=company.entity, user=company["APPROVER"], role=Role.COUNTER)
    lot = make_lot(company.entity)
    row = {"sku": "LAMP", "lot_code": "L1", "location": "MAIN", "counted_quantity": 96}
    upload = upload_of(company, "count", as_of=MARCH, by=company[uploader])
    check(upload, [row])
    commit(upload, company[committer])
    sheet = CountSheet.objects.get(lines__lot=lot)
    assert sheet.created_by == company[uploader]
    proposal = services.proposal_create_from_count(entity=company.entity, user=company["PREPARER"], sheet=sheet)
    proposal = submitted(company, proposal)
    waiting = inbox(entity=company.entity, user=company["APPROVER"], roles={Role.APPROVER})
    assert (list(waiting.to_approve), waiting.counts["to_approve"]) == ([], 0)
    with pytest.raises(SegregationOfDuties, match=f"You {said} the count behind CA-"):
        services.proposal_approve(proposal=proposal, user=company["APPROVER"], digest=proposal.digest)


def test_goods_in_quarantine_become_a_recovery(company, signed_in) -> None:
    posted(company, draft(company, make_lot(company.entity), "10"))
    entry = QuarantineEntry.objects.get()
    client, address = signed_in(company["PREPARER"]), reverse("proposals:from_quarantine", args=["north"])
    assert "Recover written-off goods" in client.post(address, {"entry": entry.pk}).content.decode()
    form = {"confirmed": "1", "entry": entry.pk, "kind": "RECOVERY", "reason": entry.reason, **DATES}
    assert client.post(address, form).status_code == 302
    proposal = Proposal.objects.get(kind=Kind.RECOVERY)
    assert (proposal.line_count, proposal.net_loss) == (1, -400)


def test_goods_of_two_reasons_are_two_recoveries(company: Company) -> None:
    posted(company, draft(company, make_lot(company.entity, "A"), "10", reason=Reason.FIRE))
    posted(company, draft(company, make_lot(company.entity, "B"), "10"))
    with pytest.raises(BadInput, match="expiry, fire"):
        services.proposal_create_from_quarantine(
            entity=company.entity,
            user=company["PREPARER"],
            header=header(kind=Kind.RECOVERY),
            entries=QuarantineEntry.objects.all(),
        )


def test_by_hand_a_draft_is_made_searched_filled_changed_and_emptied(company, signed_in) -> None:
    lot = make_lot(company.entity, sku="DRILL")
    client = signed_in(company["PREPARER"])
    form = {"kind": "WRITE_OFF", "reason": "DAMAGE", **DATES, "note": "Fork lift", "quarantine_goods": "on"}
    answer = client.post(reverse("proposals:new", args=["north"]), form)
    proposal = Proposal.objects.get()
    assert answer.url == proposal.get_absolute_url()
    found = client.get(reverse("proposals:lots", args=["north", proposal.number]), {"q": "drI"}).content.decode()
    assert f"?lot={lot.pk}" in found
    add = reverse("proposals:line_add", args=["north", proposal.number])
    assert client.get(add, {"lot": lot.pk}).status_code == 200
    refused = client.post(add, {"lot": lot.pk, "quantity": "101"})
    assert refused.status_code == 409
    assert "DRILL / L1 at MAIN holds 100; 101 were to be written off." in refused.content.decode()
    assert client.post(add, {"lot": lot.pk, "quantity": "7,5"}).status_code == 400
    client.post(add, {"lot": lot.pk, "quantity": "7.5", "note": "Pallet 3"})
    line = proposal.lines.get()
    assert (line.quantity, line.loss, line.note) == (Decimal("-7.5"), 300, "Pallet 3")
    assert client.post(add, {"lot": lot.pk, "quantity": "1"}).status_code == 400
    edit = reverse("proposals:line_edit", args=["north", proposal.number, 1])
    assert 'value="7.5"' in client.get(edit).content.decode()
    client.post(edit, {"quantity": "100"})
    assert 'value="100"' in client.get(edit).content.decode()
    proposal.refresh_from_db()
    assert (proposal.gross_loss, proposal.line_count) == (4000, 1)
    client.post(reverse("proposals:line_remove", args=["north", proposal.number, 1]))
    proposal.refresh_from_db()
    assert (proposal.gross_loss, proposal.line_count) == (0, 0)


def test_a_draft_is_edited_once_per_version(company, signed_in) -> None:
    proposal = draft(company, make_lot(company.entity))
    client, address = signed_in(company["PREPARER"]), reverse("proposals:edit", args=["north", proposal.number])
    form = {"kind": "WRITE_OFF", "reason": "DAMAGE", **DATES, "version": proposal.version}
    assert client.get(address).status_code == 200
    assert client.post(address, form).status_code == 302
    stale = client.post(address, {**form, "reason": "FIRE"})
    assert stale.status_code == 409
    assert "changed in another window" in stale.content.decode()
    proposal.refresh_from_db()
    assert proposal.reason == Reason.DAMAGE


def test_dates_out_of_order_are_refused_at_their_field(company, signed_in) -> None:
    form = {"kind": "WRITE_OFF", "reason": "DAMAGE", **DATES, "found_on": "2026-03-15"}
    page = signed_in(company["PREPARER"]).post(reverse("proposals:new", args=["north"]), form)
    assert page.status_code == 400
    assert "cannot be found before it happened" in page.content.decode()


def test_numbers_run_without_gaps_by_kind_and_fiscal_year(company: Company) -> None:
    first = draft(company, make_lot(company.entity, "A"))
    with pytest.raises(BadInput):
        services.proposal_create(
            entity=company.entity, user=company["PREPARER"], header=header(event_on=dt.date(2026, 3, 17))
        )
    second = draft(company, make_lot(company.entity, "B"))
    assert [first.number[-5:], second.number[-5:]] == ["-0001", "-0002"]


def test_the_quarantine_register_shows_what_is_left_after_a_part_was_recovered(company, signed_in) -> None:
    lot = make_lot(company.entity, quantity="7", unit_cost="1.43", allowance="2")
    posted(company, draft(company, lot, "7"))
    posted(company, draft(company, make_lot(company.entity, "WHOLE"), "10"))
    entry = QuarantineEntry.objects.get(lot=lot)
    posted(company, recovery(company, entry, "3"))
    client, address = signed_in(company["PREPARER"]), reverse("stock:quarantine", args=["north"])
    shown = client.get(address).context
    worth = {line.lot_id: (cost, allowance) for line, cost, allowance in shown["lines"]}
    cost, allowance = worth[lot.pk]
    assert (shown["totals"].cost, shown["totals"].allowance) == (cost + 400, allowance)
    rest = posted(company, recovery(company, entry, "4")).lines.get()
    assert (rest.cost, rest.allowance) == (cost, allowance) == (Decimal("5.72"), Decimal("1.14"))
    assert client.get(address).context["totals"].cost == 400
    assert client.get(address, {"status": "all"}).context["totals"].cost == 400
