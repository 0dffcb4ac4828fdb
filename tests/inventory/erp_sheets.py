"""Rows of a movements sheet for tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

MARCH_END = dt.datetime(2026, 3, 31, 18, tzinfo=dt.UTC)


def moved(kind: str, quantity: Any = "", document: str = "", day: str = "2026-03-05", **more: Any) -> dict[str, Any]:
    """A row of item A, lot L1 at WH1; the document is named after the kind."""
    return {
        "document": document or f"{kind}-1",
        "date": day,
        "kind": kind,
        "sku": "A",
        "lot_code": "L1",
        "location": "WH1",
        "quantity": quantity,
        **more,
    }
