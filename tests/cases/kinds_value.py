"""Cases of valuation: what stock is worth, at which level, under which framework; reversals and interim periods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Q

from core.money import MONEY_SCALE, from_raw
from tests.cases.given import Given, NotUnderstood
from tests.cases.kinds_movements import SETTLED, sell
from tests.cases.run import Run, kind, quarter_of, year_of
from tests.cases.valuing import assessed, item, judged, policy, price
from writeoffs.reports.ageing import age_totals
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.models import Assessment, Contract, Demand, MaterialUse, PriceRate
from writeoffs.valuation.rules.permitted import level_permitted

HEADER = "sku,lot_code,location,category,quantity,unit_cost,allowance,write_down_years"
YEAR_END = dt.date(2026, 12, 31)
FORMULAS = {
    **{name: name for name in ("SPECIFIC", "FIFO", "AVERAGE", "STANDARD", "RETAIL", "LIFO")},
    "WEIGHTED_AVERAGE": "AVERAGE",
    "SPECIFIC_IDENTIFICATION": "SPECIFIC",
}
LEVELS = {"ITEM": "ITEM", "CATEGORY": "CATEGORY", "GROUP": "CATEGORY", "TOTAL": "TOTAL", "INDIVIDUAL": "ITEM"}
OF_A_SALE = ("selling_price", "cost_to_complete", "cost_to_sell")
ALIKE = "One product line that is bought, priced and sold together."


def rows_of(items: Iterable[Given], allowances: Mapping[str, Decimal], year: int) -> list[str]:
    """A row an item, with what was written down of it before."""
    made = []
    for one in items:
        allowance = allowances.get(one["sku"], Decimal(0))
        written = f"{allowance},{year}" if allowance > 0 else ","
        made.append(
            f"{one['sku']},,WH1,{one.get('category', 'Goods')},{one.text('quantity')},{one.text('unit_cost')},{written}"
        )
    return made


def prices_of(run: Run, items: Iterable[Given], *more: str) -> None:
    """The price list of the case: an NRV, or the price and the costs that it comes of."""
    for one in items:
        names = ("nrv",) if "nrv" in one else OF_A_SALE
        if "nrv" not in one and "selling_price" not in one:
            raise NotUnderstood(f"{one.path}: neither nrv nor selling_price is given")
        price(run, one["sku"], **{name: one.text(name) for name in (*names, *more) if name in one})


def policy_of(run: Run, inputs: Given) -> None:
    level = inputs.word("level", LEVELS, default="ITEM")
    reason = inputs.get("level_reason", ALIKE if level == "CATEGORY" else "")
    policy(
        run, level=level, level_reason=reason, cost_formula=inputs.word("cost_formula", FORMULAS, default="SPECIFIC")
    )


def opening_allowances(run: Run, inputs: Given, *prices: str) -> dict[str, Decimal]:
    """SKU -> what was written down of it before. Of one figure for several items the case does not say on which it
    stands: on those that the product finds too dear, in proportion to what it finds."""
    items = inputs["items"]
    own = {one["sku"]: one.figure("opening_allowance", "allowance", default="0") for one in items}
    whole = inputs.figure("opening_allowance", "allowance", default="0")
    if not whole:
        return own
    if any(own.values()):
        raise NotUnderstood("inputs.opening_allowance is given for all items and for single ones")
    if len(items) == 1:
        return {items[0]["sku"]: whole}
    asked = run.twin()
    asked.stock(HEADER, *rows_of(asked.inputs["items"], {}, 0))
    prices_of(asked, asked.inputs["items"], *prices)
    policy_of(asked, asked.inputs)
    found = assessed(asked)
    lines = list(found.lines.select_related("lot__item").order_by("pk"))
    shares = [line.required if found.required else line.cost for line in lines]
    return dict(
        zip((line.lot.item.sku for line in lines), spread(whole, shares, asked.company.entity.exponent), strict=True)
    )


def spread(whole: Decimal, over: list[Decimal], exponent: int) -> list[Decimal]:
    """A figure of the case over its items; the shares add up to it."""
    made, left, rest = [], whole, sum(over, Decimal(0))
    for part in over:
        share = round(left * part / rest, exponent) if rest else Decimal(0)
        made.append(share)
        left, rest = left - share, rest - part
    return made


def valued(found: Assessment) -> dict[str, Any]:
    """What the assessment's page says: the carrying amount that each level would leave, and what is required."""
    by_level = {name.lower(): from_raw(raw, MONEY_SCALE) for name, raw in found.by_level.items()}
    return {
        "by_level": by_level,
        "level_permitted": level_permitted(found.framework),
        "required_allowance": found.required,
    }


