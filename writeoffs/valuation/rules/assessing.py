"""Every lot of an entity against what is known of it: one line a lot. Pure: records of plain values in, lines out.

Invariants: what is required lies between nil and cost; a lot's figures depend on its own item, and at a higher level on
its group, alone; whatever is odd about one lot leaves a sentence on its line and the others as they are.
All amounts are raw scaled integers (quantity 10^4, unit figures and rates of policy 10^6, money 10^4, exchange 10^10).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from core.money import QUANTITY_SCALE, RATE_SCALE
from writeoffs.valuation.rules import framework, provisions
from writeoffs.valuation.rules.contracts import Sold, allotted, contracted_worth, lower_of
from writeoffs.valuation.rules.levels import shortfall, spread
from writeoffs.valuation.rules.market import market_unit
from writeoffs.valuation.rules.provisions import Matrix
from writeoffs.valuation.rules.worth import PAR, exact, rounded, translated, worth_raw

ITEM, CATEGORY, TOTAL = "ITEM", "CATEGORY", "TOTAL"
TESTED, UNTESTED, OUT = "TESTED", "UNTESTED", "OUT"
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class LotFacts:
    """A lot as of the day. cost: original cost; carried: the write-down still attached; charged: of it, by this
    fiscal year. age, days_left: days since receipt and until expiry, None where unknown. condition: DAMAGED, OBSOLETE
    or ""."""

    lot_id: int
    item_id: int
    category_id: int
    quantity: int
    cost: int
    carried: int
    charged: int = 0
    age: int | None = None
    days_left: int | None = None
    condition: str = ""


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """What is known of an item or a lot per unit, in a currency whose rate is `rate`; None: the rate is not known.
    nrv: net of its costs, None without evidence."""

    price_id: int
    rate: int | None
    nrv: int | None = None
    costs: int = 0
    replacement_cost: int | None = None
    normal_profit: int | None = None
    excess_recoverable: int | None = None
    recovers_in_year: bool = False
    currency: str = ""


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """How a class is valued. policy_id None: nothing was decided, the standard's own default. interim: the day is no
    fiscal year end."""

    policy_id: int | None = None
    us_gaap: bool = False
    level: str = ITEM
    cost_formula: str = "SPECIFIC"
    matrix: Matrix | None = None
    excess_months: int | None = None
    excess_recovery: int = 0
    expired_rate: int | None = None
    expiring_days: int | None = None
    expiring_rate: int | None = None
    interim: bool = False

    @property
    def at_market(self) -> bool:
        """Lower of cost and market instead of NRV (ASC 330-10-35-1C)."""
        return self.us_gaap and self.cost_formula in ("LIFO", "RETAIL")


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that lots are held against. contracts: net per unit of an item, those that end first before the
    others. uses: material -> the products it goes into. demand: item -> (units, months with a figure)."""

    prices: Mapping[int, PriceFacts] = field(default_factory=dict)
    lot_prices: Mapping[int, PriceFacts] = field(default_factory=dict)
    contracts: Mapping[int, Sequence[Sold]] = field(default_factory=dict)
    uses: Mapping[int, Sequence[int]] = field(default_factory=dict)
    demand: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    policies: Mapping[int, PolicyFacts] = field(default_factory=dict)
    default: PolicyFacts = PolicyFacts()
    # Unit cost of a product of which nothing is on hand.
    unit_costs: Mapping[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Line:
    """One lot's result. nrv_need, ageing_need ..: None where not tested. computed: before the framework's rule."""

    lot: LotFacts
    policy: PolicyFacts
    price_id: int | None = None
    outcome: str = TESTED
    governs: str = "NONE"
    nrv_unit: int | None = None
    market_unit: int | None = None
    contract_quantity: int = 0
    contract_value: int | None = None
    nrv_value: int | None = None
    ageing_need: int | None = None
    excess_quantity: int | None = None
    excess_need: int | None = None
    expiry_need: int | None = None
    nrv_need: int | None = None
    computed: int = 0
    required: int = 0
    temporary: bool = False
    flags: list[str] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """Why the lot lost value, as a proposal says it."""
        if self.governs == "EXPIRY":
            return "EXPIRY"
        if self.lot.condition:
            return "DAMAGE" if self.lot.condition == "DAMAGED" else "OBSOLESCENCE"
        return "OBSOLESCENCE" if self.governs in ("AGEING", "EXCESS") else "PRICE_FALL"


@dataclass(frozen=True, slots=True)
class Assessed:
    """lines: in the order of the lots. by_level: level -> carrying amount of all valued lots that it would give."""

    lines: Sequence[Line]
    by_level: Mapping[str, int]


def assess(lots: Sequence[LotFacts], known: Known, exponent: int) -> Assessed:
    """Judge every lot. The lots of an item stand in the order in which they leave (oldest first)."""
    lines = [Line(lot, known.policies.get(lot.category_id, known.default)) for lot in lots]
    by_item: dict[int, list[Line]] = {}
    for line in lines:
        if not _left_out(line):
            by_item.setdefault(line.lot.item_id, []).append(line)
    below = _below_cost(by_item, known, exponent)
    for item_id, own in by_item.items():
        _nrv(item_id, own, known, below, exponent)
        _provisions(item_id, own, known, exponent)
        _govern(own)
    by_level = _levels([line for own in by_item.values() for line in own], exponent)
    for own in by_item.values():
        for line in own:
            _framework(line)
    return Assessed(lines, by_level)


def _left_out(line: Line) -> bool:
    lot = line.lot
    if lot.quantity < 0:
        line.flags.append("Negative stock: count it, or take in a newer stock list.")
    elif lot.cost <= 0 and lot.quantity > 0:
        line.flags.append("No cost: say whether it is nil or missing, and load it with its cost.")
    if lot.quantity <= 0 or lot.cost <= 0:
        line.outcome, line.required = OUT, lot.carried
        return True
    return False


# --- NRV, market, contracts, materials -----------------------------------------------------------------------------


def _price(line: Line, known: Known) -> PriceFacts | None:
    return known.lot_prices.get(line.lot.lot_id) or known.prices.get(line.lot.item_id)


def _nrv(item_id: int, lines: Sequence[Line], known: Known, below: Mapping[int, bool | None], exponent: int) -> None:
    contracts = known.contracts.get(item_id)
    parts: Sequence[Sequence[Sold]] = ()
    if contracts:
        parts, short = allotted(contracts, [line.lot.quantity for line in lines])
        if short:
            lines[-1].flags.append(f"Contracts are for {_units(short)} more than is on hand.")
    for place, line in enumerate(lines):
        price = _price(line, known)
        unit, rate = _unit(line, price)
        if contracts and parts[place]:
            _contracted(line, parts[place], None if unit is None else (unit, rate), exponent)
        elif item_id in known.uses:
            _material(line, price, unit, rate, below[item_id], exponent)
        elif unit is not None:
            _measured(line, unit, rate, "MARKET" if line.policy.at_market else "NRV", exponent)


def _unit(line: Line, price: PriceFacts | None) -> tuple[int | None, int]:
    """What a unit is compared with, in the price's own currency, and the rate. None without evidence."""
    if price is None:
        return None, PAR
    line.price_id = price.price_id
    if price.rate is None:
        line.flags.append(f"No rate for {price.currency}: enter one, then assess again.")
        return None, PAR
    if price.nrv is not None:
        line.nrv_unit = translated(price.nrv, price.rate)
    line.temporary = price.recovers_in_year
    if not line.policy.at_market:
        return price.nrv, price.rate
    market = market_unit(replacement_cost=price.replacement_cost, nrv=price.nrv, normal_profit=price.normal_profit)
    if market is not None:
        line.market_unit = translated(market, price.rate)
        if price.replacement_cost is None:
            line.flags.append("No replacement cost: market is taken at NRV.")
    return market, price.rate


def _measured(line: Line, unit: int, rate: int, governs: str, exponent: int) -> None:
    lot = line.lot
    line.nrv_value = worth_raw(lot.quantity, unit, rate, exponent)
    line.nrv_need = min(max(0, lot.cost - line.nrv_value), lot.cost)
    line.governs = governs
    if unit < 0:
        line.flags.append("NRV is negative: the write-down stops at cost; see whether there is an onerous contract.")


def _contracted(line: Line, parts: Sequence[Sold], rest: tuple[int, int] | None, exponent: int) -> None:
    lot = line.lot
    lower, fetched = lower_of(lot.cost, lot.quantity, parts, rest)
    line.contract_quantity = sum(part.quantity for part in parts)
    line.contract_value = rounded(contracted_worth(parts), exponent)
    line.nrv_value = rounded(fetched, exponent)
    line.nrv_need = min(max(0, lot.cost - rounded(lower, exponent)), lot.cost)
    line.governs = "CONTRACT"
    if rest is None and line.contract_quantity < lot.quantity:
        line.flags.append("No price for what is not contracted: it stays at cost.")


def _material(
    line: Line, price: PriceFacts | None, unit: int | None, rate: int, below: bool | None, exponent: int
) -> None:
    """IAS 2.32: no write-down while what it goes into sells at or above cost; else replacement cost is the best
    evidence of its NRV."""
    lot = line.lot
    if below is False:
        line.nrv_value, line.nrv_need, line.governs = lot.cost, 0, "MATERIAL"
        return
    if below is None:
        line.flags.append("Of a product that it goes into no price or cost is known.")
    replacement = price.replacement_cost if price is not None and price.rate is not None else None
    if replacement is not None and not line.policy.at_market:
        _measured(line, replacement, rate, "REPLACEMENT", exponent)
    elif unit is not None:
        _measured(line, unit, rate, "MARKET" if line.policy.at_market else "NRV", exponent)
    else:
        line.flags.append("No replacement cost: give one, since its product sells below cost.")


def _below_cost(by_item: Mapping[int, Sequence[Line]], known: Known, exponent: int) -> dict[int, bool | None]:
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


# --- ageing, excess, expiry ------------------------------------------------------------------------------------------


def _provisions(item_id: int, lines: Sequence[Line], known: Known, exponent: int) -> None:
    policy = lines[0].policy
    for line in lines:
        lot = line.lot
        if policy.matrix is not None:
            if lot.age is None:
                line.flags.append("No receipt date: not aged.")
            else:
                line.ageing_need = provisions.ageing_need(lot.cost, lot.age, policy.matrix, exponent)
        if lot.days_left is not None:
            line.expiry_need = provisions.expiry_need(
                lot.cost,
                lot.days_left,
                expired_rate=policy.expired_rate,
                within=policy.expiring_days,
                expiring_rate=policy.expiring_rate,
                exponent=exponent,
            )
    if policy.excess_months is not None and item_id in known.demand:
        _excess(lines, known.demand[item_id], policy, known, exponent)


def _excess(lines: Sequence[Line], demand: tuple[int, int], policy: PolicyFacts, known: Known, exponent: int) -> None:
    units, months = demand
    quantities = [line.lot.quantity for line in lines]
    excess = provisions.excess_units(sum(quantities), Fraction(units, months), policy.excess_months or 0)
    for line, taken in zip(lines, provisions.excess_by_lot(excess, quantities), strict=True):
        lot = line.lot
        line.excess_quantity = taken
        line.excess_need = 0
        if taken:
            price = _price(line, known)
            if price is not None and price.excess_recoverable is not None and price.rate is not None:
                fetched = exact(1, price.excess_recoverable, price.rate)
            else:
                fetched = Fraction(lot.cost * policy.excess_recovery, lot.quantity * 10**RATE_SCALE)
            line.excess_need = provisions.excess_need(taken, lot.cost, lot.quantity, fetched, exponent)


_OTHERS = (("EXPIRY", "expiry_need"), ("EXCESS", "excess_need"), ("AGEING", "ageing_need"))


def _govern(lines: Sequence[Line]) -> None:
    """Item-specific NRV evidence governs where it exists; elsewhere the largest of the others, judged for the item as a
    whole; a lot with neither is untested."""
    rest = []
    for line in lines:
        if line.nrv_need is None:
            rest.append(line)
            continue
        line.computed = line.nrv_need
        if line.ageing_need or line.excess_need or line.expiry_need:
            more = max(line.ageing_need or 0, line.excess_need or 0, line.expiry_need or 0) - line.nrv_need
            if more > 0:
                line.flags.append(
                    "Ageing, excess or expiry asks for more than NRV: override with a reason if it holds."
                )
    if rest:
        _govern_provisions(rest)


def _govern_provisions(lines: Sequence[Line]) -> None:
    sums = [
        (sum(getattr(line, name) or 0 for line in lines), code, name)
        for code, name in _OTHERS
        if any(getattr(line, name) is not None for line in lines)
    ]
    if not sums:
        for line in lines:
            line.outcome, line.computed = UNTESTED, line.lot.carried
        return
    _, code, name = max(sums, key=lambda found: found[0])
    for line in lines:
        need = getattr(line, name)
        if need is None and all(getattr(line, other) is None for _, other in _OTHERS):
            line.outcome, line.computed = UNTESTED, line.lot.carried
            continue
        line.computed = min(need or 0, line.lot.cost)
        line.governs = code if line.computed else "NONE"


# --- levels and framework --------------------------------------------------------------------------------------------


def _levels(lines: Sequence[Line], exponent: int) -> dict[str, int]:
    """Spread the shortfall of the groups whose policy compares at a higher level; say what each level would give."""
    tested = [line for line in lines if line.nrv_need is not None]
    cost = sum(line.lot.cost for line in lines)
    others = sum(line.computed for line in lines if line.nrv_need is None)
    item = sum(line.nrv_need or 0 for line in tested)
    by_class = _groups(tested, lambda line: line.lot.category_id)
    found = {
        ITEM: cost - others - item,
        CATEGORY: cost - others - sum(_short(group) for group in by_class.values()),
        TOTAL: cost - others - _short(tested),
    }
    for line_group in _groups(
        (line for line in tested if line.policy.level != ITEM),
        lambda line: (line.policy.level, line.lot.category_id if line.policy.level == CATEGORY else 0),
    ).values():
        weights = [line.nrv_need or 0 for line in line_group]
        for line, share in zip(line_group, spread(_short(line_group), weights, exponent), strict=True):
            line.computed = share
    return found


def _short(lines: Sequence[Line]) -> int:
    """A group loses at most what its lots lose one by one: what several contracts lose is offset by no other lot."""
    return min(
        shortfall([(line.lot.cost, line.nrv_value or 0) for line in lines]), sum(line.nrv_need or 0 for line in lines)
    )


def _groups(lines: Iterable[Line], key: Callable[[Line], Key]) -> dict[Key, list[Line]]:
    groups: dict[Key, list[Line]] = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return groups


def _framework(line: Line) -> None:
    lot = line.lot
    line.required = framework.required(
        line.computed, lot.carried, us_gaap=line.policy.us_gaap, charged_this_year=lot.charged
    )
    if line.outcome == UNTESTED:
        return
    if line.required > line.computed:
        line.governs = "NEW_COST"
        line.flags.append(framework.NEW_COST_BASIS)
    elif line.temporary and line.required > lot.carried:
        if line.policy.us_gaap and line.policy.interim:
            line.required = lot.carried
            line.flags.append(framework.TEMPORARY)
        else:
            line.flags.append("Expected to recover, but booked: only interim periods under US GAAP may wait.")


def _units(raw: int) -> str:
    whole, part = divmod(raw, 10**QUANTITY_SCALE)
    return f"{whole:,}" if not part else f"{raw / 10**QUANTITY_SCALE:,f}".rstrip("0")
