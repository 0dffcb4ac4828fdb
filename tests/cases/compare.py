"""Compares what a case expects with what the product gave: to the cent, key by key; the first difference is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

ZERO = Decimal(0)

# (account role, debit, credit), and the period where the case names one.
type_line = tuple[str, Decimal, Decimal]


@dataclass(frozen=True)
class Leg:
    """One balanced entry as it was posted. period: the code of its fiscal period."""

    lines: tuple[type_line, ...]
    period: str = ""

    def __str__(self) -> str:
        lines = ", ".join(f"{role} {'Dr' if debit else 'Cr'} {debit or credit}" for role, debit, credit in self.lines)
        return f"[{lines}]" + (f" in {self.period}" if self.period else "")


def legs_expected(journal: list[dict[str, str]]) -> list[Leg]:
    entries: dict[int, list[dict[str, str]]] = {}
    for line in journal:
        entries.setdefault(int(line["entry"]), []).append(line)
    return [
        leg(
            ((line["account"], Decimal(line["debit"]), Decimal(line["credit"])) for line in lines),
            lines[0].get("period", ""),
        )
        for _, lines in sorted(entries.items())
    ]


def leg(lines: Iterable[type_line], period: str) -> Leg:
    """Lines of one account and side are one line: the case does not say how many places or classes share it."""
    sums: dict[tuple[str, bool], list[Decimal]] = {}
    for role, debit, credit in lines:
        both = sums.setdefault((role, bool(debit)), [ZERO, ZERO])
        both[0] += debit
        both[1] += credit
    return Leg(tuple(sorted((role, both[0], both[1]) for (role, _), both in sums.items())), period)


def legs_differ(expected: list[Leg], made: list[Leg]) -> str:
    """Legs are matched by their lines, whatever their order; a period counts where the case names it. Legs of one shape
    that the case lists one by one may be one entry of the product, and the other way round."""
    wanted, given = Counter(expected), Counter(made)
    missing, extra = _by_shape((wanted - given).elements()), _by_shape((given - wanted).elements())
    if missing == extra:
        return ""
    told = [f"expected {one}" for one in missing if one not in extra][:1]
    told += [f"made {one}" for one in extra if one not in missing][:1]
    return f"journal: {'; '.join(told)}"


def _by_shape(legs: Iterable[Leg]) -> list[Leg]:
    """Legs with the same accounts on the same sides in one period, added up."""
    shapes: dict[object, list[Leg]] = {}
    for one in legs:
        shapes.setdefault((one.period, tuple((role, bool(debit)) for role, debit, _ in one.lines)), []).append(one)
    merged = [leg((line for one in same for line in one.lines), same[0].period) for same in shapes.values()]
    return sorted(merged, key=str)


def number(value: Any) -> Decimal | None:
    """The figure behind a value of a case; None where it is none (a code, a date, a truth)."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    try:
        return Decimal(value) if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) else None
    except InvalidOperation:
        return None


def is_prose(key: str, value: Any) -> bool:
    """A sentence or a note: said for people, not compared."""
    return key.endswith("_note") or (isinstance(value, str) and " " in value)


def differences(expected: Any, made: Any, path: str) -> Iterator[str]:
    """Each key of `expected` in `made`, to the cent; what the product says beyond it is not asked for."""
    if is_prose(path.rpartition(".")[2], expected):
        return
    if isinstance(expected, dict):
        if not isinstance(made, dict):
            yield f"{path}: expected {expected}, the product gives {made}"
            return
        for key, value in expected.items():
            if key not in made and not is_prose(key, value):
                yield f"{path}.{key}: expected {value}, the product gives none"
            else:
                yield from differences(value, made.get(key), f"{path}.{key}")
        return
    if isinstance(expected, list):
        given = sorted(str(one).casefold() for one in made or [])
        if sorted(str(one).casefold() for one in expected) != given:
            yield f"{path}: expected {expected}, the product gives {made}"
        return
    figure = number(expected)
    same = number(made) == figure if figure is not None else made == expected
    if not same:
        yield f"{path}: expected {expected}, the product gives {made}"
