"""Runs one case: its company is founded, its kind does what its users would, and every key is compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import time_machine

from core.errors import DomainError
from inventory.models import Lot
from tests.cases import reading
from tests.cases.company import CaseCompany
from tests.cases.compare import differences, is_prose, legs_differ, legs_expected, number, said
from tests.cases.given import Case, Given, NotUnderstood
from tests.cases.taxing import bridged, tax_of_month

FIRST_DAY = dt.date(2026, 3, 16)
# Of a lot of which a case tells the value and a fraction alone: as many as make the fraction whole.
UNITS = 10000
FRAMEWORKS = {"IFRS": "IFRS", "US_GAAP": "US_GAAP", "USGAAP": "US_GAAP"}
TIMINGS = {"RECOGNITION": "RECOGNITION", "DISPOSAL": "DISPOSAL", "SALE": "DISPOSAL", "NEVER": "NEVER"}
METHODS = {"DIRECT": "DIRECT", "ALLOWANCE": "ALLOWANCE", "INDIRECT": "ALLOWANCE"}

type_keys = dict[str, Any]
type_kind = Callable[["Run", Given], type_keys]
_KINDS: dict[str, type_kind] = {}
_TAXED: set[str] = set()


def kind(name: str, *, taxed: bool = False) -> Callable[[type_kind], type_kind]:
    """Registers what is done for cases of a kind. It gives the case's own keys, `tax` among them, as the product says
    them. taxed: it makes its own tax entries, where the case has a tax rate."""

    def register(done: type_kind) -> type_kind:
        _KINDS[name] = done
        if taxed:
            _TAXED.add(name)
        return done

    return register


class Run:
    """A case on its way: its company and its clock. A stock list of the case is taken in the evening before `today`."""

    def __init__(self, case: Case, clock: time_machine.Traveller) -> None:
        self.case = case
        self.clock = clock
        self.inputs = inputs = Given(case.inputs)
        self._periods: tuple[Callable[[str], str], ...] = (code_of,)
        if inputs.get("kind") not in _KINDS:
            raise NotUnderstood(f"inputs.kind: {inputs.get('kind')!r} is not one of {', '.join(sorted(_KINDS))}")
        framework = case.standard.upper().replace(" ", "_")
        if framework not in FRAMEWORKS:
            raise NotUnderstood(f"standard: {case.standard!r} is neither IFRS nor US_GAAP")
        fields: dict[str, object] = {
            "framework": FRAMEWORKS[framework],
            "method": inputs.word("method", METHODS, default=method_shown(case)),
            "currency": inputs.first(
                "functional_currency", "currency", default="USD" if FRAMEWORKS[framework] == "US_GAAP" else "EUR"
            ),
            "tax_rate": inputs.figure("tax_rate", default="0"),
            "tax_timing": timing_of(inputs),
        }
        self.today = FIRST_DAY
        self.company = CaseCompany(case.id, clock, years=years_of(inputs), **fields)
        self.move_to(FIRST_DAY)

    def twin(self) -> Run:
        """Another company with the same case, to ask the product something before this one begins."""
        return Run(self.case, self.clock)

    def move_to(self, day: dt.date) -> None:
        self.today = day
        self.company.on(day)

    def name_periods(self, *period_of: Callable[[str], str]) -> None:
        """The words that a case may have for the code of a fiscal period: 2026-03 -> Q1."""
        self._periods = (*period_of, code_of)

    def _period_of(self, said: set[str]) -> Callable[[str], str]:
        """The words that the case has: those in which all of its periods have a name."""
        codes = reading.periods(self.company)
        return next((one for one in self._periods if said <= {one(code) for code in codes}), self._periods[0])

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

    def balance(self, role: str) -> Decimal:
        """What the case's entries did to an account of the balance sheet, as the statements say it."""
        return self.statements()["balance_sheet"].get(role, Decimal(0))  # type: ignore[no-any-return]

    def profit_by_period(self) -> dict[str, Decimal]:
        return reading.profit_by_period(self.company, self._periods[0])

    def _taxed(self) -> type_keys:
        """The tax entries of every month that the case has entries in, and the bridge of all of them."""
        days = reading.days(self.company)
        for day in days:
            tax_of_month(self.company, day)
        told = bridged(self.company, self.today.replace(month=1, day=1), self.today) if days else {}
        return {"rate": self.company.entity.tax_rate, **told}

    def made(self) -> tuple[type_keys, str]:
        """Does the case; gives what the product says and the first difference of the journal."""
        expected = self.case.expected
        if all(value is None or is_prose(key, value) for key, value in expected.items()):
            raise NotUnderstood("expected says nothing that could be compared")
        wanted = legs_expected(expected.get("journal") or [])
        own = _KINDS[self.inputs["kind"]](self, self.inputs)
        if "tax_rate" in self.inputs and self.inputs["kind"] not in _TAXED:
            own = {**own, "tax": {**self._taxed(), **own.get("tax", {})}}
        unread = ", ".join(self.inputs.unread())
        if unread:
            raise NotUnderstood(f"{unread}: nothing in a case of kind {self.inputs['kind']} is told by it")
        said = {one.period for one in wanted if one.period}
        legs = reading.legs(self.company, self._period_of(said) if said else lambda code: "")
        made = {**self.statements(), **reading.balances(self.company), "tax": {}, **own}
        return made, legs_differ(wanted, legs) if expected.get("journal") is not None else ""


