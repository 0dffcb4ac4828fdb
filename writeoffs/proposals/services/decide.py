"""Submit, withdraw, return, reject, approve: each is guard, compare-and-set, change, decision and audit event in one
transaction."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from core import audit
from core.errors import BadInput, StaleContent, WrongState
from core.models import User
from inventory.books import last_movement
from inventory.models import CountSheet
from writeoffs.ledger.mapping import resolver_of
from writeoffs.posting.book import accounts_for
from writeoffs.proposals import content, policy
from writeoffs.proposals.behind import refuse_other_requirement
from writeoffs.proposals.charges import charges_check
from writeoffs.proposals.counted import refuse_moved, sheet_told
from writeoffs.proposals.entry_only import is_entry_only
from writeoffs.proposals.input_tax import refuse_missing
from writeoffs.proposals.late import refuse_unclassified
from writeoffs.proposals.limits import limits_at
from writeoffs.proposals.models import Proposal, Verb
from writeoffs.proposals.records import decision_told
from writeoffs.proposals.services.lines import content_refresh, refuse_other_reason
from writeoffs.proposals.services.steps import content_check, guard, proposal_lock, step

_CLEARED = {"digest": "", "submitted_at": None, "approved_at": None, "approved_by": None}
_CLEARED |= {"countersigned_at": None, "countersigned_by": None, "limits": None}


def _tell(proposal: Proposal, user: User, kind: str, message: str, comment: str = "", **more: object) -> None:
    audit.record(
        entity=proposal.entity,
        actor=user,
        kind=f"proposal.{kind}",
        subject=proposal.source_ref,
        message=message,
        data={
            "digest": proposal.digest,
            "gross_loss": proposal.gross_loss,
            "comment": comment.strip(),
            **decision_told(proposal),
            **sheet_told(proposal),
            **more,
        },
    )


@transaction.atomic
def proposal_submit(*, proposal: Proposal, user: User, version: int | None = None) -> Proposal:
    """Send a draft to the approvers, with its amounts worked out afresh. version: the one the person saw, where a
    page was.

    BadInput without lines; PeriodClosed; UnmappedRole; NotEnoughStock; StaleContent where the draft has changed since.
    """
    proposal = proposal_lock(proposal)
    to = guard(proposal, user=user, verb=Verb.SUBMIT)
    if version is not None and version != proposal.version:
        raise StaleContent(f"{proposal.number} was changed in another window since. Reload the page, then submit it.")
    if not proposal.line_count and not is_entry_only(proposal):
        raise BadInput(f"{proposal.number} has no lines. Add the lots that lost value, then submit it.")
    policy.posting_date_check(
        entity=proposal.entity,
        posting_on=proposal.posting_on,
        found_on=proposal.found_on,
        adjustment=proposal.adjustment,
    )
    refuse_other_reason(proposal, reason=proposal.reason)
    refuse_unclassified(proposal)
    refuse_moved(proposal, step="Remove those lines and have the lots counted again, then submit it.")
    lines = content_refresh(proposal)
    refuse_other_requirement(proposal, lines)
    charges_check(proposal)
    refuse_missing(proposal)
    mapping = resolver_of(entity=proposal.entity)
    accounts_for(mapping=mapping, entries=content.journal_planned(proposal))
    accounts = content.accounts_named(proposal, mapping)
    values = {"digest": content.content_digest(proposal, lines, accounts), "submitted_at": timezone.now()}
    values["limits"] = limits_at(entity=proposal.entity, day=proposal.entity.local_date())
    step(proposal, verb=Verb.SUBMIT, to=to, user=user, values=values)
    message = f"{user} submitted {proposal.number}: {content.amount_said(proposal)}."
    finding = [proposal.finding, proposal.material]
    last = last_movement(proposal.entity)
    _tell(
        *(proposal, user, "submitted", message),
        accounts=accounts,
        movement=last,
        finding=finding,
        content=content.VERSION,
    )
    return proposal


@transaction.atomic
def proposal_withdraw(*, proposal: Proposal, user: User) -> Proposal:
    """Take a proposal back to draft before it is posted; whatever was decided on it is void."""
    proposal = proposal_lock(proposal)
    to = guard(proposal, user=user, verb=Verb.WITHDRAW)
    step(proposal, verb=Verb.WITHDRAW, to=to, user=user, values=_CLEARED)
    _tell(proposal, user, "withdrawn", f"{user} withdrew {proposal.number} to draft.")
    return proposal


@transaction.atomic
def proposal_discard(*, proposal: Proposal, user: User) -> Proposal:
    """Give a draft up for good; its number stays taken, and a count's differences may be proposed again."""
    proposal = proposal_lock(proposal)
    to = guard(proposal, user=user, verb=Verb.DISCARD)
    step(proposal, verb=Verb.DISCARD, to=to, user=user)
    count_sheet_set(proposal, CountSheet.Status.PROPOSED, CountSheet.Status.OPEN)
    _tell(proposal, user, "discarded", f"{user} discarded {proposal.number}, a draft.")
    return proposal


