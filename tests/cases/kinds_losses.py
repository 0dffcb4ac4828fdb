"""Cases in which units leave: write-off, theft with input tax, insurance, disposal, count, late finding, error."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from core.words import Reason
from inventory.models import CountSheet
from inventory.selectors import count_figures
from tests.cases.given import Given, NotUnderstood
from tests.cases.run import UNITS, Run, kind
from tests.cases.valuing import policy as policy_set
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.ledger.periods import period_close
from writeoffs.proposals import policy
from writeoffs.proposals.late import late_of
from writeoffs.proposals.models import Proposal
from writeoffs.proposals.services import (
    ChargeInput,
    Header,
    accrual_release_propose,
    line_add,
    proposal_create_from_count,
)
from writeoffs.proposals.services.accrual import accrual_propose
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.models import SalesFigure

# The case's words for how money moves, and for a reason, in the product's.
SETTLED = {
    **dict.fromkeys(("CASH", "BANK", "PAID"), "CASH"),
    **dict.fromkeys(("RECEIVABLE", "PAYABLE", "ACCOUNT", "ON_ACCOUNT", "CREDIT"), "ACCOUNT"),
}
REASONS = {
    **{reason: reason for reason in Reason.values},
    **dict.fromkeys(("DAMAGE_ABNORMAL", "ABNORMAL"), "ABNORMAL_DAMAGE"),
    **dict.fromkeys(("DAMAGE_ORDINARY", "ORDINARY_DAMAGE", "DAMAGE_NORMAL", "NORMAL_DAMAGE", "BREAKAGE"), "DAMAGE"),
    **dict.fromkeys(("OBSOLETE", "SLOW_MOVING"), "OBSOLESCENCE"),
    **dict.fromkeys(("PRICE_DECLINE", "NRV"), "PRICE_FALL"),
    "EXPIRED": "EXPIRY",
    "STOLEN": "THEFT",
    "SHRINKAGE": "COUNT_DIFFERENCE",
}


def reason_of(inputs: Given, default: str) -> str:
    return inputs.word("reason", REASONS, default=default)


def money_of(inputs: Given) -> list[ChargeInput]:
    """Scrap money and the cost of getting rid of the goods, where the case has some."""
    given = (
        ("PROCEEDS", ("scrap_proceeds",), ("proceeds_settled", "scrap_settled")),
        ("DISPOSAL_COST", ("destruction_cost", "disposal_cost"), ("destruction_paid", "destruction_settled")),
    )
    charges = []
    for name, amounts, settled in given:
        how = next((key for key in settled if key in inputs), settled[0])
        settlement = inputs.word(how, SETTLED, default="cash")
        amount = inputs.figure(*amounts, default="0")
        if amount:
            charges.append(ChargeInput(name, amount, settlement))
    return charges


@kind("writeoff")
def write_off(run: Run, inputs: Given) -> dict[str, Any]:
    """Of the whole lot, or of so many units of it."""
    quantity = inputs.text("quantity")
    allowance = inputs.text("allowance_on_lot", "allowance", default="0")
    lot = run.one_lot(quantity, inputs.text("unit_cost"), allowance=allowance)
    leaving = inputs.figure("write_off_quantity", "quantity_written_off", default=quantity)
    proposal = run.company.write_off(reason_of(inputs, "DAMAGE"), run.today, (lot, leaving), charges=money_of(inputs))
    run.company.posted(proposal)
    return {}


@kind("disposal")
def disposal(run: Run, inputs: Given) -> dict[str, Any]:
    # As many units as make a fraction of the lot whole.
    fraction = inputs.figure("fraction_disposed", "fraction", default="1")
    units = 1 if fraction == 1 else UNITS
    lot = run.one_lot(
        f"{units}",
        f"{inputs.figure('cost') / units:f}",
        allowance=inputs.text("allowance", "allowance_on_lot", default="0"),
    )
    proposal = run.company.write_off(
        reason_of(inputs, "OBSOLESCENCE"),
        run.today,
        (lot, fraction * units),
        kind="DISPOSAL",
        charges=money_of(inputs),
    )
    run.company.posted(proposal)
    return {"further_loss": -run.statements()["income_statement"]["profit_before_tax_effect"]}


@kind("count")
def count(run: Run, inputs: Given) -> dict[str, Any]:
    lines = inputs["lines"]
    run.stock(
        "sku,lot_code,location,quantity,unit_cost",
        *(f"{line['sku']},,WH1,{line.text('book')},{line.text('unit_cost')}" for line in lines),
    )
    percent = inputs.figure("tolerance_units_pct", default="0") * 100
    recounted = inputs.is_true("recount_required_above_tolerance", default="tolerance_units_pct" in inputs)
    run.company.sheet(
        "count",
        "sku,lot_code,location,counted_quantity,recounted_quantity",
        [f"{line['sku']},,WH1,{line.text('count_1')},{line.get('count_2', '')}" for line in lines],
        by="COUNTER",
        second="COUNTER",
        options={"tolerance": f"{percent.normalize():f}"} if recounted else {},
    )
    sheet = CountSheet.objects.get(entity=run.company.entity)
    if sheet.difference_count:
        counted(run)
    found = count_figures(sheet=sheet)
    beyond = sheet.lines.filter(second_count__isnull=False).order_by("pk")
    return {
        "gross_shortage": abs(found.short_value),
        "gross_overage": found.over_value,
        "net": found.net_value,
        "recounted": list(beyond.values_list("lot__item__sku", flat=True)),
    }


def counted(run: Run) -> Proposal:
    """What the case's count found, proposed and posted: its differences, or that nothing was missing."""
    sheet = CountSheet.objects.get(entity=run.company.entity)
    propose = proposal_create_from_count if sheet.difference_count else accrual_release_propose
    return run.company.posted(propose(entity=run.company.entity, user=run.company["PREPARER"], sheet=sheet))


