"""Tells all concerned when a change of prices, rates or policies makes a proposal stale, or no longer does.

Invariant: each turn is one audit event of the proposal, which inbox and list show beside it until it is submitted or
edited anew; a step on a stale proposal is refused by what stands then (behind.py), whether anybody was told or not.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from core import audit, jobs
from core.models import AuditEvent, Entity, Job, User
from writeoffs.proposals import content
from writeoffs.proposals.behind import OPEN, assessment_behind
from writeoffs.proposals.models import Proposal
from writeoffs.valuation.news import listen

RUN = "proposals.behind"
STALE, CURRENT = "proposal.stale", "proposal.current"
# What makes the earlier word of it void: the content is another one since.
_ANEW = ("proposal.submitted", "proposal.edited", "proposal.withdrawn")
_WORDS = (STALE, CURRENT, *_ANEW)


def last_told(proposals: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """Adds `behind_told`: the kind of the last event that says whether it is stale, or that made it another one."""
    subject = Concat(Value("proposal:"), OuterRef("number"), output_field=CharField())
    return proposals.annotate(behind_told=Subquery(_last_word(OuterRef("entity"), subject)))


def _last_word(entity: Any, subject: Any) -> QuerySet[AuditEvent, str]:
    told = AuditEvent.objects.filter(entity=entity, subject=subject, kind__in=_WORDS)
    return told.order_by("-sequence").values_list("kind", flat=True)[:1]


def _open(entity: Entity) -> QuerySet[Proposal]:
    return Proposal.objects.filter(entity=entity, status__in=OPEN).exclude(made_from="")


def heard(entity: Entity, user: User) -> None:
    """Something that assessments know has changed: look in the background at what was made from one."""
    waiting = Job.objects.filter(entity=entity, kind=RUN, status=Job.Status.QUEUED)
    if waiting.exists() or not _open(entity).exists():
        return
    jobs.job_enqueue(job=jobs.job_create(entity=entity, kind=RUN, user=user))


def look(run: jobs.Run) -> None:
    """The job: every open proposal that was made from an assessment, each in a transaction of its own."""
    numbers = list(_open(run.job.entity).order_by("pk").values_list("pk", flat=True))
    run.progress(done=0, total=len(numbers), stage="Working out what is required now")
    for done, pk in enumerate(numbers, start=1):
        with transaction.atomic():
            _look(pk, run.job.created_by)
            run.progress(done=done)


def _look(pk: int, user: User | None) -> None:
    own = Proposal.objects.filter(pk=pk, status__in=OPEN).select_related("entity")
    proposal = own.select_for_update(of=("self",)).first()
    if proposal is None:
        return
    found = assessment_behind(proposal, content.lines_read(proposal))
    last = _last_word(proposal.entity_id, proposal.source_ref).first()
    if bool(found.moved) == (last == STALE):
        return
    people = _concerned(proposal)
    said = (
        f"{proposal.number} cannot go on as it stands: what was known for {found.assessment} has changed: "
        f"{found.sentence()}."
        if found.moved
        else f"{proposal.number} is up to date again: what is known gives the amounts that stand on it."
    )
    audit.record(
        entity=proposal.entity,
        actor=user,
        kind=STALE if found.moved else CURRENT,
        subject=proposal.source_ref,
        message=f"{said} It concerns {', '.join(people)}.",
        data={"digest": proposal.digest, "moved": found.required, "told": found.told},
    )


def _concerned(proposal: Proposal) -> list[str]:
    """Who prepared it and who has decided on it, by name."""
    keys = [proposal.created_by_id, *proposal.also_prepared_by, proposal.approved_by_id, proposal.countersigned_by_id]
    wanted = dict.fromkeys(key for key in keys if key is not None)
    people = User.objects.filter(Q(pk__in=wanted)).in_bulk()
    return [str(people[key]) for key in wanted if key in people]


def connect() -> None:
    """Called when Django is ready."""
    jobs.register(RUN, look)
    listen(heard)
