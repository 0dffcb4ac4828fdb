"""A company in whose books every kind of record stands, made by the services that people use.

For the test of tampering: every protected table has at least one row that is protected. Small, since everything is
proved again for each column that is changed.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

from django.utils import timezone

from core.changes import change_decide
from core.entity_groups import EntityGroup
from core.exchange import AVERAGE, RateGiven, rate_enter
from core.group_changes import GroupGiven, group_request
from core.memberships import memberships_found, memberships_grant
from core.models import ChangeRequest, Upload, User
from core.sheets import pipeline
from core.words import Reason, Role
from inventory.models import CountSheet, QuarantineEntry
from tests.conftest import Company, make_company
from tests.faults import company as faults
from tests.faults.company import HEADER, lot, person
from tests.proposals.documents import DAY, draft, header, posted, write_down_draft
from writeoffs.ledger.cost_centres import cost_centre_save
from writeoffs.ledger.models import Account, FiscalPeriod
from writeoffs.ledger.periods import period_close, period_soft_close
from writeoffs.posting.acknowledge import posting_acknowledge
from writeoffs.posting.batches import batch_hand_out, batch_make
from writeoffs.posting.erp_charges import charge_acknowledge
from writeoffs.posting.feeds import feed_request
from writeoffs.posting.models import ErpCharge, Posting, Takes
from writeoffs.posting.tie_facts import accept_request
from writeoffs.proposals import services
from writeoffs.proposals.models import Evidence, Finding, Kind, Proposal
from writeoffs.proposals.services import EstimateInput, FigureInput, Paper, StepInput
from writeoffs.proposals.services.events import EventInput, event_record
from writeoffs.proposals.services.limits import BandInput, TitleInput, limits_request
from writeoffs.valuation.assess import assessment_start
from writeoffs.valuation.bases import basis_record
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.inputs import (
    ConditionMark,
    Contract,
    Demand,
    MaterialUse,
    Price,
    PriceRate,
    PurchaseCommitment,
    SalesFigure,
)
from writeoffs.valuation.models import Assessment, AssessmentLine, Basis
from writeoffs.valuation.overrides import line_override
from writeoffs.valuation.policy_changes import PolicyAsked, policy_request
from writeoffs.valuation.tax_rules import RuleAsked, rule_request

MARCH_END = dt.datetime(2026, 3, 31, 20, tzinfo=dt.UTC)


def build() -> Company:
    """Losses of every kind with papers and charges, a count, voids, the ERP's side, a trial balance, a close, a
    group."""
    company = faults.build()
    _chart(company)
    _losses(company)
    _count(company)
    _erp(company)
    _erp_movements(company)
    _newer_list(company)
    _limits(company)
    _claim(company)
    _event(company)
    _estimate(company)
    _valuation(company)
    _trial_balance(company)
    _close(company)
    _group(company)
    return company


def _chart(company: Company) -> None:
    """The company's own names for its accounts."""
    rows = "".join(
        f"{one.code},{one.name} of North,{one.section}\n" for one in Account.objects.filter(entity=company.entity)
    )
    _take_in(company, "chart", "account_code,account_name,section\n" + rows, timezone.now(), by="CONTROLLER")


def _losses(company: Company) -> None:
    """A write-off with a paper, a charge and a cost centre, another voided by line, a write-down, a recovery of a part,
    one approved twice since its period is soft-closed."""
    preparer, entity = company["PREPARER"], company.entity
    centre = cost_centre_save(entity=entity, user=company["CONTROLLER"], code="K100", name="Warehouse")
    damaged = draft(company, lot(1), "10", note="Water came in by the roof light.")
    damaged = services.line_add(
        proposal=damaged, user=preparer, lot=lot(2), quantity=Decimal(4), cost_centre=centre, note="lower shelf"
    )
    services.charge_add(
        proposal=damaged,
        user=preparer,
        charge=services.ChargeInput(
            "DISPOSAL_COST", Decimal("35.00"), settlement="CASH", cost_centre=centre, note="skip"
        ),
    )
    paper = Paper("ticket.txt", b"Skip 4, two pallets, 16 March 2026\n")
    services.evidence_add(proposal=damaged, user=preparer, kind=Evidence.Kind.SCRAP_TICKET, papers=[paper])
    posted(company, damaged)
    posted(company, write_down_draft(company, lot(3), "2500"))
    recovery = services.proposal_create(
        entity=entity, user=preparer, header=header(kind=Kind.RECOVERY, reason=Reason.EXPIRY)
    )
    goods = QuarantineEntry.objects.get(lot=lot(1))
    posted(
        company,
        services.line_add(proposal=recovery, user=preparer, lot=goods.lot, quarantine=goods, quantity=Decimal(3)),
    )
    wrong = draft(company, lot(4), "5", finding=Finding.ESTIMATE, material=False, finding_why="seen in March only")
    wrong = services.line_add(proposal=wrong, user=preparer, lot=lot(5), quantity=Decimal(6))
    _void(company, posted(company, wrong), lines=[2])
    _signed_twice(company)


