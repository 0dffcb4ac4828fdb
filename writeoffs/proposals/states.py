"""The one table of legal steps: status x verb -> next status. Anything that does not stand here is refused. Pure."""

from __future__ import annotations

from core.errors import WrongState
from writeoffs.proposals.models import Status, Verb

TRANSITIONS: dict[tuple[str, str], str] = {
    (Status.DRAFT, Verb.SUBMIT): Status.SUBMITTED,
    (Status.DRAFT, Verb.DISCARD): Status.REJECTED,
    (Status.SUBMITTED, Verb.WITHDRAW): Status.DRAFT,
    (Status.SUBMITTED, Verb.RETURN): Status.DRAFT,
    (Status.SUBMITTED, Verb.REJECT): Status.REJECTED,
    (Status.SUBMITTED, Verb.APPROVE): Status.APPROVED,
    (Status.APPROVED, Verb.WITHDRAW): Status.DRAFT,
    (Status.APPROVED, Verb.RETURN): Status.DRAFT,
    (Status.APPROVED, Verb.SECOND): Status.APPROVED,
    (Status.APPROVED, Verb.POST): Status.POSTED,
    (Status.POSTED, Verb.VOID): Status.VOIDED,
}

INFINITIVE: dict[str, str] = {
    Verb.SUBMIT: "submitted",
    Verb.WITHDRAW: "withdrawn",
    Verb.RETURN: "returned",
    Verb.REJECT: "rejected",
    Verb.DISCARD: "discarded",
    Verb.APPROVE: "approved",
    Verb.SECOND: "approved a second time",
    Verb.POST: "posted",
    Verb.VOID: "voided",
}

# Evidence may still be added while it waits (an approver asks for a paper); from approval on everything is frozen.
LINES_OPEN = frozenset({Status.DRAFT})
EVIDENCE_OPEN = frozenset({Status.DRAFT, Status.SUBMITTED})


def next_status(number: str, status: str, verb: str) -> str:
    """The status that the verb leads to. WrongState names the proposal and where it stands."""
    to = TRANSITIONS.get((status, verb))
    if to is None:
        raise WrongState(
            f"{number} is {_as_said(status)}, so it cannot be {INFINITIVE[verb]}. Reload the page to see its steps."
        )
    return to


def verbs_of(status: str) -> list[str]:
    return [verb for (from_status, verb) in TRANSITIONS if from_status == status]


def _as_said(status: str) -> str:
    words = {
        Status.DRAFT: "a draft",
        Status.SUBMITTED: "waiting for approval",
        Status.APPROVED: "approved and waiting to be posted",
        Status.REJECTED: "rejected",
        Status.POSTED: "posted already",
        Status.VOIDED: "voided",
    }
    return words[Status(status)]
