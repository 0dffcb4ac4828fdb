"""Database guards: triggers that refuse what no code of ours may do, on SQLite and PostgreSQL alike.

Owns the registry and what stands in the database. Invariant: after `migrate` every declared guard stands on its table
in its present wording (its name ends in a digest of its SQL), and none that is no longer declared; `check --database
default` reports the one that is missing. Rooms declare theirs in a `guards.py`, which core imports when Django is
ready.

Guards are dropped before migrations that have something to do, since altering a SQLite table rebuilds it and loses or
trips over its triggers, and are put back after them (core/apps.py). They raise django.db.IntegrityError.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

PREFIX = "guard_"


@dataclass(frozen=True, slots=True)
class SQLite:
    """`event`: "before update"; `body`: what stands between begin and end; `when`: the condition of the row, if any."""

    event: str
    body: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """`event`: "before update"; `body`: the plpgsql statements of the function (return included); `each`: row or
    statement; `rows` and `old_rows`: the names of the transition tables of new and old rows, for "after" statement
    triggers."""

    event: str
    body: str
    each: str = "row"
    rows: str = ""
    old_rows: str = ""


@dataclass(frozen=True, slots=True)
class Guard:
    """One rule on one table. `why`: what it protects, for the person who finds it missing."""

    name: str
    table: str
    why: str
    sqlite: SQLite | None = None
    postgresql: PostgreSQL | None = None

    def statements(self, vendor: str) -> list[str]:
        """The SQL that puts the guard up; empty where this engine has no need of it."""
        if vendor == "sqlite" and self.sqlite:
            when = f" when {self.sqlite.when}" if self.sqlite.when else ""
            return [
                f"create trigger {self.trigger(vendor)} {self.sqlite.event} on {self.table} for each row{when} "
                f"begin {self.sqlite.body} end"
            ]
        if vendor == "postgresql" and self.postgresql:
            name, rule = self.trigger(vendor), self.postgresql
            tables = (("new", rule.rows), ("old", rule.old_rows))
            named = "".join(f" {side} table as {alias}" for side, alias in tables if alias)
            rows = f" referencing{named}" if named else ""
            return [
                f"create or replace function {name}() returns trigger language plpgsql as $guard$ "
                f"begin {rule.body} end $guard$",
                f"create trigger {name} {rule.event} on {self.table}{rows} "
                f"for each {rule.each} execute function {name}()",
            ]
        return []

    def trigger(self, vendor: str) -> str:
        """The trigger's name: ours, and a digest of what it does, so that an older wording counts as missing."""
        rule = self.sqlite if vendor == "sqlite" else self.postgresql
        digest = hashlib.sha256(repr((self.table, rule)).encode()).hexdigest()[:8]
        return f"{PREFIX}{self.name}_{digest}"


_GUARDS: dict[str, Guard] = {}


def register(*guards: Guard) -> None:
    """Declare guards; a name once only, 50 characters at most (PostgreSQL cuts identifiers at 63)."""
    for guard in guards:
        if len(guard.name) > 48 or not guard.name.isidentifier():
            raise ValueError(f"'{guard.name}' cannot name a guard: letters, digits and _, at most 48.")
        if _GUARDS.setdefault(guard.name, guard) != guard:
            raise ValueError(f"Two guards are called '{guard.name}'.")


def declared() -> list[Guard]:
    return list(_GUARDS.values())


def append_only(table: str, *, noun: str, keys: Sequence[Sequence[str]] | None, updates: bool = True) -> list[Guard]:
    """Rows of the table are only ever added. `noun`: one row, in words. `keys`: its unique keys besides id: SQLite's
    REPLACE would delete the row in the way without asking the delete guard; None: only our own connections, whose
    REPLACE asks it, are guarded against. updates=False: the room guards UPDATE itself."""
    label = table.split("_", 1)[1]
    events = ["delete", *(["update"] if updates else [])]
    guards = [
        _refusal(f"{label}_{event}", table, event, f"{noun} is never {event}d; it is corrected by a new one")
        for event in events
    ]
    guards.append(never_emptied(table, f"{noun} is never deleted"))
    if keys is None:
        return guards
    message = f"{noun} is never replaced; it is corrected by a new one"
    return [*guards, _no_replacing(table, message, [["id"], *keys], "true")]


