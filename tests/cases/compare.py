"""Compares what a case expects with what the product gave: to the cent, key by key; the first difference is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.cases.given import PROSE, NotUnderstood, plain_figure

ZERO, CENT = Decimal(0), Decimal("0.01")
STATEMENTS = ("income_statement", "balance_sheet", "cash_flow")
# What is owed for a moment, where a claim is booked and paid at once.
# What is saved and what is due are one debt to the same authority (IAS 12.71).
OFFSET = frozenset({"CURRENT_TAX_PAYABLE", "CURRENT_TAX_EXPENSE"})
CLEARING = frozenset({"INSURANCE_RECEIVABLE", "RECEIVABLE", "PAYABLE"})

# (account role, debit, credit), and the period where the case names one.
type_line = tuple[str, Decimal, Decimal]


@dataclass(frozen=True)
class Leg:
    """One balanced entry as it was posted. period: the code of its fiscal period."""

    lines: tuple[type_line, ...]
    period: str = ""

    def __str__(self) -> str:
        lines = ", ".join(
            f"{role} {'Dr' if debit else 'Cr'} {said(debit or credit)}" for role, debit, credit in self.lines
        )
        return f"[{lines}]" + (f" in {self.period}" if self.period else "")


def legs_expected(journal: list[dict[str, Any]]) -> list[Leg]:
    """NotUnderstood for a line without an account, or with a side that is no figure."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for line in journal:
        entries.setdefault(str(line.get("entry", 1)), []).append(line)
    return [
        leg((_line(one) for one in lines), str(lines[0].get("period") or ""))
        for lines in entries.values()
        # A line of nil says that nothing is posted there.
        if any(number(one.get(side)) for one in lines for side in ("debit", "credit"))
    ]


def _line(line: dict[str, Any]) -> type_line:
    unknown = line.keys() - {"entry", "account", "debit", "credit", "period"} - {"note", "date", "memo"}
    if unknown or "account" not in line:
        raise NotUnderstood(f"expected.journal: a line has {', '.join(sorted(line))}; account, debit, credit are read")
    sides = [number(line.get(side) or "0") for side in ("debit", "credit")]
    if None in sides:
        raise NotUnderstood(f"expected.journal, {line['account']}: a side is no figure")
    return str(line["account"]), sides[0] or ZERO, sides[1] or ZERO


def leg(lines: Iterable[type_line], period: str) -> Leg:
    """Lines of one account and side are one line: the case does not say how many places or classes share it."""
    sums: dict[tuple[str, bool], list[Decimal]] = {}
    for role, debit, credit in lines:
        if not (debit or credit):
            continue
        both = sums.setdefault((role, bool(debit)), [ZERO, ZERO])
        both[0] += debit
        both[1] += credit
    return Leg(tuple(sorted((role, both[0], both[1]) for (role, _), both in sums.items())), period)


def legs_differ(expected: list[Leg], made: list[Leg]) -> str:
    """Legs are matched by their lines, whatever their order; a period counts where the case names it. Legs of one shape
    that the case lists one by one may be one entry of the product, and the other way round; so may an entry of several
    legs be, with a clearing account in between or not, as long as each account is debited and credited alike."""
    wanted, given = Counter(expected), Counter(made)
    missing, extra = _by_shape((wanted - given).elements()), _by_shape((given - wanted).elements())
    if missing == extra or _sides(missing) == _sides(extra):
        return ""
    told = [f"expected {one}" for one in missing if one not in extra][:1]
    told += [f"made {one}" for one in extra if one not in missing][:1]
    return f"journal: {'; '.join(told)}"


def _sides(legs: Iterable[Leg]) -> dict[tuple[str, str, bool], Decimal]:
    """(period, account, debited) -> amount of all the legs, but for accounts that they only pass through."""
    sums: dict[tuple[str, str, bool], Decimal] = {}
    for one in legs:
        for role, debit, credit in one.lines:
            offset = role in OFFSET
            key = (one.period, role, offset or bool(debit))
            sums[key] = sums.get(key, ZERO) + (debit - credit if offset else debit + credit)
    return {key: amount for key, amount in sums.items() if key[1] not in CLEARING or not _passed(sums, key)}


def _passed(sums: dict[tuple[str, str, bool], Decimal], key: tuple[str, str, bool]) -> bool:
    period, role, debited = key
    return sums[key] == sums.get((period, role, not debited))


def _by_shape(legs: Iterable[Leg]) -> list[Leg]:
    """Legs with the same accounts on the same sides in one period, added up."""
    shapes: dict[object, list[Leg]] = {}
    for one in legs:
        shapes.setdefault((one.period, tuple((role, bool(debit)) for role, debit, _ in one.lines)), []).append(one)
    merged = [leg((line for one in same for line in one.lines), same[0].period) for same in shapes.values()]
    return sorted(merged, key=str)


def number(value: Any, *, per_cent: bool = False) -> Decimal | None:
    """The figure behind a value of a case; None where it is none (a code, a date, a truth). per_cent: 25% is 25."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if not isinstance(value, str):
        return None
    plain = plain_figure(value, per_cent=per_cent)
    return Decimal(plain) if re.fullmatch(r"-?(\d+(\.\d+)?|\.\d+)", plain) else None


def is_prose(key: str, value: Any) -> bool:
    """A sentence or a note: said for people, not compared. A figure with a currency or a per cent sign is none."""
    said = isinstance(value, str) and " " in value.strip() and number(value) is None
    return bool(PROSE.fullmatch(key)) or said


def differences(expected: Any, made: Any, path: str) -> Iterator[str]:
    """Each key of `expected` in `made`, to the cent; what the product says beyond it is not asked for."""
    key = path.rpartition(".")[2]
    if is_prose(key, expected) or expected is None:
        return
    if isinstance(expected, dict):
        if not isinstance(made, dict):
            yield f"{path}: expected {expected}, the product gives {said(made)}"
            return
        nil = ZERO if path in STATEMENTS else None
        for name, value in expected.items():
            if name not in made and number(value) == ZERO == nil:
                # An account that a statement lists with nil, and that nothing was posted to.
                continue
            if name not in made and not is_prose(name, value) and value is not None:
                yield f"{path}.{name}: expected {value}, the product gives none"
            else:
                yield from differences(value, made.get(name), f"{path}.{name}")
        return
    if isinstance(expected, list):
        given = sorted(str(one).casefold() for one in made or [])
        if made is None or sorted(str(one).casefold() for one in expected) != given:
            yield f"{path}: expected {expected}, the product gives {said(made)}"
        return
    figure = number(expected, per_cent=key.endswith("_pct"))
    same = number(made) == figure if figure is not None else _word(made) == _word(expected)
    if not same:
        yield f"{path}: expected {expected}, the product gives {said(made)}"


def _word(value: Any) -> Any:
    """A code, whatever its case."""
    return value.casefold() if isinstance(value, str) else value


def said(value: Any) -> str:
    """What the product gives, without the places of its figures that are nil beyond the cent."""
    if isinstance(value, Decimal):
        return f"{value.quantize(CENT) if value == value.quantize(CENT) else value.normalize():f}"
    return str(value)
