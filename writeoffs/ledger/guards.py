"""The guards of the journal: what keeps an entry balanced, sealed and unaltered whoever speaks to the database.

The life of an entry, inside one transaction: inserted unsealed (its net points at no row of Zero, so that the deferred
key refuses a commit now), lines added, sealed by one update. The seal is the only update, it asks for two lines or
more that add up to nil, and after it no line can be added. So every committed entry is sealed and balances. The lines
are added up once, at the seal; a net kept line by line costs an update of the entry for each (on PostgreSQL 20,000
lines took 5.9 s). A mirror is sealed only while all mirrors of its entry together take back no more than it posted,
per account and dimensions: an entry is never reversed twice.
"""

from __future__ import annotations

from core import guards
from core.guards import Guard, PostgreSQL, SQLite
from writeoffs.ledger.models import JournalEntry, Zero

ENTRY, LINE, ACCOUNT = "ledger_journalentry", "ledger_journalline", "ledger_account"
_FIXED = [f.column for f in JournalEntry._meta.local_concrete_fields if f.column not in ("sealed", "net_id")]
_LINES = f"from {LINE} l where l.entry_id = new.id"

BORN_SEALED = "a journal entry is inserted unsealed and sealed after its lines"
CHANGED = "a journal entry never changes; the only update is the one that seals it"
UNHASHED = "a journal entry is sealed with its hash"
TOO_FEW = "a journal entry is sealed with two lines or more"
FOREIGN = "a journal entry is sealed only with accounts of its own company"
CLOSED = "a journal entry is sealed only in a period of its company that holds its date and is not closed"
UNBALANCED = "a journal entry is sealed only when debits and credits are equal"
WRONG_MIRROR = "a journal entry reverses a posted entry of the same entity that is no mirror itself"
OVER = "mirrors of a journal entry never take back more than it posted; it cannot be reversed twice"
LATE_LINE = "a line is added only to a journal entry of the same transaction that is not sealed yet"

# What an entry posted (posted) and what all its mirrors, this one included, take back (back), line by line.
_TAKEN_BACK = (
    "(select sum(case when l.entry_id = new.reverses_id then l.amount else 0 end) as posted, "
    "sum(case when l.entry_id = new.reverses_id then 0 else l.amount end) as back "
    f"from {LINE} l where l.entry_id = new.reverses_id "
    f"or l.entry_id in (select m.id from {ENTRY} m where m.reverses_id = new.reverses_id) "
    "group by l.account_id, l.role, l.location_id, l.category_id, l.cost_centre_id, l.reason) t"
)
_TOO_MUCH = (
    f"new.reverses_id is not null and exists (select 1 from {_TAKEN_BACK} "
    "where (t.posted >= 0 and (t.back > 0 or t.posted + t.back < 0)) "
    "or (t.posted < 0 and (t.back < 0 or t.posted + t.back > 0)))"
)
_NO_ORIGINAL = (
    f"new.reverses_id is not null and not exists (select 1 from {ENTRY} o where o.id = new.reverses_id "
    "and o.entity_id = new.entity_id and o.sealed and o.reverses_id is null)"
)
# Two mirrors of one entry at once: the second waits here and then sees the first one's lines.
_ONE_BY_ONE = (
    f"if new.reverses_id is not null then perform 1 from {ENTRY} o where o.id = new.reverses_id for no key update; "
    "end if;"
)

USED = "an account with journal lines keeps its entity, code and section; take another account number"

# (condition of the refusal, message); `{differ}` is the engine's null-safe "is not equal".
_SEAL_RULES = (
    ("old.sealed or not new.sealed or new.net_id <> 0", CHANGED),
    (" or ".join(f"new.{column} {{differ}} old.{column}" for column in _FIXED), CHANGED),
    ("length(new.hash) <> 64", UNHASHED),
    (f"(select count(*) {_LINES}) < 2", TOO_FEW),
    (f"(select sum(l.amount) {_LINES}) <> 0", UNBALANCED),
    (
        f"exists (select 1 from {LINE} l join {ACCOUNT} a on a.id = l.account_id "
        "where l.entry_id = new.id and a.entity_id <> new.entity_id)",
        FOREIGN,
    ),
    (
        "not exists (select 1 from ledger_fiscalperiod p where p.id = new.period_id and p.entity_id = new.entity_id "
        "and new.posted_on between p.starts_on and p.ends_on and p.status <> 'CLOSED')",
        CLOSED,
    ),
    (_NO_ORIGINAL, WRONG_MIRROR),
    (_TOO_MUCH, OVER),
)


def _refuse_postgres(condition: str, message: str) -> str:
    return f"if {condition} then raise exception '{message}' using errcode = 'integrity_constraint_violation'; end if;"