@kind("lcnrv")
def lower_of_cost_and_nrv(run: Run, inputs: Given) -> dict[str, Any]:
    items = inputs["items"]
    run.stock(HEADER, *rows_of(items, opening_allowances(run, inputs), run.today.year - 1))
    prices_of(run, items)
    policy_of(run, inputs)
    return valued(judged(run))


@kind("contract")
def firm_contract(run: Run, inputs: Given) -> dict[str, Any]:
    run.one_lot(
        inputs.text("quantity"),
        inputs.text("unit_cost"),
        allowance=inputs.text("opening_allowance", "allowance", default="0"),
    )
    costs = {name: inputs.text(name) for name in ("cost_to_complete", "cost_to_sell") if name in inputs}
    price(run, "GOODS", selling_price=inputs.text("market_price"), **costs)
    own = {
        name: inputs.figure(f"contract_{name}")
        for name in ("cost_to_complete", "cost_to_sell")
        if f"contract_{name}" in inputs
    }
    quantity, agreed = inputs.figure("contract_quantity"), inputs.figure("contract_price", default="0")
    if quantity:
        contract = Contract(
            item=item(run, "GOODS"),
            reference="SC-1",
            quantity=quantity,
            price=agreed,
            currency=run.company.entity.currency,
            starts_on=run.today,
            ends_on=run.today + dt.timedelta(days=90),
            source="The signed contract",
            **own,
        )
        input_give(entity=run.company.entity, user=run.company["PREPARER"], given=contract)
    return valued(judged(run))


@kind("rawmat")
def raw_material(run: Run, inputs: Given) -> dict[str, Any]:
    """One material or several, which go into one product."""
    materials = inputs["materials"] if "materials" in inputs else [inputs["material"]]
    named = [(one.get("sku", f"MATERIAL-{place}"), one) for place, one in enumerate(materials, start=1)]
    finished = inputs["finished"]
    product = finished.get("sku", "PRODUCT")
    rows = [
        f"{sku},,WH1,Goods,{one.text('quantity')},{one.text('unit_cost')},,"
        for sku, one in [*named, (product, finished)]
    ]
    run.stock(HEADER, *rows)
    names = ("nrv",) if "nrv" in finished else OF_A_SALE
    price(run, product, **{name: finished.text(name) for name in names if name in finished})
    for sku, one in named:
        price(run, sku, replacement_cost=one.text("replacement_cost"))
        use = MaterialUse(
            material=item(run, sku), product=item(run, product), as_of=run.today, source="Bill of materials"
        )
        input_give(entity=run.company.entity, user=run.company["PREPARER"], given=use)
    return valued(judged(run))


@kind("lcm")
def lower_of_cost_and_market(run: Run, inputs: Given) -> dict[str, Any]:
    items, others = inputs["items"], ("replacement_cost", "normal_profit")
    run.stock(HEADER, *rows_of(items, opening_allowances(run, inputs, *others), run.today.year - 1))
    prices_of(run, items, *others)
    policy_of(run, inputs)
    found = judged(run)
    lines = found.lines.select_related("lot__item")
    return {"market": {line.lot.item.sku: line.market_unit for line in lines}, **valued(found)}


@kind("reversal")
def reversal(run: Run, inputs: Given) -> dict[str, Any]:
    same = inputs.is_true("same_fiscal_year")
    run.move_to(dt.date(2026, 3, 31) if same else YEAR_END)
    run.one_lot(inputs.text("quantity"), inputs.text("unit_cost"))
    price(run, "GOODS", nrv=inputs.text("nrv_1"))
    judged(run)
    run.move_to(dt.date(2026, 6, 15) if same else dt.date(2027, 2, 15))
    quantity = inputs.figure("sold_before_recovery", default="0")
    settled = inputs.word("settled", SETTLED, default="receivable")
    revenue = f"{quantity * inputs.figure('sale_price'):f}" if "sale_price" in inputs else ""
    if quantity:
        sell(run, quantity, revenue=revenue, settled=settled if revenue else "")
    run.move_to(dt.date(2026, 9, 30) if same else dt.date(2027, 12, 31))
    if run.lot().quantity:
        price(run, "GOODS", nrv=inputs.text("nrv_2"))
        judged(run)
    run.inputs.get("nrv_2")
    run.name_periods(year_of, quarter_of)
    income = run.statements()["income_statement"]
    return {"reversal": income.get("REVERSAL_OF_WRITE_DOWN", Decimal(0))}


