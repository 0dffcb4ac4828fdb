"""Cases of valuation: what stock is worth, at which level, under which framework; reversals and interim periods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from core.money import MONEY_SCALE, from_raw
from tests.cases.kinds_movements import sell
from tests.cases.run import Run, kind
from tests.cases.valuing import item, judged, policy, price
from writeoffs.proposals.services import Header
from writeoffs.proposals.services.by_item import proposal_create_by_item
from writeoffs.valuation.cost_formulas import formulas_compared, layers_of
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.models import Assessment, Contract, Demand, MaterialUse, PriceRate
from writeoffs.valuation.rules.permitted import level_permitted

HEADER = "sku,lot_code,location,category,quantity,unit_cost,allowance,write_down_years"
YEAR_END = dt.date(2026, 12, 31)
FORMULAS = {"WEIGHTED_AVERAGE": "AVERAGE"}


def rows_of(items: Iterable[dict[str, Any]], allowance: str, year: int) -> list[str]:
    """A row an item; what was written down before stands on the first one."""
    made = []
    for one in items:
        written = f"{allowance},{year}" if Decimal(allowance) > 0 else ","
        made.append(f"{one['sku']},,WH1,{one.get('category', 'Goods')},{one['quantity']},{one['unit_cost']},{written}")
        allowance = "0"
    return made


def levels(found: Assessment) -> dict[str, Decimal]:
    """What each level would leave as carrying amount, as the assessment's page says it."""
    return {name.lower(): from_raw(raw, MONEY_SCALE) for name, raw in found.by_level.items()}


