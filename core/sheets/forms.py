"""The forms of the upload's steps: the file, and the columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from core.errors import BadInput
from core.models import Entity, StoredFile, Upload
from core.money import MONEY_SCALE, RAW_LIMIT, is_whole_unit, plain
from core.sheets.formats import MARKS, ORDERS
from core.sheets.kinds import Cell, Column, Option, SheetKind
from core.sheets.mapping import column_letters
from core.sheets.moments import as_of_check
from core.sheets.texts import Complaint, decimal_mark_of, number_of

NUMBERS = (Cell.QUANTITY, Cell.UNIT_COST, Cell.MONEY, Cell.INTEGER)
JOINED = 3


class AmountField(forms.CharField):
    """An amount as people write it: 20,092,679.15 or 20.092.679,15 or (1,234.00)."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        mark = decimal_mark_of([text]) or "."
        try:
            number = number_of(text, mark)
        except Complaint as complaint:
            raise forms.ValidationError(complaint.message) from complaint
        if number != round(number, MONEY_SCALE) or abs(number) > Decimal(RAW_LIMIT).scaleb(-MONEY_SCALE):
            raise forms.ValidationError(f"'{text}' is not an amount of money. Expected something like 20,092,679.15.")
        return number


class UploadForm(forms.Form):
    """Step 1. `as_of` is typed and shown in the entity's time zone: the view activates it around this form."""

    # Whether it was refused because its key belongs to another upload.
    sent_before = False

    file = forms.FileField(
        label="File",
        max_length=255,
        allow_empty_file=True,
        help_text="xlsx, xls, ods or csv, at most 25 MB. The file is kept as it is.",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xlsm,.xls,.ods,.csv,.tsv,.txt"}),
        error_messages={"required": "Choose the file to upload."},
    )
    as_of = forms.DateTimeField(
        label="As of",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={
            "required": "Say which moment the sheet speaks of.",
            "invalid": "Expected a date and time, like 2026-03-31 18:00.",
        },
    )
    source_report = forms.CharField(
        label="ERP report",
        required=False,
        max_length=120,
        help_text="Its name and parameters, so that anybody can draw the same list again.",
    )
    control_total = AmountField(
        label="GL control total",
        required=False,
        max_length=40,
        help_text="The stock account's balance at that moment. A difference is shown before you commit.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, kind: SheetKind, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.entity = kind, entity
        self.fields["as_of"].help_text = f"The moment that the sheet speaks of, in {entity.time_zone} time."
        self.fields["control_total"].label = f"GL control total, {entity.currency}"
        if not kind.asks_control_total:
            del self.fields["control_total"]
        for option in kind.options:
            if option.number:
                self.fields[f"option_{option.name}"] = _number_field(option)
                continue
            choices = option.choices_for(entity)
            self.fields[f"option_{option.name}"] = forms.ChoiceField(
                label=option.label,
                choices=choices,
                required=False,
                initial=choices[0][0] if choices else "",
                help_text=option.help,
            )

    def clean_control_total(self) -> Decimal | None:
        total: Decimal | None = self.cleaned_data["control_total"]
        if total is not None and not is_whole_unit(total, self.entity.currency):
            raise forms.ValidationError(
                f"{plain(total)} {self.entity.currency} is finer than the currency, which has "
                f"{self.entity.exponent or 'no'} decimals. Enter the balance as the general ledger shows it."
            )
        return total

    def clean_as_of(self) -> dt.datetime:
        as_of: dt.datetime = self.cleaned_data["as_of"]
        try:
            as_of_check(as_of)
        except BadInput as error:
            raise forms.ValidationError(error.message) from error
        return as_of

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        # Said before it is read into memory; core.files refuses it again.
        if (file.size or 0) > StoredFile.MAX_BYTES:
            raise forms.ValidationError(
                f"'{file.name}' has {(file.size or 0) / 1024**2:,.0f} MB; the limit is 25 MB. Split it, or save it as "
                ".xlsx."
            )
        return file

    def options(self) -> dict[str, str]:
        answers = {o.name: self.cleaned_data.get(f"option_{o.name}", "") for o in self.kind.options}
        return {name: str(answer) for name, answer in answers.items() if answer not in ("", None)}


def _number_field(option: Option) -> forms.DecimalField:
    return forms.DecimalField(
        label=option.label,
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(option.most),
        decimal_places=4,
        help_text=option.help,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"invalid": f"Expected a number from 0 to {option.most}, like 2 or 0.5."},
    )


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """One line of the columns page: our column, the choices for it, a constant instead, and what the sheet holds
    there."""

    column: Column
    choices: list[forms.BoundField]
    constant: forms.BoundField | None
    sample: str


