"""What the evidence of an item says: its price, firm contracts, what a material goes into (IAS 2.28-32). Pure.

Every function looks at one item's lots, in the order in which they leave, and writes what it finds on their lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from core.money import QUANTITY_SCALE
from writeoffs.valuation.rules.contracts import Sold, allotted, contracted_worth, lower_of
from writeoffs.valuation.rules.facts import Known, Line, PriceFacts
from writeoffs.valuation.rules.market import market_unit
from writeoffs.valuation.rules.worth import PAR, exact, rounded, translated, worth_raw

BELOW_NIL = "NRV is negative: the write-down stops at cost; see whether there is an onerous contract."


def judge(item_id: int, lines: Sequence[Line], known: Known, below: Mapping[int, bool | None], exponent: int) -> None:
    """nrv_value and nrv_need of every line that there is evidence for. below: what `below_cost` found."""
    contracts = known.contracts.get(item_id)
    parts: Sequence[Sequence[Sold]] = ()
    if contracts:
        parts, short = allotted(contracts, [line.lot.quantity for line in lines])
        if short:
            lines[-1].say(f"Contracts are for {_units(short)} more than is on hand.")
    material = item_id in known.uses
    of_item, of_lots = known.prices.get(item_id), known.lot_prices
    for place, line in enumerate(lines):
        price = (of_lots.get(line.lot.lot_id) if of_lots else None) or of_item
        unit, rate = (None, PAR) if price is None else _unit(line, price)
        if contracts and parts[place]:
            _contracted(line, parts[place], None if unit is None else (unit, rate), exponent)
        elif material:
            _material(line, price, unit, rate, below[item_id], exponent)
        elif unit is not None:
            _measured(line, unit, rate, "MARKET" if line.market_unit is not None else "NRV", exponent)
        if line.lot.condition and line.nrv_need is not None and price is of_item:
            line.say(f"Marked {line.lot.condition.lower()}, but judged at the price of sound goods: price the lot.")


def _unit(line: Line, price: PriceFacts) -> tuple[int | None, int]:
    """What a unit is compared with, in the price's own currency, and the rate. None without evidence."""
    line.price_id, rate = price.price_id, price.rate
    if rate is None:
        line.say(f"No rate for {price.currency}: enter one, then assess again.")
        return None, PAR
    nrv = price.nrv
    if nrv is not None:
        line.nrv_unit = nrv if rate == PAR else translated(nrv, rate)
    line.temporary = price.recovers_in_year
    if not line.policy.at_market:
        return nrv, rate
    market = market_unit(replacement_cost=price.replacement_cost, nrv=nrv, normal_profit=price.normal_profit)
    if market is not None:
        line.market_unit = translated(market, rate)
        if price.replacement_cost is None:
            line.say("No replacement cost: market is taken at NRV.")
    return market, rate


def _measured(line: Line, unit: int, rate: int, governs: str, exponent: int) -> None:
    cost = line.lot.cost
    line.nrv_value = value = worth_raw(line.lot.quantity, unit, rate, exponent)
    line.nrv_need = 0 if value >= cost else cost - value if value >= 0 else cost
    line.governs = governs
    if unit < 0:
        line.say(BELOW_NIL)


def _contracted(line: Line, parts: Sequence[Sold], rest: tuple[int, int] | None, exponent: int) -> None:
    lot = line.lot
    lower, fetched = lower_of(lot.cost, lot.quantity, parts, rest)
    line.contract_quantity = sum(part.quantity for part in parts)
    line.contract_value = rounded(contracted_worth(parts), exponent)
    line.nrv_value = rounded(fetched, exponent)
    line.nrv_need = min(max(0, lot.cost - rounded(lower, exponent)), lot.cost)
    line.governs = "CONTRACT"
    if rest is None and line.contract_quantity < lot.quantity:
        line.say("No price for what is not contracted: it stays at cost.")
    if any(part.unit < 0 for part in parts):
        line.say(BELOW_NIL)


def _material(
    line: Line, price: PriceFacts | None, unit: int | None, rate: int, below: bool | None, exponent: int
) -> None:
    """IAS 2.32: no write-down while what it goes into sells at or above cost; else replacement cost is the best
    evidence of its NRV."""
    if below is False:
        line.nrv_value, line.nrv_need, line.governs = line.lot.cost, 0, "MATERIAL"
        return
    if below is None:
        line.say("Of a product that it goes into no price or cost is known.")
    replacement = price.replacement_cost if price is not None and price.rate is not None else None
    if replacement is not None and line.market_unit is None:
        _measured(line, replacement, rate, "REPLACEMENT", exponent)
    elif unit is not None:
        _measured(line, unit, rate, "MARKET" if line.market_unit is not None else "NRV", exponent)
    else:
        line.say("No replacement cost: give one, since its product does not surely sell at cost.")


def below_cost(by_item: Mapping[int, Sequence[Line]], known: Known) -> dict[int, bool | None]:
    """Material -> whether one of its products sells below cost; None where that is not known of all of them."""
    return {
        material: _any_below([_product_below(product, by_item, known) for product in products])
        for material, products in known.uses.items()
        if material in by_item
    }


def _any_below(found: Sequence[bool | None]) -> bool | None:
    if any(found):
        return True
    return None if None in found else False


def _product_below(product: int, by_item: Mapping[int, Sequence[Line]], known: Known) -> bool | None:
    price = known.prices.get(product)
    if price is None or price.nrv is None or price.rate is None:
        return None
    lines = by_item.get(product)
    if lines:
        quantity, cost = sum(line.lot.quantity for line in lines), Fraction(sum(line.lot.cost for line in lines))
        return exact(quantity, price.nrv, price.rate) < cost
    unit_cost = known.unit_costs.get(product)
    return None if unit_cost is None else price.nrv * price.rate < unit_cost * PAR


def _units(raw: int) -> str:
    whole, part = divmod(raw, 10**QUANTITY_SCALE)
    return f"{whole:,}" if not part else f"{whole:,}.{part:0{QUANTITY_SCALE}d}".rstrip("0")
