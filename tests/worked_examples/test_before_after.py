"""P30 and P31 from the uploaded sheets to the report: the ERP's trial balance comes in, the write-down is posted, and
the pages say what the case says. Nothing here computes: inputs become sheets, the report's cells are read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from core.models import Upload
from core.sheets import pipeline
from inventory.models import Lot
from tests.conftest import Company, make_company
from tests.ledger.trial import taken_in
from tests.reports.conftest import page_of
from tests.worked_examples.test_statement_effects import BY_ID
from writeoffs.proposals import services
from writeoffs.proposals.models import Kind

pytestmark = pytest.mark.django_db
DECEMBER = dt.date(2026, 12, 30)
YEAR_END = dt.datetime(2026, 12, 31, 20, tzinfo=dt.UTC)


@pytest.fixture
def company(db: None) -> Company:
    """The direct method, as the cases' journals have it; their figures are before tax."""
    return make_company(method="DIRECT", tax_timing="NEVER")


@pytest.fixture(autouse=True)
def in_january() -> object:
    with time_machine.travel(dt.datetime(2027, 1, 4, 9, tzinfo=dt.UTC)) as traveller:
        yield traveller


def stock(company: Company, value: str) -> Lot:
    """A stock list of one lot worth so much, uploaded and committed."""
    upload = pipeline.upload_receive(
        entity=company.entity,
        kind="stock_list",
        name="stock.csv",
        content=f"sku,lot_code,location,quantity,unit_cost,category\nA,L1,WH1,1,{value},Goods\n".encode(),
        as_of=dt.datetime(2026, 12, 28, 20, tzinfo=dt.UTC),
        user=company["PREPARER"],
    )
    upload = pipeline.upload_check(upload=upload, user=company["PREPARER"])
    upload = pipeline.upload_commit(upload=upload, user=company["CONTROLLER"])
    assert upload.status == Upload.Status.COMMITTED, upload.message
    return Lot.objects.get()


def write_down(company: Company, lot: Lot, amount: str) -> None:
    header = services.Header(
        kind=Kind.WRITE_DOWN, reason="PRICE_FALL", event_on=DECEMBER, found_on=DECEMBER, posting_on=DECEMBER
    )
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=header)
    proposal = services.line_add(
        proposal=proposal, user=company["PREPARER"], lot=lot, new_carrying_amount=lot.cost - Decimal(amount)
    )
    proposal = services.proposal_submit(proposal=proposal, user=company["PREPARER"])
    proposal = services.proposal_approve(proposal=proposal, user=company["APPROVER"], digest=proposal.digest)
    services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)


def report(company: Company, client: Client) -> dict[str, list[list[str]]]:
    response = client.get(f"/e/{company.entity.slug}/reports/impact/?period=2026-12&compare=none")
    assert response.status_code == 200
    return page_of(response).tables


def cells(table: list[list[str]]) -> dict[str, list[str]]:
    return {row[0]: row[1:] for row in table[1:]}


def shown(text: str) -> str:
    """A figure of the case as the product shows it."""
    amount = Decimal(text)
    if not amount:
        return "–"
    return f"({abs(amount):,.2f})" if amount < 0 else f"{amount:,.2f}"


def test_p31_ratios_before_and_after(company: Company, signed_in: Callable[..., Client]) -> None:
    given, expected = BY_ID["P31"]["inputs"], BY_ID["P31"]["expected"]
    lot = stock(company, given["inventory_close"])
    taken_in(
        company,
        [
            f"4000,Revenue,-{given['revenue']},,,",
            f"5000,Cost of sales,{given['cost_of_sales']},,,",
            f"1400,Inventory,{given['inventory_close']},{given['inventory_open']},,",
            f"1200,Other current assets,{given['other_current_assets']},,,quick",
            f"2000,Payables,-{given['current_liabilities']},,,current",
            "0100,Plant,175000,,asset,non-current",
            "3000,Capital,-100000,,,",
        ],
        as_of=YEAR_END,
    )
    write_down(company, lot, given["write_down"])
    tables = report(company, signed_in(company["AUDITOR"]))
    ratios = cells(tables["Ratios, before and after"])
    names = {
        "gross_margin_pct": "Gross margin, %",
        "current_ratio": "Current ratio",
        "quick_ratio": "Quick ratio",
        "inventory_turnover": "Inventory turnover",
        "dio_days": "Days of inventory",
    }
    for key, label in names.items():
        assert ratios[label][:2] == [expected["before"][key], expected["after"][key]], label
    inventory = cells(tables["Balance sheet, before and after"])["Net inventory"]
    assert inventory == [
        shown(given["inventory_close"]),
        shown(expected["balance_sheet"]["INVENTORY"]),
        shown(expected["carrying_amount"]),
        shown(given["inventory_close"]),
        shown(expected["balance_sheet"]["INVENTORY"]),
    ]


def test_p30_the_same_cash_in_both_presentations(company: Company, signed_in: Callable[..., Client]) -> None:
    given, expected = BY_ID["P30"]["inputs"], BY_ID["P30"]["expected"]
    closing = str(Decimal(given["closing_inventory_after_write_down"]) + Decimal(given["write_down"]))
    lot = stock(company, closing)
    taken_in(
        company,
        [
            f"4000,Revenue,-{given['profit_before_tax_without_loss']},,,",
            f"1400,Inventory,{closing},{given['opening_inventory']},,",
            "3000,Capital,-55000,,,",
        ],
        as_of=YEAR_END,
    )
    write_down(company, lot, given["write_down"])
    cash = cells(report(company, signed_in(company["AUDITOR"]))["Cash flow in two presentations"])
    labels = {
        "profit_before_tax": "Profit before tax",
        "add_back": "Inventory losses added back",
        "increase_in_inventories": "Change in inventories",
        "operating_cash": "Cash before other balances and tax",
    }
    for key, label in labels.items():
        assert cash[label] == [shown(expected["presentation_gross"][key]), shown(expected["presentation_net"][key])]
