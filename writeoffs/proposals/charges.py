"""Which charges a proposal may carry: what the framework and the entity's tax policy allow of them.

Invariant: a charge that the rules forbid is refused when it is written down, and again when the proposal is submitted,
since lines and dates may have changed in between. Sources: IAS 37.33 and 37.53 by analogy; ASC 450-30, 610-30;
IAS 12.12; ASC 740-10-25.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Sum

from core.errors import BadInput
from core.money import MONEY_SCALE, at_rate, display_money, from_raw, is_whole_unit, plain, to_raw
from core.words import Framework
from writeoffs.posting.charges import SETTLED, Charge
from writeoffs.posting.shrinkage import ACCRUAL, ESTIMATED, accrued
from writeoffs.proposals import entry_only
from writeoffs.proposals.claims import STATUS_OF, document_check
from writeoffs.proposals.estimate_models import estimate_of
from writeoffs.proposals.models import (
    PROVISIONS,
    Certainty,
    ChargeKind,
    Kind,
    Proposal,
    ProposalCharge,
    Settlement,
)
from writeoffs.proposals.provisions import Held, provision_refusal
from writeoffs.proposals.tax_papers import complete
from writeoffs.valuation.rules.claims import recognised
from writeoffs.valuation.rules.tax_terms import Terms, Timing
from writeoffs.valuation.tax_rules import tax_terms

ZERO = Decimal(0)
_LEAVING = (
    *(ChargeKind.DISPOSAL_COST, ChargeKind.PROCEEDS, ChargeKind.INPUT_TAX),
    *(ChargeKind.INSURANCE, ChargeKind.TAX),
)
# Kind of proposal -> what it can carry: goods that leave can cost or bring something.
CARRIERS: dict[str, tuple[ChargeKind, ...]] = {
    Kind.WRITE_OFF: _LEAVING,
    Kind.DISPOSAL: _LEAVING,
    Kind.WRITE_DOWN: (ChargeKind.PROVISION_USED,),
    Kind.COUNT_ADJUSTMENT: (ChargeKind.SHRINKAGE_RELEASE, ChargeKind.ESTIMATE_RELEASE, ChargeKind.INPUT_TAX),
    **entry_only.CHARGES,
}


# These stand where the accrual stands, which may be all places at once.
OWN_PLACE = (
    *(ChargeKind.SHRINKAGE_ACCRUAL, ChargeKind.SHRINKAGE_RELEASE),
    *(ChargeKind.ESTIMATED_LOSS, ChargeKind.ESTIMATE_RELEASE),
    *(ChargeKind.PROVISION, ChargeKind.PROVISION_REVERSED),
)
# What a count uses of -> the role that holds it.
_USED = {ChargeKind.SHRINKAGE_RELEASE.value: ACCRUAL, ChargeKind.ESTIMATE_RELEASE.value: ESTIMATED}


class ChargeRefused(BadInput):
    """field: the form's field that is wrong, or None where it is the charge as a whole."""

    def __init__(self, field: str | None, message: str) -> None:
        super().__init__(message)
        self.field = field


def charges_of(proposal: Proposal) -> list[ProposalCharge]:
    return list(proposal.charges.select_related("commitment__item").order_by("number"))


def charge_check(
    proposal: Proposal, charge: ProposalCharge, others: Sequence[ProposalCharge], held: Held | None = None
) -> None:
    """ChargeRefused where the charge cannot stand on the proposal beside the others. held: what provisions are held
    against, where it has been read already."""
    _kind_check(proposal, charge)
    _amount_check(proposal, charge)
    _settlement_check(charge)
    if charge.kind == ChargeKind.INSURANCE:
        _insurance_check(proposal, charge, others)
    elif charge.certainty:
        raise ChargeRefused("certainty", "Only an insurance claim states how certain it is. Leave it empty.")
    if charge.kind in _USED and (proposal.kind == Kind.COUNT_ADJUSTMENT or charge.kind == ChargeKind.ESTIMATE_RELEASE):
        _release_check(proposal, charge, others)
    if proposal.kind == Kind.ESTIMATE:
        _estimate_check(proposal, charge, others)
    if charge.kind in PROVISIONS:
        refused = provision_refusal(proposal, charge, others, held)
        if refused:
            raise ChargeRefused("amount", refused)
    if charge.kind == ChargeKind.TAX and not entry_only.is_entry_only(proposal):
        _tax_check(proposal, charge, others)


