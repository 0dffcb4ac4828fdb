"""An assessment of all lots in the database of the environment, against its floor, in one process.

    python -m bench.assessment --fill       prices, twelve months of demand and a policy for the stock that is there
    python -m bench.assessment              prints one JSON line: CPU seconds of both, queries, MB

The floor is one bare SELECT of the columns that an assessment reads (lots, prices, demand), read in plain Python, and a
bare insert of one result row per lot into a table with the keys and columns of ours. CPU is counted alike: this process
and its PostgreSQL backend.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import resource
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "writeoffs.settings")
os.environ["JOBS_INLINE"] = "1"
AS_OF = dt.date(2026, 3, 31)
MONTHS = [dt.date(2025, month, 1) for month in range(4, 13)] + [dt.date(2026, month, 1) for month in range(1, 4)]
BANDS = ((0, 90, "0"), (91, 180, "0.1"), (181, 365, "0.35"), (366, None, "0.8"))
TABLE = "bench_floor_line"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fill", action="store_true")
    options = parser.parse_args()
    import django

    django.setup()
    if options.fill:
        inputs_fill()
    else:
        print(json.dumps(measured()))


# --- what it is held against -----------------------------------------------------------------------------------------


def inputs_fill() -> None:
    """A price and twelve months of demand for every item, a matrix, months of excess and expiry for all. Three prices
    in four say what a unit fetches, the others only what an excess unit does, so that the matrix governs there."""
    from django.db import transaction

    from core.models import Entity, User
    from writeoffs.valuation.models import AgeingBand, ValuationPolicy

    entity, (asked, decided) = Entity.objects.get(), User.objects.order_by("pk")[:2]
    given = (entity.pk, 1, False, "", "Measured", dt.datetime(2026, 3, 1, tzinfo=dt.UTC), asked.pk)
    with transaction.atomic():
        policy = ValuationPolicy.objects.create(
            entity=entity,
            starts_on=dt.date(2026, 1, 1),
            excess_months=12,
            reason="Measured",
            expired_rate="1",
            expiring_days=30,
            expiring_rate="0.5",
            asked_by=asked,
            decided_by=decided,
        )
        for first, last, rate in BANDS:
            AgeingBand.objects.create(policy=policy, from_days=first, to_days=last, rate=rate)
        _prices_fill(given)
        _demand_fill(given)


_GIVEN = ("entity_id", "version", "withdrawn", "reason", "source", "entered_at", "entered_by_id")


def _items() -> list[tuple[int, int]]:
    """(item, a unit cost of it)."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select item_id, max(unit_cost) from inventory_lot group by item_id order by item_id")
        return [(item, int(cost)) for item, cost in cursor.fetchall()]