@kind("shrink_accrual")
def shrinkage_between_counts(run: Run, inputs: Given) -> dict[str, Any]:
    run.move_to(dt.date(2026, 1, 5))
    # A unit is worth one: the case tells values alone.
    run.one_lot(inputs.text("book_inventory"), "1")
    policy_set(run, shrinkage_rate=inputs.figure("rate"))
    run.move_to(dt.date(2026, 3, 31))
    input_give(
        entity=run.company.entity,
        user=run.company["CONTROLLER"],
        given=SalesFigure(
            starts_on=dt.date(2026, 1, 6),
            ends_on=run.today,
            revenue=inputs.figure("sales_since_count"),
            source="Sales report",
        ),
    )
    header = Header("ACCRUAL", "COUNT_DIFFERENCE", run.today, run.today, run.today)
    run.company.posted(accrual_propose(entity=run.company.entity, user=run.company["PREPARER"], header=header))
    run.move_to(dt.date(2026, 6, 30))
    run.company.sheet(
        "count",
        "sku,lot_code,location,counted_quantity",
        [f"GOODS,L1,WH1,{inputs.text('counted_inventory')}"],
        by="COUNTER",
        second="COUNTER",
    )
    counted(run)
    run.name_periods(lambda code: "accrual" if code == "2026-03" else "count")
    return {}


@kind("period")
def late_in_a_closed_month(run: Run, inputs: Given) -> dict[str, Any]:
    event, found, closed = (date_of(inputs, name) for name in ("event_date", "found_date", "closed_through"))
    material = inputs.is_true("material_error")
    if material and event.year < found.year and not inputs.is_true("annual_statements_issued", default=True):
        raise NotUnderstood(
            "inputs.annual_statements_issued: false; a material error of an earlier year is taken to retained earnings"
        )
    inputs.get("annual_statements_issued")
    run.move_to(event - dt.timedelta(days=1))
    lot = run.one_lot("1", inputs.text("amount"))
    run.move_to(found if found > closed else closed + dt.timedelta(days=1))
    for period in FiscalPeriod.objects.filter(entity=run.company.entity, ends_on__lte=closed).order_by("ends_on"):
        period_close(period=period, user=run.company["CONTROLLER"])
    offered = policy.posting_date_default(entity=run.company.entity, found_on=found)
    assert offered is not None
    late = late_of(entity=run.company.entity, kind="WRITE_OFF", event_on=event, posting_on=offered)
    finding = {"finding": "ERROR", "material": material, "finding_why": "Nobody had reported it."} if late else {}
    proposal = run.company.write_off(
        reason_of(inputs, "DAMAGE"), found, (lot, Decimal(1)), event_on=event, posting_on=offered, **finding
    )
    proposal = run.company.posted(proposal)
    return {"posting_date": proposal.posting_on.isoformat(), "event_date_kept": proposal.event_on.isoformat()}


def date_of(inputs: Given, name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(str(inputs[name]))
    except ValueError:
        raise NotUnderstood(f"{inputs.path}.{name}: {inputs[name]!r} is no day; write 2026-03-31") from None


@kind("error", taxed=True)
def error_of_an_earlier_year(run: Run, inputs: Given) -> dict[str, Any]:
    lot = run.one_lot("1", inputs.text("amount"))
    header: dict[str, Any] = {
        "event_on": dt.date(run.today.year - 1, 11, 20),
        "finding": "ERROR",
        "material": True,
        "finding_why": "The order to scrap it lay in the file when the accounts were issued.",
    }
    reason = reason_of(inputs, "OBSOLESCENCE")
    if inputs.is_true("goods_still_on_hand"):
        # They are worth nothing: written down to nil. Those that are gone leave.
        proposal = run.company.draft("WRITE_DOWN", reason, run.today, **header)
        line_add(proposal=proposal, user=run.company["PREPARER"], lot=lot, new_carrying_amount=Decimal(0))
        proposal = Proposal.objects.select_related("entity", "created_by").get(pk=proposal.pk)
    else:
        proposal = run.company.write_off(reason, run.today, (lot, Decimal(1)), **header)
    proposal = run.company.posted(proposal)
    return {"tax": {"rate": run.company.entity.tax_rate, "current_tax_saving": run.balance("CURRENT_TAX_PAYABLE")}}
