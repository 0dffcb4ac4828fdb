"""Assessments over stored lots: what they read, what they keep, what they say."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import guards
from core.errors import BadInput, NotAllowed, WrongState
from core.jobs import run_job
from core.models import AuditEvent, Job
from core.verify import Tally
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import draft, posted, write_down_draft
from writeoffs.valuation.assess import assessment_start
from writeoffs.valuation.assessment_proofs import (
    VERSION,
    FoundDigest,
    found_lines,
    overrides_told,
    runs_told,
    version_of,
)
from writeoffs.valuation.assessment_selectors import changes, gone_lines
from writeoffs.valuation.bases import basis_record
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.models import Assessment, AssessmentLine, Contract, Price, PriceRate, ValuationPolicy
from writeoffs.valuation.overrides import line_override

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 16)


@pytest.fixture(autouse=True)
def in_march() -> object:
    with time_machine.travel(dt.datetime(2026, 3, 20, 9, tzinfo=dt.UTC)) as clock:
        yield clock


def give_price(company: Company, sku: str, nrv: str | None, day: dt.date = DAY, **fields: object) -> Price:
    item = company.entity.items.get(sku=sku)
    price = Price(**{"item": item, "as_of": day, "currency": "EUR", "source": "List", **fields})
    price.nrv = None if nrv is None else Decimal(nrv)
    return input_give(entity=company.entity, user=company["PRICE_OWNER"], given=price)


def start(company: Company, **how: object) -> Assessment:
    return assessment_start(entity=company.entity, user=company["PREPARER"], **{"as_of": DAY, **how})  # type: ignore[arg-type]


def line(found: Assessment, sku: str = "LAMP") -> AssessmentLine:
    return found.lines.get(lot__item__sku=sku)


def test_a_run_keeps_a_line_a_lot_with_what_it_was_worked_out_from(company: Company) -> None:
    make_lot(company.entity, "LAMP", "100", "40")
    make_lot(company.entity, "DESK", "10", "90")
    price = give_price(company, "LAMP", "35")
    found = start(company)
    assert (found.status, found.number, found.line_count) == ("DONE", "AS-2026-0001", 2)
    assert (found.cost, found.carried, found.required) == (4900, 0, 500)
    lamp, desk = line(found), line(found, "DESK")
    assert (lamp.price, lamp.nrv_value, lamp.required, lamp.governs) == (price, 3500, 500, "NRV")
    assert (lamp.movement, lamp.outcome, desk.outcome, desk.required) == (500, "TESTED", "UNTESTED", 0)
    assert found.untested_count == 1
    assert "No policy for all stock counts on 2026-03-16" in found.assumptions[0]
    assert "1 lot with neither a price nor a policy that judges them" in found.assumptions[1]
    assert found.assumptions[1].endswith("untested, so that they keep what they carry: DESK.")
    assert list(AuditEvent.objects.filter(kind__startswith="assessment").values_list("kind", flat=True)) == [
        "assessment.started",
        "assessment.done",
    ]


@pytest.mark.database
def test_a_run_of_a_past_day_knows_what_stood_then(company: Company) -> None:
    lot = make_lot(company.entity, "LAMP", "100", "40")
    give_price(company, "LAMP", "35", day=dt.date(2026, 2, 1))
    posted(company, write_down_draft(company, lot, "3000"))
    give_price(company, "LAMP", "20", day=dt.date(2026, 3, 15))
    before = start(company, as_of=dt.date(2026, 2, 28))
    assert (line(before).carried, line(before).required) == (0, 500)
    after = start(company)
    assert (line(after).carried, line(after).required, line(after).movement) == (1000, 2000, 1000)
    assert (line(after).change, line(after).change_amount, line(after).change_why) == ("GROWN", 1500, "Price")


def test_a_price_of_the_lot_goes_before_that_of_its_item_and_a_rate_is_not_rounded(company: Company) -> None:
    lot = make_lot(company.entity, "LAMP", "3", "1")
    give_price(company, "LAMP", "5")
    give_price(company, "LAMP", "0.333333", lot=lot, currency="USD")
    assert "No rate for USD" in start(company).assumptions[1]
    rate = PriceRate(currency="USD", as_of=DAY, rate=Decimal("0.9"), source="ECB")
    input_give(entity=company.entity, user=company["CONTROLLER"], given=rate)
    assert line(start(company)).nrv_value == Decimal("0.90")


def test_a_contract_takes_the_costs_of_the_items_price_where_it_has_none(company: Company) -> None:
    make_lot(company.entity, "LAMP", "1000", "50")
    give_price(company, "LAMP", None, selling_price=Decimal(46), cost_to_sell=Decimal(1))
    contract = Contract(
        item=company.entity.items.get(),
        reference="SC-1",
        quantity=Decimal(600),
        price=Decimal(52),
        currency="EUR",
        starts_on=DAY,
        ends_on=DAY + dt.timedelta(days=30),
        source="Contract",
    )
    input_give(entity=company.entity, user=company["PREPARER"], given=contract)
    found = line(start(company))
    assert (found.required, found.governs, found.contract_quantity) == (2000, "CONTRACT", 600)
    assert (found.contract_value, found.nrv_value) == (600 * 51, 600 * 51 + 400 * 45)


def test_what_is_gone_since_the_run_before_stays_visible(company: Company) -> None:
    make_lot(company.entity, "LAMP", "100", "40")
    give_price(company, "LAMP", "35")
    first = start(company)
    assert line(first).change == "NEW"
    assert line(start(company)).change == "SAME"
    posted(company, draft(company, company.entity.items.get().lots.get(), "100"))
    found = start(company)
    assert (found.line_count, found.required) == (0, 0)
    assert [(c.code, c.lines, c.amount) for c in changes(found)] == [("GONE", 1, -500)]
    assert [gone.required for gone in gone_lines(found)] == [500]


@pytest.mark.database
def test_as_many_queries_for_many_lots_as_for_one(company: Company) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as counted:
            start(company)
        return len(counted)

    make_lot(company.entity, "LAMP", "100", "40")
    give_price(company, "LAMP", "35")
    start(company)
    one = queries()
    for number in range(12):
        make_lot(company.entity, f"DESK-{number}", "10", "90")
        give_price(company, f"DESK-{number}", "85")
    many = queries()
    assert many == one


def test_who_may_not_and_when_it_cannot_be(company: Company) -> None:
    with pytest.raises(NotAllowed, match="by a preparer or a controller"):
        assessment_start(entity=company.entity, user=company["APPROVER"], as_of=DAY)
    with pytest.raises(BadInput, match="2026-03-21 lies in the future"):
        start(company, as_of=dt.date(2026, 3, 21))
    Assessment.objects.filter(pk=start(company).pk).update(status="RUNNING")
    with pytest.raises(WrongState, match="running already"):
        start(company)


def test_a_run_that_is_done_is_not_done_again(company: Company) -> None:
    make_lot(company.entity, "LAMP", "100", "40")
    give_price(company, "LAMP", "35")
    found = start(company)
    Job.objects.filter(pk=found.job_id).update(status="QUEUED")
    run_job.call(found.job_id)
    found.refresh_from_db()
    assert (found.status, found.lines.count()) == ("DONE", 1)


def test_a_policy_of_a_class_goes_before_that_of_the_whole(company: Company) -> None:
    lot = make_lot(company.entity, "LAMP", "100", "40")
    people = {"asked_by": company["CONTROLLER"], "decided_by": company["APPROVER"], "reason": "Policy"}
    for category, rate in ((None, "0.1"), (lot.item.category, "0.5")):
        policy = ValuationPolicy.objects.create(
            entity=company.entity, category=category, starts_on=dt.date(2026, 1, 1), **people
        )
        policy.bands.create(from_days=0, rate=Decimal(rate))
    type(lot).objects.filter(pk=lot.pk).update(received_on=dt.date(2026, 1, 1))
    found = line(start(company))
    assert (found.ageing_need, found.governs, found.reason) == (2000, "AGEING", "OBSOLESCENCE")


def test_a_part_of_the_stock_is_judged_like_the_whole(company: Company) -> None:
    """Demand and contracts are of all lots, wherever they lie."""
    main, hall = make_lot(company.entity, "LAMP", "100", "40"), make_lot(company.entity, "LAMP", location="HALL")
    give_price(company, "LAMP", "35")
    found = start(company, locations=[hall.location])
    assert (found.line_count, found.required, found.by_level) == (1, 500, {})
    assert found.lines.get().lot == hall
    assert "All stock was judged" in found.assumptions[-1]
    assert start(company).lines.filter(lot=main).exists()


def test_another_basis_carries_what_was_recorded_for_it(company: Company) -> None:
    lot = make_lot(company.entity, "LAMP", "100", "40", by_year=((2025, "400"),), allowance="400")
    give_price(company, "LAMP", "39", day=dt.date(2025, 12, 31))
    first = start(company, as_of=DAY, basis="GROUP")
    assert (line(first).carried, line(first).required) == (0, 100)
    assert "Nothing was recorded for the group basis" in first.assumptions[0]
    basis_record(assessment=first, user=company["CONTROLLER"])
    give_price(company, "LAMP", "38", day=dt.date(2026, 3, 17))
    second = start(company, as_of=dt.date(2026, 3, 18), basis="GROUP")
    assert (line(second).carried, line(second).required, line(second).movement) == (100, 200, 100)
    lot.refresh_from_db()
    assert lot.write_down == 400


def test_odd_inputs_are_named_and_the_run_goes_on(company: Company) -> None:
    lamp = make_lot(company.entity, "LAMP", "100", "40")
    make_lot(company.entity, "DESK", "10", "90")
    give_price(company, "LAMP", "-2")
    policy = ValuationPolicy.objects.create(
        entity=company.entity,
        starts_on=dt.date(2026, 1, 1),
        excess_months=6,
        asked_by=company["CONTROLLER"],
        decided_by=company["APPROVER"],
        reason="Policy",
    )
    for first, last in ((10, 50), (40, 90), (120, 200)):
        policy.bands.create(from_days=first, to_days=last, rate=Decimal("0.1"))
    contract = Contract(
        item=lamp.item,
        reference="SC-9",
        quantity=Decimal(150),
        price=Decimal(41),
        currency="EUR",
        starts_on=DAY,
        ends_on=DAY,
        source="Contract",
    )
    input_give(entity=company.entity, user=company["PREPARER"], given=contract)
    found = start(company)
    said = " ".join(found.assumptions)
    for part in (
        "no band holds 0 to 9 days",
        "the band from 40 days overlaps",
        "no band holds 91 to 119 days",
        "no band holds more than 200 days",
        "2 lots without any demand up to 2026-03-16, not tested for excess: LAMP, DESK",
        "2 lots without a receipt date, not aged: LAMP, DESK",
    ):
        assert part in said, said
    assert "Contracts are for 50 more than is on hand." in line(found).flag
    assert (line(found).required, line(found, "DESK").outcome) == (0, "UNTESTED")
    assert "No demand is known" in line(found, "DESK").flag


@pytest.mark.database
@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        ("update valuation_assessmentline set nrv_value = nrv_value + 100", "AS-2026-0001 is not what the audit trail"),
        ("update valuation_assessment set finished_at = null", "AS-2026-0001 is not what the audit trail"),
        ("update valuation_assessmentline set override = 0", "The override of line .* is not what the audit trail"),
        ("update valuation_assessmentline set override = null, override_by_id = null, override_reason = '', "
         "override_at = null", "The override of line .* is missing"),
    ],
)  # fmt: skip
def test_verify_sees_what_was_changed_around_the_guards(company: Company, sql: str, complaint: str) -> None:
    make_lot(company.entity, "LAMP", "100", "40")
    give_price(company, "LAMP", "35")
    line_override(line=line(start(company)), user=company["CONTROLLER"], amount=Decimal(700), reason="Offer")

    def complaints() -> list[str]:
        return [*runs_told(Tally()), *overrides_told(Tally())]

    assert complaints() == []
    guards.drop()
    # What was told by the first version of the digest is proved as it was.
    done = AuditEvent.objects.get(kind="assessment.done")
    assert version_of(done.data["found"]) == VERSION
    of_before = FoundDigest(1)
    for _ in of_before.passing(found_lines(Assessment.objects.get())):
        pass
    AuditEvent.objects.filter(pk=done.pk).update(data=done.data | {"found": of_before.of(Assessment.objects.get())})
    assert complaints() == []
    with connection.cursor() as cursor:
        cursor.execute(sql)
    assert re.search(complaint, " ".join(complaints()))
    guards.install()
