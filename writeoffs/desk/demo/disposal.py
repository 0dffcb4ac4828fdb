"""What becomes of Nordwind's losses: the insurer's answer, the tip, the tax, and what happened just after year end."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from core.changes import change_decide
from core.words import Reason
from inventory.models import QuarantineEntry
from writeoffs.desk.demo import estimates, papers
from writeoffs.desk.demo.office import Office
from writeoffs.ledger.calendar import period_of
from writeoffs.proposals import services
from writeoffs.proposals.models import Claim, Evidence, Kind, Proposal, Status
from writeoffs.proposals.services import ChargeInput, EventInput, Header, Paper, StepInput
from writeoffs.valuation.tax_rules import RuleAsked, rule_request


def story(office: Office) -> None:
    """All in one afternoon; the dates of what happened before are those of the letters."""
    today = office.entity.local_date()
    _tax_rules(office)
    _claim(office, today)
    _tip(office, today)
    _accrual(office, today)
    estimates.story(office, today)
    _tax(office, today)
    _event(office)


def _tax_rules(office: Office) -> None:
    """Obsolete goods are deducted when they are gone; of stolen ones input tax is repaid."""
    for asked in (
        RuleAsked("Germany", "DISPOSAL", Decimal("0.30"), dt.date(2026, 1, 1), reason=Reason.OBSOLESCENCE),
        RuleAsked(
            *("Germany", "RECOGNITION", Decimal("0.30"), dt.date(2026, 11, 1)),
            reason=Reason.THEFT,
            input_tax="UNLESS_PROVED",
            input_rate=Decimal("0.19"),
            evidence=("Police report", "Count sheet before and after"),
        ),
    ):
        office.clock.pass_minutes(5)
        why = "Letter of the tax adviser of 2 November."
        change = rule_request(entity=office.entity, user=office.people["controller"], asked=asked, why=why)
        change_decide(change=change, user=office.people["controller2"], approve=True)


def _claim(office: Office, today: dt.date) -> None:
    """The flood of May: filed, probable in August, confirmed today and booked."""
    loss = Proposal.objects.get(entity=office.entity, reason=Reason.FLOOD, status=Status.POSTED)
    claimed = loss.net_loss + Decimal(2500)
    user = office.people["preparer"]
    claim, _ = services.claim_open(
        proposal=loss,
        user=user,
        insurer="Hanseatische Feuer AG",
        policy_number="SV-2210-774",
        step=StepInput(Claim.Status.FILED, dt.date(2026, 5, 12), claimed, "Filed with the waterworks' report."),
    )
    office.clock.pass_minutes(4)
    expert = "The insurer's expert has seen the goods and found no exclusion."
    claim, _ = services.claim_step(
        claim=claim, user=user, step=StepInput(Claim.Status.PROBABLE, dt.date(2026, 8, 20), claimed, expert)
    )
    office.clock.pass_minutes(4)
    letter = Paper(
        "insurer-letter.pdf", papers.pdf("Hanseatische Feuer AG", "We confirm cover in full for claim SV-2210-774.")
    )
    confirmed = StepInput(Claim.Status.CERTAIN, today, claimed, "The insurer confirms cover in full.", paper=letter)
    _, document = services.claim_step(claim=claim, user=user, step=confirmed)
    if document is not None:
        office.through(document, "Letter seen: virtually certain.")


def _tip(office: Office, today: dt.date) -> None:
    """Soaked textiles go to the incinerator; the haulier's bill stays on account."""
    standing = QuarantineEntry.objects.filter(
        entity=office.entity, reason=Reason.FLOOD, status=QuarantineEntry.Status.STANDING
    ).order_by("pk")[:2]
    entries = QuarantineEntry.objects.filter(pk__in=[entry.pk for entry in standing])
    header = office.header(Kind.DISPOSAL, Reason.FLOOD, today, "Incinerated at Borsigstrasse.", days_before=0)
    proposal = services.proposal_create_from_quarantine(
        entity=office.entity, user=office.people["preparer"], header=header, entries=entries
    )
    charge = ChargeInput("DISPOSAL_COST", Decimal("480.00"), "ACCOUNT", note="Haulage and incineration")
    services.charge_add(proposal=proposal, user=office.people["preparer"], charge=charge)
    certificate = papers.pdf("Certificate of destruction 2026-1188", "Textiles, 6 pallets, incinerated.")
    office.attach(proposal, Evidence.Kind.CERTIFICATE, "certificate-of-destruction.pdf", certificate)
    office.through(proposal, "Certificate seen.")


def _accrual(office: Office, today: dt.date) -> None:
    """Shrinkage since the count of September, until the next one."""
    header = Header(Kind.ACCRUAL, Reason.COUNT_DIFFERENCE, today, today, today, "0.2 % of sales since the last count.")
    office.clock.pass_minutes(6)
    proposal = services.proposal_create_of_charges(
        entity=office.entity,
        user=office.people["preparer"],
        header=header,
        charges=[ChargeInput("SHRINKAGE_ACCRUAL", Decimal("640.00"))],
    )
    office.through(proposal)


def _tax(office: Office, today: dt.date) -> None:
    period = period_of(entity=office.entity, day=today)
    if period is None:
        return
    office.clock.pass_minutes(6)
    user = office.people["preparer"]
    office.through(services.tax_prepare(entity=office.entity, user=user, period=period), "Agrees with the bridge.")


def _event(office: Office) -> None:
    office.clock.pass_minutes(6)
    services.event_record(
        entity=office.entity,
        user=office.people["preparer"],
        event=EventInput(
            reporting_on=dt.date(2025, 12, 31),
            event_on=dt.date(2026, 1, 9),
            what="A haulier's lorry with frozen goods overturned on the A7.",
            reason=Reason.ABNORMAL_DAMAGE,
            condition_existed=False,
            why="The goods were sound and on the shelf at year end; the accident is of the new year.",
            amount=Decimal("18200.00"),
            disclosure="After the reporting date goods of about 18,200 EUR were lost in a road accident.",
        ),
    )
