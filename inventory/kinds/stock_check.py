"""The check of a stock list's rows: resolves keys by dictionaries, complains, and gives rows for staging.

Invariant: no query after `load`; a row with an error is never staged; references to records still to be made are
negative numbers, -1 for the first new one, -2 for the second, each new record named by exactly one staged row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.models import Category, Location, Upload
from core.money import RAW_LIMIT, foreign_unit_raw, foreign_value_raw, value_raw
from core.sheets.kinds import Chunk, Issues
from core.words import Method
from inventory.books import held_by_key, items_by_sku, last_movement
from inventory.kinds.abroad import Abroad
from inventory.kinds.complaints import FORMULA, Complaints
from inventory.kinds.opening import OpeningError, fiscal_year_of, opening_values
from inventory.refresh import Held, Listed

READ = (
    "sku",
    "description",
    "category",
    "lot_code",
    "location",
    "quantity",
    "unit_cost",
    "currency",
    "exchange_rate",
    "unit_of_measure",
    "received_on",
    "expires_on",
    "end_of_sale_on",
)
OPENING_COLUMNS = ("allowance", "original_unit_cost", "write_down_years")
NO_TEXTS = ("", "", "", "", "")


@dataclass(slots=True)
class KnownItem:
    """An item of the books (row 0), or the first row of the sheet that names it."""

    ref: int
    description: str
    category: str
    category_ref: int
    unit_of_measure: str
    row: int = 0


@dataclass(slots=True)
class StockCheck:
    """Everything that the check of one list needs, and what it has found so far. Raw integers."""

    exponent: int
    currency: str
    direct: bool
    as_of: str
    fiscal_year: int
    opening: bool
    last_movement: int
    items: dict[str, KnownItem]
    locations: dict[str, int]
    categories: dict[str, int]
    held: dict[tuple[int, str, int], Held]
    complaints: Complaints = field(default_factory=Complaints)
    seen: dict[tuple[int, str, int], int] = field(default_factory=dict)
    listed: list[Listed] = field(default_factory=list)
    new_items: int = 0
    new_lots: int = 0
    new_locations: int = 0
    new_categories: int = 0
    rows_kept: int = 0
    quantity: int = 0
    value: int = 0
    allowance: int = 0
    abroad: Abroad = field(default_factory=Abroad)

    @classmethod
    def load(cls, upload: Upload) -> StockCheck:
        entity = upload.entity
        day = entity.local_date(upload.as_of)
        last, held = last_movement(entity), held_by_key(entity)
        return cls(
            exponent=entity.exponent,
            currency=entity.currency,
            direct=entity.method == Method.DIRECT,
            as_of=day.isoformat(),
            fiscal_year=fiscal_year_of(day, entity.fiscal_year_start),
            opening=not last and not held,
            last_movement=last,
            items={sku: KnownItem(*rest) for sku, *rest in items_by_sku(entity)},
            locations=dict(Location.objects.filter(entity=entity).values_list("code", "id")),
            categories=dict(Category.objects.filter(entity=entity).values_list("name", "id")),
            held=held,
        )

    def rows(self, chunk: Chunk, issues: Issues) -> list[tuple[Any, ...]]:
        """The staging rows of a chunk's good rows."""
        self.complaints.issues = issues
        columns = chunk.columns
        self.abroad.read_marks(columns.get("exchange_rate"))
        empty = [None] * len(chunk.rows)
        if any(name in columns for name in OPENING_COLUMNS):
            opening = zip(*(columns.get(name, empty) for name in OPENING_COLUMNS), strict=True)
            if not self.opening:
                self.complaints.opening_columns()
        else:
            opening = zip(empty)
        staged = []
        rows = zip(chunk.rows, opening, *(columns.get(name, empty) for name in READ), strict=True)
        for position, cells in enumerate(rows):
            if position not in chunk.bad:
                row = self._row(*cells)
                if row is not None:
                    staged.append(row)
        self.rows_kept += len(staged)
        return staged

    def _row(
        self,
        row: int,
        opening: tuple[Any, ...],
        sku: str,
        description: str | None,
        category: str | None,
        code: str | None,
        place: str,
        quantity: int,
        unit_cost: int | None,
        currency: str | None,
        rate_text: str | None,
        unit: str | None,
        received: str | None,
        expires: str | None,
        ends: str | None,
    ) -> tuple[Any, ...] | None:
        code = code or ""
        item, location, texts = self._keys(row, sku, description, category, unit, place)
        key = (item.ref, code, location)
        first = self.seen.setdefault(key, row)
        if first != row:
            self.complaints.twice(row, first, sku, code, place)
            return None
        held = self.held.get(key)
        costs = self._costs(row, quantity, unit_cost, currency or "", rate_text or "", held.unit_cost if held else 0)
        if costs is None:
            return None
        unit_cost, cost = costs
        if unit and unit != item.unit_of_measure:
            self.complaints.other_unit(row, sku, unit, item.unit_of_measure, item.row)
            return None
        if unit_cost < 0:
            self.complaints.negative_cost(row, unit_cost)
            return None
        if not -RAW_LIMIT <= cost <= RAW_LIMIT:
            self.complaints.too_large(row, cost)
            return None
        if received is not None and not self._dates_agree(row, received, expires):
            return None
        if code and code[0] in FORMULA:
            self.complaints.formula(row, "lot_code", code)
        figures = (cost, 0, 0, "")
        if self.opening and len(opening) > 1:
            worked_out = self._opening(row, quantity, unit_cost, cost, *opening)
            if worked_out is None:
                return None
            figures = worked_out
        lot = held.lot if held else self._new_lot()
        self.quantity += quantity
        self.value += figures[0]
        self.allowance += figures[1]
        self.listed.append(Listed(lot, item.ref, code, location, item.category_ref, quantity, unit_cost, figures[0]))
        return (
            row,
            lot,
            item.ref,
            location,
            item.category_ref,
            code,
            quantity,
            unit_cost,
            *figures[:3],
            received,
            expires,
            ends,
            figures[3],
            *texts,
        )

    def _costs(
        self, row: int, quantity: int, given: int | None, currency: str, rate_text: str, known: int
    ) -> tuple[int, int] | None:
        """Unit cost and cost in the entity's currency. known: the unit cost of the books. None after a complaint."""
        rate, unit_cost = 0, given
        if currency or rate_text:
            try:
                rate = self.abroad.rate(self.complaints, row, self.currency, currency, rate_text, given)
            except ValueError:
                return None
        if rate and given:
            unit_cost = foreign_unit_raw(given, rate)
        if not unit_cost:
            unit_cost = self.complaints.no_cost(row, unit_cost, known)
        if quantity < 0:
            self.complaints.negative_quantity(row, quantity)
        if rate and given:
            return unit_cost, foreign_value_raw(quantity, given, rate, self.exponent)
        return unit_cost, value_raw(quantity, unit_cost, self.exponent)

    def _keys(
        self, row: int, sku: str, description: str | None, category: str | None, unit: str | None, place: str
    ) -> tuple[KnownItem, int, tuple[str, str, str, str, str]]:
        """The row's item and location, and the texts of what it names for the first time."""
        item = self.items.get(sku)
        texts = NO_TEXTS
        if item is None:
            item, new_category = self._new_item(row, sku, description or "", category or "", unit or "unit")
            texts = (sku, item.description, item.unit_of_measure, "", new_category)
        elif category and category != item.category:
            self.complaints.other_category(row, sku, category, item.category, item.row)
        elif description and description != item.description and item.row:
            self.complaints.other_description(row, sku, description, item.row)
        if not category and item.category == Category.UNCATEGORISED:
            self.complaints.uncategorised(row)
        location = self.locations.get(place)
        if location is None:
            self.new_locations += 1
            location = self.locations[place] = -self.new_locations
            texts = (*texts[:3], place, texts[4])
            self.complaints.formula_if(row, "location", place)
        return item, location, texts

    def _new_item(self, row: int, sku: str, description: str, category: str, unit: str) -> tuple[KnownItem, str]:
        name = category or Category.UNCATEGORISED
        ref = self.categories.get(name)
        new_category = ""
        if ref is None:
            self.new_categories += 1
            ref = self.categories[name] = -self.new_categories
            new_category = name
            self.complaints.formula_if(row, "category", name)
        self.new_items += 1
        item = self.items[sku] = KnownItem(-self.new_items, description, name, ref, unit, row)
        self.complaints.formula_if(row, "sku", sku)
        self.complaints.formula_if(row, "description", description)
        return item, new_category

    def _new_lot(self) -> int:
        self.new_lots += 1
        return -self.new_lots

    def _dates_agree(self, row: int, received: str, expires: str | None) -> bool:
        if expires is not None and expires < received:
            self.complaints.expires_first(row, received, expires)
            return False
        if received > self.as_of:
            self.complaints.received_later(row, received, self.as_of)
        return True

    def _opening(
        self,
        row: int,
        quantity: int,
        unit_cost: int,
        cost: int,
        allowance: int | None,
        original: int | None,
        years: str | None,
    ) -> tuple[int, int, int, str] | None:
        try:
            return opening_values(
                quantity=quantity,
                unit_cost=unit_cost,
                listed=cost,
                allowance=allowance,
                original_unit_cost=original,
                years=years or "",
                direct=self.direct,
                last_year=self.fiscal_year,
                exponent=self.exponent,
            )
        except OpeningError as error:
            value = {"allowance": allowance, "original_unit_cost": original}.get(error.column, years)
            self.complaints.opening(row, error.column, value, str(error))
            return None