def _kind_check(proposal: Proposal, charge: ProposalCharge) -> None:
    allowed, what = CARRIERS.get(proposal.kind, ()), proposal.get_kind_display().lower()
    if not allowed or (proposal.kind == Kind.WRITE_DOWN and charge.kind not in allowed):
        raise ChargeRefused(
            None,
            f"{proposal.number} is a {what}: only a write-off or a disposal carries charges, since its goods leave. "
            "Take the charge off.",
        )
    if charge.kind not in allowed:
        offered = ", ".join(kind.label.lower() for kind in allowed)
        raise ChargeRefused(
            "kind",
            f"{proposal.number} is a document of {what}; {charge.get_kind_display().lower()} does not belong on it. It "
            f"takes {offered}.",
        )
    if charge.kind in _USED and not entry_only.is_entry_only(proposal):
        return
    if (charge.location_id or charge.category_id) and not entry_only.is_entry_only(proposal):
        raise ChargeRefused(
            None, f"{proposal.number} has lots, whose location and category its charges follow. Name none of your own."
        )


def _release_check(proposal: Proposal, charge: ProposalCharge, others: Sequence[ProposalCharge]) -> None:
    """A count uses no more than stands accrued for its location and category."""
    scope = (charge.location_id, charge.category_id)
    same = (o.amount for o in others if o.kind == charge.kind and (o.location_id, o.category_id) == scope)
    standing = from_raw(accrued(entity=proposal.entity, role=_USED[charge.kind]).get(scope, 0), MONEY_SCALE)
    said = f"the {_said(proposal, standing)}" if standing else "the nothing"
    if charge.amount + sum(same, ZERO) > standing:
        raise ChargeRefused(
            "amount",
            f"{charge.get_kind_display()}: {_said(proposal, charge.amount)} is more than {said} that stands accrued "
            f"there. Another count has used it since: discard {proposal.number} and propose the count again, or lower "
            "the amount.",
        )


def _estimate_check(proposal: Proposal, charge: ProposalCharge, others: Sequence[ProposalCharge]) -> None:
    """A document of an estimated loss books the loss that its estimate works out, at its place, and nothing else."""
    estimate = estimate_of(proposal)
    if estimate is None:
        raise ChargeRefused(
            None, f"{proposal.number} is of no estimate. Estimate the loss first; its own page makes the document."
        )
    if charge.kind != ChargeKind.ESTIMATED_LOSS:
        return
    if (proposal.reason, proposal.event_on) != (estimate.reason, estimate.event_on):
        raise ChargeRefused(
            None,
            f"{estimate} is of {estimate.get_reason_display().lower()} on {estimate.event_on.isoformat()}. Take its "
            "reason and its day, or make another estimate.",
        )
    booked = sum((other.amount for other in others if other.kind == charge.kind), charge.amount)
    if booked != estimate.loss:
        raise ChargeRefused(
            "amount",
            f"Estimated loss: {_said(proposal, booked)} is not what {estimate} works out, "
            f"{_said(proposal, estimate.loss)}. Make another estimate where that is wrong.",
        )
    if (charge.location_id, charge.category_id) != (estimate.location_id, estimate.category_id):
        raise ChargeRefused("location", f"{estimate} is of another place or class. Take those of the estimate.")


def charges_check(proposal: Proposal) -> None:
    """The same of every charge of the proposal as it stands. BadInput where a document without lots has none."""
    every = charges_of(proposal)
    if entry_only.is_entry_only(proposal) and not every:
        raise BadInput(f"{proposal.number} has no charges, and nothing else is posted of it. Add one, then submit it.")
    held = Held.of(proposal) if any(charge.commitment_id for charge in every) else None
    for charge in every:
        charge_check(proposal, charge, [other for other in every if other.pk != charge.pk], held)
    if proposal.kind == Kind.CLAIM:
        document_check(proposal)
    if proposal.line_count != 1 and any(charge.kind == ChargeKind.PROVISION_USED for charge in every):
        raise BadInput(f"{proposal.number} notes a delivery, which is of one lot. Take the other lots off.")


def _said(proposal: Proposal, amount: Decimal) -> str:
    entity = proposal.entity
    return f"{display_money(amount, entity.currency, entity.locale)} {entity.currency}"


def _amount_check(proposal: Proposal, charge: ProposalCharge) -> None:
    if charge.amount <= ZERO:
        raise ChargeRefused(
            "amount", f"{charge.get_kind_display()}: {charge.amount} is not above nil. Enter it without a sign."
        )
    if not is_whole_unit(charge.amount, proposal.entity.currency):
        raise ChargeRefused(
            "amount",
            f"{charge.get_kind_display()}: {charge.amount} has more decimals than {proposal.entity.currency}. Round "
            "it.",
        )


def _settlement_check(charge: ProposalCharge) -> None:
    label = charge.get_kind_display()
    if charge.kind in SETTLED and charge.settlement not in Settlement.values:
        raise ChargeRefused("settlement", f"{label}: say whether it is settled in cash or stays on account.")
    if charge.kind not in SETTLED and charge.settlement:
        raise ChargeRefused("settlement", f"{label} is settled later, by the ERP. Leave the settlement empty.")