def _no_replacing(table: str, message: str, keys: Sequence[Sequence[str]], when: str) -> Guard:
    """SQLite's REPLACE deletes the row in the way, which asks the delete guard on our own connections only
    (recursive_triggers is off elsewhere). when: of which rows, a condition over `r`."""
    clash = " or ".join(
        f"exists (select 1 from {table} r where {' and '.join(f'r.{column} = new.{column}' for column in key)} "
        f"and {when})"
        for key in keys
    )
    return Guard(
        f"{table.split('_', 1)[1]}_replace",
        table,
        message,
        sqlite=SQLite("before insert", f"select raise(abort, '{message}');", when=clash),
    )


def kept(
    table: str,
    *,
    noun: str,
    fixed: Sequence[str],
    when: str = "",
    name: str = "fixed",
    keys: Sequence[Sequence[str]] = (),
    pk: str = "id",
) -> list[Guard]:
    """The columns `fixed` of a row are never changed, and the row is neither deleted nor replaced, nor is the table
    emptied. when: only of rows for which this holds, a condition over `old`. keys: its unique keys besides `pk`, all of
    `fixed` columns: an INSERT that would replace a row is refused. The rest of the row may change."""
    label = table.split("_", 1)[1]
    message = f"{noun} keeps what it is; it is corrected by a new one"
    own = f"({when})" if when else "true"
    gone = f"{noun} is never deleted"
    update = "before update of " + ", ".join(dict.fromkeys((pk, *fixed)))

    def changed(differ: str) -> str:
        # A key of its own that changed may take the place of a row that is kept.
        others = " or ".join(f"new.{column} {differ} old.{column}" for column in fixed)
        return f"new.{pk} {differ} old.{pk} or ({own} and ({others}))"

    return [
        _no_replacing(table, f"{noun} is never replaced", [[pk], *keys], own.replace("old.", "r.")),
        Guard(
            f"{label}_{name}",
            table,
            message,
            sqlite=SQLite(update, f"select raise(abort, '{message}');", when=changed("is not")),
            postgresql=PostgreSQL(
                update, f"if {changed('is distinct from')} then {_raise(message)} end if; return new;"
            ),
        ),
        Guard(
            f"{label}_delete",
            table,
            gone,
            sqlite=SQLite("before delete", f"select raise(abort, '{gone}');", when=own),
            postgresql=PostgreSQL("before delete", f"if {own} then {_raise(gone)} end if; return old;"),
        ),
        never_emptied(table, gone),
    ]


def refused_update(name: str, table: str, *, columns: Sequence[str], condition: str, message: str) -> Guard:
    """An update of one of the columns is refused where the condition over `old` and `new` holds."""
    event = "before update of " + ", ".join(columns)
    return Guard(
        name,
        table,
        message,
        sqlite=SQLite(event, f"select raise(abort, '{message}');", when=condition),
        postgresql=PostgreSQL(event, f"if {condition} then {_raise(message)} end if; return new;"),
    )


def refused_insert(name: str, table: str, *, lacking: str, message: str) -> Guard:
    """A new row is refused that does not find its like: `lacking` is a subquery with {row} for it. It does what a
    foreign key does and may ask more; PostgreSQL asks it once a statement, where it asks a foreign key row by row."""
    asked = {row: lacking.format(row=row) for row in ("new", "fresh")}
    return Guard(
        name,
        table,
        message,
        sqlite=SQLite("before insert", f"select raise(abort, '{message}');", when=f"not exists ({asked['new']})"),
        postgresql=PostgreSQL(
            "after insert",
            f"if exists (select 1 from fresh where not exists ({asked['fresh']})) then {_raise(message)} end if; "
            "return null;",
            each="statement",
            rows="fresh",
        ),
    )


