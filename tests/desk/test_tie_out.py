"""The tie-out of a period: ERP, ledger and stock, the difference line by line, and what two people accept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core import changes, verify
from core.errors import BadInput, NotAllowed, SegregationOfDuties, WrongState
from tests.conftest import Company
from tests.ledger.books import post
from tests.ledger.trial import taken_in
from tests.posting.stock import make_lot
from tests.proposals.documents import posted, write_down_draft
from tests.reports.books import APRIL, opened, void, write_off
from writeoffs.ledger.models import FiscalPeriod, TieOutAcceptance
from writeoffs.ledger.periods import period_checks, period_close
from writeoffs.posting.acknowledge import posting_acknowledge
from writeoffs.posting.tie import TieOut, Why
from writeoffs.posting.tie_facts import accept_request, tie_out_of

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture(autouse=True)
def in_april() -> object:
    with time_machine.travel(dt.datetime(2026, 4, 3, 9, tzinfo=dt.UTC)) as traveller:
        yield traveller


def march(company: Company) -> FiscalPeriod:
    return FiscalPeriod.objects.get(entity=company.entity, fiscal_year=2026, number=3)


def balance_of(company: Company, inventory: str, allowance: str = "-100", **how: object) -> TieOut:
    """The tie-out to a trial balance that shows so much on 1400 and 1490."""
    rest = -(Decimal(inventory) + Decimal(allowance))
    taken_in(company, [f"1400,Inventory,{inventory},,,", f"1490,Allowance,{allowance},,,", f"3000,E,{rest},,,"], **how)
    return tie_out_of(entity=company.entity, period=march(company))


@pytest.fixture
def lamps(company: Company) -> object:
    """4,000.00 of stock, 100.00 of it written down before."""
    lot = make_lot(company.entity, "LAMP", "100", "40", allowance="100")
    opened(company, lot)
    return lot


def figures(tie: TieOut, code: str = "1400") -> tuple[Decimal, ...]:
    one = next(one for one in tie.accounts if one.code == code)
    return one.difference, one.explained, one.unexplained


def test_what_agrees_is_reconciled(company: Company, lamps: object) -> None:
    tie = balance_of(company, "4000")
    assert tie.is_reconciled
    assert [(one.code, one.erp, one.ledger, one.stock) for one in tie.accounts] == [
        ("1400", 4000, 4000, 4000),
        ("1490", -100, -100, -100),
    ]
    assert {one.state for one in tie.accounts} == {"Agrees"}


def test_a_posting_that_the_erp_has_not_taken_explains_its_own_difference(company: Company, lamps: object) -> None:
    proposal = write_off(company, lamps, "10")
    tie = balance_of(company, "4000")
    assert figures(tie) == (400, 400, 0)
    assert figures(tie, "1490") == (-10, -10, 0)
    [line] = tie.accounts[0].explanations
    assert (line.why, line.amount, line.source_ref) == (Why.NOT_TAKEN, 400, proposal.source_ref)
    assert tie.is_reconciled
    assert tie.accounts[0].state == "Explained"


def test_a_posting_that_the_erp_has_taken_explains_nothing(company: Company, lamps: object) -> None:
    proposal = write_off(company, lamps, "10")
    posting_acknowledge(
        entity=company.entity, source_ref=proposal.source_ref, user=company["CONTROLLER"], how="49000177"
    )
    assert figures(balance_of(company, "3600", "-90")) == (0, 0, 0)
    assert figures(balance_of(company, "4000", "-90")) == (400, 0, 400)


def test_what_the_erp_took_after_the_trial_balance_was_uploaded_was_not_in_it(
    company: Company, lamps: object, in_april: time_machine.Coordinates
) -> None:
    proposal = write_off(company, lamps, "10")
    balance_of(company, "4000")
    in_april.shift(3600)
    posting_acknowledge(
        entity=company.entity, source_ref=proposal.source_ref, user=company["CONTROLLER"], how="49000177"
    )
    assert figures(tie_out_of(entity=company.entity, period=march(company))) == (400, 400, 0)


def test_a_write_down_changes_the_allowance_alone(company: Company, lamps: object) -> None:
    posted(company, write_down_draft(company, lamps, "3000"))
    tie = balance_of(company, "4000")
    assert figures(tie) == (0, 0, 0)
    assert figures(tie, "1490") == (900, 900, 0)


def test_a_void_that_the_erp_has_not_followed_is_told_apart(company: Company, lamps: object) -> None:
    proposal = write_off(company, lamps, "10")
    posting_acknowledge(
        entity=company.entity, source_ref=proposal.source_ref, user=company["CONTROLLER"], how="49000177"
    )
    void(company, proposal, dt.date(2026, 3, 30))
    tie = balance_of(company, "3600", "-90")
    assert figures(tie) == (-400, -400, 0)
    assert [line.why for line in tie.accounts[0].explanations] == [Why.VOID_NOT_TAKEN]


def test_a_void_of_what_the_erp_never_had_cancels_out(company: Company, lamps: object) -> None:
    void(company, write_off(company, lamps, "10"), dt.date(2026, 3, 30))
    tie = balance_of(company, "4000")
    assert figures(tie) == (0, 0, 0)
    assert tie.accounts[0].explanations == ()


def test_a_void_of_a_later_period_is_none_of_this_one(company: Company, lamps: object) -> None:
    void(company, write_off(company, lamps, "10"), APRIL)
    assert figures(balance_of(company, "4000")) == (400, 400, 0)


def test_what_came_after_the_moment_of_the_trial_balance_explains_its_difference(
    company: Company, lamps: object
) -> None:
    """A list of the last evening moves stock in our books that the ERP's balances of the 20th cannot know of."""
    post(company, "-60", ref="upload:77", day=dt.date(2026, 3, 31), leg="RECEIPT", origin="ERP")
    tie = balance_of(company, "4000", as_of=dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC))
    assert figures(tie) == (-60, -60, 0)
    assert [line.why for line in tie.accounts[0].explanations] == [Why.AFTER_AS_OF]
    assert tie.stock_difference == 60


