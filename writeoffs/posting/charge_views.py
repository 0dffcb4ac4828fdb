"""The entries that go to the ERP beside stock adjustments: what waits, what has no answer, what the ERP has."""

from __future__ import annotations

from decimal import Decimal

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, Sum
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from core.access import EntityRequest, for_entity
from core.errors import BadInput, WrongState
from core.middleware import record_refusal
from core.requests import next_path
from core.words import Role
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.acknowledge import ACKNOWLEDGED_BY
from writeoffs.posting.erp_charges import charge_acknowledge, charges_waiting
from writeoffs.posting.models import ErpCharge

PER_PAGE = 50
WAITING = "WAITING"
_LABELS = {WAITING: "In no file yet", "SENT": "Not answered", "ACCEPTED": "In the ERP"}


@require_safe
@for_entity()
def charges(request: EntityRequest) -> HttpResponse:
    """By state; what still waits first of all."""
    entity = request.entity
    waiting = [one.entry_id for one in charges_waiting(entity=entity)]
    handed = {
        state: ErpCharge.objects.filter(entity=entity, status=state).values("entry") for state in ("SENT", "ACCEPTED")
    }
    found = {WAITING: JournalEntry.objects.filter(pk__in=waiting)}
    found |= {state: JournalEntry.objects.filter(pk__in=entries) for state, entries in handed.items()}
    counts = {state: entries.count() for state, entries in found.items()}
    first = next((state for state in _LABELS if counts[state]), WAITING)
    state = request.GET.get("state", first)
    state = state if state in _LABELS else first
    debit = Sum("lines__amount", filter=Q(lines__amount__gt=Decimal(0)))
    entries = found[state].select_related("entity").annotate(debit=debit).order_by("-chain_sequence")
    page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    last = ErpCharge.objects.filter(entity=entity, entry__in=list(page.object_list)).select_related("batch")
    by_entry = {charge.entry_id: charge for charge in last.order_by("pk")}
    context = {
        "page_obj": page,
        "rows": [{"entry": entry, "charge": by_entry.get(entry.pk)} for entry in page.object_list],
        "state": state,
        "tabs": [(value, label, counts[value]) for value, label in _LABELS.items()],
        "may_acknowledge": bool(request.entity_roles & ACKNOWLEDGED_BY),
    }
    return render(request, "postings/charges.html", context)


@require_POST
@for_entity(Role.CONTROLLER, Role.PREPARER)
def charge_confirm(request: EntityRequest, entry_id: int) -> HttpResponse:
    """The person's word that the ERP has it."""
    entry = get_object_or_404(JournalEntry.objects.select_related("entity"), entity=request.entity, pk=entry_id)
    try:
        charge_acknowledge(entity=request.entity, entry=entry, user=request.user, how=request.POST.get("how", ""))
    except (BadInput, WrongState) as error:
        record_refusal(request, error)
        messages.error(request, error.message)
    else:
        messages.success(request, f"Entry {entry.number}: confirmed, the ERP has it.")
    return HttpResponseRedirect(next_path(request, reverse("postings:charges", args=[request.entity.slug])))
