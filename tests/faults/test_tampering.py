"""Somebody with the database's password changes one value, guards out of the way: verify names the record.

Every column of every table that a guard stands on, in turn, in the demo's books. The tables come from the guards and
the columns from the database itself, so that a new one is tried without anybody thinking of it; what verify need not
see is listed here with its reason, and an entry of the list that it does see is a mistake as well.
"""

from __future__ import annotations

import contextlib
import itertools
import pprint
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from core import guards, verify
from tests.faults.size import SOAK
from tests.plugins.database import ServerDatabase
from writeoffs.valuation.kinds_of_input import KINDS

# table.column -> why verify may be silent about it.
UNSEEN: dict[str, str] = {
    "proposals_proposal.version": "counts edits, so that a stale form is refused",
}
# table -> what names one of its rows, as SQL over the row t: it has to stand in a complaint, as it was or as it is now.
_PROPOSAL = "(select p.number from proposals_proposal p where p.id = t.proposal_id)"
_LIMITS = "(select 'approval limits ' || l.version from proposals_approvallimits l where l.id = t.limits_id)"
_ASSESSMENT = "(select a.number from valuation_assessment a where a.id = t.assessment_id)"
_ENTRY = "e.fiscal_year || '-' || substr(cast(1000000 + e.sequence as varchar(9)), 2)"
NAMES: dict[str, str] = {
    "core_auditevent": "'event ' || t.sequence",
    "core_chainhead": "case when t.chain like 'entity:%' then 'Audit trail of North Trading' "
    "when t.chain like 'journal:%' then 'the journal''s chain' when t.chain like 'movements:%' "
    "then 'the chain of movements' else 'nothing' end",
    "core_changerequest": "'change request ' || t.id",
    "core_counter": "case when t.series = 'movement' then 'movement' when t.series = 'erp_batch' "
    "then 'batches for the ERP' when t.series like 'claim:%' then 'claims of ' || substr(t.series, 7) "
    "when t.series like 'event:%' then 'events of ' || substr(t.series, 7) "
    "when t.series like 'estimate:%' then 'estimates of ' || substr(t.series, 10) "
    "when t.series like 'assessment:%' then 'assessments of ' || substr(t.series, 12) "
    "else replace(replace(replace(t.series, 'proposal:', ''), 'count:', 'CS-'), ':', '-') end",
    "core_exchangerate": "'exchange rate ' || t.id",
    "core_stepkey": "'key ' || t.id",
    "core_storedfile": "'stored file ' || t.id",
    "core_upload": "'upload ' || t.id",
    "inventory_countline": "(select s.number from inventory_countsheet s where s.id = t.sheet_id)",
    "inventory_countsheet": "t.number",
    "inventory_erpmovement": "'upload ' || t.upload_id",
    "inventory_lot": "'lot ' || t.code",
    "inventory_lotregister": "'upload ' || t.upload_id",
    "inventory_movement": "'movement ' || t.sequence",
    "inventory_movementbatch": "'movements ' || t.first || ' to ' || t.last",
    "inventory_quarantineentry": "(select 'lot ' || o.code from inventory_lot o where o.id = t.lot_id)",
    "inventory_writedownmovement": "(select 'movement ' || m.sequence from inventory_movement m "
    "where m.id = t.movement_id)",
    "ledger_account": "'account ' || t.code",
    "ledger_journalentry": _ENTRY.replace("e.", "t."),
    "ledger_journalline": f"(select {_ENTRY} from ledger_journalentry e where e.id = t.entry_id)",
    "ledger_periodpack": "'pack ' || t.version",
    "ledger_periodpackfile": "t.name",
    "ledger_tieoutacceptance": "'accepted difference ' || t.id",
    "ledger_trialbalance": "'trial balance ' || t.id",
    "ledger_trialbalanceline": "'trial balance ' || t.trial_balance_id",
    "posting_erpbatch": "'ERP-' || substr(cast(1000000 + t.sequence as varchar(9)), 2)",
    "posting_erpcharge": f"(select {_ENTRY} from ledger_journalentry e where e.id = t.entry_id)",
    "posting_erpfeed": "t.kind",
    "posting_erphandout": "'copy ' || t.copy || ' of ' || t.subject",
    "posting_posting": "case when t.source_ref like 'proposal:%' then substr(t.source_ref, 10) else t.source_ref end",
    "posting_postingline": "(select substr(p.source_ref, 10) from posting_posting p where p.id = t.posting_id)",
    "proposals_approvalband": _LIMITS,
    "proposals_approvallimits": "'approval limits ' || t.version",
    "proposals_approvaltitle": _LIMITS,
    "proposals_claimstep": "(select c.number from proposals_claim c where c.id = t.claim_id)",
    "proposals_decision": _PROPOSAL,
    "proposals_estimatefigure": "(select e.number from proposals_lossestimate e where e.id = t.estimate_id)",
    "proposals_evidence": _PROPOSAL,
    "proposals_lossestimate": "t.number",
    "proposals_proposal": "t.number",
    "proposals_proposalcharge": _PROPOSAL,
    "proposals_proposalline": _PROPOSAL,
    "proposals_subsequentevent": "t.number",
    "proposals_titleholder": "(select 'approval limits ' || l.version from proposals_approvaltitle a "
    "join proposals_approvallimits l on l.id = a.limits_id where a.id = t.title_id)",
    "proposals_void": _PROPOSAL,
    "proposals_voidedline": "(select p.number from proposals_void v join proposals_proposal p on p.id = v.proposal_id "
    "where v.id = t.void_id)",
    "valuation_assessment": "t.number",
    "valuation_assessmentline": _ASSESSMENT,
    "valuation_basischarge": _ASSESSMENT,
    "valuation_ageingband": "(select 'policy ' || p.id from valuation_valuationpolicy p where p.id = t.policy_id)",
    "valuation_commitmentline": "(select a.number from valuation_assessment a where a.id = t.assessment_id)",
    "valuation_provisionmovement": "substr(t.source_ref, 10)",
    "valuation_taxrule": "'tax rule ' || t.id",
    "valuation_valuationpolicy": "'policy ' || t.id",
    **{kind.table: f"'{kind.noun} ' || t.id" for kind in KINDS.values()},
}
# Which rows of a table are protected, where not all are.
ROWS = {
    "core_upload": "t.status = 'COMMITTED'",
    "core_changerequest": "t.status <> 'OPEN'",
    "ledger_account": "exists (select 1 from ledger_journalline l where l.account_id = t.id)",
    "proposals_proposal": "t.status = 'POSTED'",
    "proposals_proposalline": "t.proposal_id in (select id from proposals_proposal where status = 'POSTED')",
    "proposals_proposalcharge": "t.proposal_id in (select id from proposals_proposal where status = 'POSTED')",
    "proposals_evidence": "t.proposal_id in (select id from proposals_proposal where status = 'POSTED')",
}


