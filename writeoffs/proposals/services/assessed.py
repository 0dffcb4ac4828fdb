"""Turns accepted lines of an assessment into proposals: one for each kind, reason and location.

Invariants: lots are locked while their movements are worked out, so that two people who accept the same lots make one
proposal of each; only the leading basis is proposed; whoever overrode a line counts as preparer of what it is on.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import connection, transaction
from django.db.models import QuerySet

from core import audit
from core.access import roles_in
from core.errors import BadInput, NotAllowed, WrongState
from core.models import Entity, Location, User
from core.money import MONEY_SCALE, from_raw
from core.sets import among, ids
from core.words import Framework, Role
from writeoffs.posting.lots import fiscal_year_of, lot_states
from writeoffs.proposals.assessed import Asked, Left, LeftOut, Taken, planned
from writeoffs.proposals.assessed_lines import COLUMNS, accepted_line
from writeoffs.proposals.models import Evidence, Kind, Proposal, Status
from writeoffs.proposals.services.centres import with_default_centres
from writeoffs.proposals.services.create import Header, proposal_create
from writeoffs.valuation.models import Assessment, AssessmentLine, Basis, Price

# So many papers a proposal carries; the others stand on the lines of the assessment.
PAPERS = 20
_FREE = (Status.REJECTED, Status.VOIDED)


@dataclass(frozen=True, slots=True)
class Batch:
    """What becomes one proposal. amount: raw, of its movements."""

    kind: str
    reason: str
    location: Location
    lines: Sequence[Taken]

    @property
    def amount(self) -> int:
        return sum(taken.amount for taken in self.lines)

    @property
    def followed(self) -> int:
        """Lines whose quantity has changed since, and whose amount with it."""
        return sum(taken.followed for taken in self.lines)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be proposed, and what is left out."""

    batches: Sequence[Batch]
    left: Sequence[LeftOut]

    @property
    def lines(self) -> int:
        return sum(len(batch.lines) for batch in self.batches)

    def left_by_why(self) -> list[tuple[Left, list[LeftOut]]]:
        """Grouped, the ones that need somebody first; what has nothing to book comes last."""
        found: dict[Left, list[LeftOut]] = {}
        for out in self.left:
            found.setdefault(out.why, []).append(out)
        return sorted(found.items(), key=lambda item: (item[0] in (Left.NOTHING, Left.UNTESTED), item[0].value))


def assessed_plan(
    *,
    assessment: Assessment,
    lines: QuerySet[AssessmentLine],
    posting_on: dt.date,
    write_off_expired: bool = False,
    lock: bool = False,
) -> Plan:
    """What accepting the lines would propose as the lots stand now. lock: the lots, until the transaction ends.
    WrongState where the assessment cannot be proposed from."""
    entity = assessment.entity
    refuse_unproposable(assessment)
    rows = list(
        lines.select_related(None).order_by("lot__location__code", "lot__item__sku", "pk").values_list(*COLUMNS)
    )
    accepted = [accepted_line(row, assessment) for row in rows]
    refs = {row[0]: row[11] for row in rows if row[11]}
    states = lot_states(entity=entity, lot_ids=[line.lot_id for line in accepted], lock=lock)
    asked = Asked(
        entity.exponent,
        entity.framework == Framework.US_GAAP,
        fiscal_year_of(entity, posting_on),
        write_off_expired,
        _open_on(entity, list(states)),
        _standing(entity, refs, {row[0]: row[1] for row in rows}),
    )
    groups, left = planned(accepted, states, asked)
    places = Location.objects.filter(entity=entity).in_bulk({location for _, _, location in groups})
    return Plan([Batch(kind, reason, places[where], found) for (kind, reason, where), found in groups.items()], left)


def refuse_unproposable(assessment: Assessment) -> None:
    if assessment.basis != Basis.LEADING:
        raise WrongState(
            f"{assessment} is of the {assessment.get_basis_display().lower()} basis, which is not posted. Its "
            "adjustment report says what it differs by; propose from an assessment of the leading basis."
        )
    if assessment.status not in (Assessment.Status.DONE, Assessment.Status.PROPOSED):
        raise WrongState(
            f"{assessment} is {assessment.get_status_display().lower()}, so nothing can be proposed from it. Start "
            "another assessment."
        )


