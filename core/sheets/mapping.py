"""Which of the sheet's columns is which of ours: by name, as remembered from the last committed upload, or by hand.

A mapping is {our column: [the sheet's column numbers]}; several numbers are joined with "-". Invariant: a mapping that
is used names only columns that exist, joins only where the kind allows it, and has every required column or a constant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import BadInput
from core.models import Entity, Upload
from core.sheets.kinds import SheetKind

Mapped = dict[str, list[int]]


def simplified(name: object) -> str:
    """Quantity on-hand, QUANTITY_ON_HAND and quantityOnHand are one name."""
    return re.sub(r"[\W_]+", "", str(name).lower())


def known_names(kind: SheetKind) -> dict[str, str]:
    """Simplified name -> our column; a column's own name goes before other columns' aliases."""
    names: dict[str, str] = {}
    for column in kind.columns:
        names.setdefault(simplified(column.name), column.name)
    for column in kind.columns:
        for alias in (column.label, *column.aliases):
            names.setdefault(simplified(alias), column.name)
    return names


@dataclass(frozen=True, slots=True)
class Header:
    """The row that names the columns. row: the sheet's number of it; names: one per column, none of them empty."""

    row: int
    names: list[str]
    sample: list[list[str]] = field(default_factory=list)


def header_find(kind: SheetKind, first_row: int, rows: Sequence[Sequence[Any]]) -> Header:
    """The header among the first rows: the one with most names known to us, else the first that is all texts.

    BadInput where there is none: data without a header cannot be mapped by a person either.
    """
    known = known_names(kind)
    best, best_score = -1, 0
    for index, row in enumerate(rows[:30]):
        score = sum(1 for cell in row if isinstance(cell, str) and simplified(cell) in known)
        if score > best_score:
            best, best_score = index, score
    if best < 0 or best_score < 2:
        plausible = (index for index, row in enumerate(rows[:30]) if _looks_like_header(row))
        best = best if best_score and _looks_like_header(rows[best]) else next(plausible, -1)
    if best < 0:
        wanted = ", ".join(column.name for column in kind.columns if column.required)
        raise BadInput(
            f"No header found: none of the first rows names its columns. Expected a row like: {wanted}. Add it above "
            "the data."
        )
    names = [_name(cell, number) for number, cell in enumerate(rows[best])]
    sample = [[_shown(cell) for cell in row[: len(names)]] for row in rows[best + 1 : best + 6]]
    return Header(first_row + best, names, sample)


def _looks_like_header(row: Sequence[Any]) -> bool:
    """At least two cells, all texts without a number or date among them, none twice."""
    filled = [cell for cell in row if cell != ""]
    texts = [cell for cell in filled if isinstance(cell, str) and re.search(r"[^\W\d_]", cell) and len(cell) <= 100]
    digits = [cell for cell in texts if re.search(r"\d{2}", cell)]
    return len(filled) >= 2 and len(texts) == len(filled) and not digits and len(set(texts)) == len(texts)


def _name(cell: Any, number: int) -> str:
    text = " ".join(_shown(cell).split())[:100]
    return text or f"(column {column_letters(number)})"


def _shown(cell: Any) -> str:
    if isinstance(cell, bool):
        return str(cell).upper()
    return f"{cell:.15g}" if isinstance(cell, float) else str(cell)[:100]


def column_letters(number: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA, as spreadsheets name columns."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def mapping_by_name(kind: SheetKind, names: Sequence[str]) -> Mapped:
    """The columns that map by themselves. Of two that carry the same name the first is taken."""
    known = known_names(kind)
    mapping: Mapped = {}
    exact = {column.name for column in kind.columns}
    # Own names first: a list with both "cost" (an alias) and "unit_cost" means the latter.
    for own_only in (True, False):
        for number, name in enumerate(names):
            column = known.get(simplified(name))
            taken = {n for numbers in mapping.values() for n in numbers}
            if column and column not in mapping and number not in taken:
                if own_only and simplified(name) not in {simplified(n) for n in exact}:
                    continue
                mapping[column] = [number]
    return mapping


def mapping_remembered(
    *, entity: Entity, kind: SheetKind, names: Sequence[str]
) -> tuple[Mapped, dict[str, Any]] | None:
    """Mapping and formats that a person last committed for a sheet with the very same columns."""
    last = (
        Upload.objects.filter(entity=entity, kind=kind.code, status=Upload.Status.COMMITTED, header=list(names))
        .order_by("-id")
        .values_list("mapping", "formats")
        .first()
    )
    return (last[0], last[1]) if last else None


def mapping_missing(kind: SheetKind, mapping: Mapping[str, Sequence[int]], constants: Mapping[str, str]) -> list[str]:
    """Labels of the required columns that nothing fills."""
    return [c.label for c in kind.columns if c.required and not mapping.get(c.name) and not constants.get(c.name)]


def mapping_check(
    *, kind: SheetKind, names: Sequence[str], mapping: Mapping[str, Sequence[int]], constants: Mapping[str, str]
) -> None:
    """BadInput with everything that is wrong with a mapping made by hand."""
    wrong = []
    if missing := mapping_missing(kind, mapping, constants):
        wrong.append(
            f"{', '.join(missing)}: choose the sheet's column that holds it. The sheet has: {', '.join(names)}."
        )
    columns = {column.name: column for column in kind.columns}
    used: dict[int, str] = {}
    for name, numbers in mapping.items():
        column = columns.get(name)
        if column is None or any(number not in range(len(names)) for number in numbers):
            wrong.append(f"'{name}': the sheet has no such column; choose again.")
            continue
        if len(numbers) > 1 and not column.joins:
            wrong.append(f"{column.label}: only one column can be chosen.")
        for number in numbers:
            if number in used and used[number] != column.label:
                wrong.append(
                    f"'{names[number]}' is chosen for {used[number]} and for {column.label}; choose one of them."
                )
            used[number] = column.label
    if wrong:
        raise BadInput(" ".join(wrong))


def unused_names(names: Sequence[str], mapping: Mapping[str, Sequence[int]]) -> list[str]:
    """The sheet's columns that are left out."""
    used = {number for numbers in mapping.values() for number in numbers}
    return [name for number, name in enumerate(names) if number not in used]