def test_stock_and_entries_of_later_days_are_left_out(company: Company, lamps: object) -> None:
    write_off(company, lamps, "10", APRIL)
    tie = balance_of(company, "4000")
    assert tie.is_reconciled
    assert tie.accounts[0].stock == 4000


def test_a_period_without_a_trial_balance_says_where_to_upload_it(company: Company) -> None:
    with pytest.raises(BadInput, match="Upload it under Uploads"):
        tie_out_of(entity=company.entity, period=march(company))


# --- accepting what is left ---------------------------------------------------------------------------------------


def asked(company: Company, reason: str = "Goods in transit that only the ERP knows.") -> object:
    return accept_request(period=march(company), code="1400", reason=reason, user=company["CONTROLLER"])


def test_a_difference_is_accepted_by_a_second_person_and_kept(company: Company, lamps: object) -> None:
    assert figures(balance_of(company, "4025"))[2] == 25
    change = asked(company)
    with pytest.raises(SegregationOfDuties):
        changes.change_decide(change=change, user=company["CONTROLLER"], approve=True)
    changes.change_decide(change=change, user=company["APPROVER"], approve=True)
    tie = tie_out_of(entity=company.entity, period=march(company))
    assert tie.is_reconciled
    assert (tie.accounts[0].state, tie.accounts[0].accepted.reason) == (
        "Accepted",
        "Goods in transit that only the ERP knows.",
    )
    assert list(verify.complaints(verify.Tally())) == []


def test_another_amount_is_open_again(company: Company, lamps: object) -> None:
    balance_of(company, "4025")
    changes.change_decide(change=asked(company), user=company["APPROVER"], approve=True)
    tie = balance_of(company, "4026")
    assert (tie.is_reconciled, tie.accounts[0].state) == (False, "Unexplained")


def test_a_decision_on_an_amount_that_has_changed_is_refused(company: Company, lamps: object) -> None:
    balance_of(company, "4025")
    change = asked(company)
    balance_of(company, "4026")
    with pytest.raises(WrongState, match="newer trial balance"):
        changes.change_decide(change=change, user=company["APPROVER"], approve=True)
    assert not TieOutAcceptance.objects.exists()


def test_there_is_nothing_to_accept_where_all_is_explained(company: Company, lamps: object) -> None:
    balance_of(company, "4000")
    with pytest.raises(WrongState, match="nothing to accept"):
        asked(company)


def test_an_accepted_difference_never_changes(company: Company, lamps: object) -> None:
    balance_of(company, "4025")
    changes.change_decide(change=asked(company), user=company["APPROVER"], approve=True)
    for sql in ("update ledger_tieoutacceptance set amount = 1", "delete from ledger_tieoutacceptance"):
        with pytest.raises(IntegrityError, match="an accepted difference"), transaction.atomic():
            connection.cursor().execute(sql)


# --- the close ----------------------------------------------------------------------------------------------------


