"""How a sheet writes numbers and dates: seen in its cells, assumed where they leave it open, or chosen by a person.

`how` is one of: typed (the cells are real numbers or dates), seen, assumed (and said on the page), chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from core.models import Entity, Upload
from core.sheets.kinds import Cell, SheetKind
from core.sheets.texts import date_order_of, decimal_mark_of

MARKS = {".": "Decimal point: 1,234.50", ",": "Decimal comma: 1.234,50"}
ORDERS = {"DMY": "Day first: 31/03/2026", "MDY": "Month first: 03/31/2026"}
_LOOK_AT = 20_000


def formats_complete(upload: Upload, kind: SheetKind, columns: Mapping[int, Sequence[Any]]) -> dict[str, Any]:
    """The upload's formats with mark and order filled in from the cells; what a person chose stays.

    columns: the sheet's column number -> cells, of the first rows.
    """
    formats = dict(upload.formats)
    if formats.get("decimal_how") != "chosen":
        texts = _texts(upload, kind, columns, {Cell.QUANTITY, Cell.UNIT_COST, Cell.MONEY, Cell.INTEGER})
        mark = decimal_mark_of(texts)
        formats["decimal_how"] = "seen" if mark else "assumed" if _open_numbers(texts) else "typed"
        formats["decimal_mark"] = mark or ("," if formats.get("delimiter") == ";" else ".")
    if formats.get("date_how") != "chosen":
        texts = [text for text in _texts(upload, kind, columns, {Cell.DATE}) if not text[:4].isdigit()]
        order = date_order_of(texts)
        formats["date_how"] = "seen" if order else "assumed" if any(c in t for t in texts for c in "./") else "typed"
        formats["date_order"] = order or assumed_order(upload.entity, texts)
    return formats


def _texts(upload: Upload, kind: SheetKind, columns: Mapping[int, Sequence[Any]], cells: set[Cell]) -> list[str]:
    wanted = [n for c in kind.columns if c.cell in cells for n in upload.mapping.get(c.name, ())]
    found = {v for n in wanted for v in islice(columns.get(n, ()), _LOOK_AT) if type(v) is str and v}
    return list(found)


def _open_numbers(texts: Sequence[str]) -> bool:
    """Whether any text could be read both ways, like 1,234."""
    return any("," in text or "." in text for text in texts)


def assumed_order(entity: Entity, texts: Sequence[str]) -> str:
    """Dots are written by people who put the day first; slashes are read as the entity's country does."""
    american = entity.locale.replace("-", "_") == "en_US" or (entity.locale == "en" and entity.currency == "USD")
    return "MDY" if american and not any("." in text for text in texts) else "DMY"