@transaction.atomic
def proposal_return(*, proposal: Proposal, user: User, comment: str) -> Proposal:
    """Give a proposal back to its preparer with a question or a reason, which is required."""
    proposal = proposal_lock(proposal)
    to = guard(proposal, user=user, verb=Verb.RETURN)
    if not comment.strip():
        raise BadInput(f"{proposal.number}: say what the preparer should look at; the comment goes back with it.")
    step(proposal, verb=Verb.RETURN, to=to, user=user, comment=comment, values=_CLEARED)
    _tell(
        proposal,
        user,
        "returned",
        f"{user} returned {proposal.number} to {proposal.created_by}: {comment.strip()}",
        comment,
    )
    return proposal


@transaction.atomic
def proposal_reject(*, proposal: Proposal, user: User, comment: str) -> Proposal:
    """Refuse a proposal for good, with a reason. A count's differences may be proposed again."""
    proposal = proposal_lock(proposal)
    to = guard(proposal, user=user, verb=Verb.REJECT)
    if not comment.strip():
        raise BadInput(f"{proposal.number}: say why it is rejected; the reason is kept with the decision.")
    step(proposal, verb=Verb.REJECT, to=to, user=user, comment=comment)
    count_sheet_set(proposal, CountSheet.Status.PROPOSED, CountSheet.Status.OPEN)
    _tell(proposal, user, "rejected", f"{user} rejected {proposal.number}: {comment.strip()}", comment)
    return proposal


@transaction.atomic
def proposal_approve(*, proposal: Proposal, user: User, digest: str, comment: str = "") -> Proposal:
    """Approve exactly the content of `digest`, the one the person saw. StaleContent where anything about it changed."""
    proposal = proposal_lock(proposal)
    to = guard(proposal, user=user, verb=Verb.APPROVE)
    content_check(proposal, seen=digest)
    values = {"approved_by": user, "approved_at": timezone.now()}
    step(proposal, verb=Verb.APPROVE, to=to, user=user, comment=comment, values=values)
    _tell(proposal, user, "approved", f"{user} approved {proposal.number}: {content.amount_said(proposal)}.", comment)
    return proposal


@transaction.atomic
def proposal_countersign(*, proposal: Proposal, user: User, digest: str, comment: str = "") -> Proposal:
    """Approve as the second approver, whom a soft-closed period asks for, the very content that was approved.

    WrongState where its period is open, or a second approver has signed already; StaleContent as for the first one.
    """
    proposal = proposal_lock(proposal)
    to = guard(proposal, user=user, verb=Verb.SECOND)
    if proposal.countersigned_by is not None:
        raise WrongState(
            f"{proposal.number} was approved a second time by {proposal.countersigned_by}. It can be posted."
        )
    if not policy.wants_second_approver(proposal):
        raise WrongState(
            f"{proposal.number} needs no second approver: its period is not soft-closed. It can be posted."
        )
    content_check(proposal, seen=digest)
    values = {"countersigned_by": user, "countersigned_at": timezone.now()}
    step(proposal, verb=Verb.SECOND, to=to, user=user, comment=comment, values=values)
    said = f"{user} approved {proposal.number} as the second approver: {content.amount_said(proposal)}."
    _tell(proposal, user, "countersigned", said, comment)
    return proposal


def count_sheet_set(proposal: Proposal, old: str, new: str) -> None:
    """The count's state follows its proposal; a proposal without a count has none."""
    if proposal.count_sheet_id is not None:
        CountSheet.objects.filter(pk=proposal.count_sheet_id, status=old).update(status=new)
