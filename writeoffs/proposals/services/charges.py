"""Writes, changes and takes off a draft's charges, and sets the cost centre of all its lines at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from core.errors import BadInput
from core.models import Category, CostCentre, Entity, Location, User
from core.money import display_money
from writeoffs.proposals.charges import charge_check, charges_of
from writeoffs.proposals.models import Proposal, ProposalCharge
from writeoffs.proposals.services.create import Header, proposal_create, totals_set
from writeoffs.proposals.services.lines import edited, totals_now
from writeoffs.proposals.services.steps import guard_edit, proposal_lock
from writeoffs.valuation.inputs import PurchaseCommitment


@dataclass(frozen=True, slots=True)
class ChargeInput:
    """A charge as a person says it. amount: without a sign. location, category: on a document without lots only.
    commitment, units: of a provision; one that is edited keeps its own."""

    kind: str
    amount: Decimal
    settlement: str = ""
    certainty: str = ""
    cost_centre: CostCentre | None = None
    note: str = ""
    location: Location | None = None
    category: Category | None = None
    commitment: PurchaseCommitment | None = None
    units: Decimal | None = None


@transaction.atomic
def charge_add(*, proposal: Proposal, user: User, charge: ChargeInput) -> Proposal:
    """Put a charge on a draft. ChargeRefused where framework, tax policy or kind forbid it."""
    proposal = proposal_lock(proposal)
    guard_edit(proposal, user=user)
    last = proposal.charges.aggregate(last=Max("number"))["last"] or 0
    made = _filled(ProposalCharge(proposal=proposal, number=last + 1), charge)
    charge_check(proposal, made, charges_of(proposal))
    before = totals_now(proposal)
    made.save()
    totals_set(proposal)
    edited(proposal, user=user, what=f"added {_said(made, proposal)}", before=before)
    return proposal


@transaction.atomic
def proposal_create_of_charges(
    *, entity: Entity, user: User, header: Header, charges: Sequence[ChargeInput]
) -> Proposal:
    """A draft without lots: its charges are all that it posts. ChargeRefused names the first that cannot stand."""
    proposal = proposal_create(entity=entity, user=user, header=header)
    for charge in charges:
        proposal = charge_add(proposal=proposal, user=user, charge=charge)
    return proposal


@transaction.atomic
def charge_edit(*, charge: ProposalCharge, user: User, to: ChargeInput) -> Proposal:
    """Change a charge of a draft."""
    proposal = proposal_lock(charge.proposal)
    guard_edit(proposal, user=user)
    was, others = _said(charge, proposal), [one for one in charges_of(proposal) if one.pk != charge.pk]
    kept = {"commitment_id": charge.commitment_id, "units": charge.units}
    changed = _filled(ProposalCharge(pk=charge.pk, proposal=proposal, number=charge.number, **kept), to)
    charge_check(proposal, changed, others)
    before = totals_now(proposal)
    changed.save(force_update=True)
    totals_set(proposal)
    edited(proposal, user=user, what=f"{was} is {_said(changed, proposal)}", before=before)
    return proposal


@transaction.atomic
def charge_remove(*, charge: ProposalCharge, user: User) -> Proposal:
    """Take a charge off a draft."""
    proposal = proposal_lock(charge.proposal)
    guard_edit(proposal, user=user)
    before, what = totals_now(proposal), f"took off {_said(charge, proposal)}"
    charge.delete()
    totals_set(proposal)
    edited(proposal, user=user, what=what, before=before)
    return proposal


@transaction.atomic
def lines_cost_centre_set(*, proposal: Proposal, user: User, cost_centre: CostCentre | None) -> Proposal:
    """Give all lines of a draft one cost centre, or none. BadInput for another entity's or a retired one."""
    proposal = proposal_lock(proposal)
    guard_edit(proposal, user=user)
    if cost_centre is not None and (cost_centre.entity_id != proposal.entity_id or not cost_centre.active):
        raise BadInput(
            f"Cost centre {cost_centre} is retired or not one of {proposal.entity}. Choose one from the list."
        )
    before = totals_now(proposal)
    proposal.lines.update(cost_centre=cost_centre)
    said = f"cost centre {cost_centre}" if cost_centre else "no cost centre"
    edited(proposal, user=user, what=f"all lines: {said}", before=before)
    return proposal


def _filled(charge: ProposalCharge, given: ChargeInput) -> ProposalCharge:
    charge.kind, charge.amount = given.kind, given.amount
    charge.settlement, charge.certainty = given.settlement, given.certainty
    charge.cost_centre, charge.note = given.cost_centre, given.note.strip()[:200]
    charge.location, charge.category = given.location, given.category
    if given.commitment is not None:
        charge.commitment, charge.units = given.commitment, given.units
    return charge


def _said(charge: ProposalCharge, proposal: Proposal) -> str:
    amount = display_money(charge.amount, proposal.entity.currency, proposal.entity.locale)
    return f"{charge.get_kind_display().lower()} {amount}"
