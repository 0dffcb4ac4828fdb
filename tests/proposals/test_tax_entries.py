"""Tax rules, the bridge from book loss to tax, and the tax entries of a period as a document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core import guards
from core.changes import change_decide
from core.errors import BadInput, NotAllowed, SegregationOfDuties, WrongState
from core.models import User
from core.verify import Tally
from inventory.models import Item, Lot
from tests.conftest import Company, make_company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, header, posted, submitted
from tests.proposals.test_charges import entries
from tests.proposals.test_disposal import out_of_quarantine, standing, void
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.proposals import services
from writeoffs.proposals.models import Kind, Proposal
from writeoffs.proposals.services import Paper
from writeoffs.proposals.tax_due import tax_due
from writeoffs.proposals.tax_facts import Bridge, bridge_of
from writeoffs.proposals.tax_papers import wanted
from writeoffs.valuation.models import Price, TaxRule
from writeoffs.valuation.tax_rules import RuleAsked, rule_request, rules_told

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
JAN, DEC = dt.date(2025, 1, 1), dt.date(2025, 12, 31)
MARCH, MARCH_END = dt.date(2026, 3, 1), dt.date(2026, 3, 31)
PAPERS = ("Police report", "Count sheet before and after")


def rule(company: Company, timing: str = "DISPOSAL", rate: str = "0.21", **more: object) -> TaxRule:
    asked = RuleAsked(
        **{
            "jurisdiction": "Illinois",
            "timing": timing,
            "rate": Decimal(rate),
            "starts_on": dt.date(2025, 1, 1),
            **more,
        }
    )
    change = rule_request(entity=company.entity, user=company["CONTROLLER"], asked=asked, why="The law says so")
    change_decide(change=change, user=company["APPROVER"], approve=True)
    return TaxRule.objects.latest("pk")


def written_down(company: Company, lot: Lot, to: str, day: dt.date = DAY, reason: str = "PRICE_FALL") -> Proposal:
    made = header(kind=Kind.WRITE_DOWN, reason=reason, event_on=day, found_on=day, posting_on=day)
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=made)
    proposal = services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, new_carrying_amount=Decimal(to))
    return posted(company, proposal)


def bridge(company: Company, start: dt.date = MARCH, end: dt.date = MARCH_END) -> Bridge:
    return bridge_of(entity=company.entity, starts_on=start, ends_on=end)


def prepared(company: Company, code: str) -> Proposal:
    year, number = map(int, code.split("-"))
    period = FiscalPeriod.objects.get(entity=company.entity, fiscal_year=year, number=number)
    return services.tax_prepare(entity=company.entity, user=company["PREPARER"], period=period)


def test_a_write_down_waits_as_a_deferred_tax_asset_until_the_goods_are_scrapped() -> None:
    company = make_company("us", framework="US_GAAP")
    rule(company)
    lot = make_lot(company.entity, quantity="1000", unit_cost="50", opened=JAN)
    written_down(company, lot, "20000", DEC)
    year_1 = prepared(company, "2025-12")
    assert entries(posted(company, year_1)) == {"DEFERRED_TAX": {"1700": Decimal(6300), "8100": Decimal(-6300)}}
    (row,) = bridge(company, JAN, DEC).rows
    assert (row.book_loss, row.deductible, row.closing_difference) == (30000, 0, 30000)
    assert (row.closing_asset, row.current) == (6300, 0)
    scrapped = posted(company, draft(company, lot, "1000", reason="PRICE_FALL", quarantine_goods=False))
    assert entries(scrapped)["WRITE_OFF"] == {"1490": Decimal(30000), "5100": Decimal(20000), "1400": Decimal(-50000)}
    year_2 = prepared(company, "2026-03")
    assert entries(posted(company, year_2)) == {
        "TAX": {"2200": Decimal(10500), "8000": Decimal(-10500)},
        "DEFERRED_TAX_UNWOUND": {"8100": Decimal(6300), "1700": Decimal(-6300)},
    }
    (row,) = bridge(company).rows
    assert (row.book_loss, row.deductible, row.closing_difference) == (20000, 50000, 0)
    assert (row.opening_asset, row.movement, row.closing_asset, row.current) == (6300, -6300, 0, 10500)
    with pytest.raises(WrongState, match="no tax entry is due"):
        prepared(company, "2026-03")


def offered(company: Company, days: int | None) -> Price:
    return Price.objects.create(
        entity=company.entity,
        item=Item.objects.get(),
        as_of=DAY,
        currency="USD",
        selling_price=Decimal(52),
        source="Offer",
        offered_on=None if days is None else DAY + dt.timedelta(days),
        entered_by=company["PRICE_OWNER"],
    )


@pytest.mark.parametrize(("days", "papers", "now"), [(18, 2, True), (31, 2, False), (None, 2, False), (18, 1, False)])
def test_shop_worn_goods_are_deducted_now_only_where_they_were_offered_in_time_and_the_papers_are_there(
    days: int | None, papers: int, now: bool
) -> None:
    company = make_company("us", framework="US_GAAP", method="DIRECT", currency="USD")
    rule(company, "EVIDENCE", offer_days=30, evidence=("Dated price list or offer", "Record of disposition"))
    lot = make_lot(company.entity, quantity="100", unit_cost="80")
    offered(company, days)
    proposal = services.proposal_create(
        entity=company.entity, user=company["PREPARER"], header=header(kind=Kind.WRITE_DOWN, reason="DAMAGE")
    )
    proposal = services.line_add(
        proposal=proposal, user=company["PREPARER"], lot=lot, new_carrying_amount=Decimal(5000)
    )
    for place in range(papers):
        paper = Paper(f"{place}.txt", f"Paper {place}".encode())
        services.evidence_add(proposal=proposal, user=company["PREPARER"], kind="OTHER", papers=[paper])
    posted(company, Proposal.objects.get())
    (row,) = bridge(company).rows
    assert (row.book_loss, row.deductible, row.current) == ((3000, 3000, 630) if now else (3000, 0, 0))
    assert row.closing_asset == (0 if now else 630)
    leg = {"TAX": {"2200": Decimal(630), "8000": Decimal(-630)}}
    later = {"DEFERRED_TAX": {"1700": Decimal(630), "8100": Decimal(-630)}}
    assert entries(posted(company, prepared(company, "2026-03"))) == (leg if now else later)


def test_theft_where_the_state_requires_it_has_the_input_tax_charged_and_the_papers_listed(
    company: Company, signed_in: SignIn
) -> None:
    rule(company, "RECOGNITION", reason="THEFT", input_tax="REPAY", input_rate=Decimal("0.2"), evidence=PAPERS)
    lot = make_lot(company.entity, quantity="20", unit_cost="150")
    proposal = draft(company, lot, "20", reason="THEFT", quarantine_goods=False)
    with pytest.raises(BadInput, match=r"input tax of 600\.00 EUR has to be repaid \(Illinois: 20 % of 3000\)"):
        submitted(company, proposal)
    client, address = signed_in(company["PREPARER"]), f"/e/north/proposals/{proposal.number}/"
    page = client.get(address).content.decode()
    assert "Police report" in page
    assert "Charge 600.00 EUR" in page
    services.evidence_add(
        proposal=proposal, user=company["PREPARER"], kind="POLICE_REPORT", papers=[Paper("p.txt", b"Report")]
    )
    assert client.post(f"{address}input-tax/", follow=True).status_code == 200
    assert entries(posted(company, Proposal.objects.get())) == {
        "WRITE_OFF": {"6500": Decimal(3000), "1400": Decimal(-3000)},
        "INPUT_TAX": {"6520": Decimal(600), "2100": Decimal(-600)},
    }
    page = client.get(address).content.decode()
    assert page.count("Attached") == 1
    assert page.count("Missing") == 1


@pytest.mark.parametrize(("kinds", "amount"), [(("POLICE_REPORT", "COUNT_SHEET"), 0), (("POLICE_REPORT",), 600)])
def test_where_proof_is_enough_input_tax_is_repaid_only_without_it(
    company: Company, kinds: tuple[str, ...], amount: int
) -> None:
    rule(company, "RECOGNITION", reason="THEFT", input_tax="UNLESS_PROVED", input_rate=Decimal("0.2"), evidence=PAPERS)
    proposal = draft(company, make_lot(company.entity, quantity="20", unit_cost="150"), "20", reason="THEFT")
    for kind in kinds:
        services.evidence_add(
            proposal=proposal, user=company["PREPARER"], kind=kind, papers=[Paper("p.txt", kind.encode())]
        )
    if amount:
        assert services.input_tax_add(proposal=proposal, user=company["PREPARER"]).charges.get().amount == amount
        return
    with pytest.raises(WrongState, match="no tax rule asks"):
        services.input_tax_add(proposal=proposal, user=company["PREPARER"])
    submitted(company, Proposal.objects.get())


def test_goods_in_quarantine_are_deducted_when_they_are_disposed_of_and_a_recovery_takes_the_rest_back(
    company: Company,
) -> None:
    rule(company)
    entry = standing(company)
    (row,) = bridge(company).rows
    assert (row.book_loss, row.deductible, row.closing_asset) == (400, 0, 84)
    posted(company, out_of_quarantine(company, entry, "4"))
    (row,) = bridge(company).rows
    assert (row.book_loss, row.deductible, row.closing_asset, row.current) == (
        400,
        160,
        Decimal("50.4"),
        Decimal("33.6"),
    )
    back = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=header(kind=Kind.RECOVERY))
    back = services.line_add(
        proposal=back, user=company["PREPARER"], lot=entry.lot, quarantine=entry, quantity=Decimal(6)
    )
    back = posted(company, back)
    (row,) = bridge(company).rows
    assert (row.book_loss, row.deductible, row.closing_asset) == (160, 160, 0)
    void(company, back)
    (row,) = bridge(company).rows
    assert row.closing_asset == Decimal("50.4")


def test_a_loss_that_is_never_deductible_is_a_permanent_difference_and_one_part_may_not_be_recoverable(
    company: Company,
) -> None:
    rule(company, "NEVER", reason="PRICE_FALL")
    rule(company, "DISPOSAL", reason="OBSOLESCENCE", recoverable=Decimal("0.6"), rate="0.25")
    lot = make_lot(company.entity)
    written_down(company, lot, "3900")
    written_down(company, lot, "3500", reason="OBSOLESCENCE")
    obsolete, fallen = sorted(bridge(company).rows, key=lambda row: row.reason)
    assert (fallen.book_loss, fallen.permanent, fallen.closing_asset) == (100, 100, 0)
    assert (obsolete.book_loss, obsolete.closing_asset, obsolete.unrecognised) == (400, 60, 40)
    due = tax_due(entity=company.entity, starts_on=DAY, ends_on=DAY)
    assert [(kind, amount) for kind, amount in due.charges] == [("DEFERRED_TAX", 60)]


def test_where_no_rule_fits_the_companys_policy_holds_and_what_is_booked_is_not_booked_again(
    company: Company,
) -> None:
    lot = make_lot(company.entity)
    written_down(company, lot, "3600")
    (row,) = bridge(company).rows
    assert (row.deductible, row.current, row.rate) == (400, 100, Decimal("0.25"))
    document = prepared(company, "2026-03")
    assert document.charges.get().amount == 100
    with pytest.raises(WrongState, match="no tax entry is due"):
        prepared(company, "2026-03")
    posted(company, document)
    written_down(company, lot, "3500")
    assert prepared(company, "2026-03").charges.get().amount == 25


def test_the_most_specific_rule_in_force_counts(company: Company) -> None:
    lot = make_lot(company.entity)
    rule(company, "NEVER")
    rule(company, "DISPOSAL", reason="PRICE_FALL")
    rule(company, "RECOGNITION", "0.1", location=lot.location)
    rule(company, "NEVER", reason="PRICE_FALL", location=lot.location, starts_on=dt.date(2026, 4, 1))
    written_down(company, lot, "3000")
    (row,) = bridge(company).rows
    assert (row.deductible, row.current) == (1000, 100)


def test_a_rule_is_asked_for_by_a_controller_decided_by_another_and_never_changed(company: Company) -> None:
    asked = RuleAsked("Illinois", "DISPOSAL", Decimal("0.21"), dt.date(2026, 1, 1))
    of = {"entity": company.entity, "why": "Law"}
    with pytest.raises(NotAllowed):
        rule_request(user=company["PREPARER"], asked=asked, **of)
    change = rule_request(user=company["CONTROLLER"], asked=asked, **of)
    with pytest.raises(SegregationOfDuties):
        change_decide(change=change, user=company["CONTROLLER"], approve=True)
    change_decide(change=change, user=company["APPROVER"], approve=True)
    for wrong, message in (
        ({"jurisdiction": " "}, "which jurisdiction"),
        ({"timing": "SOON"}, "no timing"),
        ({"rate": Decimal("1.5")}, "not between 0 and 100"),
        ({"input_tax": "REPAY"}, "at which rate"),
        ({"timing": "EVIDENCE"}, "Name the papers"),
    ):
        values = {"jurisdiction": "X", "timing": "NEVER", "rate": Decimal(0), "starts_on": DAY, **wrong}
        with pytest.raises(BadInput, match=message):
            rule_request(user=company["CONTROLLER"], asked=RuleAsked(**values), **of)


@pytest.mark.database
def test_the_database_keeps_rules_and_verify_names_an_altered_one(company: Company) -> None:
    rule(company)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update valuation_taxrule set rate = 1")
    assert list(rules_told(Tally())) == []
    guards.drop()
    with connection.cursor() as cursor:
        cursor.execute("update valuation_taxrule set rate = 1")
    assert any("not what the audit trail kept" in one for one in rules_told(Tally()))


def test_papers_are_matched_by_the_kind_that_their_words_name() -> None:
    words = ("Photographs", "Record of disposition", "Dated price list")
    assert [one.attached for one in wanted(words, ["PHOTOGRAPH", "OTHER"])] == [True, True, False]
    assert [one.attached for one in wanted(words, ["OTHER", "PRICE_SOURCE"])] == [False, True, True]


def test_the_pages_of_rules_entries_and_bridge(company: Company, other_company: Company, signed_in: SignIn) -> None:
    controller, preparer = signed_in(company["CONTROLLER"]), signed_in(company["PREPARER"])
    form = {
        "jurisdiction": "Illinois",
        "timing": "DISPOSAL",
        "rate": "21",
        "recoverable": "100",
        "starts_on": "2025-01-01",
        "input_tax": "NONE",
        "why": "The law",
    }
    assert controller.post("/e/north/valuation/tax-rules/ask/", {**form, "rate": "x"}).status_code == 400
    page = controller.post("/e/north/valuation/tax-rules/ask/", form, follow=True).content.decode()
    assert "Waiting for a second person" in page
    assert preparer.get("/e/north/valuation/tax-rules/ask/").status_code == 403
    rule(company, "DISPOSAL", starts_on=dt.date(2025, 1, 2))
    assert "Illinois" in preparer.get("/e/north/valuation/tax-rules/").content.decode()
    written_down(company, make_lot(company.entity), "3000")
    address = "/e/north/proposals/tax/"
    assert "210.00" in preparer.get(f"{address}?period=2026-03").content.decode()
    assert preparer.get(f"{address}?period=1999-03").status_code == 404
    made = preparer.post(f"{address}prepare/", {"period": "2026-03"}, follow=True).content.decode()
    assert "draft of the tax entries of March 2026" in made
    assert preparer.post(f"{address}prepare/", {"period": "2026-03"}).status_code == 409
    bridge_page = signed_in(company["AUDITOR"]).get("/e/north/reports/tax_bridge/?period=2026-03").content.decode()
    assert "1,000.00" in bridge_page
    assert signed_in(company["AUDITOR"]).get("/e/north/reports/tax_bridge.csv?period=2026-03").status_code == 200
    assert signed_in(other_company["PREPARER"]).get(address).status_code == 404
