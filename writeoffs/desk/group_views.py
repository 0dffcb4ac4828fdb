"""A group's own pages: what it is made of, its exchange rates, and how to ask for another set of companies."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from core.entity_groups import EntityGroup, ExchangeRate
from core.errors import DomainError
from core.exchange import rate_enter
from core.group_access import GroupRequest, for_group, groups_of, require_controller
from core.group_changes import KIND, group_request
from core.idempotency import key_of
from core.middleware import record_refusal
from core.models import ChangeRequest, Entity, Membership, User
from core.money import plain
from core.words import Role
from writeoffs.desk.group_forms import GroupForm, RateForm
from writeoffs.desk.group_overview import overview_context

PER_PAGE = 50


def _kept_by(user: User) -> Any:
    """The companies that the person is a controller of."""
    held = Membership.objects.filter(entity=OuterRef("pk"), user=user, role=Role.CONTROLLER)
    return Entity.objects.filter(Exists(held)).order_by("name")


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The groups that the person may see, and what waits for a second person."""
    user = cast(User, request.user)
    kept = _kept_by(user)
    waiting = ChangeRequest.objects.filter(kind=KIND, status=ChangeRequest.Status.OPEN, entity__in=kept.order_by())
    context = {
        "groups_shown": groups_of(user).prefetch_related("entities"),
        "waiting": waiting.select_related("entity", "requested_by"),
        "may_ask": kept.exists(),
    }
    return render(request, "groups/index.html", context)


@require_safe
@for_group
def overview(request: GroupRequest) -> HttpResponse:
    return render(request, "groups/overview.html", overview_context(request))


@require_safe
@for_group
def rates(request: GroupRequest) -> HttpResponse:
    """Every rate and every version of it, the newest days first."""
    found = ExchangeRate.objects.filter(group=request.group).select_related("entered_by", "upload")
    currency = request.GET.get("currency", "")
    if currency:
        found = found.filter(currency=currency)
    newer = ExchangeRate.objects.filter(
        group=request.group,
        currency=OuterRef("currency"),
        kind=OuterRef("kind"),
        starts_on=OuterRef("starts_on"),
        ends_on=OuterRef("ends_on"),
        version__gt=OuterRef("version"),
    )
    found = found.annotate(replaced=Exists(newer)).order_by("-ends_on", "currency", "kind", "-starts_on", "-version")
    context = {
        "group": request.group,
        "page_obj": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "currencies": _currencies(request),
        "currency": currency,
        "may_enter": Role.CONTROLLER in request.parent_roles,
    }
    return render(request, "groups/rates.html", context)


def _currencies(request: GroupRequest) -> list[str]:
    return sorted({entity.currency for entity in request.members} - {request.group.currency})


@require_http_methods(["GET", "HEAD", "POST"])
@for_group
def rate(request: GroupRequest) -> HttpResponse:
    """Enter one rate. The address may say which one is missing."""
    group = request.group
    require_controller(group, request.user, what="Entering an exchange rate")
    initial = {
        "currency": request.GET.get("currency"),
        "kind": request.GET.get("kind"),
        "starts_on": request.GET.get("from"),
        "ends_on": request.GET.get("to"),
    }
    form = RateForm(request.POST or None, group=group, currencies=_currencies(request), initial=initial)
    status = 400 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            made = rate_enter(group=group, user=request.user, given=form.given(), key=key_of(request))
        except DomainError as error:
            _refused(request, group, error)
            form.add_error(None, error.message)
            status = error.status
        else:
            value = "withdrawn" if made.rate is None else plain(made.rate)
            messages.success(request, f"{made}: {value}. It counts from now on.")
            return redirect("groups:rates", group.slug)
    return render(request, "groups/rate.html", {"group": group, "form": form}, status=status)


def _refused(request: HttpRequest, group: EntityGroup, error: DomainError) -> None:
    """A refusal stands in the trail of the company that keeps the group."""
    request.entity = group.parent  # type: ignore[attr-defined]
    record_refusal(request, error)
    del request.entity  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a group."""
    user = cast(User, request.user)
    kept = _kept_by(user)
    form = GroupForm(request.POST or None, kept=kept, initial={"entities": kept, "currency": "EUR"})
    return _group_form(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_group
def companies(request: GroupRequest) -> HttpResponse:
    """Ask for another set of companies, another name or year."""
    group = request.group
    require_controller(group, request.user, what="Changing a group")
    initial = {"name": group.name, "fiscal_year_start": group.fiscal_year_start, "entities": request.members}
    form = GroupForm(request.POST or None, kept=_kept_by(request.user), group=group, initial=initial)
    return _group_form(request, form, group)


def _group_form(request: HttpRequest, form: GroupForm, group: EntityGroup | None) -> HttpResponse:
    status = 400 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            change = group_request(
                parent=form.keeper,
                user=cast(User, request.user),
                given=form.given(),
                reason=form.cleaned_data["reason"],
                key=key_of(request),
            )
        except DomainError as error:
            record_refusal(request, error)
            form.add_error(None, error.message)
            status = error.status
        else:
            messages.success(
                request, f"Asked: {change.summary}. A second person decides under Changes of {change.entity}."
            )
            return redirect("groups:index")
    return render(request, "groups/companies.html", {"group": group, "form": form}, status=status)
