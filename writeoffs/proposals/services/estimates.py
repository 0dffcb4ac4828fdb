"""Keeps an estimated loss with the source of every figure, makes the document that books it, and releases what a count
has not used.

Invariants: an estimate is booked by one document at a time; one that is booked is replaced only after its document was
rejected or voided, so that no loss is booked twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath

from django.db import transaction

from core import audit
from core.access import roles_in
from core.errors import BadInput, NotAllowed, WrongState
from core.files import file_store, files_told
from core.models import Category, Entity, Location, StoredFile, User
from core.money import MONEY_SCALE, RATE_SCALE, display_money, from_raw, is_whole_unit, to_raw
from core.numbers import numbers_take
from core.words import Role
from writeoffs.posting.lots import fiscal_year_of
from writeoffs.posting.shrinkage import ESTIMATED, accrued
from writeoffs.proposals import policy
from writeoffs.proposals.estimate_models import (
    ABNORMAL,
    EstimateFigure,
    LossEstimate,
    book_carrying,
    document_of,
)
from writeoffs.proposals.models import ChargeKind, Evidence, Kind, Proposal
from writeoffs.proposals.records import ESTIMATE
from writeoffs.proposals.services.charges import ChargeInput, charge_add
from writeoffs.proposals.services.create import Header, proposal_create
from writeoffs.proposals.services.papers import Paper, content_type_of, evidence_add
from writeoffs.valuation.rules.estimating import FIGURES, Figure, Worked, worked

ZERO = Decimal(0)
NUMBER = "LE"


@dataclass(frozen=True, slots=True)
class FigureInput:
    """A figure as a person gives it. rate: a margin or a markup as a fraction."""

    code: str
    source: str
    cost: Decimal | None = None
    retail: Decimal | None = None
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class EstimateInput:
    """What a person says of a loss without records. variant: of the retail method."""

    method: str
    reason: str
    event_on: dt.date
    what: str
    figures: Sequence[FigureInput]
    variant: str = ""
    location: Location | None = None
    category: Category | None = None
    paper: Paper | None = None
    replaces: LossEstimate | None = None
    replaces_why: str = ""


def estimate_worked(*, entity: Entity, estimate: EstimateInput) -> Worked:
    """The calculation without keeping anything. BadInput where a figure is missing or cannot be."""
    _check(entity, estimate)
    figures = {
        one.code: Figure(
            to_raw(one.cost or ZERO, MONEY_SCALE),
            to_raw(one.retail or ZERO, MONEY_SCALE),
            None if one.rate is None else to_raw(one.rate, RATE_SCALE),
        )
        for one in estimate.figures
    }
    return worked(method=estimate.method, variant=estimate.variant, figures=figures, exponent=entity.exponent)


@transaction.atomic
def estimate_make(*, entity: Entity, user: User, estimate: EstimateInput) -> LossEstimate:
    """Work the loss out and keep it. NotAllowed but for a preparer; BadInput; WrongState where it would replace one
    that is booked, or was replaced already."""
    if Role.PREPARER not in roles_in(entity, user):
        raise NotAllowed(f"A loss is estimated by a preparer; you have no such role in {entity}.")
    found = estimate_worked(entity=entity, estimate=estimate)
    _replaceable(entity, estimate)
    year = fiscal_year_of(entity, entity.local_date())
    stored = _stored(entity, user, estimate.paper)
    made = LossEstimate.objects.create(
        entity=entity,
        number=f"{NUMBER}-{year}-{numbers_take(entity=entity, series=f'estimate:{year}'):04d}",
        method=estimate.method,
        variant=estimate.variant,
        reason=estimate.reason,
        event_on=estimate.event_on,
        location=estimate.location,
        category=estimate.category,
        what=estimate.what.strip(),
        estimated=from_raw(found.estimated, MONEY_SCALE),
        at_retail=None if found.at_retail is None else from_raw(found.at_retail, MONEY_SCALE),
        saved=from_raw(found.saved, MONEY_SCALE),
        loss=from_raw(found.loss, MONEY_SCALE),
        book=from_raw(
            book_carrying(entity=entity, day=estimate.event_on, location=estimate.location, category=estimate.category),
            MONEY_SCALE,
        ),
        file=stored,
        file_name=_file_name(estimate.paper),
        replaces=estimate.replaces,
        replaces_why=estimate.replaces_why.strip() if estimate.replaces else "",
        made_by=user,
    )
    EstimateFigure.objects.bulk_create(
        EstimateFigure(
            estimate=made, code=one.code, cost=one.cost, retail=one.retail, rate=one.rate, source=one.source.strip()
        )
        for one in estimate.figures
    )
    _told(made, user, stored)
    return made


def _told(made: LossEstimate, user: User, stored: StoredFile | None) -> None:
    entity = made.entity
    rows = LossEstimate.objects.filter(pk=made.pk), EstimateFigure.objects.filter(estimate=made)
    amount = display_money(made.loss, entity.currency, entity.locale)
    instead = f" It replaces {made.replaces}: {made.replaces_why}" if made.replaces else ""
    audit.record(
        entity=entity,
        actor=user,
        kind="estimate.made",
        subject=made.source_ref,
        message=f"{user} estimated {made.number}, {made.get_reason_display().lower()} of {made.event_on.isoformat()}, "
        f"by the {made.get_method_display().lower()}: {amount} {entity.currency} lost.{instead}",
        data={
            "estimate": made.pk,
            "record": ESTIMATE.digest(*rows),
            **files_told([stored] if stored else []),
        },
    )


def _check(entity: Entity, estimate: EstimateInput) -> None:
    refused = policy.day_refusal(entity=entity, name="day of the loss", day=estimate.event_on)
    if refused:
        raise BadInput(refused)
    if estimate.method not in LossEstimate.Method.values:
        raise BadInput(f"'{estimate.method}' is no method. Choose gross profit or retail.")
    if (estimate.method == LossEstimate.Method.RETAIL) != (estimate.variant in LossEstimate.Variant.values):
        raise BadInput("Say which variant of the retail method it is; the gross profit method has none.")
    if estimate.reason not in ABNORMAL:
        raise BadInput("A loss is estimated where its records are gone: choose fire, flood, theft or abnormal damage.")
    if not estimate.what.strip():
        raise BadInput("Say what happened, and why there are no records of what was there.")
    for record in (estimate.location, estimate.category):
        if record is not None and record.entity_id != entity.pk:
            raise BadInput(f"{record} is not one of {entity}. Choose from the list.")
    labels = {one.code: one.label for one in FIGURES[estimate.method]}
    for one in estimate.figures:
        label = labels.get(one.code, one.code)
        if not one.source.strip():
            raise BadInput(f"{label}: say where the figure is from.")
        for amount in (one.cost, one.retail):
            if amount is not None and not is_whole_unit(amount, entity.currency):
                raise BadInput(f"{label}: {amount} has more decimals than {entity.currency}. Round it.")


def _replaceable(entity: Entity, estimate: EstimateInput) -> None:
    before = estimate.replaces
    if before is None:
        return
    if before.entity_id != entity.pk:
        raise BadInput(f"{before} is not an estimate of {entity}.")
    if not estimate.replaces_why.strip():
        raise BadInput(f"Say why this estimate replaces {before}: what was wrong, or what is known now.")
    if LossEstimate.objects.filter(replaces=before).exists():
        raise WrongState(f"{before} was replaced already. Replace the one that stands now.")
    document = document_of(before)
    if document is not None:
        raise WrongState(
            f"{before} is booked by {document} ({document.get_status_display().lower()}). Discard, reject or void it "
            "first, then estimate anew."
        )


def _stored(entity: Entity, user: User, paper: Paper | None) -> StoredFile | None:
    if paper is None:
        return None
    content_type = content_type_of(paper)
    return file_store(entity=entity, name=paper.name, content=paper.content, content_type=content_type, user=user)


def _file_name(paper: Paper | None) -> str:
    return PurePosixPath(paper.name.replace("\\", "/")).name[-255:] if paper else ""


@transaction.atomic
def estimate_propose(
    *, estimate: LossEstimate, user: User, posting_on: dt.date | None = None, paper: Paper | None = None
) -> Proposal:
    """The draft that books the estimated loss. WrongState where one stands already, or another estimate replaced it;
    BadInput where nothing is lost. paper: its evidence beside the estimate's own."""
    LossEstimate.objects.select_for_update(of=("self",), no_key=True).get(pk=estimate.pk)
    if LossEstimate.objects.filter(replaces=estimate).exists():
        raise WrongState(f"{estimate} was replaced by another estimate. Propose that one.")
    document = document_of(estimate)
    if document is not None:
        raise WrongState(f"{estimate} is proposed already, by {document}. Open that document instead.")
    if not estimate.loss:
        raise BadInput(f"{estimate}: by these figures nothing is lost, so there is nothing to propose.")
    proposal = _document(estimate, user, posting_on, "Estimated loss")
    charge = ChargeInput(
        ChargeKind.ESTIMATED_LOSS,
        estimate.loss,
        note=f"{estimate}, {estimate.get_method_display().lower()}",
        location=estimate.location,
        category=estimate.category,
    )
    proposal = charge_add(proposal=proposal, user=user, charge=charge)
    papers = [paper] if paper else []
    if papers:
        evidence_add(proposal=proposal, user=user, kind=Evidence.Kind.OTHER, papers=papers)
    if estimate.file is not None:
        Evidence.objects.create(
            proposal=proposal, kind=Evidence.Kind.OTHER, file=estimate.file, file_name=estimate.file_name, added_by=user
        )
    return proposal


