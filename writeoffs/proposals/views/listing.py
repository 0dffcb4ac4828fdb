"""The list of proposals, and steps on several of them at once."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from core.access import EntityRequest, for_entity
from core.errors import BadInput, DomainError, KeyUsed
from core.idempotency import key_of
from core.middleware import record_refusal
from core.requests import next_path
from core.words import Reason, Role
from writeoffs.proposals import selectors, services
from writeoffs.proposals.models import Kind, Proposal, Status

PER_PAGE = 50


@require_safe
@for_entity()
def proposal_list(request: EntityRequest) -> HttpResponse:
    params = request.GET
    status = params.get("status", "")
    status = status if status in Status.values else ""
    proposals = selectors.proposals_listed(
        entity=request.entity,
        status=status,
        kind=params.get("kind", ""),
        reason=params.get("reason", ""),
        text=params.get("q", "").strip()[:60],
        mine=request.user if params.get("mine") else None,
    )
    counts = selectors.status_counts(entity=request.entity)
    tabs = [(value, label, counts.get(value, 0)) for value, label in selectors.TABS]
    context = {
        "page_obj": Paginator(proposals, PER_PAGE).get_page(params.get("page")),
        "tabs": tabs,
        "all_count": sum(counts.values()),
        "status": status,
        "kinds": Kind.choices,
        "reasons": Reason.choices,
        "filtered": any(params.get(name) for name in ("kind", "reason", "q", "mine")),
        "may_prepare": Role.PREPARER in request.entity_roles,
    }
    return render(request, "proposals/list.html", context)


@require_POST
@for_entity(Role.APPROVER, Role.CONTROLLER)
def proposal_bulk(request: EntityRequest) -> HttpResponse:
    """Approve, post or return each chosen proposal in a transaction of its own; what is refused is said, one by one."""
    verb = request.POST.get("verb", "")
    steps: dict[str, tuple[Callable[[EntityRequest, Proposal], None], str]] = {
        "approve": (_approve, "Approved"),
        "post": (_post, "Posted"),
        "return": (_return, "Returned"),
    }
    numbers = list(dict.fromkeys(request.POST.getlist("proposal")))
    if verb not in steps or not numbers:
        raise BadInput("Choose at least one proposal, and approve, post or return.")
    do, said = steps[verb]
    done: list[str] = []
    refused: list[DomainError] = []
    found = {p.number: p for p in Proposal.objects.filter(entity=request.entity, number__in=numbers)}
    for number in numbers:
        proposal = found.get(number)
        if proposal is None:
            messages.error(request, f"{number}: {request.entity} has no such proposal.")
            continue
        try:
            do(request, proposal)
            done.append(number)
        except DomainError as error:
            record_refusal(request, error)
            refused.append(error)
            messages.error(request, f"{number} was left out. {error.message}")
    again = next((error for error in refused if isinstance(error, KeyUsed)), None)
    if again is not None and not done:
        raise again
    if done:
        messages.success(request, f"{said}: {', '.join(done)}.")
    return HttpResponseRedirect(next_path(request, reverse("desk:home", args=[request.entity.slug])))


def _seen(request: EntityRequest, proposal: Proposal) -> str:
    """The digest that the page showed beside the line. Without one nobody has seen the content: it is stale."""
    return request.POST.get(f"digest-{proposal.number}", "")


def _approve(request: EntityRequest, proposal: Proposal) -> None:
    # In a soft-closed period the second approver finds it among what waits for approval.
    second = proposal.status == Status.APPROVED
    approve = services.proposal_countersign if second else services.proposal_approve
    approve(proposal=proposal, user=request.user, digest=_seen(request, proposal))


def _post(request: EntityRequest, proposal: Proposal) -> None:
    # One form, many documents: each has a key of its own made from the form's.
    key = key_of(request, part=proposal.number)
    services.proposal_post(proposal=proposal, user=request.user, digest=_seen(request, proposal), key=key)


def _return(request: EntityRequest, proposal: Proposal) -> None:
    services.proposal_return(proposal=proposal, user=request.user, comment=request.POST.get("comment", ""))
