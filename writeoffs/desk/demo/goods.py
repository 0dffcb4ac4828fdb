"""What stands on the demo companies' shelves: their ERP, in miniature. Pure and deterministic.

A `Shelf` is the ERP's own view: it sells, receives and moves between two stock lists, and it issues written-off units
only when it is told. The product sees it through the lists and counts written here, never directly.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

# Category: items, price band in the smallest unit of money, shelf life in days (0: none), unit of measure.
CATALOGUE: dict[str, tuple[tuple[str, ...], tuple[int, int], int, str]] = {
    "Dairy": (("Yoghurt 500 g", "Butter 250 g", "Cream 1 l", "Gouda 1 kg", "Curd 500 g"), (60, 900), 75, "unit"),
    "Frozen": (("Peas 1 kg", "Salmon 400 g", "Pizza Margherita", "Spinach 750 g"), (120, 950), 420, "unit"),
    "Bakery": (("Rye crispbread", "Butter biscuits", "Rusks 225 g", "Waffles 300 g"), (70, 380), 210, "unit"),
    "Beverages": (("Apple juice 1 l", "Cold brew 330 ml", "Tonic 200 ml", "Oat drink 1 l"), (45, 260), 300, "unit"),
    "Canned food": (("Tomatoes 400 g", "Chickpeas 400 g", "Tuna 185 g", "Peaches 820 g"), (55, 240), 900, "unit"),
    "Household": (("Dish soap 750 ml", "Sponges 10 pcs", "Bin liners 35 l", "Foil 30 m"), (80, 520), 0, "unit"),
    "Cosmetics": (("Hand cream 75 ml", "Shampoo 300 ml", "Lip balm", "Sun milk SPF 30"), (180, 1400), 720, "unit"),
    "Electronics": (("Kettle 1.7 l", "Desk lamp LED", "Radio DAB", "Charger 65 W"), (1400, 9800), 0, "unit"),
    "Garden": (("Secateurs", "Hose 20 m", "Plant food 1 l", "Grass seed"), (450, 3900), 0, "unit"),
    "Textiles": (("Bath towel", "Bed linen set", "Tea towels 3 pcs", "Wool blanket"), (390, 5200), 0, "unit"),
    "Bulk goods": (("Basmati rice", "Rolled oats", "Almonds", "Coffee beans"), (110, 1350), 365, "kg"),
    "Packaging": (("Folding box A4", "Tape 66 m", "Pallet film", "Bubble wrap 50 m"), (30, 1900), 0, "unit"),
}
LOCATIONS = {"HAM-01": "Hamburg, central warehouse", "BRE-02": "Bremen, port store", "LEJ-03": "Leipzig, cold store"}
LIST_HEADER = (
    "sku", "description", "category", "lot_code", "location", "quantity", "unit_cost", "unit_of_measure", "received_on",
    "expires_on", "end_of_sale_on",
)  # fmt: skip
OPENING_HEADER = (*LIST_HEADER, "allowance", "original_unit_cost", "write_down_years")
COUNT_HEADER = ("sku", "lot_code", "location", "counted_quantity", "counted_on", "note")

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Stock:
    """One lot as the ERP lists it. The last three fields stand in an opening list only: what the books before ours had
    written down, as an allowance or (direct method) as a unit cost below the original one."""

    sku: str
    description: str
    category: str
    lot_code: str
    location: str
    quantity: Decimal
    unit_cost: Decimal
    unit_of_measure: str
    received_on: dt.date
    expires_on: dt.date | None
    end_of_sale_on: dt.date | None
    allowance: Decimal | None = None
    original_unit_cost: Decimal | None = None
    write_down_years: int | None = None

    @property
    def key(self) -> Key:
        return self.sku, self.lot_code, self.location


class Shelf:
    """The ERP's stock: lots by (sku, lot code, location), in the order in which they came."""

    def __init__(
        self, *, seed: int, lots: int, opening_on: dt.date, locations: Iterable[str], prefix: str, direct: bool = False
    ) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.prefix = prefix
        self.locations = tuple(locations)
        self.made = 0
        self.lots: dict[Key, Stock] = {}
        self.items = self._items(opening_on)
        for position in range(lots):
            age = self.random.randint(4, 240)
            self._receive(self.items[position % len(self.items)], opening_on - dt.timedelta(days=age))
        self._provide(opening_on, direct)

    def sell(self, on: dt.date, share: float) -> None:
        """Sales until a day: about `share` of the lots lose part of their units; what has expired is not sold."""
        for key, lot in self.lots.items():
            if self.random.random() > share or lot.quantity <= 0 or (lot.expires_on and lot.expires_on < on):
                continue
            taken = _units(lot, self.random.uniform(0.15, 0.8))
            self.lots[key] = replace(lot, quantity=lot.quantity - taken)

    def receive(self, on: dt.date, lots: int) -> None:
        for _ in range(lots):
            self._receive(self.random.choice(self.items), on - dt.timedelta(days=self.random.randint(0, 20)))

    def transfer(self, lots: int) -> None:
        """Whole lots move to another location: the same lot code is gone here and present there."""
        movable = [lot for lot in self.lots.values() if lot.quantity > 0]
        for lot in self.random.sample(movable, lots):
            others = [place for place in self.locations if place != lot.location]
            moved = replace(lot, location=self.random.choice(others))
            if moved.key not in self.lots:
                del self.lots[lot.key]
                self.lots[moved.key] = moved

    def reprice(self, items: int) -> None:
        """The ERP's unit cost of some items changes, in all their lots."""
        chosen = {item[0] for item in self.random.sample(self.items, items)}
        factors = {sku: Decimal(self.random.choice((94, 97, 103, 106))) / 100 for sku in sorted(chosen)}
        for key, lot in self.lots.items():
            if lot.sku in factors:
                cost = (lot.unit_cost * factors[lot.sku]).quantize(Decimal("0.0001"))
                self.lots[key] = replace(lot, unit_cost=cost)

    def issue(self, units: dict[Key, Decimal]) -> None:
        """The ERP takes a stock-adjustment file in: units that leave are negative."""
        for key, quantity in units.items():
            lot = self.lots.get(key)
            if lot is not None:
                self.lots[key] = replace(lot, quantity=lot.quantity + quantity)

    def move(self, key: Key, location: str, quantity: Decimal) -> None:
        """Some units of a lot go to another location, under the same lot code."""
        lot = self.lots[key]
        there = self.lots.get((lot.sku, lot.lot_code, location), replace(lot, location=location, quantity=Decimal(0)))
        self.lots[key] = replace(lot, quantity=lot.quantity - quantity)
        self.lots[there.key] = replace(there, quantity=there.quantity + quantity)

    @property
    def value(self) -> Decimal:
        """What the ERP's general ledger shows: each lot at quantity x unit cost, rounded to cents."""
        cents = Decimal("0.01")
        return sum(((x.quantity * x.unit_cost).quantize(cents, ROUND_HALF_UP) for x in self.lots.values()), Decimal(0))

    def list_csv(self, *, opening: bool = False) -> bytes:
        header = OPENING_HEADER if opening else LIST_HEADER
        return _csv(header, ([_text(getattr(lot, name)) for name in header] for lot in self.lots.values()))

    def count_csv(self, *, location: str, on: dt.date) -> bytes:
        """A count of one location: most lots agree, about one in eight does not, nearly all of those short."""
        rows = []
        for lot in self.lots.values():
            if lot.location != location or lot.quantity <= 0:
                continue
            counted, note = lot.quantity, ""
            if self.random.random() < 0.12:
                short = self.random.random() < 0.85
                delta = _units(lot, self.random.uniform(0.02, 0.2))
                counted = lot.quantity - delta if short else lot.quantity + delta
                note = self.random.choice(
                    ("missing", "broken, thrown away", "box short") if short else ("found behind",)
                )
            rows.append([lot.sku, lot.lot_code, lot.location, f"{counted:f}", on.isoformat(), note])
        return _csv(COUNT_HEADER, rows)

    def _items(self, opening_on: dt.date) -> list[tuple[str, str, str, int, int, str, dt.date | None]]:
        """sku, description, category, base price, shelf life, unit, end of sale."""
        items: list[tuple[str, str, str, int, int, str, dt.date | None]] = []
        for category, (names, (low, high), life, unit) in CATALOGUE.items():
            for name in names:
                for size in ("", " pro")[: 2 if life == 0 else 1]:
                    sku = f"{self.prefix}{1001 + len(items)}"
                    end = None
                    if life == 0 and self.random.random() < 0.25:
                        end = opening_on + dt.timedelta(days=self.random.randint(-30, 420))
                    items.append((sku, name + size, category, self.random.randint(low, high), life, unit, end))
        return items

    def _receive(self, item: tuple[str, str, str, int, int, str, dt.date | None], on: dt.date) -> None:
        sku, description, category, price, life, unit, end = item
        self.made += 1
        cost = (Decimal(price) * Decimal(self.random.randint(96, 104)) / 10000).quantize(Decimal("0.0001"))
        if unit == "kg":
            quantity = Decimal(self.random.randint(40_000, 900_000)) / 1000
        else:
            quantity = Decimal(self.random.randint(12, 900 if price < 1000 else 160))
        expires = on + dt.timedelta(days=int(life * self.random.uniform(0.9, 1.25))) if life else None
        place = self.locations[self.made % len(self.locations)]
        lot = Stock(
            sku, description, category, f"{on:%y%m}-{self.made:04d}", place, quantity, cost, unit, on, expires, end
        )
        self.lots[lot.key] = lot

    def _provide(self, opening_on: dt.date, direct: bool) -> None:
        """Every twelfth lot was written down in the years before; under the allowance method expired ones in full."""
        for position, (key, lot) in enumerate(self.lots.items()):
            expired = lot.expires_on is not None and lot.expires_on < opening_on
            if not expired and position % 12 != 5:
                continue
            share = Decimal(1) if expired and not direct else Decimal(self.random.choice((20, 35, 50))) / 100
            year = opening_on.year if expired else opening_on.year - position % 2
            if direct:
                lower = (lot.unit_cost * (1 - share)).quantize(Decimal("0.0001"))
                written = replace(lot, unit_cost=lower, original_unit_cost=lot.unit_cost)
            else:
                value = (lot.quantity * lot.unit_cost).quantize(Decimal("0.01"), ROUND_HALF_UP)
                written = replace(lot, allowance=(value * share).quantize(Decimal("0.01")))
            self.lots[key] = replace(written, write_down_years=year)


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _units(lot: Stock, share: float) -> Decimal:
    """A share of the lot's units: at least one, never more than there are, whole where they come in pieces."""
    step = Decimal("0.001") if lot.unit_of_measure == "kg" else Decimal(1)
    units = (lot.quantity * Decimal(str(round(share, 4)))).quantize(step)
    return min(max(units, step), lot.quantity)


def _csv(header: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()