def _void(company: Company, proposal: Proposal, lines: list[int]) -> None:
    change = services.void_request(
        proposal=proposal, user=company["PREPARER"], reason="Found on another shelf", posted_on=DAY, lines=lines
    )
    services.void_decide(change=change, user=company["APPROVER"], approve=True, comment="seen")


def _signed_twice(company: Company) -> None:
    day = dt.date(2026, 2, 16)
    period_soft_close(
        period=FiscalPeriod.objects.get(entity=company.entity, starts_on=day.replace(day=1)), user=company["CONTROLLER"]
    )
    proposal = draft(company, lot(6), "2", event_on=day, found_on=day, posting_on=day)
    proposal = services.proposal_submit(proposal=proposal, user=company["PREPARER"])
    digest = proposal.digest
    proposal = services.proposal_approve(proposal=proposal, user=company["APPROVER"], digest=digest, comment="agreed")
    proposal = services.proposal_countersign(proposal=proposal, user=person("APPROVER", 0), digest=digest)
    services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=digest, key="a" * 32)


def _count(company: Company) -> None:
    rows = [f"SKU-{n:03},L{n:03},WH{n % 2 + 1},{100 - n % 2},{DAY},shelf {n}\n" for n in range(10, 14)]
    sheet = "sku,lot_code,location,counted_quantity,counted_on,note\n" + "".join(rows)
    _take_in(company, "count", sheet, dt.datetime(2026, 3, 16, 18, tzinfo=dt.UTC), by="COUNTER", to="COUNTER")
    posted(
        company,
        services.proposal_create_from_count(
            entity=company.entity, user=company["PREPARER"], sheet=CountSheet.objects.get(), posting_on=DAY
        ),
    )


def _take_in(
    company: Company, kind: str, content: str, as_of: dt.datetime, *, by: str = "PREPARER", to: str = "CONTROLLER"
) -> Upload:
    upload = pipeline.upload_receive(
        entity=company.entity,
        kind=kind,
        name=f"{kind}.csv",
        content=content.encode(),
        as_of=as_of,
        user=company[by],
        source_report="as drawn",
    )
    upload = pipeline.upload_check(upload=upload, user=company[by])
    assert upload.status == "CHECKED", (upload.message, list(upload.issues.values_list("message", flat=True)))
    upload = pipeline.upload_commit(upload=upload, user=company[to])
    assert upload.status == "COMMITTED", upload.message
    return upload


def _agree(change: ChangeRequest, user: User) -> None:
    change_decide(change=change, user=user, approve=True, comment="agreed")


def _erp(company: Company) -> None:
    """Another source for recoveries, a batch that was taken and answered, a posting that a person confirmed."""
    entity, controller = company.entity, company["CONTROLLER"]
    change = feed_request(
        entity=entity, user=controller, kind="RECOVERY", takes=Takes.JOURNAL, why="Booked there by hand."
    )
    _agree(change, company["APPROVER"])
    batch = batch_make(entity=entity, user=controller, kind="WRITE_OFF", takes=Takes.ADJUSTMENT)
    batch_hand_out(batch=batch, user=controller)
    first, *_, last = Posting.objects.filter(batch=batch).order_by("pk")
    answers = (
        f"{first.source_ref.partition(':')[2]},accepted,4900,\n",
        f"{last.source_ref.partition(':')[2]},rejected,,no\n",
    )
    _take_in(company, "erp_answer", "document,status,erp_document,message\n" + "".join(answers), timezone.now())
    # What goes beside stock adjustments: one entry answered, one a person booked, the rest in flight.
    batch_make(entity=entity, user=controller, kind="WRITE_OFF", takes=Takes.JOURNAL)
    handed = list(ErpCharge.objects.select_related("entry").order_by("pk"))
    said = f"document,status,erp_document,message\n{handed[0].entry.number},rejected,,no\n"
    _take_in(company, "erp_answer", said, timezone.now())
    charge_acknowledge(entity=entity, entry=handed[0].entry, user=controller, how="booked as 4712")
    counted = Posting.objects.get(kind="COUNT_ADJUSTMENT")
    posting_acknowledge(entity=entity, source_ref=counted.source_ref, user=controller, how="booked as 4711")


