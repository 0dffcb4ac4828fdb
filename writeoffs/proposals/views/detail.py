"""One proposal: what and why, evidence, the journal it will make, what that does to the statements, and the next
step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from core.access import EntityRequest, for_entity
from core.errors import DomainError, NotAllowed, SegregationOfDuties
from core.idempotency import key_of
from core.middleware import record_refusal
from core.models import ChangeRequest
from core.requests import whole_number
from core.words import Role
from writeoffs.posting.acknowledge import ACKNOWLEDGED_BY
from writeoffs.posting.lots import fiscal_year_of
from writeoffs.posting.models import Posting
from writeoffs.proposals import content, late, policy, selectors, services, statements
from writeoffs.proposals.behind import behind
from writeoffs.proposals.charge_forms import CentreForm
from writeoffs.proposals.charges import CARRIERS
from writeoffs.proposals.claims import claim_behind
from writeoffs.proposals.company import balance_behind
from writeoffs.proposals.entry_only import is_entry_only
from writeoffs.proposals.forms import EvidenceForm
from writeoffs.proposals.input_tax import input_tax_asked
from writeoffs.proposals.models import Kind, Proposal, Status, Verb
from writeoffs.proposals.services.void import KIND as VOID
from writeoffs.proposals.services.void import gross_asked, may_decide_void
from writeoffs.proposals.states import EVIDENCE_OPEN, LINES_OPEN
from writeoffs.proposals.views.common import proposal_or_404
from writeoffs.valuation.models import AssessmentLine

PER_PAGE = 100
OVERRIDES = 10


@require_safe
@for_entity()
def proposal_detail(request: EntityRequest, number: str) -> HttpResponse:
    return render(request, "proposals/detail.html", detail_context(request, proposal_or_404(request, number)))


def detail_context(request: EntityRequest, proposal: Proposal) -> dict[str, Any]:
    lines = selectors.proposal_lines(proposal)
    duties = policy.duties(
        proposal, user=request.user, roles=request.entity_roles, amount=content.amount_said(proposal)
    )
    journal = statements.journal_shown(proposal)
    mine = policy.refusal(proposal, user=request.user, roles=request.entity_roles, verb=policy.EDIT) is None
    balance = balance_behind(proposal)
    return {
        "proposal": proposal,
        "page_obj": Paginator(lines, PER_PAGE).get_page(request.GET.get("page")),
        "totals": selectors.line_totals(proposal),
        "steps": selectors.steps_of(proposal),
        "decisions": proposal.decisions.select_related("by"),
        "evidence": proposal.evidence.select_related("file", "added_by").defer("file__content"),
        "evidence_form": EvidenceForm(),
        "duties": duties,
        "primary_url": _address(proposal, duties.primary) if duties.primary else "",
        "others": [{"url": _address(proposal, step), **asdict(step)} for step in duties.others],
        "may_edit": mine and proposal.status in LINES_OPEN,
        "may_attach": mine and proposal.status in EVIDENCE_OPEN,
        "journal": journal,
        "unmapped": statements.unmapped_said(proposal, journal),
        "charges": (charges := list(proposal.charges.select_related("cost_centre", "location", "category"))),
        "settles": any(charge.settlement or charge.certainty for charge in charges),
        "tax": input_tax_asked(proposal),
        "carries": proposal.kind in CARRIERS and proposal.kind != Kind.WRITE_DOWN,
        "entry_only": is_entry_only(proposal),
        "centre_form": CentreForm(proposal=proposal),
        "effects": statements.effects_shown(proposal, balance),
        "balance": balance,
        "overrides": _overrides(proposal),
        "behind": behind(proposal),
        **_found_late(proposal),
        **_after_posting(request, proposal),
    }


def _overrides(proposal: Proposal) -> list[AssessmentLine]:
    """What people said is required instead of what the assessment worked out; the first of them."""
    if not proposal.made_from:
        return []
    lines = AssessmentLine.objects.filter(
        assessment__entity=proposal.entity, proposal_ref=proposal.source_ref, override__isnull=False
    )
    return list(lines.select_related("lot__item", "override_by").order_by("pk")[:OVERRIDES])


def _found_late(proposal: Proposal) -> dict[str, Any]:
    """late is asked of drafts only, which can still say what it is; restates: the fiscal year that is corrected."""
    draft = proposal.status == Status.DRAFT
    return {
        "late": late.late_loss(proposal) if draft else None,
        "certification": late.certification(proposal),
        "restates": fiscal_year_of(proposal.entity, proposal.event_on) if late.restates(proposal) else None,
    }


def _prepares(request: EntityRequest) -> bool:
    return Role.PREPARER in request.entity_roles


def _address(proposal: Proposal, step: policy.Step) -> str:
    return reverse(f"proposals:{step.verb.lower()}", args=[proposal.entity.slug, proposal.number])


def _after_posting(request: EntityRequest, proposal: Proposal) -> dict[str, Any]:
    if proposal.status not in (Status.POSTED, Status.VOIDED):
        return {}
    change = ChangeRequest.objects.filter(
        entity=proposal.entity, kind=VOID, subject=proposal.source_ref, status=ChangeRequest.Status.OPEN
    ).select_related("requested_by", "entity")
    void = change.first()
    asks = policy.role_refusal(proposal, roles=request.entity_roles, verb=Verb.VOID) is None
    return {
        "posting": Posting.objects.filter(entity=proposal.entity, source_ref=proposal.source_ref)
        .select_related("acknowledged_by", "posted_by")
        .first(),
        "claim": claim_behind(proposal),
        "may_claim": proposal.status == Status.POSTED and proposal.kind in late.INSURABLE and _prepares(request),
        "may_acknowledge": bool(request.entity_roles & ACKNOWLEDGED_BY),
        "void": void,
        "void_gross": gross_asked(void) if void else None,
        "voids": selectors.voids_of(proposal),
        "may_decide_void": void is not None and may_decide_void(void, request.user),
        "may_ask_void": void is None and asks and proposal.status == Status.POSTED,
    }


def _submit(request: EntityRequest, proposal: Proposal) -> str:
    # A version that is no number was shown by no page: it is told as an older one is.
    version = whole_number(request.POST.get("version"))
    services.proposal_submit(proposal=proposal, user=request.user, version=-1 if version is None else version)
    return f"{proposal.number} is submitted. It waits for an approver."


def _withdraw(request: EntityRequest, proposal: Proposal) -> str:
    services.proposal_withdraw(proposal=proposal, user=request.user)
    return f"{proposal.number} is a draft again."


def _discard(request: EntityRequest, proposal: Proposal) -> str:
    services.proposal_discard(proposal=proposal, user=request.user)
    return f"{proposal.number} is discarded."


def _return(request: EntityRequest, proposal: Proposal) -> str:
    services.proposal_return(proposal=proposal, user=request.user, comment=request.POST.get("comment", ""))
    return f"{proposal.number} went back to {proposal.created_by}."


def _reject(request: EntityRequest, proposal: Proposal) -> str:
    services.proposal_reject(proposal=proposal, user=request.user, comment=request.POST.get("comment", ""))
    return f"{proposal.number} is rejected."


def _approve(request: EntityRequest, proposal: Proposal) -> str:
    services.proposal_approve(
        proposal=proposal,
        user=request.user,
        digest=request.POST.get("digest", ""),
        comment=request.POST.get("comment", ""),
    )
    return f"Approved: {content.amount_said(proposal)}. {proposal.number} waits for a controller to post it."


def _countersign(request: EntityRequest, proposal: Proposal) -> str:
    services.proposal_countersign(
        proposal=proposal,
        user=request.user,
        digest=request.POST.get("digest", ""),
        comment=request.POST.get("comment", ""),
    )
    return (
        f"Approved a second time: {content.amount_said(proposal)}. {proposal.number} waits for a controller to post it."
    )


def _post(request: EntityRequest, proposal: Proposal) -> str:
    posted = services.proposal_post(
        proposal=proposal, user=request.user, digest=request.POST.get("digest", ""), key=key_of(request)
    )
    return posted.message


STEPS: Mapping[str, Callable[[EntityRequest, Proposal], str]] = {
    Verb.SUBMIT: _submit,
    Verb.WITHDRAW: _withdraw,
    Verb.DISCARD: _discard,
    Verb.RETURN: _return,
    Verb.REJECT: _reject,
    Verb.APPROVE: _approve,
    Verb.SECOND: _countersign,
    Verb.POST: _post,
}


@require_POST
@for_entity()
def proposal_step(request: EntityRequest, number: str, verb: str) -> HttpResponse:
    """One step; refused, the page is shown as it stands now, with the reason and with what was typed."""
    proposal = proposal_or_404(request, number)
    try:
        said = STEPS[verb](request, proposal)
    except (NotAllowed, SegregationOfDuties):
        raise
    except DomainError as error:
        record_refusal(request, error)
        messages.error(request, error.message)
        context = detail_context(request, proposal_or_404(request, number))
        context["comment"] = request.POST.get("comment", "")
        return render(request, "proposals/detail.html", context, status=error.status)
    messages.success(request, said)
    return redirect(proposal)
