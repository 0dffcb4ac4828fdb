"""Cases in which units leave: write-off, theft with input tax, insurance, disposal, count, late finding, error."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from inventory.models import CountSheet
from inventory.selectors import count_figures
from tests.cases.run import Run, kind
from tests.cases.valuing import policy as policy_set
from writeoffs.ledger.models import FiscalPeriod, JournalLine
from writeoffs.ledger.periods import period_close
from writeoffs.proposals import policy
from writeoffs.proposals.models import Proposal
from writeoffs.proposals.services import ChargeInput, Header, proposal_create_from_count
from writeoffs.proposals.services.accrual import accrual_propose
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.models import SalesFigure

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
        "sku,lot_code,location,counted_quantity,recounted_quantity",
        [f"{line['sku']},,WH1,{line['count_1']},{line['count_2'] or ''}" for line in lines],
        by="COUNTER",
        second="COUNTER",
        options={"tolerance": f"{percent.normalize():f}"},
    )
    sheet = CountSheet.objects.get(entity=run.company.entity)
    proposal = counted(run)
    found = count_figures(sheet=sheet)
    beyond = sheet.lines.filter(second_count__isnull=False).order_by("pk")
    return {
        "gross_shortage": abs(found.short_value),
        "gross_overage": found.over_value,
        "net": -proposal.net_loss,
        "recounted": list(beyond.values_list("lot__item__sku", flat=True)),
    }


def counted(run: Run) -> Proposal:
    """The differences of the case's count, proposed and posted."""
    sheet = CountSheet.objects.get(entity=run.company.entity)
    return run.company.posted(
        proposal_create_from_count(entity=run.company.entity, user=run.company["PREPARER"], sheet=sheet)
    )


@kind("shrink_accrual")
def shrinkage_between_counts(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    run.move_to(dt.date(2026, 1, 5))
    # A unit is worth one: the case tells values alone.
    run.one_lot(inputs["book_inventory"], "1")
    policy_set(run, shrinkage_rate=Decimal(inputs["rate"]))
    run.move_to(dt.date(2026, 3, 31))
    input_give(
        entity=run.company.entity,
        user=run.company["CONTROLLER"],
        given=SalesFigure(
            starts_on=dt.date(2026, 1, 6),
            ends_on=run.today,
            revenue=Decimal(inputs["sales_since_count"]),
            source="Sales report",
        ),
    )
    header = Header("ACCRUAL", "COUNT_DIFFERENCE", run.today, run.today, run.today)
    run.company.posted(accrual_propose(entity=run.company.entity, user=run.company["PREPARER"], header=header))
    run.move_to(dt.date(2026, 6, 30))
    run.company.sheet(
        "count",
        "sku,lot_code,location,counted_quantity",
        [f"GOODS,L1,WH1,{inputs['counted_inventory']}"],
        by="COUNTER",
        second="COUNTER",
    )
    counted(run)
    run.name_periods(lambda code: "accrual" if code == "2026-03" else "count")
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
    proposal = run.company.posted(proposal)
    [saved] = proposal_tax(proposal)
    return {"tax": {"rate": run.company.entity.tax_rate, "current_tax_saving": saved}}


def proposal_tax(proposal: Proposal) -> list[Decimal]:
    """Income tax that the document's entries save, as their lines say it."""
    lines = JournalLine.objects.filter(entry__source_ref=proposal.source_ref, role="CURRENT_TAX_PAYABLE")
    return list(lines.filter(entry__entity=proposal.entity).values_list("amount", flat=True))
