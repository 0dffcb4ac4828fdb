"""Adds and removes evidence. A paper is judged by its own bytes, not by its name, and is frozen once the proposal is
approved."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.db import transaction
from django.db.models import F

from core import audit
from core.access import roles_in
from core.errors import BadInput, WrongState
from core.files import file_store, files_told
from core.models import User
from core.papers import ACCEPTED as ACCEPTED
from core.papers import PREVIEWED as PREVIEWED
from core.papers import Paper as Paper
from core.papers import content_type_of as content_type_of
from writeoffs.proposals import content, policy
from writeoffs.proposals.models import Evidence, Proposal, Status
from writeoffs.proposals.services.steps import proposal_lock
from writeoffs.proposals.states import EVIDENCE_OPEN


def _guard(proposal: Proposal, user: User) -> None:
    if proposal.status not in EVIDENCE_OPEN:
        raise WrongState(
            f"{proposal.number} has been decided, so its evidence is frozen. Withdraw it to draft to add a paper, "
            "as long as it "
            "is not posted."
        )
    refused = policy.refusal(proposal, user=user, roles=roles_in(proposal.entity, user), verb=policy.EDIT)
    if refused is not None:
        raise refused


def _content_changed(proposal: Proposal) -> dict[str, object]:
    """Another version; while it waits, another digest too, so that nobody approves what they have not seen. Gives what
    the audit trail keeps of a new digest."""
    proposal.version += 1
    values: dict[str, object] = {"version": F("version") + 1}
    told: dict[str, object] = {}
    if proposal.status == Status.SUBMITTED:
        lines = content.lines_read(proposal)
        accounts = content.accounts_named(proposal)
        proposal.digest = values["digest"] = content.content_digest(proposal, lines, accounts)
        told = {"digest": proposal.digest, "accounts": accounts, "content": content.VERSION}
    Proposal.objects.filter(pk=proposal.pk).update(**values)
    return told


@transaction.atomic
def evidence_add(*, proposal: Proposal, user: User, kind: str, papers: list[Paper]) -> list[Evidence]:
    """Attach several papers at once, or none: BadInput names the first file that cannot be taken."""
    proposal = proposal_lock(proposal)
    _guard(proposal, user)
    if not papers:
        raise BadInput(f"{proposal.number}: choose at least one file.")
    if kind not in Evidence.Kind.values:
        raise BadInput(f"'{kind}' is no kind of evidence. Choose one from the list.")
    added = []
    for paper in papers:
        stored = file_store(
            entity=proposal.entity,
            name=paper.name,
            content=paper.content,
            content_type=content_type_of(paper),
            user=user,
        )
        if Evidence.objects.filter(proposal=proposal, file=stored).exists():
            raise BadInput(f"'{paper.name}' is attached to {proposal.number} already.")
        name = PurePosixPath(paper.name.replace("\\", "/")).name[-255:]
        added.append(Evidence.objects.create(proposal=proposal, kind=kind, file=stored, file_name=name, added_by=user))
    told = _content_changed(proposal)
    audit.record(
        entity=proposal.entity,
        actor=user,
        kind="proposal.evidence_added",
        subject=proposal.source_ref,
        message=f"{user} attached to {proposal.number}: {', '.join(one.file_name for one in added)}.",
        data={"sha256": [one.file.sha256 for one in added], **files_told([one.file for one in added]), **told},
    )
    return added


@transaction.atomic
def evidence_remove(*, evidence: Evidence, user: User) -> Proposal:
    """Take a paper off again before approval; the file itself stays stored."""
    proposal = proposal_lock(evidence.proposal)
    _guard(proposal, user)
    name, sha256 = evidence.file_name, evidence.file.sha256
    evidence.delete()
    told = _content_changed(proposal)
    audit.record(
        entity=proposal.entity,
        actor=user,
        kind="proposal.evidence_removed",
        subject=proposal.source_ref,
        message=f"{user} took {name} off {proposal.number}.",
        data={"sha256": sha256, **told},
    )
    return proposal
