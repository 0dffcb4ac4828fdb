"""The digests of rows that a step fixed, kept in its audit event: a posted proposal with its papers, a void, and each
decision."""

from __future__ import annotations

from django.db.models import QuerySet

from core.records import Record
from writeoffs.proposals.claim_models import Claim, ClaimStep
from writeoffs.proposals.estimate_models import EstimateFigure, LossEstimate
from writeoffs.proposals.event_models import SubsequentEvent
from writeoffs.proposals.models import Decision, Evidence, Proposal, Void
from writeoffs.valuation.models import ProvisionMovement

_PAPER = "added_at added_by_id file_id file_name kind proposal_id"
_PROPOSAL = (
    "adjustment approved_at approved_by_id count_sheet_id countersigned_at countersigned_by_id created_at "
    "created_by_id digest entity_id event_on finding finding_why found_on gross_loss kind line_count material net_loss "
    "note number posted_at posted_by_id posting_on quarantine_goods reason submitted_at"
)
# A posted proposal keeps all but its status and version; so do its papers. `record` of the posting. Version 2 adds the
# limits that it was approved under and what it was made from.
POSTED = Record(
    (Proposal, Evidence),
    [(_PROPOSAL, _PAPER), (f"{_PROPOSAL} limits_id made_from also_prepared_by", _PAPER)],
    left_out=("status version", ""),
)
# `record` of a void.
VOIDED = Record((Void,), [["asked_by_id decided_at decided_by_id entries number posted_on proposal_id reason"]])
# An insurance claim as it was opened, `opened` of its first step; what its steps move is what the last one says.
CLAIM = Record(
    (Claim,),
    [["entity_id insurer number opened_at opened_by_id policy_number proposal_id"]],
    left_out=["claimed settled status"],
)
CLAIM_STEP = Record(
    (ClaimStep,),
    [["at by_id claim_id claimed document_id file_id file_name happened_on note number settled status"]],
)
# `record` of the judgement.
EVENT = Record(
    (SubsequentEvent,),
    [
        [
            "amount condition_existed costs disclosure document_id entity_id event_on file_id file_name judged_at "
            "judged_by_id lot_id number proceeds reason reporting_on what why"
        ],
        [
            "amount condition_existed costs disclosure document_id entity_id event_on file_id file_name judged_at "
            "judged_by_id lot_id number price_id proceeds reason reporting_on what why"
        ],
    ],
)
# `record` of an estimated loss, with every figure that it was worked out from.
ESTIMATE = Record(
    (LossEstimate, EstimateFigure),
    [
        [
            "at_retail book category_id entity_id estimated event_on file_id file_name location_id loss made_at "
            "made_by_id method number reason replaces_id replaces_why saved variant what",
            "code cost estimate_id rate retail source",
        ]
    ],
)
# `provisions` of a posting or a void: what it did to provisions for purchase commitments.
PROVIDED = Record(
    (ProvisionMovement,),
    [["amount commitment_id created_at entity_id kind lot_id posted_on quantity source_ref"]],
)
# `decision` of each step.
DECIDED = Record((Decision,), [["at by_id comment digest proposal_id verb"]])


def provided_rows(proposal: Proposal, *, void: bool) -> QuerySet[ProvisionMovement]:
    own = ProvisionMovement.objects.filter(entity=proposal.entity_id, source_ref=proposal.source_ref)
    return own.filter(kind="VOID") if void else own.exclude(kind="VOID")


def provided_told(proposal: Proposal, *, void: bool = False) -> dict[str, str]:
    """What the audit event says of provisions; nothing where there are none."""
    rows = provided_rows(proposal, void=void)
    return {"provisions": PROVIDED.digest(rows)} if rows.exists() else {}


def posted_rows(proposal: Proposal) -> tuple[QuerySet[Proposal], QuerySet[Evidence]]:
    return Proposal.objects.filter(pk=proposal.pk), Evidence.objects.filter(proposal=proposal)


def void_row(proposal: Proposal, number: int) -> QuerySet[Void]:
    return Void.objects.filter(proposal=proposal, number=number)


def decision_told(proposal: Proposal) -> dict[str, str]:
    """What the audit event of a step says of the decision that it has just kept."""
    last = Decision.objects.filter(proposal=proposal).order_by("-pk")[:1]
    return {"decision": DECIDED.digest(Decision.objects.filter(pk__in=[one.pk for one in last]))}