class ColumnsForm(forms.Form):
    """Step 2: which of the sheet's columns is which of ours. Built from the kind and the upload's header."""

    def __init__(self, *args: Any, kind: SheetKind, upload: Upload, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.upload = kind, upload
        self.samples = [sample_of(upload, number) for number in range(len(upload.header))]
        choices = [("", "— not in the sheet")] + [
            (str(number), f"{column_letters(number)}: {name}") for number, name in enumerate(upload.header)
        ]
        constants = upload.formats.get("constants", {})
        for column in kind.columns:
            mapped = upload.mapping.get(column.name, [])
            for place in range(JOINED if column.joins else 1):
                self.fields[f"map_{column.name}_{place}"] = forms.ChoiceField(
                    label=column.label if place == 0 else f"{column.label}, joined with part {place + 1}",
                    choices=choices if place == 0 else [("", "— nothing more"), *choices[1:]],
                    required=False,
                    initial=str(mapped[place]) if place < len(mapped) else "",
                    widget=forms.Select(attrs={"class": "form-select form-select-sm", "data-column-choice": ""}),
                )
            if column.cell is Cell.TEXT:
                self.fields[f"constant_{column.name}"] = forms.CharField(
                    label=f"{column.label}, the same in every row",
                    required=False,
                    max_length=column.max_length,
                    initial=constants.get(column.name, ""),
                    widget=forms.TextInput(attrs={"class": "form-control form-control-sm"}),
                )
        self._format_fields()

    def _format_fields(self) -> None:
        formats = self.upload.formats
        for name, label, choices, how in (
            ("decimal_mark", "Numbers", MARKS, "decimal_how"),
            ("date_order", "Dates", ORDERS, "date_how"),
        ):
            seen = choices.get(formats.get(name, ""), "")
            words = {"typed": "stored as such in the sheet", "seen": seen, "assumed": f"{seen}, assumed"}
            self.fields[name] = forms.ChoiceField(
                label=label,
                choices=[("", f"As the sheet shows ({words.get(formats.get(how, ''), seen)})"), *choices.items()],
                required=False,
                initial=formats.get(name, "") if formats.get(how) == "chosen" else "",
                widget=forms.Select(attrs={"class": "form-select"}),
            )

    def rows(self) -> Iterator[ColumnRow]:
        for column in self.kind.columns:
            places = range(JOINED if column.joins else 1)
            choices = [self[f"map_{column.name}_{place}"] for place in places]
            constant = self[f"constant_{column.name}"] if column.cell is Cell.TEXT else None
            chosen = [int(v) for v in (choice.value() for choice in choices) if str(v or "").isdigit()]
            parts = [self.samples[number] for number in chosen if number < len(self.samples)]
            yield ColumnRow(column, choices, constant, " · ".join(", ".join(part) for part in parts))

    def mapping(self) -> dict[str, list[int]]:
        mapping: dict[str, list[int]] = {}
        for column in self.kind.columns:
            for place in range(JOINED if column.joins else 1):
                value = self.cleaned_data.get(f"map_{column.name}_{place}", "")
                if value:
                    mapping.setdefault(column.name, []).append(int(value))
        return mapping

    def constants(self) -> dict[str, str]:
        return {
            column.name: self.cleaned_data.get(f"constant_{column.name}", "")
            for column in self.kind.columns
            if column.cell is Cell.TEXT
        }


def sample_of(upload: Upload, number: int) -> list[str]:
    """The first values of one of the sheet's columns."""
    values = [row[number] for row in upload.sample if number < len(row) and row[number]]
    return [value[:40] for value in values[:3]]