def timing_of(inputs: Given) -> str:
    """When a loss is deductible: as it is recognised, where a case has a tax rate and says nothing else."""
    if not inputs.is_true("tax_deductible", default="tax_rate" in inputs):
        return "NEVER"
    return inputs.word("deductible_at", TIMINGS, default="recognition")


def code_of(code: str) -> str:
    return code


def year_of(code: str) -> str:
    """Y1 and Y2 of a case that goes over two years."""
    return f"Y{int(code[:4]) - FIRST_DAY.year + 1}"


def quarter_of(code: str) -> str:
    return f"Q{(int(code[-2:]) + 2) // 3}"


def method_shown(case: Case) -> str:
    """How a write-down is credited where a case does not say it: as its journal shows, if it has one."""
    accounts = [line.get("account") for line in case.expected.get("journal") or []]
    return "direct" if accounts and "INVENTORY_ALLOWANCE" not in accounts else "allowance"


def years_of(inputs: Given) -> tuple[int, ...]:
    """The fiscal years of the case's company: from that of its first date, if it has some, to three years on."""
    dates = [str(inputs.get(name)) for name in ("event_date", "closed_through", "found_date") if name in inputs]
    first = min(map(_day_before, dates), default=FIRST_DAY)
    return tuple(range(first.year, first.year + 4))


def _day_before(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text) - dt.timedelta(days=1)
    except ValueError:
        return FIRST_DAY


def run(case: Case) -> str:
    """The first difference of a case, or an empty text."""
    with time_machine.travel(dt.datetime.combine(FIRST_DAY, dt.time(18), tzinfo=dt.UTC), tick=True) as clock:
        made, journal = Run(case, clock).made()
    return next(_compared(case.expected, made, journal), "")


def told(case: Case) -> str:
    """The same, with what a case cannot be understood for, or what the product refuses, as a line."""
    try:
        return run(case)
    except NotUnderstood as error:
        return f"not understood: {error}"
    except DomainError as error:
        return f"the product refuses: {' '.join(str(error).split())}"


def _compared(expected: type_keys, made: type_keys, journal: str) -> Iterator[str]:
    if journal:
        yield journal
    for key, value in expected.items():
        if key == "journal" or value is None or is_prose(key, value):
            continue
        if key not in made:
            yield f"{key}: expected {value}, the product gives none"
        yield from differences(value, made.get(key), key)
    for name in ("income_statement", "balance_sheet"):
        # A case that lists accounts lists all of them; one that tells a total alone does not.
        listed = expected.get(name) or {}
        if name not in expected or (listed and not any(key.isupper() for key in listed) and not _nil(listed)):
            continue
        beyond = {k: said(v) for k, v in made[name].items() if k not in listed and number(v)}
        if beyond:
            yield f"{name}: the product gives {beyond}, which the case does not have"


def _nil(listed: type_keys) -> bool:
    return not any(number(value) for value in listed.values())
