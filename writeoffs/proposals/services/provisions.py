"""Proposes what an assessment says of purchase commitments, and notes deliveries that take a provision along.

Invariants: what is proposed is worked out from the provision as it stands, so that two runs of the same day provide
once; a commitment stands on one undecided document at a time; the company is locked while it is worked out.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from core import audit
from core.access import roles_in
from core.errors import BadInput, NotAllowed, WrongState
from core.models import Entity, User
from core.money import MONEY_SCALE, QUANTITY_SCALE, display_quantity, from_raw, to_raw
from core.words import Reason, Role
from inventory.models import Lot
from writeoffs.proposals.models import ChargeKind, Evidence, Kind, Proposal, ProposalCharge, Status
from writeoffs.proposals.provisions import share_of
from writeoffs.proposals.services.assessed import PAPERS, refuse_unproposable
from writeoffs.proposals.services.charges import ChargeInput, charge_add
from writeoffs.proposals.services.create import Header, proposal_create, totals_set
from writeoffs.proposals.services.lines import line_add
from writeoffs.valuation.commitment_models import CommitmentLine, Standing, standing_of
from writeoffs.valuation.models import Assessment, AssessmentLine, Price, PurchaseCommitment

ZERO = Decimal(0)
_WAITING = (Status.DRAFT, Status.SUBMITTED, Status.APPROVED)


class LeftOut(enum.StrEnum):
    """Why a commitment is not proposed."""

    NOTHING = "nothing to book: what is required stands"
    UNTESTED = "not tested"
    OPEN = "on another proposal that is not decided yet"
    CHANGED = "changed since the assessment: run it again"


@dataclass(frozen=True, slots=True)
class Due:
    """One commitment as it stands now. amount: to provide above nil, to reverse below. left: why it is not proposed,
    document: the one that holds it."""

    line: CommitmentLine
    standing: Standing
    amount: Decimal
    left: LeftOut | None = None
    document: str = ""

    @property
    def stands(self) -> Decimal:
        return from_raw(self.standing.amount, MONEY_SCALE)


def provisions_plan(*, assessment: Assessment) -> list[Due]:
    """Every commitment of the assessment, with what is due as its provision stands. Four queries. WrongState where the
    assessment cannot be proposed from."""
    refuse_unproposable(assessment)
    entity = assessment.entity
    lines = list(
        CommitmentLine.objects.filter(assessment=assessment).select_related("commitment__item__category").order_by("pk")
    )
    standing, waiting = standing_of(entity=entity), _waiting(entity)
    newest = _newest(entity)
    found = []
    for line in lines:
        subject = (line.commitment.reference, line.commitment.item_id)
        own = standing.get(subject, Standing(line.commitment_id, 0, 0))
        amount = line.required - from_raw(own.amount, MONEY_SCALE)
        document = waiting.get(subject, "")
        left: LeftOut | None = None
        if line.outcome != AssessmentLine.Outcome.TESTED:
            left = LeftOut.UNTESTED
        elif document:
            left = LeftOut.OPEN
        elif line.quantity and newest.get(subject) != line.commitment_id:
            left = LeftOut.CHANGED
        elif not amount:
            left = LeftOut.NOTHING
        found.append(Due(line, own, amount, left, document))
    return found


def _waiting(entity: Entity) -> dict[tuple[str, int], str]:
    """(reference, item) -> the number of an undecided document on its provision."""
    charges = ProposalCharge.objects.filter(
        proposal__entity=entity, proposal__status__in=_WAITING, commitment__isnull=False
    )
    rows = charges.order_by("-pk").values_list("commitment__reference", "commitment__item_id", "proposal__number")
    return {(reference, item): number for reference, item, number in rows}


def _newest(entity: Entity) -> dict[tuple[str, int], int]:
    """(reference, item) -> the version that stands; one that is withdrawn stands as well."""
    rows = PurchaseCommitment.objects.filter(entity=entity).order_by("version")
    return {(reference, item): pk for reference, item, pk in rows.values_list("reference", "item_id", "pk")}


@transaction.atomic
def provisions_propose(*, assessment: Assessment, user: User, header: Header) -> tuple[Proposal, list[Due]]:
    """One draft that provides and reverses what is due of all commitments. BadInput where nothing is; NotAllowed but
    for a preparer. header: its kind and reason are set here."""
    entity = assessment.entity
    if Role.PREPARER not in roles_in(entity, user):
        raise NotAllowed(f"What an assessment requires is proposed by a preparer; you have no such role in {entity}.")
    Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
    plan = provisions_plan(assessment=assessment)
    due = [one for one in plan if one.left is None]
    if not due:
        raise BadInput(f"{assessment}: nothing is left to provide or to reverse. {_left_said(plan)}".strip())
    proposal = proposal_create(
        entity=entity, user=user, header=_header(header, Kind.PROVISION), made_from=assessment.source_ref
    )
    ProposalCharge.objects.bulk_create(_charge(proposal, place, one) for place, one in enumerate(due, start=1))
    totals_set(proposal)
    _papers(proposal, user, due)
    Assessment.objects.filter(pk=assessment.pk, status=Assessment.Status.DONE).update(status=Assessment.Status.PROPOSED)
    audit.record(
        entity=entity,
        actor=user,
        kind="assessment.provided",
        subject=assessment.source_ref,
        message=f"{user} proposed {proposal} from {assessment}: {len(due):,} purchase commitments.",
        data={"proposal": proposal.number, "commitments": len(due), "left_out": len(plan) - len(due)},
    )
    return proposal, plan


def _header(header: Header, kind: Kind) -> Header:
    return Header(
        kind,
        Reason.PRICE_FALL,
        header.event_on,
        header.found_on,
        header.posting_on,
        header.note,
        adjustment=header.adjustment,
    )


def _charge(proposal: Proposal, place: int, due: Due) -> ProposalCharge:
    line = due.line
    return ProposalCharge(
        proposal=proposal,
        number=place,
        kind=ChargeKind.PROVISION if due.amount > ZERO else ChargeKind.PROVISION_REVERSED,
        amount=abs(due.amount),
        note=f"{line.commitment.reference}, {line.commitment.item.sku}: {line.get_governs_display().lower()}"[:200],
        category=line.commitment.item.category,
        commitment=line.commitment,
        units=line.quantity,
    )


def _papers(proposal: Proposal, user: User, due: Sequence[Due]) -> None:
    """The papers behind commitments and prices, else the sheets that they came with, as evidence."""
    papers: dict[int, tuple[str, str]] = {}
    for model, kind, keys in (
        (PurchaseCommitment, Evidence.Kind.OTHER, [one.line.commitment_id for one in due]),
        (Price, Evidence.Kind.PRICE_SOURCE, [one.line.used_price_id for one in due]),
    ):
        for file_id, name, sheet_id, sheet in (
            model.objects.filter(pk__in=[key for key in keys if key])
            .order_by("pk")
            .values_list("evidence_id", "evidence__name", "upload__file_id", "upload__file_name")
        ):
            if file_id or sheet_id:
                papers.setdefault(file_id or sheet_id, (kind, name if file_id else sheet))
    Evidence.objects.bulk_create(
        Evidence(proposal=proposal, kind=kind, file_id=file_id, file_name=name[-255:], added_by=user)
        for file_id, (kind, name) in list(papers.items())[:PAPERS]
    )


def _left_said(plan: Sequence[Due]) -> str:
    open_on = sorted({one.document for one in plan if one.left == LeftOut.OPEN})
    return f"Undecided: {', '.join(open_on)}." if open_on else ""


@transaction.atomic
def provision_use(*, commitment: PurchaseCommitment, lot: Lot, units: Decimal, user: User, header: Header) -> Proposal:
    """Units of a commitment have come in as a lot: the draft that lowers the lot's carrying amount by their share of
    the provision, which bears it instead of profit. BadInput where nothing stands, or the lot is another item's;
    WrongState where the commitment is on an undecided document."""
    entity = commitment.entity
    if Role.PREPARER not in roles_in(entity, user):
        raise NotAllowed(f"A delivery is noted by a preparer; you have no such role in {entity}.")
    Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
    lot = Lot.objects.select_related("item", "location").get(pk=lot.pk)
    subject = (commitment.reference, commitment.item_id)
    standing = standing_of(entity=entity).get(subject)
    if standing is None or not standing.amount:
        raise BadInput(f"{commitment}: no provision stands, so there is nothing that its delivery takes along.")
    waiting = _waiting(entity).get(subject)
    if waiting:
        raise WrongState(f"{commitment} is on {waiting}, which is not decided yet. Decide or discard that first.")
    _units_check(commitment, lot, units, standing)
    amount = min(share_of(standing, units, entity.exponent), lot.carrying_amount)
    if not amount:
        raise BadInput(f"Lot {lot} carries nothing that the provision could lower.")
    proposal = proposal_create(entity=entity, user=user, header=_header(header, Kind.WRITE_DOWN))
    proposal = line_add(
        proposal=proposal,
        user=user,
        lot=lot,
        new_carrying_amount=lot.carrying_amount - amount,
        note=f"Came in under {commitment.reference}",
    )
    said = display_quantity(units, entity.locale)
    charge = ChargeInput(
        ChargeKind.PROVISION_USED,
        amount,
        note=f"{commitment.reference}: {said} units came in",
        commitment=commitment,
        units=units,
    )
    return charge_add(proposal=proposal, user=user, charge=charge)


def _units_check(commitment: PurchaseCommitment, lot: Lot, units: Decimal, standing: Standing) -> None:
    if lot.entity_id != commitment.entity_id or lot.item_id != commitment.item_id:
        raise BadInput(
            f"Lot {lot} is not of {commitment.item}, which {commitment.reference} is for. Choose another lot."
        )
    if lot.write_down:
        raise BadInput(
            f"Lot {lot} was written down already, so that profit has borne its loss. Lower the commitment's quantity "
            "instead: the next assessment reverses what was provided for these units."
        )
    if units <= ZERO:
        raise BadInput("Say how many units came in: more than nil.")
    provided = from_raw(standing.quantity, QUANTITY_SCALE)
    if to_raw(units, QUANTITY_SCALE) > standing.quantity:
        raise BadInput(
            f"{commitment}: the provision stands for {display_quantity(provided)} units; {display_quantity(units)} "
            f"cannot take it along. Enter {display_quantity(provided)} at most."
        )
    if units > lot.quantity:
        raise BadInput(
            f"Lot {lot} holds {display_quantity(lot.quantity)}, fewer than the {display_quantity(units)} that came in. "
            "Note those that are on hand; the rest was sold with its loss, and the next assessment reverses its part."
        )