def _newer_list(company: Company) -> None:
    """A week later the ERP shows less of a lot that was written down: units fall and allowance is set free."""
    held = {f"L{n:03}": (n, lot(n).quantity) for n in range(1, faults.LOTS + 1)}
    rows = (
        f"SKU-{n:03},{code},WH{n % 2 + 1},{('Food', 'Lamps', 'Toys')[n % 3]},{quantity - (50 if n == 3 else 0)},40,\n"
        for code, (n, quantity) in held.items()
    )
    faults.receive(company, (HEADER + "".join(rows)).encode(), timezone.now(), commit=True)


def _erp_movements(company: Company) -> None:
    """The ERP sold some and moved some to a place that is new."""
    day = DAY + dt.timedelta(days=2)
    rows = (
        f"S-1,1,{day},sale,SKU-020,L020,WH1,,,5,300,receivable\n",
        f"T-1,1,{day},transfer,SKU-021,L021,WH2,YARD,L021B,2,,\n",
    )
    header = "document,line,date,kind,sku,lot_code,location,to_location,to_lot,quantity,revenue,settlement\n"
    _take_in(company, "erp_movements", header + "".join(rows), timezone.now())


def _limits(company: Company) -> None:
    change = limits_request(
        entity=company.entity,
        user=company["CONTROLLER"],
        titles=[TitleInput("Warehouse", [person("APPROVER", 0)]), TitleInput("Finance", [company["APPROVER"]])],
        bands=[BandInput("Warehouse", Decimal(500)), BandInput("Finance", None)],
        starts_on=company.entity.local_date(),
        why="The auditors asked.",
    )
    _agree(change, person("CONTROLLER", 0))


def _claim(company: Company) -> None:
    filed = StepInput("FILED", DAY, Decimal(400), "our letter", paper=Paper("letter.txt", b"Water, 16 March 2026\n"))
    loss = Proposal.objects.get(number="WO-2026-0001")
    services.claim_open(proposal=loss, user=company["PREPARER"], insurer="Nordic Re", step=filed, policy_number="N-1")


def _event(company: Company) -> None:
    storm = EventInput(
        *(dt.date(2026, 3, 31), dt.date(2026, 4, 10), "A storm took the roof", "DAMAGE", False, "It arose later"),
        disclosure="Some goods were wetted.",
        paper=Paper("storm.txt", b"10 April 2026\n"),
    )
    event_record(entity=company.entity, user=company["PREPARER"], event=storm)


def _estimate(company: Company) -> None:
    """A loss without records, estimated twice since the first was wrong, and booked."""
    figures = [
        FigureInput("OPENING", "accounts", cost=Decimal(900), retail=Decimal(1500)),
        FigureInput("PURCHASES", "ledger", cost=Decimal(300), retail=Decimal(500)),
        FigureInput("SALES", "till", retail=Decimal(1000)),
    ]
    asked = EstimateInput("RETAIL", "THEFT", DAY, "The van was stolen.", figures, "AVERAGE", lot(9).location)
    wrong = services.estimate_make(entity=company.entity, user=company["PREPARER"], estimate=asked)
    paper = Paper("police.txt", b"Case 4711\n")
    asked = dataclasses.replace(asked, paper=paper, replaces=wrong, replaces_why="the box was open")
    made = services.estimate_make(entity=company.entity, user=company["PREPARER"], estimate=asked)
    posted(company, services.estimate_propose(estimate=made, user=company["PREPARER"], posting_on=DAY))


def _valuation(company: Company) -> None:
    """One input of each kind, and a rule of tax."""
    entity, goods, day = company.entity, lot(7), DAY.replace(day=1)
    days, agreed = {"starts_on": day, "ends_on": MARCH_END.date()}, {"currency": "EUR", "quantity": Decimal(5)}
    for given in (
        Price(item=goods.item, lot=goods, as_of=DAY, currency="EUR", selling_price=Decimal(50)),
        Contract(reference="C-1", item=goods.item, customer="Ada", price=Decimal(52), **agreed, **days),
        PurchaseCommitment(reference="P-1", item=goods.item, supplier="Obi", price=Decimal(30), **agreed, **days),
        MaterialUse(material=goods.item, product=lot(8).item, as_of=DAY),
        Demand(item=goods.item, month=day, quantity=Decimal(10)),
        ConditionMark(lot=goods, kind="DAMAGED", as_of=DAY, note="wet"),
        SalesFigure(revenue=Decimal(900), **days),
        PriceRate(currency="USD", as_of=DAY, rate=Decimal("0.9")),
    ):
        given.source = "as drawn"
        input_give(entity=entity, user=company["CONTROLLER"], given=given)
    _provision(company)
    policy = PolicyAsked(timezone.now().date(), excess_months=12, bands=[(0, 179, Decimal(0)), (180, None, Decimal(1))])
    _agree(policy_request(entity=entity, user=company["CONTROLLER"], asked=policy, why="yearly"), company["APPROVER"])
    asked = RuleAsked("Hessen", "DISPOSAL", Decimal("0.21"), dt.date(2026, 1, 1), evidence=["certificate"])
    _agree(rule_request(entity=entity, user=company["CONTROLLER"], asked=asked, why="law"), company["APPROVER"])
    _assessments(company)


