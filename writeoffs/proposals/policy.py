"""Who may do what with a proposal, why not, and who can; and which dates a proposal proposes by itself.

Invariant: preparer, approver and poster of one document are three people (four where a soft-closed period asks for a
second approver); whoever counted does not approve the adjustment, nor does whoever overrode a line of an assessment.
The services raise what `refusal` gives; the pages show the same sentence beforehand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from core.errors import DomainError, NotAllowed, PeriodClosed, SegregationOfDuties
from core.models import Entity, User
from core.words import Role
from writeoffs.ledger.calendar import first_open_date, no_period, period_of
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.proposals.limits import asked_of, limit_refusal
from writeoffs.proposals.models import Proposal, Status, Verb

ROLE_OF: dict[str, tuple[Role, ...]] = {
    Verb.SUBMIT: (Role.PREPARER,),
    Verb.WITHDRAW: (Role.PREPARER,),
    Verb.DISCARD: (Role.PREPARER,),
    Verb.RETURN: (Role.APPROVER,),
    Verb.REJECT: (Role.APPROVER,),
    Verb.APPROVE: (Role.APPROVER,),
    Verb.SECOND: (Role.APPROVER,),
    Verb.POST: (Role.CONTROLLER,),
    Verb.VOID: (Role.CONTROLLER, Role.PREPARER),
}

# No document is older: an earlier year is a slip of the hand.
FIRST_DAY = dt.date(1990, 1, 1)
# What only the person who prepared the document does.
OWN = frozenset({Verb.SUBMIT, Verb.WITHDRAW, Verb.DISCARD})
# A line or its evidence is changed by whom submits it.
EDIT = Verb.SUBMIT


def roles_for(proposal: Proposal, verb: str) -> tuple[Role, ...]:
    """An approved proposal comes back from the controller's desk as well as from an approver's."""
    if verb == Verb.RETURN and proposal.status == Status.APPROVED:
        return (Role.APPROVER, Role.CONTROLLER)
    return ROLE_OF[verb]


def excluded(proposal: Proposal, verb: str) -> set[int]:
    """The people whom segregation of duties keeps from the verb, whatever their roles."""
    people: set[int | None] = set()
    if verb in (Verb.APPROVE, Verb.SECOND, Verb.REJECT, Verb.RETURN, Verb.POST):
        people |= {proposal.created_by_id, *proposal.also_prepared_by}
    if verb in (Verb.APPROVE, Verb.SECOND, Verb.POST) and proposal.count_sheet is not None:
        people |= {proposal.count_sheet.created_by_id, proposal.count_sheet.upload.committed_by_id}
    if verb in (Verb.SECOND, Verb.POST):
        people |= {proposal.approved_by_id, proposal.countersigned_by_id}
    return {person for person in people if person is not None}


def refusal(proposal: Proposal, *, user: User, roles: Collection[str], verb: str) -> DomainError | None:
    """Why the person may not do the verb now, as the error a service raises; None where they may."""
    missing = role_refusal(proposal, roles=roles, verb=verb)
    if missing is not None:
        return missing
    said = Verb(verb).label.lower()
    if verb in OWN and proposal.created_by_id != user.pk:
        return NotAllowed(
            f"{proposal.number} was prepared by {proposal.created_by}; only they change it, submit or take it back."
        )
    if verb == Verb.APPROVE:
        return approval_refusal(proposal, user=user, roles=roles, gross=proposal.gross_loss)
    if user.pk in excluded(proposal, verb):
        return SegregationOfDuties(_conflict(proposal, user, said))
    return None


def approval_refusal(
    proposal: Proposal, *, user: User, roles: Collection[str], gross: Decimal, said: str = "approved"
) -> DomainError | None:
    """Why the person may not approve `gross` of this document; None where they may. The one rule for its approval and
    for the decision on its void, which takes the gross of the lines to be voided: what a person could not approve, they
    cannot undo either. `gross` is what limits judge, once an entity has some."""
    if not set(ROLE_OF[Verb.APPROVE]) & set(roles):
        return NotAllowed(f"{proposal.number} is {said} by an approver; you have no such role in {proposal.entity}.")
    if user.pk in excluded(proposal, Verb.APPROVE):
        return SegregationOfDuties(_conflict(proposal, user, said))
    return limit_refusal(proposal, user=user, gross=gross, said=said)


def role_refusal(proposal: Proposal, *, roles: Collection[str], verb: str) -> NotAllowed | None:
    """Why somebody with these roles may not do the verb on any proposal; None where a role allows it."""
    needed = roles_for(proposal, verb)
    if set(needed) & set(roles):
        return None
    names = " or ".join(role.label.lower() for role in needed)
    said = Verb(verb).label.lower()
    return NotAllowed(f"{proposal.number} is {said} by a {names}; you have no such role in {proposal.entity}.")


def _conflict(proposal: Proposal, user: User, said: str) -> str:
    if user.pk == proposal.created_by_id:
        return f"You prepared {proposal.number}, so it has to be {said} by somebody else."
    if user.pk in proposal.also_prepared_by:
        return f"You overrode a line of {proposal.number}, so it has to be {said} by somebody else."
    if user.pk in (proposal.approved_by_id, proposal.countersigned_by_id):
        return f"You approved {proposal.number}, so it has to be {said} by somebody else."
    sheet = proposal.count_sheet
    done = "took in" if sheet is None or user.pk != sheet.created_by_id else "uploaded"
    return f"You {done} the count behind {proposal.number}, so it has to be {said} by somebody else."


def people_for(proposal: Proposal, verb: str) -> list[User]:
    """Everybody who may do the verb now: "Waiting for an approver: Anna Berg or Tom Ruiz"."""
    people = User.objects.filter(
        memberships__entity=proposal.entity, memberships__role__in=roles_for(proposal, verb), is_active=True
    ).exclude(pk__in=excluded(proposal, verb))
    if verb in OWN:
        people = people.filter(pk=proposal.created_by_id)
    asked = asked_of(proposal, proposal.gross_loss) if verb == Verb.APPROVE else None
    if asked is not None:
        people = people.filter(pk__in=asked.holders())
    return list(people.distinct())


def day_refusal(*, entity: Entity, name: str, day: dt.date) -> str:
    """Why a date cannot be the `name` of a document, or an empty text: what has not happened yet is no loss, and
    nothing is posted ahead of its day."""
    today = entity.local_date()
    if day > today:
        return f"The {name} {day.isoformat()} lies in the future. Take {today.isoformat()}, today, or an earlier date."
    if day < FIRST_DAY:
        return f"The {name} {day.isoformat()} lies before {FIRST_DAY.isoformat()}. Check the year."
    return ""


def posting_date_default(*, entity: Entity, found_on: dt.date) -> dt.date | None:
    """The later of found date and first open date; None where no period is open from the found date until today."""
    start = first_open_date(entity=entity, on_or_after=found_on)
    return None if start is None or start > entity.local_date() else start


def posting_date_check(*, entity: Entity, posting_on: dt.date, found_on: dt.date, adjustment: bool = False) -> None:
    """PeriodClosed, with the date that can be taken instead, where no period that takes postings holds the date."""
    period = period_of(entity=entity, day=posting_on, adjustment=adjustment)
    if period is not None and period.status in FiscalPeriod.TAKING:
        return
    offer = posting_date_default(entity=entity, found_on=found_on)
    what = f"{period} is closed" if period else no_period(entity, posting_on, adjustment)
    step = (
        f"Take {offer.isoformat()}, the later of the found date and the first open date."
        if offer
        else "Ask a controller to open a period."
    )
    raise PeriodClosed(f"{posting_on.isoformat()} cannot be the posting date: {what}. {step}")


def wants_second_approver(proposal: Proposal) -> bool:
    """Whether it is approved, its period is soft-closed, and nobody has approved it a second time yet."""
    if proposal.status != Status.APPROVED or proposal.countersigned_by_id is not None:
        return False
    period = period_of(entity=proposal.entity, day=proposal.posting_on, adjustment=proposal.adjustment)
    return period is not None and period.status == FiscalPeriod.Status.SOFT_CLOSED


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a person can do now. verb: of the proposal; label: the button, naming action and amount."""

    verb: str
    label: str
    needs_comment: bool = False
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Duties:
    """What this person can do now, the strong step first; `waiting` says who is awaited, `why` why this person
    cannot."""

    steps: tuple[Step, ...]
    waiting: str
    why: str

    @property
    def primary(self) -> Step | None:
        return self.steps[0] if self.steps and self.steps[0].strong else None

    @property
    def others(self) -> tuple[Step, ...]:
        return self.steps[1:] if self.primary else self.steps


