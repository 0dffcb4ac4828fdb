"""The one way in which a proposal changes its status: guard, compare-and-set, decision. Used by every other service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import F

from core.access import roles_in
from core.errors import StaleContent, WrongState
from core.models import User
from writeoffs.posting.book import Prepared, posting_preview
from writeoffs.proposals import content, policy
from writeoffs.proposals.behind import refuse_other_requirement
from writeoffs.proposals.content import RawLine
from writeoffs.proposals.counted import refuse_moved
from writeoffs.proposals.models import Decision, Proposal
from writeoffs.proposals.states import LINES_OPEN, next_status

RETURN_COUNT = "Return it to the preparer, who removes those lines and has the lots counted again."


def proposal_lock(proposal: Proposal) -> Proposal:
    """The proposal as it stands now, row-locked until the transaction ends."""
    return (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("entity", "created_by", "approved_by", "countersigned_by", "count_sheet__upload")
        .get(pk=proposal.pk)
    )


def guard(proposal: Proposal, *, user: User, verb: str) -> str:
    """The next status. Raises what the transition table or the duties say against it; first the state, then the
    person."""
    to = next_status(proposal.number, proposal.status, verb)
    refused = policy.refusal(proposal, user=user, roles=roles_in(proposal.entity, user), verb=verb)
    if refused is not None:
        raise refused
    return to


def guard_edit(proposal: Proposal, *, user: User) -> None:
    """Only a draft is changed, and only by its preparer."""
    if proposal.status not in LINES_OPEN:
        raise WrongState(
            f"{proposal.number} is no draft any more, so its lines stay as they are. Its preparer can withdraw it "
            "first, "
            "as long as it is not posted."
        )
    refused = policy.refusal(proposal, user=user, roles=roles_in(proposal.entity, user), verb=policy.EDIT)
    if refused is not None:
        raise refused


def step(
    proposal: Proposal, *, verb: str, to: str, user: User, comment: str = "", values: Mapping[str, Any] | None = None
) -> None:
    """Compare-and-set the status, bring `values` along and keep the decision with the digest that it saw."""
    changed = Proposal.objects.filter(pk=proposal.pk, status=proposal.status, version=proposal.version).update(
        status=to, version=F("version") + 1, **(values or {})
    )
    if changed != 1:
        raise StaleContent(f"{proposal.number} was changed by somebody else in the meantime. Reload the page.")
    proposal.refresh_from_db()
    Decision.objects.create(proposal=proposal, verb=verb, by=user, digest=proposal.digest, comment=comment.strip())


def content_check(proposal: Proposal, *, seen: str) -> tuple[list[RawLine], Prepared]:
    """StaleContent unless what the person saw, what was submitted, and what the lots give now are all the same."""
    if seen != proposal.digest:
        raise StaleContent(
            f"{proposal.number} has changed since you opened it. Reload the page and look at it again before you "
            "decide."
        )
    lines = content.lines_read(proposal)
    if not content.content_is(proposal, lines, proposal.digest):
        raise StaleContent(
            f"{proposal.number}: an account that it would post to is another one than when it was submitted. "
            "Return it to the preparer, who submits it again."
        )
    refuse_moved(proposal, step=RETURN_COUNT)
    refuse_other_requirement(proposal, lines)
    prepared = posting_preview(content.document_of(proposal, content.instructions_of(lines)))
    refuse_differences(proposal, lines, prepared)
    return lines, prepared


def refuse_differences(proposal: Proposal, lines: list[RawLine], prepared: Prepared) -> None:
    found = content.differences(proposal.entity, lines, prepared.changes)
    if found:
        more = f" and {len(found) - 3} more lines" if len(found) > 3 else ""
        raise StaleContent(
            f"{proposal.number}: the stock behind it has changed: {'; '.join(found[:3])}{more}. "
            "Return it to the preparer, who looks at it and submits it again."
        )