def tables() -> list[str]:
    return sorted({guard.table for guard in guards.declared()})


def model_of(table: str) -> type[models.Model]:
    return next(model for model in apps.get_models(include_auto_created=True) if model._meta.db_table == table)


def other_values(field: models.Field[Any, Any], stored: Any) -> Iterator[str]:
    """SQL expressions for another value than the one that is stored, the likeliest to be taken first."""
    column, kind = f"{field.column}", field.get_internal_type()
    if isinstance(field, models.ForeignKey):
        target = field.related_model._meta
        yield (
            f"(select min(o.{target.pk.column}) from {target.db_table} o where o.{target.pk.column} <> "
            f"coalesce({column}, 0))"
        )
        yield "null" if stored is not None else "1"
        return
    if kind in ("DateField", "DateTimeField"):
        if stored is None:
            yield "'2026-01-01'" if kind == "DateField" else "'2026-01-01 00:00:00+00:00'"
        elif connection.vendor == "postgresql":
            yield f"{column} + interval '1 day'"
        elif kind == "DateField":
            yield f"date({column}, '+1 day')"
        else:
            yield f"replace({column}, '20', '21')"
    elif kind == "BooleanField":
        yield f"not {column}"
    elif kind == "JSONField":
        yield "'[\"x\"]'"
        yield "'{\"x\": 1}'"
    elif kind == "BinaryField":
        yield "'x'::bytea" if connection.vendor == "postgresql" else "cast('x' as blob)"
    elif field.choices:
        for value, _ in field.flatchoices:
            if value != stored:
                yield f"'{value}'"
    elif kind in ("CharField", "TextField", "SlugField"):
        yield f"substr({column}, 1, {(field.max_length or 99) - 1}) || 'x'"
        yield f"'x' || substr({column}, 2)"
        yield "'x'"
    elif stored is None:
        yield "1"
    else:
        yield f"{column} + 1"
        yield f"{column} - 1"
        yield f"{column} * 2"


