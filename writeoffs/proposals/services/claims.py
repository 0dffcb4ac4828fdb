"""Files an insurance claim and takes each step of it; what a step changes of what may be recognised is booked by a
document without lots, which takes the road of every other one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath

from django.db import transaction
from django.db.models import Max

from core import audit
from core.access import roles_in
from core.errors import BadInput, NotAllowed, StaleContent, WrongState
from core.files import file_store, files_told
from core.models import StoredFile, User
from core.money import display_money, is_whole_unit
from core.numbers import numbers_take
from core.told import row_record
from core.words import Role
from writeoffs.posting.lots import fiscal_year_of
from writeoffs.proposals import policy
from writeoffs.proposals.claim_models import Claim, ClaimStep
from writeoffs.proposals.claims import CERTAINTY_OF, Standing, standing_of
from writeoffs.proposals.late import INSURABLE
from writeoffs.proposals.models import ChargeKind, Evidence, Kind, Proposal, Status
from writeoffs.proposals.services.charges import ChargeInput, proposal_create_of_charges
from writeoffs.proposals.services.create import Header
from writeoffs.proposals.services.papers import Paper, content_type_of, evidence_add

ZERO = Decimal(0)
PREFIX = "IC"


@dataclass(frozen=True, slots=True)
class StepInput:
    """What happened to a claim. claimed: the whole claim from then on; settled: what was paid, of a settled one."""

    status: str
    happened_on: dt.date
    claimed: Decimal
    note: str
    settled: Decimal = ZERO
    paper: Paper | None = None


@transaction.atomic
def claim_open(
    *, proposal: Proposal, user: User, insurer: str, step: StepInput, policy_number: str = ""
) -> tuple[Claim, Proposal | None]:
    """File a claim for what a document lost. WrongState where it is no posted loss, or has a claim already."""
    entity = proposal.entity
    _guard(proposal, user)
    if not insurer.strip():
        raise BadInput("Say which insurer it is claimed from.")
    if proposal.kind not in INSURABLE or proposal.status != Status.POSTED:
        raise WrongState(f"{proposal.number} is no posted loss. Post the loss first, then file its claim.")
    existing = Claim.objects.filter(proposal=proposal).first()
    if existing is not None:
        raise WrongState(f"{proposal.number} has claim {existing} already. Take its next step there.")
    year = fiscal_year_of(entity, entity.local_date())
    number = numbers_take(entity=entity, series=f"claim:{year}")
    _step_check(proposal, step)
    claim = Claim.objects.create(
        entity=entity,
        number=f"{PREFIX}-{year}-{number:04d}",
        proposal=proposal,
        insurer=insurer.strip(),
        policy_number=policy_number.strip(),
        status=step.status,
        claimed=step.claimed,
        settled=step.settled,
        opened_by=user,
    )
    return _stepped(claim, user, step)


@transaction.atomic
def claim_step(*, claim: Claim, user: User, step: StepInput, last: int | None = None) -> tuple[Claim, Proposal | None]:
    """Take the next step of a claim; gives the document that books its difference, None where there is none. last: the
    number of the step that the page showed. StaleContent where another one followed it; WrongState once settled."""
    claim = Claim.objects.select_for_update(of=("self",)).select_related("entity", "proposal").get(pk=claim.pk)
    _guard(claim.proposal, user)
    newest = claim.steps.aggregate(last=Max("number"))["last"]
    if last is not None and last != newest:
        raise StaleContent(f"Claim {claim} has moved on since you opened it. Reload the page, then take its next step.")
    if claim.status == Claim.Status.SETTLED:
        raise WrongState(f"Claim {claim} is settled; nothing follows. Void its document where that was wrong.")
    _step_check(claim.proposal, step)
    claim.status, claim.claimed, claim.settled = step.status, step.claimed, step.settled
    claim.save(update_fields=["status", "claimed", "settled"])
    return _stepped(claim, user, step)


@transaction.atomic
def claim_book(*, claim: Claim, user: User) -> Proposal:
    """Prepare what no document books yet, after one was rejected or voided. WrongState where nothing is due."""
    claim = Claim.objects.select_for_update(of=("self",)).select_related("entity", "proposal").get(pk=claim.pk)
    _guard(claim.proposal, user)
    same = StepInput(
        claim.status,
        claim.entity.local_date(),
        claim.claimed,
        "What was not booked yet is prepared again.",
        claim.settled,
    )
    _, document = _stepped(claim, user, same)
    if document is None:
        raise WrongState(f"Claim {claim}: nothing is due; what may be recognised is booked or on its way.")
    return document


def _guard(proposal: Proposal, user: User) -> None:
    if Role.PREPARER not in roles_in(proposal.entity, user):
        raise NotAllowed(f"A claim is kept by a preparer; you have no such role in {proposal.entity}.")


def _step_check(proposal: Proposal, step: StepInput) -> None:
    entity = proposal.entity
    if step.status not in Claim.Status.values:
        raise BadInput(f"'{step.status}' is no state of a claim. Choose one from the list.")
    refused = policy.day_refusal(entity=entity, name="day", day=step.happened_on)
    if refused:
        raise BadInput(refused)
    if step.happened_on < proposal.event_on:
        raise BadInput(
            f"The loss happened on {proposal.event_on.isoformat()}; its claim cannot have moved on "
            f"{step.happened_on.isoformat()}. Take a later day."
        )
    if not step.note.strip():
        raise BadInput("Say what happened: the insurer's letter, who judged it so and why.")
    if step.claimed <= ZERO:
        raise BadInput("What is claimed is above nil. Enter the whole claim.")
    if (step.status == Claim.Status.SETTLED) != (step.settled > ZERO):
        raise BadInput("Say what the insurer paid where it has settled, and nothing before.")
    for amount in (step.claimed, step.settled):
        if not is_whole_unit(amount, entity.currency):
            raise BadInput(f"{amount} has more decimals than {entity.currency}. Round it.")


def _stepped(claim: Claim, user: User, step: StepInput) -> tuple[Claim, Proposal | None]:
    """Keep the step, and make the document of what it changes."""
    number = (claim.steps.aggregate(last=Max("number"))["last"] or 0) + 1
    stored = _stored(claim, user, step.paper)
    document = _document(claim, user, step, standing_of(claim))
    made = ClaimStep.objects.create(
        claim=claim,
        number=number,
        status=step.status,
        happened_on=step.happened_on,
        claimed=step.claimed,
        settled=step.settled,
        note=step.note.strip()[:500],
        file=stored,
        file_name=PurePosixPath(step.paper.name.replace("\\", "/")).name[-255:] if step.paper else "",
        document=document,
        by=user,
    )
    if document is not None and step.paper is not None:
        evidence_add(proposal=document, user=user, kind=Evidence.Kind.OTHER, papers=[step.paper])
    amount = display_money(step.claimed, claim.entity.currency, claim.entity.locale)
    audit.record(
        entity=claim.entity,
        actor=user,
        kind="claim.step",
        subject=f"claim:{claim.number}",
        message=f"{user}: claim {claim} for {claim.proposal.number} is {made.get_status_display().lower()}, {amount} "
        f"{claim.entity.currency} claimed. {made.note}",
        data={
            "step": made.pk,
            "record": row_record(made),
            **files_told([stored] if stored else []),
            **({"claim": claim.pk, "opened": row_record(claim)} if number == 1 else {}),
        },
    )
    return claim, document


def _stored(claim: Claim, user: User, paper: Paper | None) -> StoredFile | None:
    if paper is None:
        return None
    return file_store(
        entity=claim.entity,
        name=paper.name,
        content=paper.content,
        content_type=content_type_of(paper),
        user=user,
    )


def _document(claim: Claim, user: User, step: StepInput, standing: Standing) -> Proposal | None:
    if not standing.is_due:
        return None
    loss, entity = claim.proposal, claim.entity
    charges = []
    if standing.due > ZERO:
        certainty = CERTAINTY_OF[step.status]
        charges.append(ChargeInput(ChargeKind.INSURANCE, standing.due, certainty=certainty, note=f"Claim {claim}"))
    elif standing.due < ZERO:
        charges.append(ChargeInput(ChargeKind.INSURANCE_DENIED, -standing.due, note=f"Claim {claim}"))
    if standing.due_cash > ZERO:
        charges.append(ChargeInput(ChargeKind.INSURANCE_SETTLED, standing.due_cash, note=f"Claim {claim}"))
    day = max(step.happened_on, loss.posting_on)
    posting_on = policy.posting_date_default(entity=entity, found_on=day) or day
    header = Header(
        kind=Kind.CLAIM,
        reason=loss.reason,
        event_on=day,
        found_on=day,
        posting_on=posting_on,
        note=f"Claim {claim} on {claim.insurer} for {loss.number}: {step.note.strip()}"[:4000],
    )
    return proposal_create_of_charges(entity=entity, user=user, header=header, charges=charges)
