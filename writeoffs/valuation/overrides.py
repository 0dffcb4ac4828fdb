"""What a person says is required instead of what an assessment worked out: amount, reason and author, on the line.

Invariants: an override is between nil and cost and says why; a line that stands on a proposal is not overridden any
more; every override and its withdrawal is an audit event. Its author counts as preparer of what is proposed from it.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from core import audit
from core.access import roles_in
from core.errors import BadInput, NotAllowed, WrongState
from core.models import Entity, User
from core.money import display_money
from core.words import Framework, Reason, Role
from inventory.models import WriteDownMovement
from writeoffs.ledger.calendar import fiscal_year_of
from writeoffs.valuation.models import Assessment, AssessmentLine

ROLES = frozenset({Role.PREPARER, Role.CONTROLLER})
_OPEN = (Assessment.Status.DONE, Assessment.Status.PROPOSED)
_ZERO = Decimal(0)


def _locked(line: AssessmentLine, user: User) -> AssessmentLine:
    """The line as it stands now, row-locked. NotAllowed, WrongState."""
    found = AssessmentLine.objects.select_for_update(of=("self",))
    line = found.select_related("assessment__entity", "lot__item", "lot__location").get(pk=line.pk)
    entity = line.assessment.entity
    if not ROLES & set(roles_in(entity, user)):
        raise NotAllowed(f"A line is overridden by a preparer or controller; you have no such role in {entity}.")
    if line.assessment.status not in _OPEN:
        raise WrongState(
            f"{line.assessment} is {line.assessment.get_status_display().lower()}, so its lines stay as they are. "
            "Start another assessment instead."
        )
    if line.proposal_ref:
        number = line.proposal_ref.partition(":")[2]
        raise WrongState(
            f"{named(line)} stands on {number} already, so its amount stays. Discard {number} first, then override it."
        )
    return line


def named(line: AssessmentLine) -> str:
    """ "Lot LAMP / L1 at MAIN"."""
    lot = line.lot
    return f"Lot {lot.item.sku} / {lot.code or 'no lot code'} at {lot.location.code}"


def _said(entity: Entity, amount: Decimal) -> str:
    return f"{display_money(amount, entity.currency, entity.locale)} {entity.currency}"


@transaction.atomic
def line_override(*, line: AssessmentLine, user: User, amount: Decimal, reason: str, cause: str = "") -> AssessmentLine:
    """Say what is required of the lot in all, and why. cause: what the loss is of, where the line says none or another.

    NotAllowed; WrongState once proposed; BadInput for an amount below nil, above cost or finer than the currency,
    without a reason, or of a lot that is not valued.
    """
    line = _locked(line, user)
    entity, reason = line.assessment.entity, reason.strip()
    _amount_check(line, entity, amount)
    if not reason:
        raise BadInput(f"{named(line)}: say why {_said(entity, amount)} is required instead of what was worked out.")
    if (cause and cause not in Reason.values) or cause == Reason.COUNT_DIFFERENCE:
        raise BadInput(f"'{cause}' is no reason of a loss in value. Choose one from the list.")
    if amount > line.carried and not (cause or line.reason):
        raise BadInput(f"{named(line)}: say what the loss is of; nothing was found that gives it a reason.")
    _new_cost_basis_check(line, entity, amount)
    before = line.override
    line.override, line.override_reason = amount, reason[:300]
    line.override_cause = "" if cause == line.reason else cause
    line.override_by, line.override_at = user, timezone.now()
    _save(line)
    _tell(line, user, f"{_said(entity, amount)} instead of {_said(entity, line.required)}: {reason}", before)
    return line


def _amount_check(line: AssessmentLine, entity: Entity, amount: Decimal) -> None:
    if line.outcome == AssessmentLine.Outcome.OUT:
        raise BadInput(f"{named(line)} is not valued ({line.flag or 'no cost'}), so nothing of it can be required.")
    if amount < _ZERO or amount > line.cost:
        raise BadInput(
            f"{named(line)}: {_said(entity, amount)} cannot be required. Enter an amount from 0 to its cost of "
            f"{_said(entity, line.cost)}."
        )
    if amount != round(amount, entity.exponent):
        raise BadInput(
            f"{named(line)}: {amount} is finer than the currency, which has {entity.exponent or 'no'} decimals."
        )


def _new_cost_basis_check(line: AssessmentLine, entity: Entity, amount: Decimal) -> None:
    """Under US GAAP what an earlier fiscal year charged stays (ASC 330-10-35-14)."""
    if line.assessment.framework != Framework.US_GAAP or amount >= line.carried:
        return
    year = fiscal_year_of(entity, line.assessment.as_of)
    charged = WriteDownMovement.objects.filter(
        lot=line.lot_id, fiscal_year=year, movement__posted_on__lte=line.assessment.as_of
    )
    least = line.carried - max(_ZERO, charged.aggregate(total=Sum("amount"))["total"] or _ZERO)
    if amount < least:
        raise BadInput(
            f"{named(line)}: at least {_said(entity, least)} stays required. Under US GAAP what an earlier fiscal year "
            "wrote down is the new cost basis (ASC 330-10-35-14); only what this year charged comes back (ASC "
            "270-10-45-6)."
        )


@transaction.atomic
def override_withdraw(*, line: AssessmentLine, user: User) -> AssessmentLine:
    """What was worked out counts again. WrongState where nothing was overridden, or once proposed."""
    line = _locked(line, user)
    if line.override is None:
        raise WrongState(f"{named(line)} was not overridden. Reload the page.")
    before = line.override
    line.override, line.override_reason, line.override_cause = None, "", ""
    line.override_by, line.override_at = None, None
    _save(line)
    _tell(line, user, f"the override is withdrawn, {_said(line.assessment.entity, line.required)} again", before)
    return line


def _save(line: AssessmentLine) -> None:
    line.save(
        update_fields=["override", "override_reason", "override_cause", "override_by", "override_at"],
    )


def _tell(line: AssessmentLine, user: User, what: str, before: Decimal | None) -> None:
    audit.record(
        entity=line.assessment.entity,
        actor=user,
        kind="assessment.overridden",
        subject=line.assessment.source_ref,
        message=f"{user} overrode {named(line)} in {line.assessment}: {what}",
        data={
            "line": line.pk,
            "lot": line.lot_id,
            "before": before,
            "after": line.override,
            "required": line.required,
            "reason": line.override_reason,
            "cause": line.override_cause,
            "at": line.override_at.isoformat() if line.override_at else "",
        },
    )
