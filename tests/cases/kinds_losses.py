"""Cases in which units leave: write-off, theft with input tax, insurance, disposal, count, late finding, error."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from inventory.models import CountSheet
from tests.cases.run import Run, kind
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.ledger.periods import period_close
from writeoffs.proposals import policy
from writeoffs.proposals.services import ChargeInput, proposal_create_from_count

DAY = dt.date(2026, 3, 16)
# The case's words for how money moves, and for a reason, in the product's.
SETTLED = {"cash": "CASH", "receivable": "ACCOUNT", "payable": "ACCOUNT"}
REASONS = {"DAMAGE_ABNORMAL": "ABNORMAL_DAMAGE"}


def reason_of(inputs: dict[str, Any], default: str) -> str:
    given = str(inputs.get("reason", default))
    return REASONS.get(given, given)


def money_of(inputs: dict[str, Any]) -> list[ChargeInput]:
    """Scrap money and the cost of getting rid of the goods, where the case has some."""
    paid = inputs.get("destruction_paid") or inputs.get("destruction_settled")
    given = (
        ("PROCEEDS", inputs.get("scrap_proceeds"), inputs.get("proceeds_settled")),
        ("DISPOSAL_COST", inputs.get("destruction_cost"), paid),
    )
    return [
        ChargeInput(name, Decimal(amount), SETTLED[how or "cash"])
        for name, amount, how in given
        if amount and Decimal(amount)
    ]


@kind("writeoff")
def write_off(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    lot = run.one_lot(inputs["quantity"], inputs["unit_cost"], allowance=inputs.get("allowance_on_lot", "0"))
    proposal = run.company.write_off(
        reason_of(inputs, "DAMAGE"), run.today, (lot, Decimal(inputs["quantity"])), charges=money_of(inputs)
    )
    run.company.posted(proposal)
    return {"allowance_after": run.lot().allowance}


@kind("disposal")
def disposal(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    lot = run.one_lot("1", inputs["cost"], allowance=inputs["allowance"])
    proposal = run.company.write_off(
        reason_of(inputs, "OBSOLESCENCE"), run.today, (lot, Decimal(1)), kind="DISPOSAL", charges=money_of(inputs)
    )
    proposal = run.company.posted(proposal)
    return {"further_loss": -run.statements()["income_statement"]["profit_before_tax_effect"]}


@kind("count")
def count(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    lines = inputs["lines"]
    run.stock(
        "sku,lot_code,location,quantity,unit_cost",
        *(f"{line['sku']},,WH1,{line['book']},{line['unit_cost']}" for line in lines),
    )
    percent = Decimal(inputs["tolerance_units_pct"]) * 100
    run.company.sheet(
        "count",
        "sku,lot_code,location,counted_quantity,count_2",
        [f"{line['sku']},,WH1,{line['count_1']},{line['count_2'] or ''}" for line in lines],
        by="COUNTER",
        second="COUNTER",
        options={"tolerance": f"{percent.normalize():f}"},
    )
    sheet = CountSheet.objects.get(entity=run.company.entity)
    run.company.posted(proposal_create_from_count(entity=run.company.entity, user=run.company["PREPARER"], sheet=sheet))
    return {}


@kind("period")
def late_in_a_closed_month(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    closed, found = (dt.date.fromisoformat(inputs[name]) for name in ("closed_through", "found_date"))
    event = dt.date.fromisoformat(inputs["event_date"])
    run.move_to(min(event, closed.replace(day=1)) - dt.timedelta(days=40))
    lot = run.one_lot("1", inputs["amount"])
    run.move_to(max(found, closed) if found > closed else closed + dt.timedelta(days=1))
    for period in FiscalPeriod.objects.filter(entity=run.company.entity, ends_on__lte=closed).order_by("ends_on"):
        period_close(period=period, user=run.company["CONTROLLER"])
    offered = policy.posting_date_default(entity=run.company.entity, found_on=found)
    assert offered is not None
    proposal = run.company.write_off(
        reason_of(inputs, "DAMAGE"),
        found,
        (lot, Decimal(1)),
        event_on=event,
        posting_on=offered,
        finding="ERROR",
        material=bool(inputs["material_error"]),
        finding_why="Nobody reported it in the month in which it happened.",
    )
    proposal = run.company.posted(proposal)
    run.name_periods(lambda code: code)
    return {"posting_date": proposal.posting_on.isoformat(), "event_date_kept": proposal.event_on.isoformat()}


@kind("error")
def error_of_an_earlier_year(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    lot = run.one_lot("1", inputs["amount"])
    # Goods that are still on hand and worth nothing are written down to nil; those that are gone leave.
    proposal = run.company.write_off(
        "OBSOLESCENCE",
        run.today,
        (lot, Decimal(1)),
        event_on=dt.date(run.today.year - 1, 11, 20),
        finding="ERROR",
        material=True,
        finding_why="The order to scrap it lay in the file when the accounts were issued.",
    )
    run.company.posted(proposal)
    return {}