def _open_on(entity: Entity, lot_ids: Sequence[int]) -> dict[int, str]:
    """lot -> the number of a proposal that holds it and is not posted, rejected or voided."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select l.lot_id, min(p.number) from proposals_proposalline l join proposals_proposal p "
            f"on p.id = l.proposal_id where p.entity_id = %s and {among('l.lot_id')} "
            "and p.status in ('DRAFT', 'SUBMITTED', 'APPROVED') group by l.lot_id",
            [entity.pk, ids(lot_ids)],
        )
        return dict(cursor.fetchall())


def _standing(entity: Entity, refs: dict[int, str], lots: dict[int, int]) -> dict[int, str]:
    """Line -> the number of its own proposal, where that is posted or waits, and the lot on it is not voided."""
    numbers = {ref.partition(":")[2] for ref in refs.values()}
    alive = Proposal.objects.filter(entity=entity, number__in=numbers).exclude(status__in=_FREE)
    standing = set(alive.values_list("number", "lines__lot_id").filter(lines__voided__isnull=True))
    found = {pk: ref.partition(":")[2] for pk, ref in refs.items()}
    return {pk: number for pk, number in found.items() if (number, lots[pk]) in standing}


@transaction.atomic
def proposals_from_assessment(
    *,
    assessment: Assessment,
    lines: QuerySet[AssessmentLine],
    user: User,
    header: Header,
    write_off_expired: bool = False,
) -> tuple[list[Proposal], Plan]:
    """Drafts of the accepted lines, with the price sources as evidence; and what was left out.

    NotAllowed but for a preparer; WrongState for another basis; BadInput where nothing is left to propose; what
    header_check raises. header: its kind and reason are set for each proposal.
    """
    entity = assessment.entity
    if Role.PREPARER not in roles_in(entity, user):
        raise NotAllowed(f"What an assessment requires is proposed by a preparer; you have no such role in {entity}.")
    plan = assessed_plan(
        assessment=assessment,
        lines=lines,
        posting_on=header.posting_on,
        write_off_expired=write_off_expired,
        lock=True,
    )
    if not plan.batches:
        raise BadInput(f"{assessment}: nothing is left to propose. {left_said(plan)}")
    made = [_propose(assessment, user, header, batch) for batch in plan.batches]
    _finish(assessment, user, made, plan)
    return made, plan


def _propose(assessment: Assessment, user: User, header: Header, batch: Batch) -> Proposal:
    others = {taken.line.overridden_by for taken in batch.lines} - {None, user.pk}
    own = replace(header, kind=batch.kind, reason=batch.reason)
    if batch.kind == Kind.REVERSAL:
        # A recovery is news of its day, never a loss found late.
        own = replace(own, finding="", material=None, finding_why="")
    proposal = proposal_create(
        entity=assessment.entity,
        user=user,
        header=own,
        lines=with_default_centres([taken.input for taken in batch.lines]),
        made_from=assessment.source_ref,
        also_prepared_by=sorted(person for person in others if person is not None),
    )
    chosen = [taken.line.id for taken in batch.lines]
    with connection.cursor() as cursor:
        cursor.execute(
            f"update valuation_assessmentline set proposal_ref = %s where {among('id')}",
            [proposal.source_ref, ids(chosen)],
        )
    _papers(proposal, user)
    return proposal


def _papers(proposal: Proposal, user: User) -> None:
    """The files that the prices were taken from, as evidence: the paper of each price, else the sheet it came with."""
    prices = Price.objects.filter(
        pk__in=AssessmentLine.objects.filter(
            assessment__entity=proposal.entity, proposal_ref=proposal.source_ref, price__isnull=False
        ).values("price")
    )
    papers: dict[int, str] = {}
    for file_id, name, sheet_id, sheet in prices.order_by("pk").values_list(
        "evidence_id", "evidence__name", "upload__file_id", "upload__file_name"
    ):
        if file_id or sheet_id:
            papers.setdefault(file_id or sheet_id, name if file_id else sheet)
    Evidence.objects.bulk_create(
        Evidence(
            proposal=proposal,
            kind=Evidence.Kind.PRICE_SOURCE,
            file_id=file_id,
            file_name=name[-255:],
            added_by=user,
        )
        for file_id, name in list(papers.items())[:PAPERS]
    )


def _finish(assessment: Assessment, user: User, made: Sequence[Proposal], plan: Plan) -> None:
    Assessment.objects.filter(pk=assessment.pk, status=Assessment.Status.DONE).update(status=Assessment.Status.PROPOSED)
    numbers = ", ".join(proposal.number for proposal in made)
    audit.record(
        entity=assessment.entity,
        actor=user,
        kind="assessment.proposed",
        subject=assessment.source_ref,
        message=f"{user} accepted {plan.lines:,} lots of {assessment} and made {numbers}.",
        data={
            "proposals": [proposal.number for proposal in made],
            "lines": plan.lines,
            "left_out": {why.name: count for why, count in Counter(out.why for out in plan.left).items()},
            "amount": str(from_raw(sum(batch.amount for batch in plan.batches), MONEY_SCALE)),
        },
    )


def left_said(plan: Plan, *, named: int = 3) -> str:
    """What was left out, with the first lots of each reason by name: "Left out: 2 on another proposal .. (LAMP / L1)."
    What has nothing to book is not named."""
    said = []
    for why, found in plan.left_by_why():
        if why in (Left.NOTHING, Left.UNTESTED):
            said.append(f"{len(found):,} {why.value}")
            continue
        labels = ", ".join(out.label + (f" on {out.document}" if out.document else "") for out in found[:named])
        more = f" and {len(found) - named:,} more" if len(found) > named else ""
        said.append(f"{len(found):,} {why.value} ({labels}{more})")
    return f"Left out: {'; '.join(said)}." if said else ""
