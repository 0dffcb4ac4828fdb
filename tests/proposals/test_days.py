"""No date of a document lies in the future or before 1990, and what a form refuses is kept like any refusal."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from core.errors import BadInput
from core.models import AuditEvent, ChangeRequest
from inventory.models import QuarantineEntry
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, header, posted
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.proposals import policy, services
from writeoffs.proposals.models import Proposal

pytestmark = pytest.mark.django_db

NAMES = {"event_on": "event date", "found_on": "found date", "posting_on": "posting date"}


def tomorrow(company: Company) -> dt.date:
    return company.entity.local_date() + dt.timedelta(days=1)


@pytest.mark.parametrize("field", NAMES)
def test_a_date_in_the_future_or_of_another_age_is_refused_by_its_name(company: Company, field: str) -> None:
    for day, why in ((tomorrow(company), "lies in the future. Take"), (dt.date(1989, 12, 31), "before 1990-01-01")):
        with pytest.raises(BadInput, match=f"{NAMES[field]} {day.isoformat()} lies .*") as refused:
            services.proposal_create(entity=company.entity, user=company["PREPARER"], header=header(**{field: day}))
        assert why in refused.value.message
    assert not Proposal.objects.exists()


def test_today_at_the_entitys_place_is_no_future(company: Company) -> None:
    today = company.entity.local_date()
    made = header(event_on=today, found_on=today, posting_on=today)
    assert services.proposal_create(entity=company.entity, user=company["PREPARER"], header=made).posting_on == today


def test_a_draft_is_not_moved_into_the_future(company: Company) -> None:
    proposal = draft(company, make_lot(company.entity))
    with pytest.raises(BadInput, match="lies in the future"):
        services.proposal_edit(
            proposal=proposal,
            user=company["PREPARER"],
            header=header(posting_on=tomorrow(company)),
            version=proposal.version,
        )


def test_a_void_is_not_dated_into_the_future(company, signed_in) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity)))
    address = reverse("proposals:void", args=["north", proposal.number])
    form = {"posted_on": tomorrow(company), "reason": "Wrong", "scope": "all"}
    page = signed_in(company["PREPARER"]).post(address, form)
    assert page.status_code == 400
    assert "lies in the future" in page.content.decode()
    assert not ChangeRequest.objects.exists()


def test_no_date_in_the_future_is_offered(company: Company) -> None:
    today = company.entity.local_date()
    FiscalPeriod.objects.filter(starts_on__lte=today).update(status=FiscalPeriod.Status.CLOSED)
    assert policy.posting_date_default(entity=company.entity, found_on=DAY) is None


@pytest.mark.parametrize("page", ["new", "from_stock", "from_quarantine", "edit"])
def test_what_the_header_form_refuses_stands_in_the_audit_trail(company, signed_in, page: str) -> None:
    posted(company, draft(company, make_lot(company.entity)))
    FiscalPeriod.objects.filter(starts_on=dt.date(2026, 2, 1)).update(status=FiscalPeriod.Status.CLOSED)
    closed = dt.date(2026, 2, 10)
    form = {"kind": "WRITE_OFF", "reason": "EXPIRY", "event_on": closed, "found_on": closed, "posting_on": closed}
    form |= {"confirmed": "1", "version": "0", "entry": QuarantineEntry.objects.get().pk}
    args = ["north"]
    if page == "from_quarantine":
        form["kind"] = "RECOVERY"
    if page == "edit":
        args.append(draft(company, make_lot(company.entity, "B")).number)
    before = Proposal.objects.count()
    answer = signed_in(company["PREPARER"]).post(reverse(f"proposals:{page}", args=args), form)
    assert answer.status_code == 400
    event = AuditEvent.objects.get(kind="refused")
    assert (event.data["rule"], event.actor) == ("PeriodClosed", company["PREPARER"])
    assert "2026-02-10 cannot be the posting date" in event.message
    assert Proposal.objects.count() == before
