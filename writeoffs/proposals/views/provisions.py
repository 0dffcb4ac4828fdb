"""Losses on purchase commitments: what an assessment says of each, the document that provides for them, deliveries."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from core.access import EntityRequest, for_entity
from core.errors import DomainError, NotAllowed, WrongState
from core.middleware import refused_in_form
from core.money import MONEY_SCALE, QUANTITY_SCALE, from_raw
from core.words import Role
from writeoffs.proposals import services
from writeoffs.proposals.provision_forms import DatesForm, UseForm
from writeoffs.proposals.services.provisions import Due
from writeoffs.proposals.views.common import header_taken
from writeoffs.valuation.commitment_models import CommitmentLine, ProvisionMovement, standing_of
from writeoffs.valuation.models import Assessment, Basis, PurchaseCommitment

ZERO = Decimal(0)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity()
def commitments(request: EntityRequest, number: str) -> HttpResponse:
    """What an assessment says of each purchase commitment; a preparer proposes what is due."""
    found = Assessment.objects.select_related("entity")
    assessment = get_object_or_404(found, entity=request.entity, number=number)
    may_propose = Role.PREPARER in request.entity_roles
    if request.method == "POST" and not may_propose:
        raise NotAllowed(
            f"What an assessment requires is proposed by a preparer; you have no such role in {request.entity}."
        )
    form = DatesForm(request.POST or None, entity=request.entity, day=assessment.as_of)
    status = 200
    if request.method == "POST" and header_taken(request, form):
        try:
            made, _ = services.provisions_propose(assessment=assessment, user=request.user, header=form.header())
        except DomainError as error:
            status = refused_in_form(request, form, error)
        else:
            messages.success(request, f"{made} is a draft. Look at it, then submit it.")
            return redirect(made)
    plan = _plan(assessment)
    totals = {
        "cost": sum((one.line.cost for one in plan), ZERO),
        "required": sum((one.line.required for one in plan), ZERO),
        "stands": sum((one.stands for one in plan), ZERO),
        "due": sum((one.amount for one in plan if one.left is None), ZERO),
    }
    context = {
        "assessment": assessment,
        "plan": plan,
        "totals": totals,
        "due": [one for one in plan if one.left is None],
        "form": form if may_propose else None,
    }
    return render(
        request, "provisions/commitments.html", context, status=400 if form.errors and status == 200 else status
    )


def _plan(assessment: Assessment) -> list[Due]:
    """Nothing where the assessment cannot be proposed from: another basis has no commitments, a failed one no lines."""
    try:
        return services.provisions_plan(assessment=assessment)
    except WrongState:
        return []


@require_safe
@for_entity()
def provisions(request: EntityRequest) -> HttpResponse:
    """The provisions that stand, and what moved them last."""
    entity = request.entity
    standing = standing_of(entity=entity)
    chosen = PurchaseCommitment.objects.filter(pk__in=[one.commitment_id for one in standing.values()])
    by_pk = {one.pk: one for one in chosen.select_related("item")}
    rows: list[dict[str, Any]] = [
        {
            "commitment": by_pk[one.commitment_id],
            "units": from_raw(one.quantity, QUANTITY_SCALE),
            "amount": from_raw(one.amount, MONEY_SCALE),
        }
        for one in standing.values()
    ]
    last = Assessment.objects.filter(entity=entity, basis=Basis.LEADING, finished_at__isnull=False)
    moved = ProvisionMovement.objects.filter(entity=entity).select_related("commitment__item", "lot__location")
    context = {
        "rows": rows,
        "total": sum((row["amount"] for row in rows), ZERO),
        "moved": moved.order_by("-pk")[:50],
        "last": last.filter(pk__in=CommitmentLine.objects.values("assessment")).order_by("-as_of", "-pk").first(),
        "may_prepare": Role.PREPARER in request.entity_roles,
    }
    return render(request, "provisions/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def provision_use(request: EntityRequest, pk: int) -> HttpResponse:
    """Note a delivery: the lot is lowered by its share of the provision."""
    entity = request.entity
    commitment = get_object_or_404(PurchaseCommitment.objects.select_related("entity", "item"), entity=entity, pk=pk)
    form = UseForm(request.POST or None, commitment=commitment, day=entity.local_date())
    status = 200
    if request.method == "POST" and header_taken(request, form):
        try:
            made = services.provision_use(
                commitment=commitment,
                lot=form.cleaned_data["lot"],
                units=form.cleaned_data["units"],
                user=request.user,
                header=form.header(),
            )
        except DomainError as error:
            status = refused_in_form(request, form, error)
        else:
            messages.success(request, f"{made} is a draft. Look at it, then submit it.")
            return redirect(made)
    standing = standing_of(entity=entity, commitments=[commitment.pk])
    own = standing.get((commitment.reference, commitment.item_id))
    context = {
        "form": form,
        "commitment": commitment,
        "units": from_raw(own.quantity, QUANTITY_SCALE) if own else ZERO,
        "amount": from_raw(own.amount, MONEY_SCALE) if own else ZERO,
    }
    return render(request, "provisions/use.html", context, status=400 if form.errors and status == 200 else status)