@kind("interim")
def interim_periods(run: Run, inputs: Given) -> dict[str, Any]:
    run.move_to(dt.date(2026, 1, 5))
    run.one_lot("1", inputs.text("cost"))
    policy(run, quarterly=True)
    if not inputs.is_true("inventory_unsold", default=True):
        raise NotUnderstood("inputs.inventory_unsold: false, and the case does not say what was sold in which quarter")
    ends = {"1": dt.date(2026, 3, 31), "2": dt.date(2026, 6, 30), "3": dt.date(2026, 9, 30), "4": YEAR_END}
    for quarter in inputs["quarters"]:
        run.move_to(ends[quarter.word("q", {name: name[-1] for name in (*ends, *(f"Q{end}" for end in ends))})])
        recovers = quarter.is_true("expected_to_recover_in_year")
        price(run, "GOODS", nrv=quarter.text("nrv"), recovers=recovers)
        judged(run)
    run.name_periods(quarter_of)
    # A quarter in which nothing was posted is one without an effect.
    nothing = {f"Q{quarter}": Decimal(0) for quarter in ends}
    return {"quarter_effect": {**nothing, **run.profit_by_period()}}


@kind("fx")
def foreign_currency(run: Run, inputs: Given) -> dict[str, Any]:
    functional = run.company.entity.currency
    meaning = str(inputs.get("rate_meaning", "")).upper().split()
    foreign = inputs.get("foreign_currency") or next(
        (word for word in meaning if len(word) == 3 and word not in ("PER", functional)),
        "USD" if functional != "USD" else "EUR",
    )
    if meaning and meaning[0] != functional:
        raise NotUnderstood(
            f"inputs.rate_meaning: {inputs['rate_meaning']!r}; a rate is told as {functional} for one {foreign}"
        )
    quantity = inputs.text("quantity", default="1")
    run.stock(
        "sku,lot_code,location,category,quantity,unit_cost,currency,exchange_rate",
        f"GOODS,L1,WH1,Goods,{quantity},{inputs.text('foreign_cost')},{foreign},{inputs.text('rate_at_purchase')}",
    )
    rate = PriceRate(currency=foreign, as_of=run.today, rate=inputs.figure("rate_at_closing"), source="Closing rate")
    input_give(entity=run.company.entity, user=run.company["CONTROLLER"], given=rate)
    price(run, "GOODS", nrv=inputs.text("foreign_nrv"), currency=foreign)
    return valued(judged(run))


@kind("provision")
def provision(run: Run, inputs: Given) -> dict[str, Any]:
    # The larger of the two is the only rule that there is.
    inputs.word("combine", {"MAX": "MAX", "LARGER": "MAX", "HIGHER": "MAX", "GREATER": "MAX"}, default="max")
    run.move_to(YEAR_END)
    bands = [band_of(band) for band in inputs["ageing"]]
    received = [run.today - dt.timedelta(days=first) for first, _ in bands]
    rows = []
    for place, (band, day) in enumerate(zip(inputs["ageing"], received, strict=True), start=1):
        rows.append(f"GOODS,L{place},WH1,Goods,{band.text('quantity')},{inputs.text('unit_cost')},,,{day}")
    allowance = inputs.figure("opening_allowance", "allowance", default="0")
    if allowance:
        # The oldest goods were written down before.
        rows[-1] = rows[-1].replace(",,,", f",{allowance},{run.today.year - 1},")
    run.stock(f"{HEADER},received_on", *rows)
    rates = [band.figure("rate") for band in inputs["ageing"]]
    months = int(inputs.figure("months_kept", default="0"))
    policy(
        run,
        excess_months=months or None,
        bands=[(first, last, rate) for (first, last), rate in zip(bands, rates, strict=True)],
    )
    for month in range(1, 13) if "monthly_demand" in inputs else ():
        given = Demand(
            item=item(run, "GOODS"),
            month=dt.date(run.today.year, month, 1),
            quantity=inputs.figure("monthly_demand"),
            source="Demand history",
        )
        input_give(entity=run.company.entity, user=run.company["CONTROLLER"], given=given)
    if "excess_recoverable_per_unit" in inputs:
        price(run, "GOODS", excess_recoverable=inputs.text("excess_recoverable_per_unit"))
    found = judged(run)
    ages = age_totals(found, Q())
    return {
        "ageing_requirement": ages.ageing_need,
        "excess_requirement": ages.excess_need,
        **valued(found),
    }


def band_of(band: Given) -> tuple[int, int | None]:
    """0-180, 181 - 365, 731+, >730, over 730: days since receipt."""
    told = str(band["bucket"]).lower().replace("days", "").replace(" ", "").replace("\u2013", "-")
    first, _, last = told.removesuffix("+").partition("-")
    over = first.startswith((">", "over"))
    first = first.lstrip(">over")
    if not first.isdigit() or (last and not last.isdigit()):
        raise NotUnderstood(f"{band.path}.bucket: {band['bucket']!r} is no span of days: 0-180, or 731+")
    return int(first) + over, int(last) if last else None
