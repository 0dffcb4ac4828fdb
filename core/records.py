"""The digest of stored rows: kept in the audit event of the step that fixed them, recomputed by `manage.py verify`.

The rows are read back from the database, so that writing and verifying see the same values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.db.models import Model, QuerySet


def columns_of(model: type[Model], *, without: Iterable[str] = ()) -> list[str]:
    """Every column of the model but its own key and `without`, in alphabetical order. A column that is added later
    changes the digests: put it among `without` where rows of before are to verify still."""
    left_out = {*without, model._meta.pk.attname} if model._meta.pk else set(without)
    return sorted(f.attname for f in model._meta.local_concrete_fields if f.attname not in left_out)


def record_digest(*parts: tuple[QuerySet[Any], list[str]]) -> str:
    """SHA-256 (hex) over the rows of each part, by key, in the columns given with it; their names are hashed too."""
    told = [[columns, list(found.order_by("pk").values_list(*columns))] for found, columns in parts]
    text = json.dumps(told, default=str, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
