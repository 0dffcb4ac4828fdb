"""The writer of movements: sequence, digest, caches and attached write-downs, in a constant number of statements."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from inventory.models import Lot, Movement, WriteDownMovement
from inventory.movements import MovementRow, digest_sql, movements_append
from tests.conftest import Company
from tests.inventory.sheets import lot_row, take_in

DAY = dt.date(2026, 3, 5)
pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def lot(company: Company) -> Lot:
    take_in(company, [lot_row(quantity=10, cost=2)])
    return Lot.objects.get()


def append(company: Company, *rows: MovementRow) -> tuple[int, int]:
    with transaction.atomic():
        return movements_append(entity=company.entity, posted_on=DAY, source_ref="proposal:WD-2026-0001", rows=rows)


def test_movements_change_their_lots_and_carry_write_downs_by_year(company: Company, lot: Lot) -> None:
    down = MovementRow(lot.pk, "WRITE_DOWN", 0, 0, 50_000, 50_000, ((2025, 20_000), (2026, 30_000)))
    out = MovementRow(lot.pk, "WRITE_OFF", -50_000, -100_000, -25_000, -25_000, ((2025, -10_000), (2026, -15_000)))
    assert append(company, down, out) == (2, 3)

    lot.refresh_from_db()
    assert (lot.quantity, lot.cost, lot.allowance, lot.write_down) == (D(5), D(10), D("2.5"), D("2.5"))
    years = WriteDownMovement.objects.order_by("movement__sequence", "fiscal_year")
    assert list(years.values_list("movement__sequence", "fiscal_year", "amount")) == [
        (2, 2025, D(2)),
        (2, 2026, D(3)),
        (3, 2025, D(-1)),
        (3, 2026, D("-1.5")),
    ]


def test_the_digest_covers_every_value_of_the_row(company: Company, lot: Lot) -> None:
    append(company, MovementRow(lot.pk, "WRITE_OFF", -10_000, -20_000))
    made = Movement.objects.get(sequence=2)
    text = f"1|{company.entity.pk}|2|{lot.pk}|2026-03-05|WRITE_OFF|-10000|-20000|0|0|proposal:WD-2026-0001"

    assert made.digest == hashlib.sha256(text.encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from inventory_movement m where m.digest <> {digest_sql('m')}")
        assert cursor.fetchone()[0] == 0


def test_nothing_to_append_takes_no_number(company: Company, lot: Lot) -> None:
    assert append(company) == (2, 1)
    assert append(company, MovementRow(lot.pk, "ISSUE", -10_000, -20_000)) == (2, 2)


def test_more_allowance_than_cost_is_refused_by_the_database(company: Company, lot: Lot) -> None:
    with pytest.raises(IntegrityError, match="lot_allowance_within_cost"):
        append(company, MovementRow(lot.pk, "WRITE_DOWN", 0, 0, 200_001, 200_001))


def test_a_thousand_movements_take_as_many_statements_as_one(
    company: Company, lot: Lot, django_assert_max_num_queries: Any
) -> None:
    rows = [MovementRow(lot.pk, "ISSUE", -10, -20)] * 1000
    append(company, rows[0])
    with django_assert_max_num_queries(14):
        append(company, *rows)
    lot.refresh_from_db()
    assert lot.quantity == D("8.999")