def _assessments(company: Company) -> None:
    """One of the leading basis, of which an overridden line is proposed, and two of the tax basis that are recorded."""
    preparer = company["PREPARER"]
    leading = _overridden(company, DAY, Basis.LEADING, "30")
    taken = AssessmentLine.objects.filter(assessment=leading, override__isnull=False)
    services.proposals_from_assessment(assessment=leading, lines=taken, user=preparer, header=header())
    for day, amount in ((DAY, "20"), (MARCH_END.date(), "25")):
        basis_record(assessment=_overridden(company, day, Basis.TAX, amount), user=preparer)


def _overridden(company: Company, day: dt.date, basis: str, amount: str) -> Assessment:
    """All stock assessed, but of one lot a person says what is required."""
    preparer = company["PREPARER"]
    made = assessment_start(entity=company.entity, user=preparer, as_of=day, basis=basis)
    line = AssessmentLine.objects.get(assessment=made, lot=lot(8))
    line_override(line=line, user=preparer, amount=Decimal(amount), reason="seen wet", cause=Reason.DAMAGE)
    return made


def _provision(company: Company) -> None:
    """A firm purchase above what its goods fetch: assessed, provided for, then voided and provided for again."""
    asked = Price(item=lot(8).item, as_of=DAY, currency="EUR", selling_price=Decimal(20), source="as drawn")
    input_give(entity=company.entity, user=company["CONTROLLER"], given=asked)
    order = PurchaseCommitment(
        reference="P-2",
        item=lot(8).item,
        quantity=Decimal(10),
        price=Decimal(30),
        currency="EUR",
        starts_on=DAY,
        ends_on=MARCH_END.date(),
        source="as drawn",
    )
    input_give(entity=company.entity, user=company["CONTROLLER"], given=order)
    run = assessment_start(entity=company.entity, user=company["PREPARER"], as_of=MARCH_END.date())
    for again in (True, False):
        made, _ = services.provisions_propose(assessment=run, user=company["PREPARER"], header=header())
        made = posted(company, made)
        if again:
            change = services.void_request(
                proposal=made, user=company["PREPARER"], reason="Wrong day", posted_on=DAY, lines=None
            )
            services.void_decide(change=change, user=company["APPROVER"], approve=True, comment="seen")


def _trial_balance(company: Company) -> None:
    """The ERP has a little more on the account of stock than we, which two people accept."""
    rows = "".join(
        f"{code},{name},{amount},{amount},{section},\n"
        for code, name, amount, section in (
            ("1400", "Inventory", 90000, "asset"),
            ("2000", "Payables", -90000, "liability"),
        )
    )
    _take_in(
        company, "trial_balance", "account_code,account_name,balance,opening,section,liquidity\n" + rows, MARCH_END
    )
    period = FiscalPeriod.objects.get(entity=company.entity, starts_on="2026-03-01")
    change = accept_request(period=period, code="1400", reason="A rounding of the ERP.", user=company["CONTROLLER"])
    _agree(change, company["APPROVER"])


def _close(company: Company) -> None:
    period_close(
        period=FiscalPeriod.objects.get(entity=company.entity, starts_on="2025-01-01"), user=company["CONTROLLER"]
    )


def _group(company: Company) -> None:
    other = make_company("south", years=(2026,), currency="USD").entity
    memberships_found()
    since = dt.date(2026, 1, 1)
    both = [(company["CONTROLLER"], Role.CONTROLLER, since), (company["APPROVER"], Role.APPROVER, since)]
    memberships_grant(entity=other, given=both)
    given = GroupGiven("north-group", "North Group", "EUR", 1, (company.entity, other))
    change = group_request(parent=company.entity, user=company["CONTROLLER"], given=given, reason="for the bank")
    _agree(change, company["APPROVER"])
    first, last = dt.date(2026, 1, 1), dt.date(2026, 1, 31)
    for value, reason in (("0.9", ""), ("0.8", "two digits were turned")):
        rate = RateGiven("USD", AVERAGE, first, last, Decimal(value), "the bank's sheet", reason)
        rate_enter(group=EntityGroup.objects.get(), user=company["CONTROLLER"], given=rate)