def _prices_fill(given: tuple[Any, ...]) -> None:
    from core.sets import rows_insert

    names = ("item_id", "as_of", "currency", "selling_price", "cost_to_complete", "cost_to_sell", "excess_recoverable")
    rows, rnd = [], random.Random(1)  # noqa: S311
    for place, (item, cost) in enumerate(_items()):
        price = cost * rnd.randint(80, 160) // 100
        sold = (price, None, cost // 20) if place % 4 else (None, None, None)
        rows.append((*given, item, AS_OF - dt.timedelta(days=30), "EUR", *sold, cost // 10, False))
    rows_insert("valuation_price", (*_GIVEN, *names, "recovers_in_year"), [_raw(row) for row in rows])


def _demand_fill(given: tuple[Any, ...]) -> None:
    from core.sets import rows_insert

    rnd = random.Random(2)  # noqa: S311
    rows = [(*given, item, month, rnd.randint(0, 200) * 10**4) for item, _ in _items() for month in MONTHS]
    rows_insert("valuation_demand", (*_GIVEN, "item_id", "month", "quantity"), [_raw(row) for row in rows])


def _raw(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Values as a plain cursor takes them on both engines."""
    return tuple(
        value.isoformat(" ").removesuffix("+00:00")
        if isinstance(value, dt.datetime)
        else value.isoformat()
        if isinstance(value, dt.date)
        else value
        for value in row
    )


# --- measuring -------------------------------------------------------------------------------------------------------


def measured() -> dict[str, float]:
    """The product first, so that its peak of memory is its own."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from core.models import Entity, User
    from writeoffs.valuation.assess import assessment_start

    entity, user = Entity.objects.get(), User.objects.get(email="preparer@bench.example")
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid if connection.vendor == "postgresql" else 0
    before, seconds = _peak(), _cpu(backend)
    with CaptureQueriesContext(connection) as queries:
        found = assessment_start(entity=entity, user=user, as_of=AS_OF)
    seconds = _cpu(backend) - seconds
    if found.status != "DONE":
        raise SystemExit(f"{found}: {found.get_status_display()} {found.message}")
    grown = _peak() - before
    connection.close()
    return {
        "lots": found.line_count,
        "product_s": round(seconds, 3),
        "floor_s": round(floor_measured(found.pk), 3),
        "queries": len(queries),
        "mb": round(grown / 1024),
    }


def _cpu(backend: int) -> float:
    own = time.process_time()
    if not backend:
        return own
    used = Path(f"/proc/{backend}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return own + sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


SELECT = """
select l.id, l.item_id, i.category_id, l.quantity, l.cost, l.allowance, l.write_down, l.received_on, l.expires_on,
  p.id, p.currency, p.selling_price, p.cost_to_complete, p.cost_to_sell, p.nrv, p.replacement_cost, p.normal_profit,
  p.excess_recoverable, p.recovers_in_year, d.units, d.months
from inventory_lot l join inventory_item i on i.id = l.item_id
left join valuation_price p on p.item_id = l.item_id and p.lot_id is null
left join (select item_id, sum(quantity) as units, count(*) as months from valuation_demand
  where month between '2025-04-01' and '2026-03-01' group by item_id) d on d.item_id = l.item_id
order by l.item_id, l.id
"""
COLUMNS = (
    *("assessment_id", "lot_id", "policy_id", "price_id", "outcome", "governs", "reason", "level", "cost_formula"),
    *("quantity", "cost", "carried", "nrv_unit", "market_unit", "contract_quantity", "contract_value", "nrv_value"),
    *("age_days", "ageing_need", "excess_quantity", "excess_need", "expiry_need", "nrv_need", "required", "flag"),
    *("change", "change_amount", "change_why", "override_reason", "override_cause", "proposal_ref"),
)
_TEXT = {"outcome", "governs", "reason", "level", "cost_formula", "flag", "change", "change_why", *COLUMNS[-3:]}
_KEYS = {
    "assessment_id": " references valuation_assessment(id)",
    "lot_id": " references inventory_lot(id)",
    "price_id": " references valuation_price(id)",
}


def floor_measured(assessment: int) -> float:
    """CPU seconds of the bare work, on a bare connection to the same database."""
    from django.conf import settings
    from django.db import connection

    if connection.vendor == "postgresql":
        import psycopg

        url = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://")
        bare: Any = psycopg.connect(url)
        return _floor(bare, assessment, bare.info.backend_pid, _copied)
    bare = sqlite3.connect(settings.DATABASES["default"]["NAME"])
    bare.execute("pragma foreign_keys = on")
    return _floor(bare, assessment, 0, _executed)


def _floor(bare: Any, assessment: int, backend: int, insert: Callable[[Any, list[tuple[Any, ...]]], None]) -> float:
    columns = ", ".join(f"{name} {'text' if name in _TEXT else 'bigint'}{_KEYS.get(name, '')}" for name in COLUMNS)
    key = "bigint generated always as identity" if backend else "integer"
    bare.execute(f"create table {TABLE} (id {key} primary key, {columns}, unique (assessment_id, lot_id))")
    bare.commit()
    try:
        seconds = _cpu(backend)
        rows = []
        for row in bare.execute(SELECT).fetchall():
            lot, _, _, quantity, cost, allowance, carried = row[:7]
            rows.append(
                (
                    *(assessment, lot, None, row[9], "TESTED", "NRV", "PRICE_FALL", "ITEM", "SPECIFIC", quantity),
                    *(cost - allowance, carried, row[11], None, 0, None, cost, 90, 0, 0, 0, None, 0, 0, "", "NEW"),
                    *(0, "", "", "", ""),
                )
            )
        insert(bare, rows)
        bare.commit()
        return _cpu(backend) - seconds
    finally:
        bare.execute(f"drop table {TABLE}")
        bare.commit()
        bare.close()


def _executed(bare: Any, rows: list[tuple[Any, ...]]) -> None:
    bare.executemany(f"insert into {TABLE} ({', '.join(COLUMNS)}) values ({', '.join('?' * len(COLUMNS))})", rows)


def _copied(bare: Any, rows: list[tuple[Any, ...]]) -> None:
    with bare.cursor() as cursor, cursor.copy(f"copy {TABLE} ({', '.join(COLUMNS)}) from stdin") as copy:
        for row in rows:
            copy.write_row(row)


if __name__ == "__main__":
    main()