def raw(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else [(cursor.rowcount,)]


def rows_of(table: str) -> list[Any]:
    """The keys of the first and the last protected row; where everything is tried, of all."""
    key = model_of(table)._meta.pk.column
    keys = [pk for (pk,) in raw(f"select t.{key} from {table} t where {ROWS.get(table, '1 = 1')} order by 1")]
    return keys if SOAK else list(dict.fromkeys([*keys[:1], *keys[-1:]]))


def names_of(table: str, where: str) -> set[str]:
    return {str(name).lower() for (name,) in raw(f"select {NAMES[table]} from {table} t where {where}") if name}


# table -> the checks that have named a row of it, the last first: they are asked first, since each is asked whatever
# the others say (core/verify.py), and most columns of a table are proved by the same.
ASKED_FIRST: dict[str, list[str]] = {}


@dataclass
class Tried:
    """What verify said to the changes of one column. silent, unnamed: keys of rows; seen: of how many it told."""

    silent: list[Any] = field(default_factory=list)
    unnamed: dict[Any, str] = field(default_factory=dict)
    seen: int = 0

    def change(self, table: str, column: models.Field[Any, Any], key: Any) -> None:
        """The first other value that the database takes; nothing where it takes none."""
        literal = f"'{key}'" if isinstance(key, str) else key
        where = f"t.{model_of(table)._meta.pk.column} = {literal}"
        [(stored,)] = raw(f"select t.{column.column} from {table} t where {where}")
        for value in other_values(column, stored):
            tried = False
            with contextlib.suppress(DatabaseError), transaction.atomic():
                names = names_of(table, where)
                assert raw(f"update {table} as t set {column.column} = {value} where {where}") == [(1,)]
                if raw(f"select t.{column.column} from {table} t where {where}") != [(stored,)]:
                    tried = True
                    self._judge(table, key, names | names_of(table, where))
                transaction.set_rollback(True)
            if tried:
                return

    def _judge(self, table: str, key: Any, names: set[str]) -> None:
        # Tables that follow each other are often of one room: of a new one the last one's checks are asked first.
        first, known = "", ASKED_FIRST.setdefault(table, list(next(reversed(ASKED_FIRST.values()), [])))
        for check, complaint in verify.complaints_by_check(verify.Tally(), known):
            first = first or complaint
            if any(re.search(rf"(?<![\w-]){re.escape(name)}(?!\w)", complaint.lower()) for name in names):
                self.seen += 1
                known[:] = [check, *(one for one in known if one != check)]
                return
        if first:
            self.unnamed[key] = f"{sorted(names)}: {first}"
        else:
            self.silent.append(key)


@pytest.mark.faults
def test_verify_names_the_record_whatever_column_of_a_protected_table_was_changed(filled: ServerDatabase) -> None:
    found: dict[str, Tried] = {}
    empty = []
    with transaction.atomic():
        assert list(verify.complaints(verify.Tally())) == []
        if connection.vendor == "postgresql":
            raw("set constraints all deferred")
        guards.drop()
        for table in tables():
            keys = rows_of(table)
            if not keys:
                empty.append(table)
                continue
            # At the size of a build the rows take turns, column by column.
            turn = itertools.cycle(keys)
            for column in model_of(table)._meta.local_concrete_fields:
                # Nothing is told by a row's own key, and the database's foreign keys hold it.
                if not column.primary_key:
                    tried = found[f"{table}.{column.column}"] = Tried()
                    for key in keys if SOAK else [next(turn)]:
                        tried.change(table, column, key)
        transaction.set_rollback(True)
    wrong = {
        "no row to try of": empty,
        "verify is silent about": {
            name: one.silent for name, one in found.items() if one.silent and name not in UNSEEN
        },
        "verify does not name": {name: one.unnamed for name, one in found.items() if one.unnamed},
        "verify sees what the list says it need not": sorted(
            name for name in UNSEEN if name not in found or not found[name].silent
        ),
    }
    assert not any(wrong.values()), pprint.pformat(wrong, width=200)


@pytest.mark.faults
@pytest.mark.sqlite
def test_no_row_is_replaced_by_a_program_that_knows_no_recursive_triggers(filled: ServerDatabase) -> None:
    """As the sqlite3 program speaks to it: REPLACE deletes the row in the way, and asks no delete guard."""
    bare, passed = filled.connect(), []
    bare.execute("pragma foreign_keys = off")
    assert bare.execute("pragma recursive_triggers").fetchone() == (0,)
    for table in tables():
        pk = model_of(table)._meta.pk.column
        columns = [f'"{column.column}"' for column in model_of(table)._meta.local_concrete_fields]
        rest = ", ".join(column for column in columns if column != f'"{pk}"')
        still = f"select 1 from {table} where {pk} = ?1"
        for key in rows_of(table)[:1]:
            statements = [f"replace into {table} select * from {table} where {pk} = ?1"]
            # Of another key but the same in all the rest: in the way of each unique one.
            if any(unique for _, _, unique, origin, _ in bare.execute(f"pragma index_list({table})") if origin != "pk"):
                statements.append(f"replace into {table} ({rest}) select {rest} from {table} where {pk} = ?1")
            others = f"{pk} <> ?1 and {pk} = (select max({pk}) from {table} where {pk} <> ?1)"
            statements.append(f"update or replace {table} set {pk} = ?1 where {others}")
            for statement in statements:
                bare.execute("begin")
                # Some tables have rules that ask functions of ours: such a program cannot write there at all.
                with contextlib.suppress(sqlite3.DatabaseError):
                    copied = bare.execute(statement, [key]).rowcount
                    # A copy beside it is no replacement.
                    if copied and (f"({rest})" not in statement or bare.execute(still, [key]).fetchone() is None):
                        passed.append(statement)
                bare.execute("rollback")
    bare.close()
    assert not passed, "\n".join(passed)
