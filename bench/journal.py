"""A journal of a million lines in the database of the environment, written as the product would have: guards standing,
every entry balanced, sealed, numbered and hash-chained.

    python -m bench.journal 1000000             fills it
    python -m bench.journal --measure           prints one JSON line: verify and trial balance, seconds and MB

The rows come by COPY or executemany into a table beside the journal and from there by INSERT..SELECT, then one update
seals them. Hashes are the product's own (writeoffs.ledger.hashes). An entry has fifty.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import os
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "writeoffs.settings")
# As many lines as a posting of a count has, summed by location, category and cost centre.
LINES = 50
# Entries a transaction: what is sealed together.
ENTRIES = 2000
DAY = dt.date(2026, 3, 14)
NOW = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("lines", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--measure", action="store_true")
    options = parser.parse_args()
    import django

    django.setup()
    if options.measure:
        print(json.dumps(measured()))
    else:
        journal_fill(options.lines)


def journal_fill(lines: int) -> None:
    """The bench's company (bench.company) must be there, its journal empty."""
    from core.models import ChainHead, Counter, Entity, User
    from writeoffs.ledger.journal import chain_of, series_of
    from writeoffs.ledger.models import FiscalPeriod

    entity, user = Entity.objects.get(), User.objects.order_by("pk")[0]
    period = FiscalPeriod.objects.get(entity=entity, starts_on__lte=DAY, ends_on__gte=DAY, number__lte=12)
    head = ChainHead.objects.create(chain=chain_of(entity))
    counter = Counter.objects.create(entity=entity, series=series_of(period.fiscal_year))
    entries = lines // LINES
    for first in range(1, entries + 1, ENTRIES):
        count = min(ENTRIES, entries - first + 1)
        _batch(entity, user, period, head, first, count)
        counter.last = first + count - 1
        counter.save()


def _batch(entity: Any, user: Any, period: Any, head: Any, first: int, count: int) -> None:
    from django.db import transaction

    from writeoffs.ledger.hashes import ENTRY_COLUMNS, VERSION, EntryContent, entry_hash
    from writeoffs.ledger.models import Account

    chart = list(Account.objects.filter(entity=entity).order_by("pk").values_list("pk", "code", "section"))
    entries, rows, previous = [], [], head.hash
    for place in range(first, first + count):
        content_lines = [_line(place, number, chart) for number in range(1, LINES + 1)]
        ref = f"upload:{place}"
        content = EntryContent(
            VERSION, entity.pk, period.pk, period.fiscal_year, place, DAY, "ERP", "OPENING", ref, f"{ref}/OPENING",
            "Opening stock", entity.currency, None, None, None, user.pk, NOW, [], place, previous, content_lines,
        )  # fmt: skip
        previous = entry_hash(content)
        entries.append((*(getattr(content, name) for name in ENTRY_COLUMNS), previous))
        rows += [(place, *line[:8]) for line in content_lines]
    with transaction.atomic():
        _insert("ledger_journalentry", (*ENTRY_COLUMNS, "hash", "net_id", "sealed"), [_raw(e) for e in entries])
        _lines_insert(entity.pk, rows)
        _run("update ledger_journalentry set sealed = true, net_id = 0 where chain_sequence between %s and %s",
             first, first + count - 1)  # fmt: skip
        head.sequence, head.hash = first + count - 1, previous
        head.save()


def _line(entry: int, number: int, chart: list[tuple[int, str, str]]) -> tuple[Any, ...]:
    """Pairs of one debit and one credit over all accounts; raw money, whole cents."""
    account, code, section = chart[(entry + number) % len(chart)]
    amount = ((entry * 7 + (number + 1) // 2 * 13) % 100_000 + 1) * 100
    signed = amount if number % 2 else -amount
    # No role of stock: the bench has no lots, which a balance of INVENTORY would have to agree with.
    return (number, account, "STOCK_CLEARING", signed, None, None, None, "", code, section)


def _raw(entry: tuple[Any, ...]) -> tuple[Any, ...]:
    """Values as a plain cursor takes them on both engines."""
    return (*(json.dumps(v) if isinstance(v, list) else v for v in entry), 1, False)


def _insert(table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f"copy {table} ({', '.join(columns)}) from stdin") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        values = [tuple(v.isoformat(" ") if isinstance(v, dt.datetime) else v for v in row) for row in rows]
        values = [tuple(v.removesuffix("+00:00") if isinstance(v, str) else v for v in row) for row in values]
        cursor.executemany(f"insert into {table} ({', '.join(columns)}) values ({marks})", values)


def _lines_insert(entity_id: int, rows: list[tuple[Any, ...]]) -> None:
    """INSERT..SELECT: executemany under SQLite's row trigger takes five times as long."""
    columns = "line_number, account_id, role, amount, location_id, category_id, cost_centre_id, reason"
    _run(
        "create temp table if not exists bench_line (place bigint, line_number int, account_id bigint, "
        "role varchar(30), amount bigint, location_id bigint, category_id bigint, cost_centre_id bigint, "
        "reason varchar(20))"
    )
    _run("delete from bench_line")
    _insert("bench_line", ("place", *columns.split(", ")), rows)
    _run(
        f"insert into ledger_journalline (entry_id, {columns}) select e.id, "
        f"{', '.join('b.' + c for c in columns.split(', '))} from bench_line b "
        "join ledger_journalentry e on e.entity_id = %s and e.chain_sequence = b.place",
        entity_id,
    )


def _run(sql: str, *params: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def measured() -> dict[str, float]:
    """verify as `manage.py verify` runs it, in this process; MB: the most that the process ever took. The trial balance
    against the same sums in bare SQL, medians of five."""
    from django.core.management import call_command
    from django.db import connection

    from core.models import Entity
    from writeoffs.ledger.models import JournalLine
    from writeoffs.ledger.selectors import trial_balance

    entity = Entity.objects.get()
    began = time.perf_counter()
    call_command("verify", stdout=io.StringIO())
    verify_s = time.perf_counter() - began
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def bare() -> Any:
        with connection.cursor() as cursor:
            cursor.execute(
                "select account_id, count(*), sum(case when amount > 0 then amount else 0 end), sum(amount) "
                "from ledger_journalline group by account_id"
            )
            return cursor.fetchall()

    return {
        "lines": JournalLine.objects.count(),
        "verify_s": round(verify_s, 2),
        "verify_mb": round(most, 1),
        "trial_balance_s": round(_median(lambda: trial_balance(entity=entity)), 3),
        "bare_s": round(_median(bare), 3),
    }


def _median(work: Callable[[], Any]) -> float:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


if __name__ == "__main__":
    main()
