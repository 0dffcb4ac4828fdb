"""Prepares the tax entries of a period as a document, and the input tax that a rule asks for as a charge."""

from __future__ import annotations

from django.db import transaction

from core.errors import BadInput, WrongState
from core.models import Entity, User
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.proposals.input_tax import input_tax_asked
from writeoffs.proposals.models import ChargeKind, Kind, Proposal
from writeoffs.proposals.services.charges import ChargeInput, charge_add, charge_edit, proposal_create_of_charges
from writeoffs.proposals.services.create import Header
from writeoffs.proposals.tax_due import tax_due


@transaction.atomic
def tax_prepare(*, entity: Entity, user: User, period: FiscalPeriod) -> Proposal:
    """A draft of the current and deferred tax on the losses of a period, dated its last day (today, while it runs).
    WrongState where nothing is due; PeriodClosed with the date that can be taken instead."""
    # Two who prepare at once: the second waits here and then finds the first one's document waiting.
    Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
    day = min(period.ends_on, entity.local_date())
    if day < period.starts_on:
        raise BadInput(f"{period} has not begun. Choose a period that has.")
    due = tax_due(entity=entity, starts_on=period.starts_on, ends_on=day)
    if not due.is_due:
        raise WrongState(f"{period}: no tax entry is due; what its losses give is booked or waits in a document.")
    header = Header(
        kind=Kind.TAX,
        reason="",
        event_on=day,
        found_on=day,
        posting_on=day,
        adjustment=period.is_adjustment,
        note=f"Income tax on losses of {period}, by the tax rules in force on {day.isoformat()}.",
    )
    charges = [ChargeInput(kind, amount, note=f"{period}") for kind, amount in due.charges]
    return proposal_create_of_charges(entity=entity, user=user, header=header, charges=charges)


@transaction.atomic
def input_tax_add(*, proposal: Proposal, user: User) -> Proposal:
    """Put the input tax that the rules ask for on a draft, or bring the charge that is there to it. WrongState where
    they ask for none."""
    asked = input_tax_asked(proposal)
    if not asked.amount:
        raise WrongState(f"{proposal.number}: no tax rule asks for input tax of it. There is nothing to add.")
    charge = ChargeInput(ChargeKind.INPUT_TAX, asked.amount, note=asked.why[:200])
    existing = proposal.charges.filter(kind=ChargeKind.INPUT_TAX).order_by("number").first()
    if existing is None:
        return charge_add(proposal=proposal, user=user, charge=charge)
    return charge_edit(charge=existing, user=user, to=charge)
