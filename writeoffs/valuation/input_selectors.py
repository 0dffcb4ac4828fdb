"""Lists of inputs: what stands, filtered; what a page shows of each kind; the versions and days around one of them.

Invariant: a constant number of queries whatever the number of inputs; nothing of another company is among them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from core.models import Entity
from writeoffs.valuation import known
from writeoffs.valuation.inputs import Input
from writeoffs.valuation.kinds_of_input import InputKind

Inputs = QuerySet[Input]

# What of an input is looked through for the text that somebody types, and how a list is sorted.
_TEXT: dict[str, tuple[str, ...]] = {
    "price": ("item__sku", "item__description", "lot__code", "source"),
    "contract": ("reference", "customer", "item__sku", "item__description"),
    "commitment": ("reference", "supplier", "item__sku", "item__description"),
    "use": ("material__sku", "product__sku"),
    "demand": ("item__sku", "item__description"),
    "condition": ("lot__code", "lot__item__sku", "note"),
    "sales": ("location__code", "category__name"),
    "rate": ("currency", "source"),
}
_ORDER: dict[str, tuple[str, ...]] = {
    "price": ("item__sku", "lot_id", "-as_of"),
    "contract": ("ends_on", "reference", "item__sku"),
    "commitment": ("ends_on", "reference", "item__sku"),
    "use": ("material__sku", "product__sku", "-as_of"),
    "demand": ("-month", "item__sku"),
    "condition": ("-as_of", "lot__item__sku"),
    "sales": ("-ends_on", "location__code"),
    "rate": ("currency", "-as_of"),
}
_CATEGORY = {
    "price": "item__category",
    "contract": "item__category",
    "commitment": "item__category",
    "use": "material__category",
    "demand": "item__category",
    "condition": "lot__item__category",
    "sales": "category",
}
_JOINED: dict[str, tuple[str, ...]] = {
    "price": ("item", "lot__location"),
    "contract": ("item",),
    "commitment": ("item",),
    "use": ("material", "product"),
    "demand": ("item",),
    "condition": ("lot__item", "lot__location"),
    "sales": ("location", "category"),
    "rate": (),
}
# By what the latest of an earlier day is found; the others are in force or of their own month.
_SUBJECT: dict[str, tuple[str, ...]] = {
    "price": ("item_id", "lot_id"),
    "use": ("material_id", "product_id"),
    "condition": ("lot_id", "kind"),
    "rate": ("currency",),
}


@dataclass(frozen=True, slots=True)
class Column:
    """how: "text", "day", "month", "unit", "quantity", "money", "rate" or "flag"; what it is read from."""

    label: str
    path: str
    how: str = "text"

    @property
    def figure(self) -> bool:
        return self.how in ("unit", "quantity", "money", "rate")


_ITEM, _CURRENCY, _FROM = Column("Item", "item"), Column("Currency", "currency"), Column("Valid from", "as_of", "day")
_AGREED = (
    *(Column("Quantity", "quantity", "quantity"), Column("Price", "price", "unit"), _CURRENCY),
    *(Column("From", "starts_on", "day"), Column("Until", "ends_on", "day")),
)
COLUMNS: dict[str, tuple[Column, ...]] = {
    "price": (
        _ITEM,
        Column("Lot", "lot"),
        _FROM,
        Column("Selling price", "selling_price", "unit"),
        Column("To complete", "cost_to_complete", "unit"),
        Column("To sell", "cost_to_sell", "unit"),
        Column("NRV", "net", "unit"),
        Column("Replacement", "replacement_cost", "unit"),
        _CURRENCY,
    ),
    "contract": (Column("Contract", "reference"), _ITEM, Column("Customer", "customer"), *_AGREED),
    "commitment": (Column("Commitment", "reference"), _ITEM, Column("Supplier", "supplier"), *_AGREED),
    "use": (Column("Material", "material"), Column("Goes into", "product"), _FROM),
    "demand": (_ITEM, Column("Month", "month", "month"), Column("Quantity", "quantity", "quantity")),
    "condition": (
        *(Column("Item", "lot.item"), Column("Lot", "lot"), Column("Location", "lot.location")),
        *(Column("Condition", "get_kind_display"), Column("Seen on", "as_of", "day")),
        *(Column("Sound again", "lifted", "flag"), Column("Note", "note")),
    ),
    "sales": (
        *(Column("Location", "location"), Column("Category", "category"), Column("From", "starts_on", "day")),
        *(Column("Until", "ends_on", "day"), Column("Revenue", "revenue", "money")),
    ),
    "rate": (_CURRENCY, Column("Day", "as_of", "day"), Column("Rate", "rate", "rate")),
}


def inputs_standing(*, entity: Entity, kind: InputKind, as_of: dt.date | None = None) -> Inputs:
    """The highest version of each subject and day, without the withdrawn ones; with a day, those that count on it."""
    manager = kind.model._default_manager.filter(entity=entity)
    by = _SUBJECT.get(kind.code)
    if as_of is not None and by is not None:
        sql, values = known.latest_sql(kind.table, by=by, as_of=as_of, entity=entity)
    else:
        sql, values = known.standing_sql(kind.table, subject=kind.subject, entity=entity)
        if as_of is not None:
            days = ("month",) if kind.code == "demand" else ("starts_on", "ends_on")
            bounds = zip(days, ("lte", "gte"), strict=False)
            manager = manager.filter(**{f"{day}__{bound}": as_of for day, bound in bounds})
    return manager.filter(pk__in=RawSQL(sql, values))  # noqa: S611 - our own text, values apart


def inputs_filtered(*, entity: Entity, kind: InputKind, chosen: dict[str, Any]) -> Inputs:
    """chosen: cleaned values of the filter form: q, category, by (a user), as_of."""
    rows = inputs_standing(entity=entity, kind=kind, as_of=chosen.get("as_of"))
    if text := chosen.get("q"):
        looked = Q()
        for path in _TEXT[kind.code]:
            looked |= Q(**{f"{path}__icontains": text})
        rows = rows.filter(looked)
    if chosen.get("category") and kind.code in _CATEGORY:
        rows = rows.filter(**{_CATEGORY[kind.code]: chosen["category"]})
    if chosen.get("by"):
        rows = rows.filter(entered_by=chosen["by"])
    return rows.order_by(*_ORDER[kind.code], "pk")


def joined(kind: InputKind, rows: Inputs) -> Inputs:
    """With everything that a page shows of them."""
    return rows.select_related(*_JOINED[kind.code], "entered_by", "evidence", "upload").defer("evidence__content")


def cells(kind: InputKind, given: Input) -> list[tuple[Column, Any]]:
    """What a page shows of one input, column by column."""
    return [(column, _value(given, column.path)) for column in COLUMNS[kind.code]]


def _value(given: Any, path: str) -> Any:
    for name in path.split("."):
        given = getattr(given, name) if given is not None else None
    return given() if callable(given) else given


def versions_of(*, kind: InputKind, given: Input) -> Inputs:
    """Every version for the subject and day of `given`, the newest first."""
    return joined(kind, _alike(kind, given, kind.subject)).order_by("-version")


def other_days_of(*, kind: InputKind, given: Input, count: int = 24) -> list[Input]:
    """What stands for the same subject on other days, the newest first."""
    if not kind.day:
        return []
    subject = tuple(name for name in kind.subject if name not in ("as_of", "month", "starts_on", "ends_on"))
    standing = inputs_standing(entity=given.entity, kind=kind)
    others = (
        _alike(kind, given, subject)
        .filter(pk__in=standing.values("pk"))
        .exclude(**{kind.day: getattr(given, kind.day)})
    )
    return list(joined(kind, others).order_by(f"-{kind.day}")[:count])


def _alike(kind: InputKind, given: Input, names: tuple[str, ...]) -> Inputs:
    same = {}
    for name in names:
        value = getattr(given, name)
        same[f"{name}__isnull" if value is None else name] = True if value is None else value
    return kind.model._default_manager.filter(entity=given.entity_id, **same)