@kind("lcnrv")
def lower_of_cost_and_nrv(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    run.stock(HEADER, *rows_of(inputs["items"], inputs.get("opening_allowance", "0"), run.today.year - 1))
    for one in inputs["items"]:
        price(
            run,
            one["sku"],
            **{name: one.get(name) for name in ("selling_price", "cost_to_complete", "cost_to_sell", "nrv")},
        )
    formula = FORMULAS.get(inputs["cost_formula"], inputs["cost_formula"])
    policy(run, level=inputs["level"].upper(), cost_formula=formula)
    found = judged(run)
    return {"by_level": levels(found), "level_permitted": level_permitted(run.company.entity.framework)}


@kind("contract")
def firm_contract(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    run.one_lot(inputs["quantity"], inputs["unit_cost"])
    price(run, "GOODS", selling_price=inputs["market_price"], cost_to_sell=inputs["cost_to_sell"])
    input_give(
        entity=run.company.entity,
        user=run.company["PREPARER"],
        given=Contract(
            item=item(run, "GOODS"),
            reference="SC-1",
            quantity=Decimal(inputs["contract_quantity"]),
            price=Decimal(inputs["contract_price"]),
            currency=run.company.entity.currency,
            starts_on=run.today,
            ends_on=run.today + dt.timedelta(days=90),
            source="The signed contract",
        ),
    )
    judged(run)
    return {}


@kind("rawmat")
def raw_material(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    material, finished = inputs["material"], inputs["finished"]
    run.stock(HEADER, *rows_of([{**material, "sku": "MATERIAL"}, {**finished, "sku": "PRODUCT"}], "0", 0))
    price(run, "MATERIAL", replacement_cost=material["replacement_cost"])
    price(run, "PRODUCT", nrv=finished["nrv"])
    input_give(
        entity=run.company.entity,
        user=run.company["PREPARER"],
        given=MaterialUse(
            material=item(run, "MATERIAL"), product=item(run, "PRODUCT"), as_of=run.today, source="Bill of materials"
        ),
    )
    judged(run)
    return {}


@kind("lcm")
def lower_of_cost_and_market(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    run.stock(HEADER, *rows_of(inputs["items"], "0", 0))
    for one in inputs["items"]:
        price(run, one["sku"], **{name: one[name] for name in ("replacement_cost", "nrv", "normal_profit")})
    policy(run, level=inputs["level"].upper(), cost_formula=inputs["cost_formula"])
    found = judged(run)
    return {"market": {line.lot.item.sku: line.market_unit for line in found.lines.select_related("lot__item")}}


@kind("reversal")
def reversal(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    same = bool(inputs["same_fiscal_year"])
    run.move_to(dt.date(2026, 3, 31) if same else YEAR_END)
    run.one_lot(inputs["quantity"], inputs["unit_cost"])
    price(run, "GOODS", nrv=inputs["nrv_1"])
    judged(run)
    run.move_to(dt.date(2026, 6, 15) if same else dt.date(2027, 2, 15))
    price_of_sale = inputs.get("sale_price")
    quantity = Decimal(inputs["sold_before_recovery"])
    sell(
        run,
        quantity,
        revenue=f"{quantity * Decimal(price_of_sale)}" if price_of_sale else "",
        settled="RECEIVABLE" if price_of_sale else "",
    )
    run.move_to(dt.date(2026, 9, 30) if same else dt.date(2027, 12, 31))
    price(run, "GOODS", nrv=inputs["nrv_2"])
    attached = run.lot().write_down
    judged(run)
    if not same:
        run.name_periods(lambda code: "Y1" if code.startswith("2026") else "Y2")
    return {"allowance_after": run.lot().write_down, "reversal": attached - run.lot().write_down}


@kind("interim")
def interim_periods(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    run.move_to(dt.date(2026, 1, 5))
    run.one_lot("1", inputs["cost"])
    policy(run, quarterly=True)
    for quarter in inputs["quarters"]:
        run.move_to((dt.date(2026, 3, 31), dt.date(2026, 6, 30), dt.date(2026, 9, 30), YEAR_END)[quarter["q"] - 1])
        given = price(run, "GOODS", nrv=quarter["nrv"], recovers=quarter["expected_to_recover_in_year"])
        assert given.recovers_in_year is bool(quarter["expected_to_recover_in_year"])
        judged(run)
    run.name_periods(lambda code: f"Q{(int(code[-2:]) + 2) // 3}")
    return {"quarter_effect": run.profit_by_period()}


@kind("fx")
def foreign_currency(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    foreign = "USD" if run.company.entity.currency != "USD" else "EUR"
    run.stock(
        "sku,lot_code,location,category,quantity,unit_cost,currency,exchange_rate",
        f"GOODS,L1,WH1,Goods,1,{inputs['foreign_cost']},{foreign},{inputs['rate_at_purchase']}",
    )
    input_give(
        entity=run.company.entity,
        user=run.company["CONTROLLER"],
        given=PriceRate(
            currency=foreign, as_of=run.today, rate=Decimal(inputs["rate_at_closing"]), source="Closing rate"
        ),
    )
    price(run, "GOODS", nrv=inputs["foreign_nrv"], currency=foreign)
    judged(run)
    return {}


@kind("provision")
def provision(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    run.move_to(YEAR_END)
    bands = [band["bucket"].rstrip("+").split("-") for band in inputs["ageing"]]
    received = [run.today - dt.timedelta(days=int(first)) for first, *_ in bands]
    allowance = inputs.get("opening_allowance", "0")
    rows = []
    for place, (band, day) in enumerate(zip(inputs["ageing"], received, strict=True), start=1):
        written = f"{allowance},{run.today.year - 1}" if Decimal(allowance) > 0 and place == len(bands) else ","
        rows.append(f"GOODS,L{place},WH1,Goods,{band['quantity']},{inputs['unit_cost']},{written},{day}")
    run.stock(f"{HEADER},received_on", *rows)
    made = policy(run, excess_months=int(inputs["months_kept"]))
    for band, (first, *last) in zip(inputs["ageing"], bands, strict=True):
        made.bands.create(from_days=int(first), to_days=int(last[0]) if last else None, rate=Decimal(band["rate"]))
    for month in range(1, 13):
        input_give(
            entity=run.company.entity,
            user=run.company["CONTROLLER"],
            given=Demand(
                item=item(run, "GOODS"),
                month=dt.date(run.today.year, month, 1),
                quantity=Decimal(inputs["monthly_demand"]),
                source="Demand history",
            ),
        )
    price(run, "GOODS", excess_recoverable=inputs["excess_recoverable_per_unit"])
    found = judged(run)
    lines = list(found.lines.all())
    return {
        "ageing_requirement": sum((line.ageing_need for line in lines), Decimal(0)),
        "excess_requirement": sum((line.excess_need for line in lines), Decimal(0)),
        "required_allowance": found.required,
    }


@kind("layers")
def cost_formulas(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    received = run.today - dt.timedelta(days=len(inputs["layers"]))
    rows = [
        f"GOODS,{one['lot']},WH1,Goods,{one['quantity']},{one['unit_cost']},,,{received + dt.timedelta(days=place)}"
        for place, one in enumerate(inputs["layers"])
    ]
    run.stock(f"{HEADER},received_on", *rows)
    entity, goods = run.company.entity, item(run, "GOODS")
    formula = FORMULAS.get(inputs["cost_formula"], inputs["cost_formula"])
    layers = layers_of(item=goods)

    def compared(quantity: str, specific: str = "") -> dict[str, Decimal]:
        found = formulas_compared(
            entity=entity, layers=layers, quantity=int(Decimal(quantity) * 10**4), policy=None, specific=specific
        )
        return {one.formula: from_raw(one.cost, MONEY_SCALE) for one in found}

    whole = compared(inputs["write_off_quantity"])
    lot = next(layer for layer in layers.lots if layer.code == inputs["specific_lot"])
    named = compared(inputs["specific_lot_quantity"], str(lot.pk))
    header = Header("WRITE_OFF", "DAMAGE", run.today, run.today, run.today)
    run.company.posted(
        proposal_create_by_item(
            entity=entity,
            user=run.company["PREPARER"],
            header=header,
            item=goods,
            quantity=Decimal(inputs["write_off_quantity"]),
            formula=formula,
        )
    )
    specific = f"SPECIFIC_{inputs['specific_lot']}_{Decimal(inputs['specific_lot_quantity']).normalize():f}_units"
    return {
        "by_formula": {
            "FIFO": whole.get("FIFO"),
            "WEIGHTED_AVERAGE": whole.get("AVERAGE"),
            "LIFO": whole.get("LIFO"),
            specific: named.get("SPECIFIC"),
        }
    }
