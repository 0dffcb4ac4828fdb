"""The map from role to account: every rule, which one wins for a line, and how to ask for another."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from core.access import EntityRequest, for_entity, require_role
from core.errors import DomainError
from core.middleware import refused_in_form
from core.models import ChangeRequest
from core.words import Role
from writeoffs.ledger.mapping import AccountResolver, Rule, rules_of
from writeoffs.ledger.mapping_changes import KIND, rule_request
from writeoffs.ledger.mapping_forms import RuleForm, TryForm
from writeoffs.ledger.roles import ROLES


@require_safe
@for_entity()
def mapping(request: EntityRequest) -> HttpResponse:
    """Every role with its rules; a line that somebody tries stands in the address."""
    rules = rules_of(entity=request.entity)
    form = TryForm(request.GET if "role" in request.GET else None, entity=request.entity)
    by_role: dict[str, list[Rule]] = {}
    for rule in rules:
        by_role.setdefault(rule.role, []).append(rule)
    return render(
        request,
        "ledger/mapping.html",
        {
            "rows": [(code, info, _default_first(by_role.get(code, []))) for code, info in ROLES.items()],
            "form": form,
            "tried": _tried(request, form, rules),
            "waiting": _waiting(request),
            "may_ask": Role.CONTROLLER in request.entity_roles,
        },
    )


def _default_first(rules: list[Rule]) -> list[Rule]:
    return sorted(rules, key=lambda rule: not rule.is_default)


def _tried(request: EntityRequest, form: TryForm, rules: list[Rule]) -> dict[str, Any] | None:
    """The winner for the facts typed, or None where nothing was tried or it cannot be read."""
    if not form.is_bound or not form.is_valid():
        return None
    data = form.cleaned_data
    category, location = data["category"], data["location"]
    resolver = AccountResolver(str(request.entity), rules)
    rule = resolver.resolve(
        data["role"], category.pk if category else None, data["reason"], location.pk if location else None
    )
    return {"role": ROLES[data["role"]], "rule": rule}


def _waiting(request: EntityRequest) -> QuerySet[ChangeRequest]:
    return ChangeRequest.objects.filter(
        entity=request.entity, kind=KIND, status=ChangeRequest.Status.OPEN
    ).select_related("requested_by")


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity()
def rule(request: EntityRequest) -> HttpResponse:
    """Ask for a rule; the address may name the one to change."""
    require_role(request, Role.CONTROLLER, what="Changing the account of a role")
    names = ("role", "location", "category", "reason", "account")
    initial = {name: request.GET[name] for name in names if request.GET.get(name)}
    form = RuleForm(request.POST or None, entity=request.entity, initial=initial)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            change = rule_request(
                entity=request.entity, user=request.user, asked=form.asked(), why=form.cleaned_data["why"]
            )
        except DomainError as error:
            status = refused_in_form(request, form, error)
        else:
            messages.success(request, f"Asked: {change.summary}. A second person decides under Changes.")
            return redirect("ledger:mapping", request.entity.slug)
    elif form.errors:
        status = 400
    return render(request, "ledger/rule.html", {"form": form}, status=status)