def the_check(company: Company) -> object:
    return next(c for c in period_checks(period=march(company)) if c.label.startswith("The ERP's trial balance"))


def test_without_a_trial_balance_the_close_only_warns(company: Company, lamps: object) -> None:
    check = the_check(company)
    assert (check.open, check.blocks) == (1, False)


def test_an_unexplained_difference_blocks_the_close_until_it_is_accepted(company: Company, lamps: object) -> None:
    FiscalPeriod.objects.filter(entity=company.entity, number__lt=3).update(status="CLOSED")
    FiscalPeriod.objects.filter(entity=company.entity, fiscal_year__lt=2026).update(status="CLOSED")
    balance_of(company, "4025")
    check = the_check(company)
    assert (check.open, check.blocks, check.url) == (1, True, f"/e/{company.entity.slug}/tie-out/2026-03/")
    with pytest.raises(WrongState, match=r"1400 Inventory: 25.00 EUR is unexplained"):
        period_close(period=march(company), user=company["CONTROLLER"])
    changes.change_decide(change=asked(company), user=company["APPROVER"], approve=True)
    assert the_check(company).open == 0


# --- the pages ----------------------------------------------------------------------------------------------------


def test_the_page_shows_the_difference_line_by_line_with_its_links(
    company: Company, lamps: object, signed_in: Callable[..., Client]
) -> None:
    proposal = write_off(company, lamps, "10")
    balance_of(company, "4025")
    client = signed_in(company["CONTROLLER"])
    page = client.get(f"/e/{company.entity.slug}/tie-out/2026-03/").content.decode()
    for words in (
        "Not reconciled",
        "425.00",
        "Our own entry, not yet taken by the ERP",
        proposal.number,
        "Ask to accept 25.00",
    ):
        assert words in page
    response = client.post(
        f"/e/{company.entity.slug}/tie-out/2026-03/accept/", {"account": "1400", "reason": "In transit"}, follow=True
    )
    assert "A second person decides under Changes" in response.content.decode()
    assert "waits for a second person" in response.content.decode()
    changed = client.get(f"/e/{company.entity.slug}/changes/").content.decode()
    assert f"/e/{company.entity.slug}/tie-out/2026-03/" in changed


def test_a_request_without_a_reason_comes_back_with_a_sentence(
    company: Company, lamps: object, signed_in: Callable[..., Client]
) -> None:
    balance_of(company, "4025")
    client = signed_in(company["CONTROLLER"])
    path = f"/e/{company.entity.slug}/tie-out/2026-03/accept/"
    response = client.post(path, {"account": "1400", "reason": " "})
    assert (response.status_code, "say why" in response.content.decode()) == (400, True)
    response = client.post(path, {"account": "no such", "reason": "x"})
    assert "is not part of the tie-out" in response.content.decode()


def test_a_person_who_only_reads_cannot_ask(company: Company, lamps: object, signed_in: Callable[..., Client]) -> None:
    balance_of(company, "4025")
    with pytest.raises(NotAllowed):
        accept_request(period=march(company), code="1400", reason="x", user=company["AUDITOR"])
    page = signed_in(company["AUDITOR"]).get(f"/e/{company.entity.slug}/tie-out/2026-03/").content.decode()
    assert "Ask to accept" not in page


@pytest.mark.parametrize("path", ["tie-out/", "tie-out/2026-03/"])
def test_the_pages_are_for_the_companys_readers(
    company: Company, other_company: Company, signed_in: Callable[..., Client], client: Client, path: str
) -> None:
    assert client.get(f"/e/north/{path}").status_code == 302
    assert signed_in(company["COUNTER"]).get(f"/e/north/{path}").status_code == 403
    assert signed_in(company["AUDITOR"]).get(f"/e/north/{path}").status_code == 200
    assert signed_in(other_company["AUDITOR"]).get(f"/e/north/{path}").status_code == 404


@pytest.mark.parametrize("code", ["2026-99", "1-1", "x", "2026-³"])
def test_a_period_that_does_not_exist_is_not_found(
    company: Company, signed_in: Callable[..., Client], code: str
) -> None:
    assert signed_in(company["AUDITOR"]).get(f"/e/north/tie-out/{code}/").status_code == 404


def test_the_tie_out_takes_as_many_queries_whatever_there_is(
    company: Company, lamps: object, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for _ in range(4):
        write_off(company, lamps, "1")
    balance_of(company, "4000")
    with django_assert_max_num_queries(20):
        tie_out_of(entity=company.entity, period=march(company))
