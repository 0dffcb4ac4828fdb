"""Cases of cost formulas: which layers leave when part of an item is written off."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from core.money import MONEY_SCALE, from_raw
from tests.cases.given import Given, NotUnderstood
from tests.cases.kinds_losses import reason_of
from tests.cases.kinds_value import FORMULAS, HEADER
from tests.cases.run import Run, kind
from tests.cases.valuing import item
from writeoffs.proposals.services import Header
from writeoffs.proposals.services.by_item import proposal_create_by_item
from writeoffs.valuation.cost_formulas import formulas_compared, layers_of


@kind("layers")
def cost_formulas(run: Run, inputs: Given) -> dict[str, Any]:
    """The page that compares the formulas is asked, then the units leave by the case's own formula."""
    received = run.today - dt.timedelta(days=len(inputs["layers"]))
    rows = [
        f"GOODS,{lot_of(one, place)},WH1,Goods,{one.text('quantity')},{one.text('unit_cost')},,,"
        f"{received + dt.timedelta(days=place)}"
        for place, one in enumerate(inputs["layers"])
    ]
    run.stock(f"{HEADER},received_on", *rows)
    goods, quantity = item(run, "GOODS"), inputs.figure("write_off_quantity")
    layers = layers_of(item=goods)

    def compared(units: Decimal, specific: str = "") -> dict[str, Decimal]:
        found = formulas_compared(
            entity=run.company.entity, layers=layers, quantity=int(units * 10**4), policy=None, specific=specific
        )
        return {one.formula: from_raw(one.cost, MONEY_SCALE) for one in found}

    whole = compared(quantity)
    told = {"FIFO": whole.get("FIFO"), "WEIGHTED_AVERAGE": whole.get("AVERAGE"), "LIFO": whole.get("LIFO")}
    name = inputs.get("specific_lot")
    if name is not None:
        units = inputs.figure("specific_lot_quantity", default=str(quantity))
        lot = next((lot for lot in layers.lots if lot.code == name), None)
        if lot is None:
            raise NotUnderstood(f"inputs.specific_lot: {name!r} is none of the layers")
        told[f"SPECIFIC_{name}_{units.normalize():f}_units"] = compared(units, str(lot.pk)).get("SPECIFIC")
    formula = inputs.word("cost_formula", FORMULAS)
    reason = reason_of(inputs, "DAMAGE")
    if formula == "SPECIFIC":
        if name is None:
            raise NotUnderstood("inputs.specific_lot is missing; the cost formula is SPECIFIC")
        proposal = run.company.write_off(reason, run.today, (run.lot(name), quantity))
    else:
        proposal = proposal_create_by_item(
            entity=run.company.entity,
            user=run.company["PREPARER"],
            header=Header("WRITE_OFF", reason, run.today, run.today, run.today),
            item=goods,
            quantity=quantity,
            formula=formula,
        )
    run.company.posted(proposal)
    return {"by_formula": {name: cost for name, cost in told.items() if cost is not None}}


def lot_of(layer: Given, place: int) -> str:
    return str(layer.first("lot", "layer", default=f"L{place + 1}"))