def _insurance_check(proposal: Proposal, charge: ProposalCharge, others: Sequence[ProposalCharge]) -> None:
    """What may be recognised (writeoffs/valuation/rules/claims.py) at the certainty that the charge states, which is
    that of the claim where one is filed."""
    if charge.certainty not in Certainty.values:
        raise ChargeRefused("certainty", "Insurance claim: say how certain it is that the insurer pays.")
    if entry_only.is_entry_only(proposal):
        return  # of a claim's document what is due by the claim is checked as a whole (claims.document_check)
    claimed = charge.amount + sum((other.amount for other in others if other.kind == ChargeKind.INSURANCE), ZERO)
    loss = max(proposal.net_loss, ZERO)
    rule = recognised(
        framework=proposal.entity.framework, status=STATUS_OF[charge.certainty], claimed=claimed, loss=loss
    )
    stated = Certainty(charge.certainty).label.lower()
    if proposal.entity.framework == Framework.IFRS and charge.certainty != Certainty.VIRTUALLY_CERTAIN:
        raise ChargeRefused(
            "certainty",
            f"Under IFRS an insurance claim is booked only when it is virtually certain (IAS 37.33); this one is "
            f"{stated}. Leave it off, and book it when the insurer has confirmed it.",
        )
    if charge.certainty == Certainty.POSSIBLE:
        raise ChargeRefused(
            "certainty",
            "Under US GAAP an insurance claim is booked only when it is probable (ASC 450-30, 610-30); this one is "
            f"{stated}. Leave it off until it is.",
        )
    if rule.unrecognised:
        raise ChargeRefused(
            "amount",
            f"Under US GAAP an insurance claim is booked up to the loss of {_said(proposal, rule.amount)}; "
            f"{_said(proposal, claimed)} are claimed. Enter the loss at most: the other "
            f"{_said(proposal, rule.unrecognised)} wait until they are realised (ASC 450-30).",
        )


def _tax_check(proposal: Proposal, charge: ProposalCharge, others: Sequence[ProposalCharge]) -> None:
    """Current tax is saved only by what is deductible now, by the tax rule of the document."""
    entity, terms = proposal.entity, terms_behind(proposal)
    if terms.timing == Timing.NEVER:
        raise ChargeRefused("kind", f"{entity} cannot deduct losses on stock, so none saves income tax. Take it off.")
    papers = list(proposal.evidence.values_list("kind", flat=True))
    proved = terms.timing == Timing.EVIDENCE and complete(terms.evidence, papers)
    if terms.timing != Timing.RECOGNITION and proposal.quarantine_goods and not proved:
        raise ChargeRefused(
            "kind",
            f"{entity} deducts a loss when the goods are disposed of; those of {proposal.number} stay in quarantine. "
            "Take it off, or say under reason and dates that the goods are gone.",
        )
    costs = sum(
        (other.amount for other in others if other.kind in (ChargeKind.DISPOSAL_COST, ChargeKind.INPUT_TAX)), ZERO
    )
    saved = charge.amount + sum((other.amount for other in others if other.kind == ChargeKind.TAX), ZERO)
    most = at_rate(max(proposal.net_loss, ZERO) + _earlier(proposal, terms) + costs, terms.rate, entity.currency)
    if saved > most:
        raise ChargeRefused(
            "amount",
            f"Income tax saved: {_said(proposal, saved)} is more than the loss and its costs can save at "
            f"{plain(terms.rate * 100)} %, {_said(proposal, most)}. Enter that at most.",
        )


def _earlier(proposal: Proposal, terms: Terms) -> Decimal:
    """Write-downs of earlier that the units take along, which are deducted only now that the goods are gone."""
    if terms.timing == Timing.RECOGNITION:
        return ZERO
    carried: Decimal = proposal.lines.aggregate(total=Sum("write_down"))["total"] or ZERO
    return max(-carried, ZERO)


def terms_behind(proposal: Proposal) -> Terms:
    """The tax terms of the document's reason on its posting date, at the place of its first line."""
    first = proposal.lines.order_by("line_number").values_list("lot__location", flat=True).first()
    return tax_terms(entity=proposal.entity).of(reason=proposal.reason, location_id=first, day=proposal.posting_on)


def planned(
    charges: Sequence[ProposalCharge], *, reason: str, location_id: int | None, category_id: int | None
) -> list[Charge]:
    """The charges as posting takes them, of goods at one location or of one category where all share it, or of the
    place that the charge itself names."""
    return [
        Charge(
            charge.kind,
            to_raw(charge.amount, MONEY_SCALE),
            charge.settlement,
            reason,
            charge.location_id or (None if charge.kind in OWN_PLACE else location_id),
            charge.category_id or (None if charge.kind in OWN_PLACE else category_id),
            charge.cost_centre_id,
        )
        for charge in charges
    ]
