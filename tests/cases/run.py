"""Runs one case: its company is founded, its kind does what its users would, and every key is compared."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import time_machine

from inventory.models import Lot
from tests.cases import reading
from tests.cases.company import CaseCompany
from tests.cases.compare import differences, legs_differ, legs_expected, number

FIRST_DAY = dt.date(2026, 3, 16)
STATEMENTS = ("income_statement", "balance_sheet", "cash_flow")
# Where a case does not say how a write-down is credited: its journal shows the stock account itself.
DIRECT = frozenset({"cashflow", "ratios", "tax_subnormal"})
# What a case says beside its keys of its own.
COMMON = {"journal", "carrying_amount", "tax", *STATEMENTS}

type_keys = dict[str, Any]
_KINDS: dict[str, Callable[[Run, dict[str, Any]], type_keys]] = {}


def kind(
    name: str,
) -> Callable[[Callable[[Run, dict[str, Any]], type_keys]], Callable[[Run, dict[str, Any]], type_keys]]:
    """Registers what is done for cases of a kind. It gives the case's own keys, `tax` among them, as the product says
    them."""

    def register(done: Callable[[Run, dict[str, Any]], type_keys]) -> Callable[[Run, dict[str, Any]], type_keys]:
        _KINDS[name] = done
        return done

    return register


@dataclass
class Case:
    """One case of a file."""

    id: str
    title: str
    standard: str
    inputs: dict[str, Any]
    expected: dict[str, Any]


def cases_of(path: Path) -> list[Case]:
    """The cases of a file of the shape of worked_examples.json."""
    given = json.loads(path.read_text(encoding="utf-8"))
    listed = given["cases"] if isinstance(given, dict) else given
    return [Case(c["id"], c.get("title", ""), c["standard"], c["inputs"], c["expected"]) for c in listed]


class Run:
    """A case on its way: its company and its clock. A stock list of the case is taken in the evening before `today`."""

    def __init__(self, case: Case, clock: time_machine.Traveller) -> None:
        self.case = case
        self._clock = clock
        self._period_of: Callable[[str], str] = lambda code: ""
        inputs = case.inputs
        fields: dict[str, object] = {
            "framework": case.standard,
            "method": str(inputs.get("method", "direct" if inputs["kind"] in DIRECT else "allowance")).upper(),
            "currency": inputs.get("functional_currency", "USD" if case.standard == "US_GAAP" else "EUR"),
            "tax_rate": Decimal(inputs.get("tax_rate", "0")),
            "tax_timing": "RECOGNITION" if "tax_rate" in inputs else "NEVER",
        }
        self.today = FIRST_DAY
        self.company = CaseCompany(case.id, clock, **fields)
        self.move_to(FIRST_DAY)

    def move_to(self, day: dt.date) -> None:
        self.today = day
        self.company.on(day)

    def name_periods(self, period_of: Callable[[str], str]) -> None:
        """The case's word for the code of a fiscal period: 2026-03 -> Q1."""
        self._period_of = period_of

    def stock(self, header: str, *rows: str) -> dict[str, Lot]:
        return self.company.stock(header, *rows)

    def one_lot(self, quantity: str, unit_cost: str, *, allowance: str = "0", sku: str = "GOODS") -> Lot:
        """The stock list of one lot, with what was written down of it in the year before."""
        written = f"{allowance},{self.today.year - 1}" if Decimal(allowance) > 0 else ","
        row = f"{sku},L1,WH1,Goods,{quantity},{unit_cost},{written}"
        made = self.stock("sku,lot_code,location,category,quantity,unit_cost,allowance,write_down_years", row)
        return made["L1"]

    def lot(self, name: str = "L1") -> Lot:
        """As it stands now."""
        return self.company.lots()[name]

    def statements(self) -> dict[str, Any]:
        return reading.statements(self.company)

    def profit_by_period(self) -> dict[str, Decimal]:
        return reading.profit_by_period(self.company, self._period_of)

    def made(self) -> tuple[type_keys, str]:
        """Does the case; gives what the product says and the first difference of the journal."""
        do = _KINDS.get(self.case.inputs["kind"])
        if do is None:
            raise AssertionError(f"kind {self.case.inputs['kind']!r} is not one that the product knows")
        own = do(self, self.case.inputs)
        wanted = legs_expected(self.case.expected["journal"])
        named = any(one.period for one in wanted)
        legs = reading.legs(self.company, self._period_of if named else lambda code: "")
        made = {**self.statements(), "carrying_amount": reading.carrying(self.company), "tax": {}, **own}
        return made, legs_differ(wanted, legs)


def run(case: Case) -> str:
    """The first difference of a case, or an empty text."""
    with time_machine.travel(dt.datetime.combine(FIRST_DAY, dt.time(18), tzinfo=dt.UTC), tick=True) as clock:
        made, journal = Run(case, clock).made()
    return next(_compared(case.expected, made, journal), "")


def _compared(expected: type_keys, made: type_keys, journal: str) -> Iterator[str]:
    if journal:
        yield journal
    for key, value in expected.items():
        if key == "journal" or (key == "carrying_amount" and value is None):
            continue
        if key not in made and isinstance(value, str | bool) and " " not in str(value):
            yield f"{key}: expected {value}, the product gives none"
        yield from differences(value, made.get(key), key)
    for name in STATEMENTS:
        beyond = {k: v for k, v in made[name].items() if k not in expected.get(name, {}) and number(v)}
        if beyond:
            yield f"{name}: the product gives {beyond}, which the case does not have"
