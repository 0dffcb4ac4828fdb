"""Cases of losses that no lot tells of: gross profit and retail method, firm purchases that have not come in."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from inventory.models import Item
from tests.cases.given import Given
from tests.cases.kinds_losses import reason_of
from tests.cases.run import Run, kind
from tests.cases.valuing import price
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal
from writeoffs.proposals.services import EstimateInput, FigureInput, Header
from writeoffs.valuation.assess import assessment_start
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.models import PurchaseCommitment

# The product's figure -> the case's words for it.
FIGURES = {
    "OPENING": ("opening_inventory", "opening", "beginning_inventory"),
    "PURCHASES": ("purchases",),
    "PURCHASE_RETURNS": ("purchase_returns",),
    "FREIGHT_IN": ("freight_in",),
    "MARK_UPS": ("markups",),
    "MARK_UP_CANCELLATIONS": ("markup_cancellations",),
    "MARK_DOWNS": ("markdowns",),
    "MARK_DOWN_CANCELLATIONS": ("markdown_cancellations",),
    "SALES": ("sales",),
    "SALES_RETURNS": ("sales_returns",),
    "STAFF_DISCOUNTS": ("employee_discounts",),
    "NORMAL_SHRINKAGE": ("normal_shrinkage", "normal_spoilage"),
    "SAVED": ("saved_at_cost", "undamaged"),
    "SALVAGE": ("salvage_value", "salvage"),
    "MARGIN": ("gross_margin", "gross_profit_rate"),
    "MARKUP": ("markup_on_cost",),
}
RETAIL_ALONE = {"SALES", "SALES_RETURNS"} | {code for code in FIGURES if code.startswith(("MARK_", "STAFF", "NORMAL"))}
VARIANTS = {
    **dict.fromkeys(("CONVENTIONAL", "LCM", "LOWER_OF_COST_AND_MARKET"), "CONVENTIONAL"),
    **dict.fromkeys(("AVERAGE", "AVERAGE_COST", "COST", "WEIGHTED_AVERAGE"), "AVERAGE"),
    "FIFO": "FIFO",
}


def figure_of(inputs: Given, code: str) -> FigureInput | None:
    """A figure alone is at cost or at retail as its kind is; a pair says both."""
    said = next((key for key in FIGURES[code] if key in inputs), None)
    if said is None:
        return None
    source = "The case"
    pair = inputs.get(said)
    if isinstance(pair, Given):
        return FigureInput(code, source, pair.figure("cost"), pair.figure("retail"))
    amount = inputs.figure(said)
    if code in ("MARGIN", "MARKUP"):
        return FigureInput(code, source, rate=amount)
    return FigureInput(code, source, retail=amount) if code in RETAIL_ALONE else FigureInput(code, source, cost=amount)


def estimated(run: Run, inputs: Given, method: str, variant: str = "") -> dict[str, Any]:
    entity, preparer = run.company.entity, run.company["PREPARER"]
    figures = [one for one in (figure_of(inputs, code) for code in FIGURES) if one is not None]
    made = services.estimate_make(
        entity=entity,
        user=preparer,
        estimate=EstimateInput(
            method, reason_of(inputs, "FIRE"), run.today, "The records are gone.", figures, variant=variant
        ),
    )
    if made.loss:
        run.company.posted(services.estimate_propose(estimate=made, user=preparer, posting_on=run.today))
    return {
        "estimated_inventory": made.estimated,
        "inventory_at_retail": made.at_retail,
        "estimated_loss": made.loss,
        "carrying_amount": None,
    }


@kind("gross_profit")
def gross_profit(run: Run, inputs: Given) -> dict[str, Any]:
    return estimated(run, inputs, "GROSS_PROFIT")


@kind("retail")
def retail(run: Run, inputs: Given) -> dict[str, Any]:
    return estimated(run, inputs, "RETAIL", inputs.word("variant", VARIANTS, default="conventional"))


@kind("commitment")
def commitment(run: Run, inputs: Given) -> dict[str, Any]:
    """A firm purchase, what its goods fetch, and what they fetch later where the case says so."""
    run.stock("sku,lot_code,location,category,quantity,unit_cost", "OTHER,L1,WH1,Goods,1,1", "GOODS,L2,WH1,Goods,0,0")
    entity = run.company.entity
    given = PurchaseCommitment(
        item=Item.objects.get(entity=entity, sku="GOODS"),
        reference="PO-1",
        quantity=inputs.figure("quantity", "committed_quantity"),
        price=inputs.figure("contract_price", "committed_price"),
        currency=entity.currency,
        starts_on=run.today,
        ends_on=run.today + dt.timedelta(days=365),
        source="The signed order",
    )
    input_give(entity=entity, user=run.company["PREPARER"], given=given)
    required = [_provided(run, inputs.text("nrv", "market_price"))]
    later = inputs.first("later_nrv", "later_market_price")
    if later is not None:
        run.move_to(run.today + dt.timedelta(days=30))
        required.append(_provided(run, f"{Decimal(str(later)):f}"))
    return {"provision": required[-1], "loss": required[0], "carrying_amount": None}


def _provided(run: Run, nrv: str) -> Decimal:
    price(run, "GOODS", nrv=nrv)
    found = assessment_start(entity=run.company.entity, user=run.company["PREPARER"], as_of=run.today)
    line = found.commitment_lines.get()
    if line.movement:
        header = Header("PROVISION", "PRICE_FALL", run.today, run.today, run.today)
        made, _ = services.provisions_propose(assessment=found, user=run.company["PREPARER"], header=header)
        run.company.posted(Proposal.objects.get(pk=made.pk))
    required: Decimal = line.required
    return required
