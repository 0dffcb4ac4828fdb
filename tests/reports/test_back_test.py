"""Past estimates against what the goods fetched: pure, then once through sales and scrap of the product."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from core.models import Upload
from core.words import Reason
from inventory.erp_models import ErpMovement
from inventory.erp_words import ErpKind, Settlement
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import draft, posted
from tests.valuation.assessed import finished
from writeoffs.proposals import services
from writeoffs.proposals.models import ChargeKind
from writeoffs.proposals.models import Settlement as Paid
from writeoffs.proposals.services import ChargeInput
from writeoffs.reports.statements.back_test import Estimate, Fetched, back_test

ONE, UNIT = 10_000, 1_000_000


def estimate(lot: int, nrv: int, quantity: int = 10, costs: int = 0, category: str = "Goods") -> Estimate:
    return Estimate(lot, category, f"lot {lot}", quantity * ONE, nrv * UNIT, costs * UNIT)


def test_error_is_the_bias_and_missed_takes_each_lot_without_its_sign() -> None:
    test = back_test(
        [estimate(1, 10), estimate(2, 10), estimate(3, 10), estimate(4, 10, category="Tools")],
        [Fetched(1, 5 * ONE, 60 * ONE, net=False), Fetched(2, 5 * ONE, 40 * ONE, net=False)],
        exponent=2,
    )
    (goods,) = test.categories
    assert (goods.lots, goods.estimated, goods.fetched, goods.error) == (2, 100, 100, 0)
    assert (goods.percent, goods.missed_percent, goods.bias) == (0, 20, "none")
    assert test.total.lots == 2


def test_costs_to_sell_come_off_revenue_and_not_off_net_proceeds() -> None:
    sold = back_test([estimate(1, 10, costs=2)], [Fetched(1, 5 * ONE, 60 * ONE, net=False)], exponent=2)
    assert (sold.total.fetched, sold.total.bias) == (50, "none")
    scrapped = back_test([estimate(1, 10, costs=2)], [Fetched(1, 5 * ONE, 40 * ONE, net=True)], exponent=2)
    assert (scrapped.total.fetched, scrapped.total.percent, scrapped.total.bias) == (40, -20, "too high")


def test_units_that_came_in_later_take_their_share_of_what_was_fetched() -> None:
    test = back_test([estimate(1, 10)], [Fetched(1, 20 * ONE, 240 * ONE, net=False)], exponent=2)
    assert (test.total.units, test.total.estimated, test.total.fetched) == (10, 100, 120)


@pytest.mark.django_db
def test_sales_and_scrap_after_the_run_are_held_against_it(company: Company, signed_in: Any) -> None:
    entity = company.entity
    sold, scrapped = make_lot(entity, "LAMP"), make_lot(entity, "DESK", category="Tools")
    estimated = {sold: {"nrv_unit": Decimal(30)}, scrapped: {"nrv_unit": Decimal(20)}}
    run = finished(company, (sold, "1000"), (scrapped, "2000"), as_of=dt.date(2026, 2, 1), own=estimated)
    upload = Upload(entity=entity, kind="movements", created_by=company["PREPARER"])
    for field, value in (("as_of", run.created_at), ("file_name", "m.csv")):
        setattr(upload, field, value)
    from core.files import file_store

    upload.file = file_store(entity=entity, name="m.csv", content=b"x", content_type="text/csv", user=upload.created_by)
    upload.save()
    for row, (day, quantity, revenue) in enumerate((("2026-03-01", -10, 350), ("2026-01-15", -5, 999)), 1):
        ErpMovement.objects.create(
            entity=entity,
            upload=upload,
            row=row,
            document=f"D{row}",
            kind=ErpKind.SALE,
            happened_on=day,
            lot=sold,
            quantity=Decimal(quantity),
            cost=Decimal(0),
            allowance=Decimal(0),
            write_down=Decimal(0),
            revenue=Decimal(revenue),
            settlement=Settlement.CASH,
            source_ref="upload:1",
        )
    proposal = draft(company, scrapped, "10", reason=Reason.OBSOLESCENCE, quarantine_goods=False)
    services.charge_add(
        proposal=proposal,
        user=company["PREPARER"],
        charge=ChargeInput(ChargeKind.PROCEEDS, Decimal(150), Paid.CASH),
    )
    posted(company, proposal)
    client = signed_in(company["AUDITOR"])
    page = client.get("/e/north/reports/back_test/")
    rows = {r.cells[0].value: [c.value for c in r.cells[2:6]] for r in page.context["report"].tables[0].rows}
    assert rows == {"Goods": [10, 300, 350, 50], "Tools": [10, 200, 150, -50]}
    for ending in ("back_test/print/", "back_test.xlsx", "back_test.csv"):
        assert client.get(f"/e/north/reports/{ending}").status_code == 200
