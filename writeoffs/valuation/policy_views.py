"""The pages of the valuation policies: what is in force, one with its past, asking for another."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from core.access import EntityRequest, for_entity, require_role
from core.errors import DomainError
from core.idempotency import key_of
from core.middleware import refused_in_form
from core.models import Category, ChangeRequest
from core.words import Framework, Role
from writeoffs.valuation.in_force import policies_as_of, policy_for
from writeoffs.valuation.policies import Basis, ValuationPolicy
from writeoffs.valuation.policy_changes import (
    KIND,
    PolicyAsked,
    asked_like,
    matrix_said,
    policy_request,
    policy_said,
)
from writeoffs.valuation.policy_forms import PolicyForm, asked_of, bands_form, initial_of
from writeoffs.valuation.rules.permitted import level_permitted


def _said(policy: ValuationPolicy) -> str:
    return policy_said(asked_like(policy, policy.starts_on))


def _basis(request: EntityRequest) -> str:
    wanted = request.GET.get("basis", "")
    return wanted if wanted in Basis.values else Basis.LEADING.value


@require_safe
@for_entity()
def policies(request: EntityRequest) -> HttpResponse:
    """What is in force today under a basis, what is to come, and what was before."""
    entity, basis, today = request.entity, _basis(request), request.entity.local_date()
    standing = policies_as_of(entity=entity, as_of=today, basis=basis)
    in_force = sorted(standing.values(), key=lambda policy: (policy.category is not None, str(policy.category)))
    now = {policy.pk for policy in in_force}
    every = (
        ValuationPolicy.objects.filter(entity=entity, basis=basis)
        .select_related("category", "asked_by", "decided_by")
        .prefetch_related("bands")
        .order_by("-starts_on", "-version", "category__name")
    )
    return render(
        request,
        "valuation/policies.html",
        {
            "basis": Basis(basis),
            "bases": [(value, label) for value, label in Basis.choices],
            "in_force": [(policy, _said(policy)) for policy in in_force],
            "others": [(policy, _said(policy), policy.starts_on > today) for policy in every if policy.pk not in now],
            "permitted": level_permitted(entity.framework),
            "framework": Framework(entity.framework).label,
            "waiting": ChangeRequest.objects.filter(
                entity=entity, kind=KIND, status=ChangeRequest.Status.OPEN
            ).select_related("requested_by"),
            "may_ask": Role.CONTROLLER in request.entity_roles,
        },
    )


@require_safe
@for_entity()
def policy_detail(request: EntityRequest, pk: int) -> HttpResponse:
    """One policy: what it says, why, who asked and who decided."""
    policy = get_object_or_404(
        ValuationPolicy.objects.select_related("category", "asked_by", "decided_by").prefetch_related("bands"),
        entity=request.entity,
        pk=pk,
    )
    standing = policies_as_of(entity=request.entity, as_of=request.entity.local_date(), basis=policy.basis)
    found = standing.get(policy.category_id)
    bands = [(band.from_days, band.to_days, band.rate) for band in policy.bands.all()]
    context = {
        "policy": policy,
        "in_force": found is not None and found.pk == policy.pk,
        "ahead": policy.starts_on > request.entity.local_date(),
        "matrix": matrix_said(bands),
        "bands": policy.bands.all(),
        "may_ask": Role.CONTROLLER in request.entity_roles,
    }
    return render(request, "valuation/policy.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity()
def policy_ask(request: EntityRequest) -> HttpResponse:
    """Ask for a policy; the form begins with the one that counts for the category and basis in the address."""
    require_role(request, Role.CONTROLLER, what="Changing a valuation policy")
    posted = request.POST if request.method == "POST" else None
    begin = _begin(request)
    form = PolicyForm(posted, entity=request.entity, initial=initial_of(begin))
    rows = bands_form(posted, begin)
    status = 200
    if posted is not None:
        status = 400
        if form.is_valid() and rows.is_valid():
            try:
                change = policy_request(
                    entity=request.entity,
                    user=request.user,
                    asked=asked_of(form, rows),
                    why=form.cleaned_data["why"],
                    key=key_of(request),
                )
            except DomainError as error:
                status = refused_in_form(request, form, error)
            else:
                messages.success(request, f"Asked: {change.summary}. A second person decides under Changes.")
                return redirect("valuation:policies", request.entity.slug)
    return render(request, "valuation/policy_ask.html", {"form": form, "rows": rows}, status=status)


def _begin(request: EntityRequest) -> PolicyAsked:
    entity, today = request.entity, request.entity.local_date()
    given: Any = request.GET.get("category", "")
    category = (
        Category.objects.filter(entity=entity, pk=int(given[:18])).first()
        if given.isascii() and given.isdigit()
        else None
    )
    basis = _basis(request)
    standing = policy_for(entity=entity, category=category, as_of=today, basis=basis)
    if standing is None:
        return PolicyAsked(today, category, basis)
    like = asked_like(standing, today)
    return PolicyAsked(today, category, basis, **like.values)
