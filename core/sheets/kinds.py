"""What a sheet kind is: its columns, its check and its commit. Rooms register their kinds in ready().

The way of a sheet: stored file -> a child process reads it -> columns are mapped -> cells converted chunk by chunk
(core) -> `check_chunk` resolves keys and adds complaints (the room) -> rows staged -> `finish` gives the preview's
figures -> a person commits -> one INSERT..SELECT transaction (the room). Nothing but staging is written before the
commit.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from core.models import Entity, Upload, User
from core.storable import storable
from core.words import Role


class Cell(enum.StrEnum):
    """What a column holds, and what a converted cell is: TEXT str; QUANTITY, UNIT_COST, MONEY raw int (10^4, 10^6,
    10^4); DATE ISO text yyyy-mm-dd; INTEGER int. An empty cell is None (TEXT: "")."""

    TEXT = "TEXT"
    QUANTITY = "QUANTITY"
    UNIT_COST = "UNIT_COST"
    MONEY = "MONEY"
    DATE = "DATE"
    INTEGER = "INTEGER"


@dataclass(frozen=True, slots=True)
class Column:
    """name: our own; aliases: other names that map by themselves (lower case). joins: several sheet columns may be
    joined with "-" (shelf and bin -> lot code). required: must be mapped; filled: must not be empty in any row."""

    name: str
    label: str
    cell: Cell
    required: bool = False
    filled: bool = False
    joins: bool = False
    max_length: int = 200
    allow_negative: bool = True
    aliases: tuple[str, ...] = ()
    help: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """What a kind asks beside the file, on the first step; the answer stands in Upload.options under `name`.
    choices: (value, label); the first one is the answer where nobody chooses. choices_of: gives them where they depend
    on the company (its periods), with a constant number of queries. number: a number up to `most` is typed instead,
    with at most four decimals; "" where nobody does."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""
    choices_of: Callable[[Entity], tuple[tuple[str, str], ...]] | None = None
    number: bool = False
    most: int = 100

    def choices_for(self, entity: Entity) -> tuple[tuple[str, str], ...]:
        return self.choices if self.choices_of is None else self.choices_of(entity)


@dataclass(slots=True)
class Chunk:
    """Some rows, column by column. rows: the sheet's row numbers. columns: our column name -> converted cells, same
    length as rows; only mapped columns are present. bad: positions of rows with a conversion error (already complained
    of)."""

    rows: list[int]
    columns: dict[str, list[Any]]
    bad: set[int] = field(default_factory=set)


class Issues:
    """Collects complaints; core keeps them as UploadIssue rows. At most `limit` are kept per level and code; all
    count."""

    def __init__(self, limit: int = 1000) -> None:
        self.limit = limit
        self.errors = 0
        self.warnings = 0
        self.by_code: dict[tuple[str, str], int] = {}
        self.kept: list[tuple[str, str, int | None, str, str, str]] = []

    def error(self, code: str, row: int | None, column: str, value: object, message: str) -> None:
        self.errors += 1
        self._keep("ERROR", code, row, column, value, message)

    def warning(self, code: str, row: int | None, column: str, value: object, message: str) -> None:
        self.warnings += 1
        self._keep("WARNING", code, row, column, value, message)

    def _keep(self, level: str, code: str, row: int | None, column: str, value: object, message: str) -> None:
        count = self.by_code.get((level, code), 0)
        self.by_code[level, code] = count + 1
        if count < self.limit:
            text = "" if value is None else str(value)
            said = (storable(part) for part in (column[:100], text[:200], message[:500]))
            self.kept.append((level, code, row, *said))


@dataclass(slots=True)
class Summary:
    """What the preview page leads with. Totals are raw integers. figures: (label, text) pairs in order, ready for
    people. commit_label names what the button does: "Add 1,069 lots". needs_controller: a CONTROLLER other than the
    uploader commits."""

    rows: int = 0
    quantity: int | None = None
    value: int | None = None
    figures: list[tuple[str, str]] = field(default_factory=list)
    commit_label: str = "Commit"
    needs_controller: bool = False
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Committed:
    """What the commit made. url: of the record it made; message: one sentence with the figures; told: what the audit
    event keeps beside the upload's own figures."""

    message: str
    url: str
    told: Mapping[str, Any] = field(default_factory=dict)


class SheetKind:
    """Subclass, fill the class attributes, register one instance. A context is whatever `begin` returns (a dataclass of
    dictionaries built with one query each); it lives in the worker for one check only."""

    code: ClassVar[str]
    title: ClassVar[str]
    lead: ClassVar[str] = ""  # one sentence on the first step
    columns: ClassVar[tuple[Column, ...]]
    upload_roles: ClassVar[tuple[Role, ...]] = (Role.PREPARER, Role.CONTROLLER)
    commit_roles: ClassVar[tuple[Role, ...]] = (Role.PREPARER, Role.CONTROLLER)
    options: ClassVar[tuple[Option, ...]] = ()
    asks_control_total: ClassVar[bool] = True
    staging_table: ClassVar[str]
    # Columns of the staging table behind upload_id, in the order of the tuples that check_chunk gives.
    staging_columns: ClassVar[tuple[str, ...]]

    def offered_to(self, entity: Entity) -> bool:
        """Whether the company has a use for such a sheet; who has none is not shown the kind."""
        return True

    def precheck(self, upload: Upload) -> None:
        """Refuse the upload as a whole before reading it (DomainError): an older list, a closed period."""

    def begin(self, upload: Upload) -> Any:
        """Load what the check needs, with a constant number of queries."""
        raise NotImplementedError

    def check_chunk(self, context: Any, chunk: Chunk, issues: Issues) -> list[tuple[Any, ...]]:
        """Check the chunk's rows and give the staging rows for the good ones."""
        raise NotImplementedError

    def finish(self, context: Any, upload: Upload, issues: Issues) -> Summary:
        """After the last chunk, with all rows staged: whole-sheet checks and the preview's figures."""
        raise NotImplementedError

    def commit(self, upload: Upload, user: User) -> Committed:
        """One transaction from staging to records. The caller holds the upload's state by compare-and-set."""
        commit = _COMMITS.get(self.code)
        if commit is None:
            raise NotImplementedError(f"no room registered the commit of {self.code}")
        return commit(upload, user)


_KINDS: dict[str, SheetKind] = {}
_COMMITS: dict[str, Callable[[Upload, User], Committed]] = {}


def register(kind: SheetKind) -> None:
    _KINDS[kind.code] = kind


def register_commit(code: str, commit: Callable[[Upload, User], Committed]) -> None:
    """For kinds whose commit moves value: posting, the only room that writes movements and entries, registers it."""
    _COMMITS[code] = commit


def kind(code: str) -> SheetKind:
    """KeyError for an unknown code; views turn it into 404."""
    return _KINDS[code]


def kinds_all() -> list[SheetKind]:
    return list(_KINDS.values())


def kinds_for(entity: Entity, roles: frozenset[str]) -> list[SheetKind]:
    """The kinds a person with these roles may upload."""
    return [k for k in _KINDS.values() if roles & set(k.upload_roles) and k.offered_to(entity)]