@transaction.atomic
def estimate_release(*, estimate: LossEstimate, user: User, posting_on: dt.date | None = None) -> Proposal:
    """The draft that gives back what no count has used, once it is known what was lost. BadInput where nothing stands
    at the estimate's place."""
    scope = (estimate.location_id, estimate.category_id)
    standing = accrued(entity=estimate.entity, role=ESTIMATED).get(scope, 0)
    if not standing:
        raise BadInput(f"Nothing of {estimate} stands any more: counts have used it, or it was never booked.")
    proposal = _document(estimate, user, posting_on, "What is left of the estimated loss", is_loss=False)
    charge = ChargeInput(
        ChargeKind.ESTIMATE_RELEASE,
        from_raw(standing, MONEY_SCALE),
        note=f"What no count has used of {estimate}",
        location=estimate.location,
        category=estimate.category,
    )
    return charge_add(proposal=proposal, user=user, charge=charge)


def _document(
    estimate: LossEstimate, user: User, posting_on: dt.date | None, what: str, *, is_loss: bool = True
) -> Proposal:
    """is_loss: of the day of the loss; a release is news of its own day."""
    entity = estimate.entity
    found = entity.local_date()
    noticed = max(estimate.event_on, min(found, posting_on or found))
    header = Header(
        kind=Kind.ESTIMATE,
        reason=estimate.reason,
        event_on=estimate.event_on if is_loss else noticed,
        found_on=noticed,
        posting_on=posting_on or policy.posting_date_default(entity=entity, found_on=found) or found,
        note=f"{what} {estimate}, {estimate.get_method_display().lower()}. {estimate.what}"[:4000],
    )
    return proposal_create(entity=entity, user=user, header=header, made_from=estimate.source_ref)
