"""Provisions for losses on purchase commitments, as documents make, reverse and use them.

Invariants: a provision is never below nil and never above what the assessment behind it requires, whatever was posted
since by another; what a posted document did stands as movements per commitment (writeoffs/valuation/commitment_models),
and a void takes exactly these back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.errors import StaleContent, WrongState
from core.money import MONEY_SCALE, QUANTITY_SCALE, display_money, from_raw, share_raw, to_raw
from writeoffs.proposals.models import PROVISIONS, ChargeKind, Kind, Proposal, ProposalCharge
from writeoffs.valuation.commitment_models import CommitmentLine, ProvisionMovement, Standing, standing_of

ZERO = Decimal(0)
_MOVED = {
    ChargeKind.PROVISION.value: (1, ProvisionMovement.Kind.CHARGED),
    ChargeKind.PROVISION_REVERSED.value: (-1, ProvisionMovement.Kind.REVERSED),
    ChargeKind.PROVISION_USED.value: (-1, ProvisionMovement.Kind.USED),
}


@dataclass(frozen=True, slots=True)
class Held:
    """What charges are held against. standing: (reference, item) -> the provision; required: commitment -> what the
    document's assessment requires, raw. Two queries however many charges there are."""

    standing: Mapping[tuple[str, int], Standing]
    required: Mapping[int, int]

    @classmethod
    def of(cls, proposal: Proposal) -> Held:
        lines = CommitmentLine.objects.filter(
            assessment__entity=proposal.entity_id, assessment__number=proposal.made_from.partition(":")[2]
        )
        return cls(
            standing_of(entity=proposal.entity),
            {pk: to_raw(required, MONEY_SCALE) for pk, required in lines.values_list("commitment_id", "required")},
        )

    def stands(self, charge: ProposalCharge) -> Standing:
        """For the commitment of the charge, whichever version it names."""
        commitment = charge.commitment
        assert commitment is not None
        return self.standing.get((commitment.reference, commitment.item_id), Standing(commitment.pk, 0, 0))


def share_of(standing: Standing, units: Decimal, exponent: int) -> Decimal:
    """The part of a provision that units which came in take along; the last ones take the rest."""
    came = to_raw(units, QUANTITY_SCALE)
    if came >= standing.quantity:
        return from_raw(standing.amount, MONEY_SCALE)
    return from_raw(share_raw(standing.amount, came, standing.quantity, exponent), MONEY_SCALE)


def provision_refusal(
    proposal: Proposal, charge: ProposalCharge, others: Sequence[ProposalCharge], held: Held | None = None
) -> str:
    """Why the charge cannot stand, "" where it can."""
    if charge.commitment is None or charge.units is None:
        return (
            "A provision is of a purchase commitment: propose it from the assessment, or note the delivery under "
            "Purchase commitments."
        )
    if charge.commitment.entity_id != proposal.entity_id:
        return f"{charge.commitment} is no purchase commitment of {proposal.entity}."
    if any(other.commitment_id == charge.commitment_id for other in others):
        return f"{charge.commitment} stands on {proposal.number} already."
    held = held or Held.of(proposal)
    amount, standing = to_raw(charge.amount, MONEY_SCALE), held.stands(charge).amount
    if charge.kind != ChargeKind.PROVISION:
        said = _said(proposal, standing)
        return "" if amount <= standing else f"{charge.commitment}: {said} stands as provision; enter that at most."
    required = held.required.get(charge.commitment.pk)
    if required is None:
        return f"{proposal.number} is from no assessment that has {charge.commitment}. Propose it from one."
    if amount + standing > required:
        return (
            f"{charge.commitment}: {_said(proposal, required)} is required and {_said(proposal, standing)} stands. "
            f"Enter {_said(proposal, max(required - standing, 0))} at most, less where leaving the contract costs less "
            "(IAS 37.68)."
        )
    return ""


def _said(proposal: Proposal, raw: int) -> str:
    entity = proposal.entity
    return f"{display_money(from_raw(raw, MONEY_SCALE), entity.currency, entity.locale) if raw else 'nothing'}" + (
        f" {entity.currency}" if raw else ""
    )


def provisions_move(proposal: Proposal) -> None:
    """Keep what the posting did, inside its transaction. StaleContent where another document has moved the provision so
    that it would fall below nil or above what is required."""
    charges = list(
        proposal.charges.filter(kind__in=PROVISIONS).select_related("commitment__entity", "commitment__item")
    )
    if not charges:
        return
    lot = proposal.lines.first() if proposal.kind == Kind.WRITE_DOWN else None
    held, made = Held.of(proposal), []
    for charge in charges:
        refused = provision_refusal(proposal, charge, (), held)
        if refused:
            raise StaleContent(f"{proposal.number} is not what it was any more. {refused} Return it to the preparer.")
        sign, kind = _MOVED[charge.kind]
        made.append(
            ProvisionMovement(
                entity=proposal.entity,
                commitment=charge.commitment,
                kind=kind,
                quantity=_units(charge, held),
                amount=sign * charge.amount,
                lot_id=lot.lot_id if lot else None,
                posted_on=proposal.posting_on,
                source_ref=proposal.source_ref,
            )
        )
    ProvisionMovement.objects.bulk_create(made)


def _units(charge: ProposalCharge, held: Held) -> Decimal:
    """By how many units the provision changes: a delivery takes its own, anything else leaves it for so many."""
    standing = from_raw(held.stands(charge).quantity, QUANTITY_SCALE)
    units: Decimal = charge.units or ZERO
    return -min(units, standing) if charge.kind == ChargeKind.PROVISION_USED else units - standing


def provisions_undo(proposal: Proposal, posted_on: dt.date) -> None:
    """The movements of a document that is voided, taken back on the day of its void."""
    moved = ProvisionMovement.objects.filter(entity=proposal.entity, source_ref=proposal.source_ref)
    ProvisionMovement.objects.bulk_create(
        ProvisionMovement(
            entity=proposal.entity,
            commitment_id=one.commitment_id,
            kind=ProvisionMovement.Kind.VOID,
            quantity=-one.quantity,
            amount=-one.amount,
            lot_id=one.lot_id,
            posted_on=posted_on,
            source_ref=proposal.source_ref,
        )
        for one in moved.exclude(kind=ProvisionMovement.Kind.VOID)
    )


def refuse_unbacked(proposal: Proposal) -> None:
    """WrongState where a void would take back a provision that was used or reversed since."""
    charges = list(proposal.charges.filter(kind=ChargeKind.PROVISION).select_related("commitment__item"))
    if not charges:
        return
    held = Held.of(proposal)
    for charge in charges:
        standing = held.stands(charge).amount
        if standing < to_raw(charge.amount, MONEY_SCALE):
            raise WrongState(
                f"{proposal.number} cannot be voided: of its provision for {charge.commitment} "
                f"{_said(proposal, standing)} is left. Void what used or reversed it first."
            )
