"""The ledger's proofs: every entry is sealed, balanced, unaltered and in its place, in numbers as in the chain.

Entries and lines are read as two streams in the same order and joined on the way, so that a million lines need no
memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from core import chains, verify
from core.models import AuditEvent, ChainHead, Counter, Entity
from core.money import MONEY_SCALE
from core.sets import day_of
from core.verify import Tally, json_of, moment_of, money_said, rows, streamed
from writeoffs.ledger import mapping_verifiers, pack_verifiers, trial_verifiers  # noqa: F401  they register their own
from writeoffs.ledger.chart import account_said
from writeoffs.ledger.hashes import ENTRY_COLUMNS, EntryContent, entry_hash
from writeoffs.ledger.journal import chain_of, content_of, series_of
from writeoffs.ledger.models import Account, FiscalPeriod, JournalEntry, JournalLine
from writeoffs.ledger.periods import REOPEN

LIMIT = 100


def entries(tally: Tally) -> Iterator[str]:
    """Hashes recomputed from the rows, chain, seal, balance, whole units; of every entity."""
    for entity in Entity.objects.order_by("pk"):
        yield from _chain(entity, tally)


def _chain(entity: Entity, tally: Tally) -> Iterator[str]:
    expected, previous = 0, ""
    periods = FiscalPeriod.objects.filter(entity=entity).in_bulk()
    for entry in _with_lines(entity):
        expected += 1
        tally["entries"] += 1
        yield from _entry_complaints(entity, periods, entry, expected, previous)
        previous, expected = entry.hash, entry.content.chain_sequence
    head = ChainHead.objects.filter(chain=chain_of(entity)).first() or ChainHead()
    if (head.sequence, head.hash) != (expected, previous):
        yield (
            f"{entity}: the journal's chain ends with entry {expected:,} ({previous[:16] or 'none'}…), but its head "
            f"says {head.sequence:,} ({head.hash[:16] or 'none'}…): an entry is missing at the end, or the head was "
            f"changed."
        )


@dataclass(slots=True)
class _Stored:
    """One row of the journal as it stands, beside what its hash covers."""

    content: EntryContent
    hash: str
    sealed: bool

    @property
    def number(self) -> str:
        return f"{self.content.fiscal_year}-{self.content.sequence:06d}"


_READ = {"posted_on": day_of, "created_at": moment_of, "evidence": json_of}
_CONVERTED = tuple((place, _READ[name]) for place, name in enumerate(ENTRY_COLUMNS) if name in _READ)
_ENTRIES = (
    f"select {', '.join('e.' + name for name in ENTRY_COLUMNS)}, e.id, e.hash, e.sealed, e.net_id "
    "from ledger_journalentry e where e.entity_id = %s order by e.chain_sequence, e.id"
)
_LINES = (
    "select l.entry_id, l.line_number, l.account_id, l.role, l.amount, l.location_id, l.category_id, "
    "l.cost_centre_id, l.reason, a.code, a.section from ledger_journalentry e "
    "join ledger_journalline l on l.entry_id = e.id join ledger_account a on a.id = l.account_id "
    "where e.entity_id = %s order by e.chain_sequence, e.id, l.line_number"
)
_ENTRY_ID, _AMOUNT = itemgetter(0), itemgetter(3)
_LINE = itemgetter(slice(1, None))


def _with_lines(entity: Entity) -> Iterator[_Stored]:
    """Entry by entry with its lines, as plain tuples: an object a line would cost more than its hash."""
    groups = itertools.groupby(streamed(_LINES, [entity.pk]), key=_ENTRY_ID)
    key, rows_of_key = next(groups, (None, iter(())))
    width = len(ENTRY_COLUMNS)
    for row in streamed(_ENTRIES, [entity.pk], size=1000):
        fields = list(row[:width])
        for place, read in _CONVERTED:
            fields[place] = read(fields[place])
        pk, stored, sealed, net = row[width:]
        own: list[tuple[Any, ...]] = []
        if key == pk:
            own = list(map(_LINE, rows_of_key))
            key, rows_of_key = next(groups, (None, iter(())))
        fields.append(own)
        yield _Stored(EntryContent(*fields), stored, bool(sealed) and net == 0)


def _entry_complaints(
    entity: Entity, periods: Mapping[int, FiscalPeriod], entry: _Stored, expected: int, previous: str
) -> Iterator[str]:
    content = entry.content
    name = f"{entity}: entry {entry.number}"
    amounts = list(map(_AMOUNT, content.lines))
    debits = sum(amount for amount in amounts if amount > 0)
    credits = debits - sum(amounts)
    if debits != credits:
        yield (
            f"{name}: debits {money_said(entity, debits)}, credits {money_said(entity, credits)}; they should be equal."
        )
    if not entry.sealed:
        yield f"{name}: it is not sealed, so that its transaction should never have been kept."
    unit = 10 ** (MONEY_SCALE - entity.exponent)
    if any(amount % unit for amount in amounts):
        place = next(line for line in content.lines if _AMOUNT(line) % unit)
        yield f"{name}, line {place[0]}: {money_said(entity, _AMOUNT(place))} is no multiple of the smallest unit."
    if content.chain_sequence != expected:
        yield (
            f"{name}: it stands at place {content.chain_sequence:,} of the chain; the entry of place {expected:,} is "
            f"missing."
        )
    if content.previous_hash != previous:
        yield (
            f"{name}: it names {content.previous_hash[:16] or 'none'}… as the hash before, but that is "
            f"{previous[:16] or 'none'}…."
        )
    period = periods.get(content.period_id)
    if period is None or not period.starts_on <= content.posted_on <= period.ends_on:
        yield (
            f"{name}: its date {content.posted_on.isoformat()} does not lie in its period, "
            f"{period or 'which is none of this company'}."
        )
    due = entry_hash(content)
    if due != entry.hash:
        yield (
            f"{name}: it is not what was posted: its hash is {entry.hash[:16]}…, its fields, {len(amounts)} lines "
            f"({money_said(entity, debits)}) and papers give {due[:16]}…."
        )


def content_now(entry: JournalEntry, lines: Sequence[JournalLine]) -> str:
    """The hash that an entry and its lines, as they are stored now, give; `entry.hash` is what they gave when
    posted."""
    return entry_hash(content_of(entry, lines))


def numbers(tally: Tally) -> Iterator[str]:
    """Gapless from 1 to the counter in every fiscal year."""
    entities = Entity.objects.in_bulk()
    taken = {(c.entity_id, c.series): c.last for c in Counter.objects.filter(series__startswith="entry:")}
    found = {
        (entity_id, series_of(year)): (count, last)
        for entity_id, year, count, last in rows(
            "select entity_id, fiscal_year, count(*), max(sequence) from ledger_journalentry "
            "group by entity_id, fiscal_year"
        )
    }
    for entity_id, series in sorted(taken.keys() | found.keys()):
        count, last = found.get((entity_id, series), (0, 0))
        handed_out = taken.get((entity_id, series), 0)
        if count == last == handed_out:
            continue
        year = int(series.partition(":")[2])
        gap = rows(
            "select n.place from (select sequence, row_number() over (order by sequence) as place "
            "from ledger_journalentry where entity_id = %s and fiscal_year = %s) n "
            "where n.sequence <> n.place order by n.place limit 1",
            [entity_id, year],
        )
        place = gap[0][0] if gap else min(count, handed_out) + 1
        yield (
            f"{entities[entity_id]}: entry {year}-{place:06d} is missing; {handed_out:,} numbers were handed out and "
            f"{count:,} entries are stored."
        )


def accounts(tally: Tally) -> Iterator[str]:
    for number, sequence, line, code in rows(
        "select e.fiscal_year, e.sequence, l.line_number, a.code from ledger_journalline l "
        "join ledger_journalentry e on e.id = l.entry_id join ledger_account a on a.id = l.account_id "
        f"where a.entity_id <> e.entity_id order by l.id limit {LIMIT}"
    ):
        yield f"Entry {number}-{sequence:06d}, line {line}: account {code} belongs to another entity."


def charts(tally: Tally) -> Iterator[str]:
    """Each account is called, stands and counts as the last step that made or changed it told."""
    told: dict[tuple[int | None, str], list[Any]] = {}
    events = AuditEvent.objects.filter(kind__in=("accounts.mapped", "accounts.uploaded", "upload.committed"))
    for entity_id, data in (
        events.filter(data__has_key="chart")
        .order_by("chain", "sequence")
        .values_list("entity_id", "data")
        .iterator(500)
    ):
        told |= {(entity_id, code): said for code, said in data["chart"].items()}
    for account in Account.objects.select_related("entity").order_by("pk").iterator(chunk_size=1000):
        said = told.pop((account.entity_id, account.code), None)
        if said is not None and said != account_said(account):
            yield (
                f"{account.entity}: account {account}: its name, section, liquidity or whether it is in use is not "
                f"what the audit trail tells ({said[0]}, {said[1]})."
            )
    entities = Entity.objects.in_bulk()
    for owner, code in sorted(told, key=str):
        yield f"{entities[owner or 0]}: account {code} is missing: it stands in the audit trail only."


def periods(tally: Tally) -> Iterator[str]:
    """A period is closed or open as the last closing or re-opening in the audit trail left it."""
    heard: dict[tuple[int | None, str], tuple[str, int | None]] = {}
    soft: dict[tuple[int | None, str], int | None] = {}
    asked: dict[int, str] = {}
    for entity_id, kind, subject, actor, data in (
        AuditEvent.objects.filter(
            kind__in=("period.closed", "period.soft_closed", "change.requested", "change.approved"),
            subject__startswith="period:",
        )
        .order_by("chain", "sequence")
        .values_list("entity_id", "kind", "subject", "actor_id", "data")
        .iterator(chunk_size=2000)
    ):
        if kind == "change.requested":
            asked[data["change"]] = data["kind"]
        elif kind == "period.soft_closed":
            closer = heard.get((entity_id, subject), ("", None))[1]
            heard[entity_id, subject] = (FiscalPeriod.Status.SOFT_CLOSED, closer)
            soft[entity_id, subject] = actor
        elif kind == "period.closed":
            heard[entity_id, subject] = (FiscalPeriod.Status.CLOSED, actor)
        elif asked.get(data["change"]) == REOPEN:
            closer = heard.get((entity_id, subject), ("", None))[1]
            heard[entity_id, subject] = (FiscalPeriod.Status.OPEN, closer)
    for period in FiscalPeriod.objects.select_related("entity", "closed_by", "soft_closed_by").order_by(
        "entity_id", "starts_on", "number"
    ):
        status, closer = heard.get((period.entity_id, f"period:{period.code}"), (FiscalPeriod.Status.OPEN, None))
        if period.status != status:
            yield (
                f"{period.entity}: {period} is stored as {period.get_status_display().lower()}; the audit trail says "
                f"{FiscalPeriod.Status(status).label.lower()}."
            )
        if period.closed_by_id != closer:
            stored = period.closed_by or "nobody"
            yield f"{period.entity}: {period}: {stored} is not who closed it, as the audit trail tells."
        if period.soft_closed_by_id != soft.get((period.entity_id, f"period:{period.code}")):
            stored = period.soft_closed_by or "nobody"
            yield f"{period.entity}: {period}: {stored} is not who soft-closed it, as the audit trail tells."


def mirrors(tally: Tally) -> Iterator[str]:
    """All mirrors of an entry together take back no more than it posted, per account and dimensions."""
    entities = Entity.objects.in_bulk()
    lines = (
        "select o.id, l.account_id, l.role, l.location_id, l.category_id, l.cost_centre_id, l.reason, "
        "{posted} as posted, {back} as back from ledger_journalentry {entry} "
        "join ledger_journalline l on l.entry_id = {entry}.id {original}"
    )
    posted = lines.format(posted="l.amount", back="0", entry="o", original=_HAS_MIRRORS)
    back = lines.format(
        posted="0", back="l.amount", entry="m", original="join ledger_journalentry o on o.id = m.reverses_id"
    )
    for entity_id, year, sequence, code, amount, taken in rows(
        "select o.entity_id, o.fiscal_year, o.sequence, a.code, t.posted, t.back from (select u.id, u.account_id, "
        f"sum(u.posted) as posted, sum(u.back) as back from ({posted} union all {back}) u group by u.id, u.account_id, "
        "u.role, u.location_id, u.category_id, u.cost_centre_id, u.reason) t "
        "join ledger_journalentry o on o.id = t.id join ledger_account a on a.id = t.account_id "
        "where (t.posted >= 0 and (t.back > 0 or t.posted + t.back < 0)) "
        f"or (t.posted < 0 and (t.back < 0 or t.posted + t.back > 0)) order by o.id limit {LIMIT}"
    ):
        entity = entities[entity_id]
        yield (
            f"{entity}: entry {year}-{sequence:06d}: of {money_said(entity, amount)} on account {code} its mirrors "
            f"take back {money_said(entity, -taken)}."
        )


_HAS_MIRRORS = "where exists (select 1 from ledger_journalentry x where x.reverses_id = o.id)"


def _hashes(chain: str, sequences: Sequence[int]) -> dict[int, str]:
    found = JournalEntry.objects.filter(entity=chains.entity_id_of(chain), chain_sequence__in=sequences)
    return dict(found.values_list("chain_sequence", "hash"))


def _link(chain: str, sequence: int) -> str:
    entry = JournalEntry.objects.filter(entity=chains.entity_id_of(chain), chain_sequence=sequence).first()
    return f"entry {entry.number}" if entry else f"the entry of place {sequence:,}"


def _prove(chain: str) -> Iterator[str]:
    return _chain(chains.entity_of(chain), Tally())


chains.register(chains.ChainKind("journal", "Journal", _hashes, _link, _prove))
verify.register("entries", entries)
verify.register("mirrors", mirrors)
verify.register("entry numbers", numbers)
verify.register("accounts", accounts)
verify.register("charts of accounts", charts)
verify.register("periods", periods)
