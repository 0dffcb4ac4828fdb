"""Losses found late: when one has to be classified, and how a material error of an earlier year is posted.

Invariant: a loss whose event lies in an earlier fiscal year, or in an earlier period that is closed, is submitted only
with a finding: change in estimate or error, material or not, and why. An estimate, an immaterial error and an error of
this year post now, as any loss; a material error of an earlier fiscal year posts only through RETAINED_EARNINGS, with
restated comparatives (IAS 8.36-42; ASC 250-10-45-17, -23).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from core.errors import BadInput
from core.models import Entity
from writeoffs.ledger.calendar import period_of
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.posting.corrections import Correction
from writeoffs.posting.lots import fiscal_year_of
from writeoffs.proposals.models import ChargeKind, Finding, Kind, Proposal
from writeoffs.valuation.rules.tax import balance_role
from writeoffs.valuation.tax_rules import policy_at

# What comes back is no loss: a recovery is news of the day on which it is found.
LOSSES = frozenset({Kind.WRITE_OFF, Kind.WRITE_DOWN, Kind.COUNT_ADJUSTMENT, Kind.DISPOSAL})
# What an insurer may pay for, and what may be found late: an estimated loss as well, whose goods a count takes out of
# the books later. It restates no earlier year: what was there is not known well enough (IAS 8.44).
INSURABLE = LOSSES | {Kind.ESTIMATE}

RULE = (
    "The loss belongs to a period that is closed. Say whether it is news of today (a change in estimate) or could have "
    "been known then and was missed (an error), and whether it is material. Only a material error of an earlier fiscal "
    "year is taken to retained earnings, with restated comparatives; everything else is this period's loss (IAS "
    "8.36-42, ASC 250)."
)


@dataclass(frozen=True, slots=True)
class Late:
    """Why a loss counts as found late. year: its fiscal year, where that is an earlier one, else None."""

    period: str
    year: int | None

    @property
    def said(self) -> str:
        return f"fiscal year {self.year}" if self.year is not None else f"{self.period}, which is closed"


def late_of(*, entity: Entity, kind: str, event_on: dt.date, posting_on: dt.date) -> Late | None:
    """Whether a loss of that event date, posted on that date, is found late. One query, none for a date of the same
    month."""
    if kind not in INSURABLE or (event_on.year, event_on.month) == (posting_on.year, posting_on.month):
        return None
    year = fiscal_year_of(entity, event_on)
    if year < fiscal_year_of(entity, posting_on):
        return Late(f"{event_on:%B %Y}", year)
    period = period_of(entity=entity, day=event_on)
    if period is None or period.ends_on >= posting_on or period.status != FiscalPeriod.Status.CLOSED:
        return None
    return Late(str(period), None)


def late_loss(proposal: Proposal) -> Late | None:
    return late_of(
        entity=proposal.entity, kind=proposal.kind, event_on=proposal.event_on, posting_on=proposal.posting_on
    )


class Unclassified(BadInput):
    """A loss found late that does not say what it is."""


def refuse_unclassified(proposal: Proposal) -> None:
    """Unclassified where the loss was found late and nobody has said what that is; BadInput where a correction would
    count its tax twice."""
    late = None if proposal.finding else late_loss(proposal)
    if late is not None:
        raise Unclassified(
            f"{proposal.number}: the event date {proposal.event_on.isoformat()} lies in {late.said}, so the loss was "
            "found late. Edit the draft and say whether it is a change in estimate or an error, whether it is "
            "material, and why."
        )
    if _is_error_of_a_year(proposal) and proposal.kind == Kind.ESTIMATE:
        raise BadInput(
            f"{proposal.number} is an estimate: what was there in the earlier year is not known well enough to restate "
            "it (IAS 8.44). Classify it as a change in estimate, or count the goods and correct their lots."
        )
    if restates(proposal) and proposal.charges.filter(kind=ChargeKind.TAX).exists():
        raise BadInput(
            f"{proposal.number} corrects an earlier year net of tax, so the tax is in its entry already. Remove the "
            "charge 'Income tax saved', then submit it."
        )


def restates(proposal: Proposal) -> bool:
    """Whether the document corrects an earlier fiscal year through retained earnings."""
    return proposal.kind in LOSSES and _is_error_of_a_year(proposal)


def _is_error_of_a_year(proposal: Proposal) -> bool:
    """Whether it was found to be a material error of an earlier fiscal year."""
    return (
        proposal.finding == Finding.ERROR
        and bool(proposal.material)
        and fiscal_year_of(proposal.entity, proposal.event_on) < fiscal_year_of(proposal.entity, proposal.posting_on)
    )


def correction_of(proposal: Proposal) -> Correction | None:
    """How posting treats the document where it restates; None where it is an ordinary loss."""
    if not restates(proposal):
        return None
    entity = proposal.entity
    tax = policy_at(entity=entity, day=proposal.posting_on, reason=proposal.reason)
    return Correction(fiscal_year_of(entity, proposal.event_on), balance_role(tax.timing), tax.rate, entity.currency)


def certification(proposal: Proposal) -> str:
    """What the approver certifies by approving, in one sentence; empty where there is nothing to certify."""
    if not proposal.finding:
        return ""
    weight = "material" if proposal.material else "not material"
    what = f"{Finding(proposal.finding).label.lower()}, {weight}"
    where = "retained earnings, net of tax, with restated comparatives" if restates(proposal) else "this period's loss"
    return f"By approving you certify as the second person: a loss found late, {what}, posted to {where}."
