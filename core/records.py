"""The digest of stored rows: kept in the audit event of the step that fixed them, recomputed by `manage.py verify`.

The rows are read back from the database, so that writing and verifying see the same values. Every digest says by which
version of its record it was made, and a version names its columns: a column that is added later comes with a further
version, and what was kept before is proved as it was (tests/core/test_records.py finds the column that none names).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import Model, QuerySet


class Record:
    """Which columns of which rows a digest covers. versions: from 1 on, a text of column names for each of the models;
    neither they nor their order change once books have been written with them. left_out: columns that the last version
    need not have, by model."""

    ALL: ClassVar[list[Record]] = []

    def __init__(
        self,
        models: Sequence[type[Model]],
        versions: Sequence[Sequence[str]],
        left_out: Sequence[str] = (),
    ) -> None:
        self.models = tuple(models)
        self.versions = tuple(tuple(columns.split() for columns in version) for version in versions)
        self.left_out = tuple(set(columns.split()) for columns in left_out) or tuple(set() for _ in models)
        Record.ALL.append(self)

    @classmethod
    def of(cls, model: type[Model]) -> Record:
        """The one of rows of this model alone; LookupError where none is declared."""
        for record in cls.ALL:
            if record.models == (model,):
                return record
        raise LookupError(
            f"No Record names the columns of {model.__name__}; declare one beside the step that keeps it."
        )

    def digest(self, *rows: QuerySet[Any]) -> str:
        """Of the rows of each model, by the last version."""
        return self._digest(len(self.versions), rows)

    def agrees(self, kept: str, *rows: QuerySet[Any]) -> bool:
        """Whether the rows still give the digest that was kept of them, by the version that it was made with."""
        version = self._version(kept)
        return version <= len(self.versions) and self._digest(version, rows) == kept

    @staticmethod
    def _version(kept: str) -> int:
        """Version 1 was kept bare."""
        number, colon, _ = kept.partition(":")
        return int(number) if colon else 1

    def differing(self, kept: Mapping[int, str], rows: QuerySet[Any]) -> list[int]:
        """Of rows that are proved one by one, the keys of those that no longer give their digest; in one query a
        version, however many there are."""
        found = []
        for version, columns in enumerate(self.versions, start=1):
            own = {key: digest for key, digest in kept.items() if self._version(digest) == version}
            for key, *values in rows.order_by("pk").values_list("pk", *columns[0]).iterator(2000) if own else ():
                if key in own and _hashed([[columns[0], [values]]], version) != own[key]:
                    found.append(key)
        return sorted([*found, *(key for key, digest in kept.items() if self._version(digest) > len(self.versions))])

    def unnamed(self) -> list[str]:
        """Columns that the last version neither covers nor leaves out: model.column."""
        found = []
        for model, columns, left_out in zip(self.models, self.versions[-1], self.left_out, strict=True):
            known = {*columns, *left_out, model._meta.pk.attname if model._meta.pk else ""}
            found += [
                f"{model.__name__}.{f.attname}" for f in model._meta.local_concrete_fields if f.attname not in known
            ]
        return found

    def _digest(self, version: int, rows: Iterable[QuerySet[Any]]) -> str:
        parts = zip(rows, self.versions[version - 1], strict=True)
        told = [[columns, list(found.order_by("pk").values_list(*columns))] for found, columns in parts]
        return _hashed(told, version)


def _hashed(told: Sequence[Any], version: int) -> str:
    """SHA-256 (hex) over the rows of each model, by key, in the columns of the version, whose names are hashed too."""
    text = json.dumps(told, default=str, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return digest if version == 1 else f"{version}:{digest}"
