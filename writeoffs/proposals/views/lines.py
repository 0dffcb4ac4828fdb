"""Adds, changes and removes a draft's lines; finds the lots to add."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from core.middleware import record_refusal
from core.money import plain
from core.requests import whole_number
from core.words import Role
from inventory.models import Lot, QuarantineEntry
from writeoffs.proposals import services
from writeoffs.proposals.entry_only import is_entry_only
from writeoffs.proposals.forms import LineForm
from writeoffs.proposals.models import FROM_QUARANTINE, LEAVING, Kind, Proposal, ProposalLine
from writeoffs.proposals.services.centres import default_centres
from writeoffs.proposals.views.common import proposal_or_404

FOUND = 20


@require_safe
@for_entity(Role.PREPARER)
def lot_search(request: EntityRequest, number: str) -> HttpResponse:
    """The first lots whose SKU, description or lot code has the text; for a recovery, goods in quarantine; for a
    disposal both."""
    proposal = _with_lots(request, number)
    text = request.GET.get("q", "").strip()[:60]
    matches = Q(item__sku__icontains=text) | Q(item__description__icontains=text) | Q(code__icontains=text)
    lots = Lot.objects.filter(matches, entity=request.entity).select_related("item", "location")
    context = {"proposal": proposal, "text": text, "found": FOUND}
    if proposal.kind in FROM_QUARANTINE:
        standing = QuarantineEntry.objects.filter(
            entity=request.entity,
            status=QuarantineEntry.Status.STANDING,
            reason=proposal.reason,
            lot__in=lots.order_by() if text else Lot.objects.filter(entity=request.entity),
        )
        context["quarantine"] = standing.select_related("lot__item", "lot__location")[:FOUND]
    if text and proposal.kind != Kind.RECOVERY:
        taken = ProposalLine.objects.filter(proposal=proposal).values("lot")
        context["lots"] = lots.exclude(pk__in=taken).order_by("item__sku", "code", "pk")[:FOUND]
    return render(request, "proposals/_lots.html", context)


def _with_lots(request: EntityRequest, number: str) -> Proposal:
    """A document without lots has no such page."""
    proposal = proposal_or_404(request, number)
    if is_entry_only(proposal):
        raise Http404
    return proposal


def _id(text: str | None) -> int:
    number = whole_number(text)
    if number is None:
        raise Http404
    return number


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def line_add(request: EntityRequest, number: str) -> HttpResponse:
    proposal = _with_lots(request, number)
    given = request.POST if request.method == "POST" else request.GET
    quarantine = None
    if proposal.kind == Kind.RECOVERY or (proposal.kind in FROM_QUARANTINE and given.get("quarantine")):
        quarantine = get_object_or_404(QuarantineEntry, entity=request.entity, pk=_id(given.get("quarantine")))
    lots = Lot.objects.select_related("item", "location")
    lot = get_object_or_404(lots, entity=request.entity, pk=quarantine.lot_id if quarantine else _id(given.get("lot")))
    initial = {"cost_centre": default_centres([lot.pk]).get(lot.pk)}
    form = LineForm(request.POST or None, proposal=proposal, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.line_add(
                proposal=proposal,
                user=request.user,
                lot=lot,
                quantity=data.get("quantity"),
                new_carrying_amount=data.get("new_carrying_amount"),
                cost_centre=data["cost_centre"],
                quarantine=quarantine,
                note=data["note"],
            )
        except DomainError as error:
            return _refused(request, error, form, proposal, lot, quarantine)
        messages.success(request, f"{lot.item} / {lot} is on {proposal.number}.")
        return redirect(f"{proposal.get_absolute_url()}#lines")
    return _page(request, form, proposal, lot, quarantine, 400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def line_edit(request: EntityRequest, number: str, line_number: int) -> HttpResponse:
    proposal = proposal_or_404(request, number)
    lines = ProposalLine.objects.select_related("lot__item", "lot__location", "proposal", "cost_centre", "quarantine")
    line = get_object_or_404(lines, proposal=proposal, line_number=line_number)
    shown = -line.quantity if proposal.kind in LEAVING else line.quantity
    initial = {
        "quantity": plain(shown),
        "new_carrying_amount": "" if line.new_carrying_amount is None else plain(line.new_carrying_amount),
        "cost_centre": line.cost_centre,
        "note": line.note,
    }
    form = LineForm(request.POST or None, proposal=proposal, cost_centre=line.cost_centre, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.line_edit(
                line=line,
                user=request.user,
                quantity=data.get("quantity"),
                new_carrying_amount=data.get("new_carrying_amount"),
                cost_centre=data["cost_centre"],
                note=data["note"],
            )
        except DomainError as error:
            return _refused(request, error, form, proposal, line.lot, line.quarantine, line)
        messages.success(request, f"{proposal.number}, line {line_number}: saved.")
        return redirect(f"{proposal.get_absolute_url()}#lines")
    return _page(request, form, proposal, line.lot, line.quarantine, 400 if form.errors else 200, line)


@require_POST
@for_entity(Role.PREPARER)
def line_remove(request: EntityRequest, number: str, line_number: int) -> HttpResponse:
    proposal = proposal_or_404(request, number)
    line = get_object_or_404(
        ProposalLine.objects.select_related("proposal", "lot__item"), proposal=proposal, line_number=line_number
    )
    services.line_remove(line=line, user=request.user)
    messages.success(request, f"{line.lot.item} / {line.lot} is off {proposal.number}.")
    return redirect(f"{proposal.get_absolute_url()}#lines")


def _refused(
    request: EntityRequest,
    error: DomainError,
    form: LineForm,
    proposal: Proposal,
    lot: Lot,
    quarantine: QuarantineEntry | None,
    line: ProposalLine | None = None,
) -> HttpResponse:
    record_refusal(request, error)
    form.add_error(None, error.message)
    return _page(request, form, proposal, lot, quarantine, error.status, line)


def _page(
    request: EntityRequest,
    form: LineForm,
    proposal: Proposal,
    lot: Lot,
    quarantine: QuarantineEntry | None,
    status: int,
    line: ProposalLine | None = None,
) -> HttpResponse:
    context = {"form": form, "proposal": proposal, "lot": lot, "quarantine": quarantine, "line": line}
    return render(request, "proposals/line.html", context, status=status)
