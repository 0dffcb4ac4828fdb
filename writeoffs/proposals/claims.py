"""Where an insurance claim stands: what may be recognised of it, what is booked, and what has to be booked yet."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum

from core.errors import BadInput
from core.money import display_money
from writeoffs.proposals.claim_models import Claim, ClaimStep
from writeoffs.proposals.models import Certainty, ChargeKind, Kind, Proposal, ProposalCharge, ProposalLine, Status
from writeoffs.valuation.rules.claims import ClaimStatus, Recognised, recognised

ZERO = Decimal(0)
_OPEN = (Status.DRAFT, Status.SUBMITTED, Status.APPROVED)
# What a charge says of the insurer's payment, as a claim says it.
STATUS_OF: dict[str, str] = {
    Certainty.VIRTUALLY_CERTAIN: ClaimStatus.CERTAIN,
    Certainty.PROBABLE: ClaimStatus.PROBABLE,
    Certainty.POSSIBLE: ClaimStatus.FILED,
}
CERTAINTY_OF: dict[str, str] = {
    ClaimStatus.CERTAIN: Certainty.VIRTUALLY_CERTAIN,
    ClaimStatus.SETTLED: Certainty.VIRTUALLY_CERTAIN,
    ClaimStatus.PROBABLE: Certainty.PROBABLE,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """booked: income posted so far; waiting: in documents on their way; received, receiving: the same of the money.
    due, due_cash: what no document books yet (income below nil: to write back)."""

    loss: Decimal
    rule: Recognised
    booked: Decimal
    waiting: Decimal
    received: Decimal
    receiving: Decimal
    due: Decimal
    due_cash: Decimal

    @property
    def receivable(self) -> Decimal:
        """What the insurer owes by our books."""
        return self.booked - self.received

    @property
    def is_due(self) -> bool:
        return bool(self.due or self.due_cash)


def loss_of(proposal: Proposal) -> Decimal:
    """What profit bears of the document's lines that stand; a gain counts as nil."""
    lines = ProposalLine.objects.filter(proposal=proposal, voided__isnull=True)
    loss: Decimal = lines.aggregate(loss=Sum("loss"))["loss"] or ZERO
    return max(loss, ZERO)


def standing_of(claim: Claim, *, without: Proposal | None = None) -> Standing:
    """As the claim and its documents stand now; without: a document that is left out. Three queries."""
    documents = Q(proposal=claim.proposal_id) | Q(
        proposal__in=ClaimStep.objects.filter(claim=claim, document__isnull=False).values("document")
    )
    charges = ProposalCharge.objects.filter(documents)
    if without is not None:
        charges = charges.exclude(proposal=without)
    sums: defaultdict[tuple[str, bool], Decimal] = defaultdict(lambda: ZERO)
    for kind, status, total in charges.order_by().values_list("kind", "proposal__status").annotate(total=Sum("amount")):
        if status == Status.POSTED or status in _OPEN:
            sums[kind, status == Status.POSTED] += total
    booked, waiting = (
        sums[ChargeKind.INSURANCE, posted] - sums[ChargeKind.INSURANCE_DENIED, posted] for posted in (True, False)
    )
    received, receiving = (sums[ChargeKind.INSURANCE_SETTLED, posted] for posted in (True, False))
    loss = loss_of(claim.proposal)
    rule = recognised(
        framework=claim.entity.framework,
        status=claim.status,
        claimed=claim.claimed,
        loss=loss,
        settled=claim.settled,
    )
    return Standing(
        loss,
        rule,
        booked,
        waiting,
        received,
        receiving,
        due=rule.amount - booked - waiting,
        due_cash=claim.settled - received - receiving,
    )


def claim_behind(proposal: Proposal) -> Claim | None:
    """The claim of a document's loss, or the one whose step a claim's document books."""
    found = Claim.objects.select_related("entity", "proposal")
    if proposal.kind == Kind.CLAIM:
        return found.filter(steps__document=proposal).distinct().first()
    return found.filter(proposal=proposal).first()


def document_check(proposal: Proposal) -> None:
    """BadInput where a claim's document has no claim behind it, or books something else than is due by now."""
    claim = claim_behind(proposal)
    if claim is None:
        raise BadInput(
            f"{proposal.number} books no claim. File the claim on the page of the loss; its steps make the documents."
        )
    standing = standing_of(claim, without=proposal)
    sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for charge in proposal.charges.all():
        sums[charge.kind] += charge.amount
    income = sums[ChargeKind.INSURANCE] - sums[ChargeKind.INSURANCE_DENIED]
    if (income, sums[ChargeKind.INSURANCE_SETTLED]) != (standing.due, standing.due_cash):
        entity = proposal.entity
        said = [display_money(amount, entity.currency, entity.locale) for amount in (income, standing.due)]
        raise BadInput(
            f"{proposal.number} books {said[0]} {entity.currency} of claim {claim}, which has {said[1]} due by now. "
            "Discard it, and prepare another on the claim's page."
        )