_AWAITED: dict[str, tuple[str, str]] = {
    Status.DRAFT: (Verb.SUBMIT, "its preparer"),
    Status.SUBMITTED: (Verb.APPROVE, "an approver"),
    Status.APPROVED: (Verb.POST, "a controller"),
}

_ENDED: dict[str, str] = {
    Status.POSTED: "Posted. Only a void undoes it: a controller or preparer asks, a second person decides.",
    Status.REJECTED: "Rejected or discarded. Where the loss is real after all, make a new proposal.",
    Status.VOIDED: "Voided: its mirror entry stands in the journal.",
}

_OTHERS: dict[str, tuple[Step, ...]] = {
    Status.DRAFT: (Step(Verb.DISCARD, "Discard the draft"),),
    Status.SUBMITTED: (
        Step(Verb.RETURN, "Return with a question", needs_comment=True),
        Step(Verb.REJECT, "Reject", needs_comment=True),
        Step(Verb.WITHDRAW, "Withdraw to draft"),
    ),
    Status.APPROVED: (
        Step(Verb.RETURN, "Return to the preparer", needs_comment=True),
        Step(Verb.WITHDRAW, "Withdraw to draft"),
    ),
}


def duties(proposal: Proposal, *, user: User, roles: Collection[str], amount: str) -> Duties:
    """What the page's bottom bar offers. amount: "12,480.00 EUR", as the button names it."""
    awaited = _AWAITED.get(proposal.status)
    if awaited is None:
        return Duties((), _ENDED.get(proposal.status, ""), "")
    verb, whom = (Verb.SECOND, "a second approver") if wants_second_approver(proposal) else awaited
    names = {
        Verb.SUBMIT: f"Submit {amount}",
        Verb.APPROVE: f"Approve {amount}",
        Verb.SECOND: f"Approve {amount} a second time",
        Verb.POST: f"Post {amount}",
    }
    why = refusal(proposal, user=user, roles=roles, verb=verb)
    steps: tuple[Step, ...] = () if why else (Step(verb, names[Verb(verb)], strong=True),)
    steps += tuple(
        step
        for step in _OTHERS.get(proposal.status, ())
        if refusal(proposal, user=user, roles=roles, verb=step.verb) is None
    )
    people = " or ".join(str(person) for person in people_for(proposal, verb))
    waiting = f"Waiting for {whom}: {people}." if people else f"Waiting for {whom}, but nobody here may do it."
    if not people:
        waiting += " Ask an administrator to give the role to one more person."
    return Duties(steps, waiting, why.message if why else "")