def _insert_guard() -> Guard:
    condition = f"new.sealed or new.net_id <> {Zero.UNSEALED}"
    return Guard(
        "journalentry_insert",
        ENTRY,
        BORN_SEALED,
        sqlite=SQLite("before insert", f"select raise(abort, '{BORN_SEALED}');", when=condition),
        postgresql=PostgreSQL("before insert", f"{_refuse_postgres(condition, BORN_SEALED)} return new;"),
    )


def _seal_guard() -> Guard:
    sqlite = " ".join(
        f"select raise(abort, '{message}') where {condition.format(differ='is not')};"
        for condition, message in _SEAL_RULES
    )
    postgres = " ".join(
        _refuse_postgres(condition.format(differ="is distinct from"), message) for condition, message in _SEAL_RULES
    )
    return Guard(
        "journalentry_seal",
        ENTRY,
        CHANGED,
        sqlite=SQLite("before update", sqlite),
        postgresql=PostgreSQL("before update", f"{_ONE_BY_ONE} {postgres} return new;"),
    )


def _line_guard() -> Guard:
    # An entry that this transaction cannot see counts as sealed: another one may be about to commit it.
    late = f"coalesce((select e.sealed from {ENTRY} e where e.id = new.entry_id), 1)"
    late_rows = (
        f"exists (select 1 from fresh l left join {ENTRY} e on e.id = l.entry_id where coalesce(e.sealed, true))"
    )
    return Guard(
        "journalline_insert",
        LINE,
        LATE_LINE,
        sqlite=SQLite("before insert", f"select raise(abort, '{LATE_LINE}');", when=late),
        postgresql=PostgreSQL(
            "after insert", f"{_refuse_postgres(late_rows, LATE_LINE)} return null;", each="statement", rows="fresh"
        ),
    )


def _account_guards() -> list[Guard]:
    """An account that moved would take its lines to another place of closed statements. SQLite's REPLACE deletes and
    inserts without asking the update guard."""
    used = f"exists (select 1 from {LINE} l where l.account_id = old.id)"
    changed = " or ".join(f"new.{column} <> old.{column}" for column in ("entity_id", "code", "section"))
    in_the_way = (
        f"exists (select 1 from {ACCOUNT} a where a.id {{differs}} and (a.id = new.id or a.entity_id = new.entity_id "
        f"and a.code = new.code) and exists (select 1 from {LINE} l where l.account_id = a.id))"
    )
    moved = in_the_way.format(differs="<> old.id")
    return [
        Guard(
            "account_update",
            ACCOUNT,
            USED,
            sqlite=SQLite(
                "before update", f"select raise(abort, '{USED}');", when=f"({changed}) and {used} or {moved}"
            ),
            postgresql=PostgreSQL("before update", f"{_refuse_postgres(f'({changed}) and {used}', USED)} return new;"),
        ),
        Guard(
            "account_replace",
            ACCOUNT,
            USED,
            sqlite=SQLite(
                "before insert", f"select raise(abort, '{USED}');", when=in_the_way.format(differs="is not null")
            ),
        ),
    ]


guards.register(
    *_account_guards(),
    *guards.append_only(
        ENTRY,
        noun="a journal entry",
        keys=[
            ["entity_id", "fiscal_year", "sequence"],
            ["entity_id", "document"],
            ["entity_id", "chain_sequence"],
        ],
        updates=False,
    ),
    *guards.append_only(LINE, noun="a journal line", keys=[["entry_id", "line_number"]]),
    _insert_guard(),
    _seal_guard(),
    _line_guard(),
    guards.refused_update(
        "chainhead_journal",
        "core_chainhead",
        columns=["sequence", "hash"],
        condition=f"new.chain like 'journal:%' and not exists (select 1 from {ENTRY} e where e.entity_id = "
        "cast(substr(new.chain, 9) as bigint) and e.chain_sequence = new.sequence and e.hash = new.hash)",
        message="the head of a journal points at its last entry",
    ),
    *guards.append_only("ledger_trialbalance", noun="a trial balance", keys=[["period_id", "version"], ["upload_id"]]),
    *guards.append_only(
        "ledger_trialbalanceline", noun="a line of a trial balance", keys=[["trial_balance_id", "code"]]
    ),
    *guards.append_only("ledger_periodpack", noun="a period pack", keys=[["period_id", "version"]]),
    *guards.append_only("ledger_periodpackfile", noun="a file of a period pack", keys=[["pack_id", "name"]]),
    *guards.append_only("ledger_tieoutacceptance", noun="an accepted difference", keys=[["change_id"]]),
)
