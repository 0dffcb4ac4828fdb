"""Makes proposals from stock, counts, quarantine or by hand, and edits a draft's header."""

from __future__ import annotations

from decimal import Decimal

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from core.middleware import record_refusal
from core.requests import whole_number
from core.words import Reason, Role
from inventory.models import CountSheet, QuarantineEntry
from inventory.selectors import lot_totals, lots_filtered
from writeoffs.proposals import services
from writeoffs.proposals.entry_only import is_entry_only
from writeoffs.proposals.forms import EditForm, FromStockForm, HeaderForm
from writeoffs.proposals.models import FROM_QUARANTINE, Kind
from writeoffs.proposals.views.common import header_taken, proposal_or_404

BY_HAND = (
    *(Kind.WRITE_OFF.value, Kind.WRITE_DOWN.value, Kind.REVERSAL.value),
    *(Kind.COUNT_ADJUSTMENT.value, Kind.RECOVERY.value, Kind.DISPOSAL.value),
    *(Kind.TAX.value, Kind.ACCRUAL.value),
)
FROM_STOCK = (Kind.WRITE_OFF.value, Kind.WRITE_DOWN.value, Kind.REVERSAL.value)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def proposal_new(request: EntityRequest) -> HttpResponse:
    """By hand: the header here, the lines or charges on the draft's own page."""
    asked = request.GET.get("kind", "")
    initial = {"kind": asked} if asked in BY_HAND else {}
    form = HeaderForm(request.POST or None, entity=request.entity, kinds=BY_HAND, initial=initial)
    if request.method == "POST" and header_taken(request, form):
        proposal = services.proposal_create(entity=request.entity, user=request.user, header=form.header())
        what = "its charges" if is_entry_only(proposal) else "the lots that lost value"
        messages.success(request, f"{proposal.number} is a draft. Add {what}, then submit it.")
        return redirect(proposal)
    context = {"form": form, "button": "Make the draft"}
    return render(request, "proposals/new.html", context, status=400 if form.errors else 200)


def _chosen(request: EntityRequest) -> QueryDict:
    """The stock list's own query string; lots ticked on its page come along in the body."""
    params = request.GET.copy()
    if request.POST.get("scope") != "filter" and "lot" in request.POST:
        params.setlist("lot", request.POST.getlist("lot"))
    return params


def _reason_guessed(params: QueryDict) -> str:
    """What the filter says about the reason; the person can choose another."""
    if params.get("expiry") == "expired" or params.get("expires_before"):
        return Reason.EXPIRY
    return Reason.OBSOLESCENCE


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def proposal_from_stock(request: EntityRequest) -> HttpResponse:
    """Says how many lots were chosen and how many are left out; confirmed, makes the draft."""
    params = _chosen(request)
    lots = lots_filtered(entity=request.entity, params=params)
    confirmed = request.method == "POST" and "confirmed" in request.POST
    form = FromStockForm(
        request.POST if confirmed else None,
        entity=request.entity,
        kinds=FROM_STOCK,
        initial={"reason": _reason_guessed(params)},
    )
    refused = None
    if confirmed and header_taken(request, form):
        try:
            proposal, left_out = services.proposal_create_from_stock(
                entity=request.entity, user=request.user, header=form.header(), lots=lots, percent=form.share
            )
        except DomainError as error:
            record_refusal(request, error)
            form.add_error(None, error.message)
            refused = error
        else:
            messages.success(request, _made(proposal.number, proposal.line_count, left_out))
            return redirect(proposal)
    totals = lot_totals(lots=lots)
    holding = lot_totals(lots=lots.filter(quantity__gt=Decimal(0)))
    context = {
        "form": form,
        "totals": holding,
        "left_out": totals.lots - holding.lots,
        "ticked": params.getlist("lot"),
        "query_string": request.GET.urlencode(),
    }
    return render(request, "proposals/from_stock.html", context, status=_status(form, refused))


def _status(form: HeaderForm, refused: DomainError | None) -> int:
    if refused is not None:
        return refused.status
    return 400 if form.errors else 200


def _made(number: str, lines: int, left_out: int) -> str:
    rest = f" {left_out:,} with nothing for it left out." if left_out else ""
    return f"{number} is a draft of {lines:,} lots.{rest} Look at it, then submit it."


@require_POST
@for_entity(Role.PREPARER)
def proposal_from_count(request: EntityRequest, sheet: str) -> HttpResponse:
    """All differences of a count sheet as one draft; of one without any, what was accrued for the goods it found."""
    count = get_object_or_404(CountSheet, entity=request.entity, number=sheet)
    if not count.difference_count:
        proposal = services.accrual_release_propose(entity=request.entity, user=request.user, sheet=count)
        messages.success(request, f"{proposal.number} is a draft: what was accrued for the goods of {count.number}.")
        return redirect(proposal)
    proposal = services.proposal_create_from_count(entity=request.entity, user=request.user, sheet=count)
    messages.success(request, f"{proposal.number} is a draft of {proposal.line_count:,} differences of {count.number}.")
    return redirect(proposal)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def proposal_from_quarantine(request: EntityRequest) -> HttpResponse:
    """A recovery or a disposal of goods that stand in quarantine."""
    chosen = request.POST.getlist("entry") or request.GET.getlist("entry")
    kind = request.POST.get("kind", Kind.RECOVERY.value)
    if kind not in FROM_QUARANTINE:
        raise Http404
    if not chosen:
        messages.info(request, "Tick the goods that come back or leave for good, then press Recover or Dispose of.")
        return redirect("stock:quarantine", request.entity.slug)
    numbers = [number for number in map(whole_number, chosen) if number is not None]
    if len(numbers) != len(chosen):
        raise Http404
    entries = QuarantineEntry.objects.filter(
        entity=request.entity, pk__in=numbers, status=QuarantineEntry.Status.STANDING
    ).select_related("lot__item", "lot__location")
    if not entries:
        raise Http404
    confirmed = request.method == "POST" and "confirmed" in request.POST
    form = HeaderForm(
        request.POST if confirmed else None,
        entity=request.entity,
        kinds=(kind,),
        initial={"reason": entries[0].reason},
    )
    refused = None
    if confirmed and header_taken(request, form):
        try:
            proposal = services.proposal_create_from_quarantine(
                entity=request.entity, user=request.user, header=form.header(), entries=entries
            )
        except DomainError as error:
            record_refusal(request, error)
            form.add_error(None, error.message)
            refused = error
        else:
            messages.success(request, f"{proposal.number} is a draft. Check the quantities, then submit it.")
            return redirect(proposal)
    context = {"form": form, "entries": entries, "disposal": kind == Kind.DISPOSAL}
    return render(request, "proposals/from_quarantine.html", context, status=_status(form, refused))


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def proposal_edit(request: EntityRequest, number: str) -> HttpResponse:
    """Reason, dates and note of a draft."""
    proposal = proposal_or_404(request, number)
    form = EditForm(request.POST or None, proposal=proposal)
    refused = None
    if request.method == "POST" and header_taken(request, form):
        try:
            services.proposal_edit(
                proposal=proposal, user=request.user, header=form.header(), version=form.cleaned_data["version"]
            )
        except DomainError as error:
            record_refusal(request, error)
            form.add_error(None, error.message)
            refused = error
        else:
            messages.success(request, f"{proposal.number}: saved.")
            return redirect(proposal)
    context = {"form": form, "proposal": proposal, "button": "Save the draft"}
    return render(request, "proposals/edit.html", context, status=_status(form, refused))
