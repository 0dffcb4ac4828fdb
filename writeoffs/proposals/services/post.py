"""Posts an approved proposal: once, whoever presses how often, in one transaction with movements, entries and audit
event."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from core import audit
from core.access import roles_in
from core.errors import StaleContent
from core.idempotency import Answer, Asked, once
from core.models import User
from inventory.models import CountSheet
from writeoffs.ledger.mapping import resolver_of
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.book import posting_book, posting_prepare
from writeoffs.posting.erp_proof import postings_told
from writeoffs.proposals import content, policy
from writeoffs.proposals.behind import refuse_other_requirement
from writeoffs.proposals.counted import differences_left, refuse_moved, sheet_told
from writeoffs.proposals.models import Proposal, Status, Verb
from writeoffs.proposals.provisions import provisions_move
from writeoffs.proposals.records import POSTED, decision_told, posted_rows, provided_told
from writeoffs.proposals.services.decide import count_sheet_set
from writeoffs.proposals.services.steps import RETURN_COUNT, guard, proposal_lock, refuse_differences, step


@dataclass(frozen=True, slots=True)
class Posted:
    """already: somebody, perhaps the same person in another tab, had posted it before; nothing was posted again.
    answered: what the first press was told, where this one repeats it."""

    proposal: Proposal
    entries: list[JournalEntry]
    already: bool
    answered: str = ""

    @property
    def message(self) -> str:
        """ "Posted: 12,480.00 EUR, expiry, entry 2026-000123, March 2026." """
        if self.answered:
            return self.answered
        proposal = self.proposal
        numbers = " and ".join(entry.number for entry in self.entries)
        if self.already:
            where = f"as entry {numbers}" if numbers else "without a journal, since it has no value"
            return f"{proposal.number} is posted already, {where}. Nothing was posted again."
        where = f"entry {numbers}" if numbers else "no journal, since it has no value"
        return f"Posted: {content.amount_said(proposal)}, {proposal.about}, {where}, {proposal.posting_on:%B %Y}."


def entries_posted(proposal: Proposal) -> list[JournalEntry]:
    """The entries of a posted proposal, without those of its void."""
    entries = JournalEntry.objects.filter(entity=proposal.entity, source_ref=proposal.source_ref, reverses__isnull=True)
    return list(entries.select_related("entity", "period").order_by("chain_sequence"))


def proposal_post(*, proposal: Proposal, user: User, digest: str, key: str = "") -> Posted:
    """Make movements and entries of exactly the content of `digest`. Pressed again, it answers what was posted.

    key: of the press (core.idempotency): the same key answers what the first press was told. StaleContent where lots,
    accounts or evidence give something else than was approved; PeriodClosed; UnmappedRole; NotEnoughStock;
    SegregationOfDuties; KeyUsed. Nothing is kept then.
    """
    made: list[Posted] = []

    def step_once() -> Answer:
        made.append(_post(proposal, user, digest))
        return Answer(made[0].message, {"entries": [entry.number for entry in made[0].entries]})

    asked = Asked(
        "proposal.post",
        proposal.source_ref,
        {"digest": digest},
        done_already=lambda: Proposal.objects.filter(pk=proposal.pk, status=Status.POSTED).exists(),
    )
    answer = once(entity=proposal.entity, user=user, key=key, asked=asked, step=step_once)
    if made:
        return made[0]
    proposal = Proposal.objects.select_related("entity").get(pk=proposal.pk)
    return Posted(proposal, entries_posted(proposal), already=True, answered=answer.message)


@transaction.atomic
def _post(proposal: Proposal, user: User, digest: str) -> Posted:
    proposal = proposal_lock(proposal)
    if proposal.status == Status.POSTED and _may_post(proposal, user):
        return Posted(proposal, entries_posted(proposal), already=True)
    to = guard(proposal, user=user, verb=Verb.POST)
    if digest != proposal.digest:
        raise _stale(proposal)
    lines = content.lines_read(proposal)
    charges = content.charges_planned(proposal)
    prepared = posting_prepare(content.document_of(proposal, content.instructions_of(lines), charges))
    mapping = resolver_of(entity=proposal.entity)
    # The lots are read once: they say where each line stands, which says its accounts.
    accounts = content.accounts_named(proposal, mapping, content.parts_at_hand(proposal, lines, prepared.changes))
    if not content.content_is(proposal, lines, digest, accounts):
        raise _stale(proposal)
    refuse_moved(proposal, step=RETURN_COUNT)
    refuse_other_requirement(proposal, lines)
    refuse_differences(proposal, lines, prepared)
    evidence = content.evidence_digests(proposal)
    step(
        proposal,
        verb=Verb.POST,
        to=to,
        user=user,
        values={"posted_by": user, "posted_at": timezone.now()},
    )
    posting, entries = posting_book(
        prepared=prepared,
        posted_by=user,
        prepared_by=proposal.created_by,
        approved_by=_approver(proposal),
        evidence=evidence,
        mapping=mapping,
    )
    provisions_move(proposal)
    left = differences_left(proposal)
    count_sheet_set(proposal, CountSheet.Status.PROPOSED, CountSheet.Status.OPEN if left else CountSheet.Status.CLOSED)
    posted = Posted(proposal, entries, already=False)
    audit.record(
        entity=proposal.entity,
        actor=user,
        kind="proposal.posted",
        subject=proposal.source_ref,
        message=f"{user} posted {proposal.number}. {posted.message}",
        data={
            "digest": proposal.digest,
            "entries": [entry.number for entry in entries],
            "net_loss": proposal.net_loss,
            "record": POSTED.digest(*posted_rows(proposal)),
            **decision_told(proposal),
            **provided_told(proposal),
            **sheet_told(proposal),
            **postings_told(posting),
            "kind": posting.kind,
            "takes": posting.takes,
        },
    )
    return posted


def _stale(proposal: Proposal) -> StaleContent:
    return StaleContent(
        f"{proposal.number} is no longer what was approved or what you saw: its content or an account it posts to has "
        "changed. Reload the page; where it stays so, return it to the preparer."
    )


def _may_post(proposal: Proposal, user: User) -> bool:
    return policy.role_refusal(proposal, roles=roles_in(proposal.entity, user), verb=Verb.POST) is None


def _approver(proposal: Proposal) -> User:
    if proposal.approved_by is None:
        raise StaleContent(f"{proposal.number} names no approver. Return it to the preparer.")
    return proposal.approved_by
