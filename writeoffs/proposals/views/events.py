"""Events after the reporting date: those that were judged, and a form for another."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from core.middleware import refused_in_form
from core.models import Entity, StoredFile
from core.money import MONEY_SCALE, RAW_LIMIT, from_raw
from core.papers import paper_download
from core.words import Reason, Role
from inventory.models import Lot
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.proposals import services
from writeoffs.proposals.event_models import SubsequentEvent
from writeoffs.proposals.services import EventInput, Paper

PER_PAGE = 50


def _amount(label: str, help_text: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        decimal_places=MONEY_SCALE,
        min_value=Decimal(0),
        max_value=from_raw(RAW_LIMIT, MONEY_SCALE),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text=help_text,
    )


class EventForm(forms.Form):
    """What happened and how it is judged; the lot by SKU and lot code, as the stock list names it."""

    reporting_on = forms.DateField(label="Reporting date", widget=forms.DateInput(attrs={"type": "date"}))
    event_on = forms.DateField(label="Event date", widget=forms.DateInput(attrs={"type": "date"}))
    what = forms.CharField(label="What happened", max_length=500)
    reason = forms.ChoiceField(
        label="Reason", choices=[choice for choice in Reason.choices if choice[0] != Reason.COUNT_DIFFERENCE]
    )
    condition_existed = forms.TypedChoiceField(
        label="Did its condition exist on the reporting date?",
        choices=[("", "Choose"), ("yes", "Yes: it adjusts the year just ended"), ("no", "No: it is disclosed alone")],
        coerce=lambda value: value == "yes",
        help_text="A sale below cost shows what the goods were worth; a fire in January does not (IAS 10.9; ASC 855).",
    )
    why = forms.CharField(label="Why it is judged so", max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    sku = forms.CharField(label="Lot: SKU", max_length=60, required=False)
    code = forms.CharField(label="Lot: code and location, as CODE at LOCATION", max_length=120, required=False)
    proceeds = _amount(
        "What all its units fetched",
        "All that the lot held on the reporting date. Of an event that adjusts, assessments as of that date take it as "
        "the price.",
    )
    costs = _amount("Selling cost of them")
    amount = _amount("Estimated effect", "Of an event that does not adjust (IAS 10.21).")
    disclosure = forms.CharField(
        label="What the notes say", max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    paper = forms.FileField(label="Paper", required=False, help_text="PDF, PNG, JPEG, xlsx, csv or txt; up to 25 MB.")

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entity = entity
        for name in ("proceeds", "costs", "amount"):
            self.fields[name].label = f"{self.fields[name].label}, {entity.currency}"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["lot"] = None
        sku = (data.get("sku") or "").strip()
        if not sku:
            return data
        code, _, place = (data.get("code") or "").partition(" at ")
        lots = Lot.objects.filter(entity=self.entity, item__sku__iexact=sku)
        if code.strip():
            lots = lots.filter(code__iexact=code.strip())
        if place.strip():
            lots = lots.filter(location__code__iexact=place.strip())
        found = list(lots[:2])
        if len(found) != 1:
            many = "more than one lot" if found else "no lot"
            self.add_error("sku", f"There is {many} of '{sku}' with that code. Write its code and location as listed.")
            return data
        data["lot"] = found[0]
        return data

    def event(self) -> EventInput:
        data = self.cleaned_data
        file = data["paper"]
        return EventInput(
            reporting_on=data["reporting_on"],
            event_on=data["event_on"],
            what=data["what"],
            reason=data["reason"],
            condition_existed=data["condition_existed"],
            why=data["why"],
            lot=data["lot"],
            proceeds=data["proceeds"],
            costs=data["costs"] or Decimal(0),
            amount=data["amount"],
            disclosure=data["disclosure"],
            paper=Paper(file.name or "file", file.read(StoredFile.MAX_BYTES + 1)) if file else None,
        )


def _year_end(entity: Entity) -> dt.date | None:
    """The last day of the fiscal year that ended last."""
    ended = FiscalPeriod.objects.filter(entity=entity, number=12, ends_on__lt=entity.local_date())
    return ended.order_by("-ends_on").values_list("ends_on", flat=True).first()


@require_safe
@for_entity()
def event_list(request: EntityRequest) -> HttpResponse:
    """The newest first."""
    events = SubsequentEvent.objects.filter(entity=request.entity).select_related(
        "lot__item", "lot__location", "document", "judged_by", "price"
    )
    context = {
        "page_obj": Paginator(events, PER_PAGE).get_page(request.GET.get("page")),
        "may_record": Role.PREPARER in request.entity_roles,
    }
    return render(request, "events/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def event_new(request: EntityRequest) -> HttpResponse:
    """Judge an event; an adjusting one leads to its draft."""
    initial = {"reporting_on": _year_end(request.entity), "event_on": request.entity.local_date()}
    form = EventForm(request.POST or None, request.FILES or None, entity=request.entity, initial=initial)
    status = 400 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            event = services.event_record(entity=request.entity, user=request.user, event=form.event())
        except DomainError as error:
            status = refused_in_form(request, form, error)
        else:
            messages.success(request, _said(event))
            return redirect(event.document or "proposals:events", *([] if event.document else [request.entity.slug]))
    return render(request, "events/new.html", {"form": form}, status=status)


def _said(event: SubsequentEvent) -> str:
    shown = (
        f" Assessments as of {event.reporting_on.isoformat()} take what it shows as the price." if event.price else ""
    )
    if event.document is not None:
        return f"{event.number} adjusts the year just ended: {event.document.number} is a draft. Submit it.{shown}"
    if event.condition_existed:
        return f"{event.number} is kept as adjusting; nothing has to be written down by it.{shown}"
    return f"{event.number} does not adjust: it is disclosed, and booked in its own year."


@require_safe
@for_entity()
def event_paper(request: EntityRequest, number: str) -> HttpResponse:
    """The paper behind an event, as a download."""
    event = get_object_or_404(SubsequentEvent, entity=request.entity, number=number)
    if event.file_id is None:
        raise Http404
    return paper_download(event.file_id, event.file_name)