def never_emptied(table: str, message: str) -> Guard:
    """TRUNCATE asks no row's guard."""
    return Guard(
        f"{table.split('_', 1)[1]}_truncate",
        table,
        f"{message}, nor is the whole table emptied",
        postgresql=PostgreSQL("before truncate", _raise(message), each="statement"),
    )


def _refusal(name: str, table: str, event: str, message: str) -> Guard:
    return Guard(
        name,
        table,
        message,
        sqlite=SQLite(f"before {event}", f"select raise(abort, '{message}');"),
        postgresql=PostgreSQL(f"before {event}", _raise(message)),
    )


def _raise(message: str) -> str:
    """plpgsql that refuses as an integrity error, the class of SQLite's raise(abort)."""
    return f"raise exception '{message}' using errcode = 'integrity_constraint_violation';"


def standing(using: str = DEFAULT_DB_ALIAS) -> dict[str, str]:
    """Trigger name -> table of every guard that stands (and is enabled) in the database."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        sql = "select name, tbl_name from sqlite_master where type = 'trigger' and name like 'guard\\_%%' escape '\\'"
    else:
        sql = (
            "select t.tgname, c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid "
            "join pg_namespace n on n.oid = c.relnamespace where not t.tgisinternal and t.tgenabled in ('O', 'A') "
            "and n.nspname = any (current_schemas(false)) and t.tgname like 'guard\\_%%'"
        )
    with connection.cursor() as cursor:
        cursor.execute(sql, [])
        return dict(cursor.fetchall())


def missing(using: str = DEFAULT_DB_ALIAS) -> list[Guard]:
    """Declared guards that do not stand on their table."""
    vendor, found = connections[using].vendor, standing(using)
    return [g for g in declared() if g.statements(vendor) and found.get(g.trigger(vendor)) != g.table]


def install(using: str = DEFAULT_DB_ALIAS) -> list[Guard]:
    """Put up what is missing on tables that exist and take down what is no longer declared. Gives what was put up."""
    connection = connections[using]
    vendor = connection.vendor
    absent = missing(using)
    declared_names = {g.trigger(vendor) for g in declared()}
    surplus = {name: table for name, table in standing(using).items() if name not in declared_names}
    if not absent and not surplus:
        return []
    tables = set(connection.introspection.table_names())
    wanted = [guard for guard in absent if guard.table in tables]
    with transaction.atomic(using=using):
        _drop(connection, surplus)
        with connection.cursor() as cursor:
            for guard in wanted:
                for statement in guard.statements(vendor):
                    cursor.execute(statement)
    return wanted


def drop(using: str = DEFAULT_DB_ALIAS) -> None:
    """Take every guard down: before tables are altered, or a test's tables are emptied. Else use `suspended`."""
    with transaction.atomic(using=using):
        _drop(connections[using], standing(using))


def _drop(connection: BaseDatabaseWrapper, triggers: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        for name, table in triggers.items():
            if connection.vendor == "sqlite":
                cursor.execute(f"drop trigger if exists {name}")
            else:
                cursor.execute(f"drop trigger if exists {name} on {table}")
                cursor.execute(f"drop function if exists {name}()")


@contextmanager
def suspended(reason: str, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """For data migrations that must touch guarded rows: one transaction without guards, kept in the audit trail with
    its reason. What stood before stands again before the commit; where `migrate` took the guards down, it puts them
    back."""
    from core import audit

    if not reason.strip():
        raise ValueError("Guards are suspended only for a reason, which the audit trail keeps.")
    connection = connections[using]
    with transaction.atomic(using=using):
        stood = bool(standing(using))
        message = f"Database guards were suspended: {reason.strip()}"
        audit.record(entity=None, actor=None, kind="guards.suspended", message=message, chain=audit.SYSTEM_CHAIN)
        _settle(connection)
        drop(using)
        yield
        if stood:
            _settle(connection)
            install(using)


def _settle(connection: BaseDatabaseWrapper) -> None:
    """PostgreSQL refuses to alter triggers while deferred checks are pending: have them now, then defer again."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")
            cursor.execute("set constraints all deferred")
