"""Reads what a person typed into a proposal's pages; the rules themselves are the services'."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict

from core.errors import BadInput, DomainError, PeriodClosed
from core.models import CostCentre, Entity
from core.money import MONEY_SCALE, QUANTITY_SCALE, RAW_LIMIT, from_raw
from core.words import Reason
from writeoffs.ledger.calendar import adjustments_open
from writeoffs.proposals import policy
from writeoffs.proposals.charge_forms import centre_choices
from writeoffs.proposals.entry_only import WITHOUT_REASON
from writeoffs.proposals.late import RULE, Late, late_of
from writeoffs.proposals.models import Evidence, Finding, Kind, Proposal
from writeoffs.proposals.numbers import numbers_read
from writeoffs.proposals.services.create import COUNTED, Header, HeaderRefused, header_check
from writeoffs.valuation.models import Assessment


def _date(label: str, help_text: str = "") -> forms.DateField:
    return forms.DateField(label=label, help_text=help_text, widget=forms.DateInput(attrs={"type": "date"}))


def _figure(label: str, scale: int, **options: Any) -> forms.DecimalField:
    limit = from_raw(RAW_LIMIT, scale)
    return forms.DecimalField(
        label=label,
        decimal_places=scale,
        max_value=limit,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        **{"min_value": -limit, "localize": False, **options},
    )


def _reasons(kinds: Collection[str]) -> list[tuple[str, str]]:
    """The reasons that documents of these kinds can have."""
    counted = Reason.COUNT_DIFFERENCE.value
    reasons = [(str(value), str(label)) for value, label in Reason.choices]
    if COUNTED.issuperset(kinds):
        reasons = [choice for choice in reasons if choice[0] == counted]
    elif COUNTED.isdisjoint(kinds):
        reasons = [choice for choice in reasons if choice[0] != counted]
    return reasons if WITHOUT_REASON.isdisjoint(kinds) else [*reasons, ("", "All reasons (the tax of a period)")]


class HeaderForm(forms.Form):
    """Kind, reason, dates and note. `kinds` says which kinds the page offers; a single one is not asked for."""

    kind = forms.ChoiceField(label="Kind", choices=Kind.choices)
    reason = forms.ChoiceField(label="Reason", choices=Reason.choices)
    event_on = _date("Event date", "The day on which the loss happened, as far as it is known.")
    found_on = _date("Found date", "The day on which somebody noticed.")
    posting_on = _date("Posting date", "Drives the period, the quantity and the journal.")
    adjustment = forms.BooleanField(
        label="Into the adjustment period",
        required=False,
        help_text="Period 13 of the fiscal year that ends on the posting date; for what is found after its last month.",
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=4000)
    finding = forms.ChoiceField(
        label="Found late: what it is", choices=[("", "Choose"), *Finding.choices], help_text=RULE
    )
    material = forms.TypedChoiceField(
        label="Found late: material or not",
        choices=[("", "Choose"), ("yes", "Material"), ("no", "Not material")],
        coerce=lambda value: value == "yes",
        empty_value=None,
        help_text="Material: it could change what a reader of the accounts of that period decides.",
    )
    finding_why = forms.CharField(
        label="Found late: why",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What was known when, and how you judged that it is material or not. The approver certifies it.",
    )
    quarantine_goods = forms.BooleanField(
        label="The goods stay in quarantine",
        required=False,
        help_text="Written-off goods stand at nil value in the quarantine register until they are disposed of.",
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        entity: Entity,
        kinds: tuple[str, ...] = tuple(Kind.values),
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        today = entity.local_date()
        defaults = {
            "kind": kinds[0],
            "event_on": today,
            "found_on": today,
            "posting_on": policy.posting_date_default(entity=entity, found_on=today) or today,
            "quarantine_goods": True,
            **(initial or {}),
        }
        super().__init__(data, initial=defaults)
        self.entity = entity
        self.refused: DomainError | None = None
        self.late = self._late()
        if self.late is None:
            for name in ("finding", "material", "finding_why"):
                del self.fields[name]
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [(value, label) for value, label in Kind.choices if value in kinds]
        if len(kinds) == 1:
            kind.widget = forms.HiddenInput()
        reason = self.fields["reason"]
        assert isinstance(reason, forms.ChoiceField)
        reason.choices = _reasons(kinds)
        reason.required = WITHOUT_REASON.isdisjoint(kinds)
        if Kind.WRITE_OFF not in kinds:
            del self.fields["quarantine_goods"]
        if not adjustments_open(entity).exists() and not defaults.get("adjustment"):
            del self.fields["adjustment"]

    def header(self) -> Header:
        data = self.cleaned_data
        return Header(
            kind=data["kind"],
            reason=data["reason"],
            event_on=data["event_on"],
            found_on=data["found_on"],
            posting_on=data["posting_on"],
            adjustment=data.get("adjustment", False),
            note=data["note"],
            quarantine_goods=data.get("quarantine_goods", False),
            finding=data.get("finding", ""),
            material=data.get("material"),
            finding_why=data.get("finding_why", ""),
        )

    def _late(self) -> Late | None:
        """Whether the dates, as typed or as they stand, make it a loss found late: only then is more asked."""
        given: dict[str, Any] = {}
        for name in ("kind", "event_on", "posting_on"):
            value = self.data.get(name, self.initial[name] if name == "kind" else None)
            value = value if self.is_bound else self.initial[name]
            try:
                given[name] = self.fields[name].clean(value)
            except forms.ValidationError:
                return None
        return late_of(entity=self.entity, **given)

    def clean(self) -> dict[str, Any]:
        """A refused date stands at its field, with the date that can be taken instead; `refused` keeps the refusal for
        the view, which records it."""
        data = super().clean() or {}
        if self.errors:
            return data
        try:
            header_check(entity=self.entity, header=self.header())
        except PeriodClosed as error:
            self.refused = error
            self.add_error("posting_on", error.message)
        except HeaderRefused as error:
            self.refused = error
            self.add_error(error.field, error.message)
        return data


class EditForm(HeaderForm):
    """The same of a draft; version is the one that the page showed."""

    version = forms.IntegerField(widget=forms.HiddenInput())

    def __init__(self, data: QueryDict | None = None, *, proposal: Proposal) -> None:
        initial = {
            "reason": proposal.reason,
            "event_on": proposal.event_on,
            "found_on": proposal.found_on,
            "posting_on": proposal.posting_on,
            "adjustment": proposal.adjustment,
            "note": proposal.note,
            "quarantine_goods": proposal.quarantine_goods,
            "finding": proposal.finding,
            "material": {True: "yes", False: "no", None: ""}[proposal.material],
            "finding_why": proposal.finding_why,
            "version": proposal.version,
        }
        super().__init__(data, entity=proposal.entity, kinds=(proposal.kind,), initial=initial)


class FromStockForm(HeaderForm):
    """A write-off of all that the lots hold, a write-down of each to a part of its carrying amount, or a reversal of a
    part of its write-down."""

    percent = forms.DecimalField(
        label="Write down to, % of the carrying amount",
        help_text="For a write-down only: the part of each lot's carrying amount that stays; 0 writes it down to nil.",
        required=False,
        min_value=Decimal(0),
        max_value=Decimal("99.99"),
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    back = forms.DecimalField(
        label="Reverse, % of the write-down",
        help_text="For a reversal only: the part of each lot's write-down that comes back, of what can come back.",
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )

    field_order = (
        *("kind", "reason", "percent", "back", "event_on", "found_on", "posting_on", "adjustment"),
        *("finding", "material", "finding_why", "note", "quarantine_goods"),
    )

    def clean(self) -> dict[str, Any]:
        """What is left empty is no 0: a write-down to nil has to be said."""
        data = super().clean()
        if data.get("kind") == Kind.WRITE_DOWN and data.get("percent") is None and "percent" not in self.errors:
            self.add_error("percent", "Say which part of the carrying amount stays; enter 0 to write it down to nil.")
        if data.get("kind") == Kind.REVERSAL and data.get("back") is None and "back" not in self.errors:
            self.add_error("back", "Say which part of the write-down comes back; enter 100 to reverse all of it.")
        return data

    @property
    def share(self) -> Decimal:
        """The percentage of the kind chosen; 0 of a write-off, which has none."""
        given = self.cleaned_data["back" if self.cleaned_data["kind"] == Kind.REVERSAL else "percent"]
        return Decimal(given or 0)


class AssessedForm(HeaderForm):
    """The dates of what is proposed from an assessment; kind and reason come from its lines."""

    write_off_expired = forms.BooleanField(
        label="Write off what has expired and fetches nothing",
        required=False,
        help_text="Those goods leave the books, their allowance used first, instead of being written down to nil.",
    )
    field_order = (
        *("event_on", "found_on", "posting_on", "adjustment", "write_off_expired", "quarantine_goods"),
        *("finding", "material", "finding_why", "note"),
    )

    def __init__(self, data: QueryDict | None = None, *, assessment: Assessment) -> None:
        entity, day = assessment.entity, assessment.as_of
        self.posting_default = policy.posting_date_default(entity=entity, found_on=day) or entity.local_date()
        initial = {"event_on": day, "found_on": day, "posting_on": self.posting_default, "kind": Kind.WRITE_DOWN}
        super().__init__(data, entity=entity, kinds=(Kind.WRITE_DOWN.value, Kind.WRITE_OFF.value), initial=initial)
        for name in ("kind", "reason"):
            del self.fields[name]

    @property
    def posting_day(self) -> dt.date:
        """The posting date typed, or the default where none can be used."""
        day = getattr(self, "cleaned_data", {}).get("posting_on") if self.is_bound else None
        return day or self.posting_default

    def header(self) -> Header:
        self.cleaned_data |= {"kind": Kind.WRITE_DOWN, "reason": Reason.OBSOLESCENCE}
        return super().header()


class LineForm(forms.Form):
    """One line: a quantity, or for a write-down and its reversal the carrying amount from then on."""

    quantity = _figure("Quantity", QUANTITY_SCALE, required=False)
    new_carrying_amount = _figure("New carrying amount", MONEY_SCALE, required=False, min_value=Decimal(0))
    cost_centre = forms.ModelChoiceField(
        label="Cost centre", queryset=CostCentre.objects.none(), required=False, empty_label="None"
    )
    note = forms.CharField(label="Note", max_length=200, required=False)

    def __init__(self, *args: Any, proposal: Proposal, cost_centre: CostCentre | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        centre_choices(self.fields["cost_centre"], proposal, cost_centre)
        if proposal.is_valued:
            del self.fields["quantity"]
            self.fields["new_carrying_amount"].label = f"New carrying amount, {proposal.entity.currency}"
        else:
            del self.fields["new_carrying_amount"]
            labels = {
                Kind.WRITE_OFF: ("Quantity to write off", "Units that leave the books."),
                Kind.COUNT_ADJUSTMENT: ("Difference", "Negative when short, positive when over."),
                Kind.RECOVERY: ("Quantity to recover", "Units that come back from quarantine."),
                Kind.DISPOSAL: ("Quantity to dispose of", "Units that leave for good."),
            }
            label, help_text = labels[Kind(proposal.kind)]
            self.fields["quantity"].label = label
            self.fields["quantity"].help_text = help_text


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files of one field."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        several = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(one, initial) for one in several]


class EvidenceForm(forms.Form):
    kind = forms.ChoiceField(label="What it is", choices=Evidence.Kind.choices)
    papers = FilesField(label="Files", help_text="PDF, PNG, JPEG, xlsx, csv or txt; up to 25 MB each.")


class VoidForm(forms.Form):
    """Why a posted document is undone, and on which date its mirror stands."""

    posted_on = _date("Posting date of the mirror entry", "A date in an open period, not before the posting itself.")
    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    scope = forms.ChoiceField(
        label="What is voided",
        choices=[("all", "All lines that stand"), ("some", "Only the lines chosen")],
        widget=forms.RadioSelect,
        initial="all",
        error_messages={"required": "Say whether all lines that stand are voided, or only those chosen."},
    )
    numbers = forms.CharField(
        label="Lines by number",
        required=False,
        max_length=2000,
        help_text="Such as 1, 3-5, 9; besides those ticked.",
    )

    def whole_alone(self) -> None:
        """A document without lots is voided whole."""
        del self.fields["scope"], self.fields["numbers"]

    def chosen(self, ticked: Collection[str], *, last: int) -> set[int] | None:
        """The line numbers typed and ticked; None where all that stand are meant. last: the document's last line.
        BadInput for what is no number."""
        if "scope" not in self.fields:
            return None
        numbers = numbers_read(self.cleaned_data["numbers"], last=last) | numbers_read(" ".join(ticked), last=last)
        if self.cleaned_data["scope"] == "some":
            return numbers
        if numbers:
            raise BadInput("You chose lines, but also that all lines that stand are voided. Choose one of the two.")
        return None
