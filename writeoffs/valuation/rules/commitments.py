"""Firm purchases that have not come in: what is lost on them already, since the goods will fetch less than they cost.

Pure. The loss is measured as one on stock would be (ASC 330-10-35-17): against net realisable value, or market under
LIFO and the retail method; units that a firm sale takes are judged at its price (35-18); a raw material loses nothing
while its product sells at or above cost (IAS 2.32). Under IFRS it is the provision for an onerous contract (IAS 37.66).
Invariants: a loss lies between nil and what the commitment still costs; sales contracts are served from stock first,
then from commitments, so that no unit is sold twice; amounts are rounded once, on each commitment's total.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from writeoffs.valuation.rules.contracts import Sold, allotted, contracted_worth
from writeoffs.valuation.rules.facts import TESTED, UNTESTED, Known, PolicyFacts
from writeoffs.valuation.rules.market import market_unit
from writeoffs.valuation.rules.worth import PAR, exact, rounded, translated


@dataclass(frozen=True, slots=True)
class Committed:
    """A firm purchase in force. quantity: still to come, 10^4; unit: its price, 10^6; rate: 10^10, None where unknown.
    carried: the provision that stands for it, provided: the units that it stands for."""

    commitment_id: int
    item_id: int
    category_id: int
    quantity: int
    unit: int
    rate: int | None
    currency: str = ""
    carried: int = 0
    provided: int = 0
    in_force: bool = True


@dataclass(slots=True)
class Committal:
    """What a run says of one. cost: what it still costs, raw money; worth: what its units fetch; unit: of those that no
    contract takes, in the entity's currency. required: the loss, which stands as a provision."""

    committed: Committed
    outcome: str = TESTED
    governs: str = "NONE"
    cost: int = 0
    contract_quantity: int = 0
    contract_value: int | None = None
    unit: int | None = None
    worth: int | None = None
    required: int = 0
    flags: str = ""

    def say(self, sentence: str) -> None:
        self.flags = f"{self.flags} {sentence}" if self.flags else sentence


GONE = "It is not in force any more: what came in takes its provision along, the rest is reversed."
FEWER = "Units have come in or fallen away since it was provided for: note the deliveries first, or they are reversed."
BELOW_NIL = "The goods fetch less than nil: the provision stops at what they cost."
NO_PRICE = "No price: not tested; it keeps what is provided for it."


def left_over(contracts: Sequence[Sold], on_hand: int) -> list[Sold]:
    """What of the contracts, those that end first before the others, stock does not serve."""
    left = []
    for contract in contracts:
        taken = min(contract.quantity, max(on_hand, 0))
        on_hand -= taken
        if contract.quantity > taken:
            left.append(Sold(contract.quantity - taken, contract.unit, contract.rate))
    return left


def judge(
    every: Iterable[Committed],
    known: Known,
    on_hand: Mapping[int, int],
    below: Mapping[int, bool | None],
    exponent: int,
) -> tuple[list[Committal], dict[int, list[Sold]]]:
    """A line a commitment, those that come first before the others; and, by item, the contracted units that neither
    stock nor commitments serve. on_hand: item -> units; below: material -> whether a product of it sells below cost."""
    by_item: dict[int, list[Committal]] = {}
    lines = []
    for committed in every:
        line = Committal(committed)
        lines.append(line)
        if committed.in_force and committed.rate is not None:
            by_item.setdefault(committed.item_id, []).append(line)
        else:
            _not_judged(line)
    open_sales: dict[int, list[Sold]] = {}
    for item in {*by_item, *known.contracts}:
        left = left_over(known.contracts.get(item, ()), on_hand.get(item, 0))
        own = by_item.get(item, [])
        parts, _ = allotted(left, [line.committed.quantity for line in own])
        for line, sold in zip(own, parts, strict=True):
            _judged(line, sold, known, below, exponent)
        rest = left_over(left, sum(line.committed.quantity for line in own))
        if rest:
            open_sales[item] = rest
    return lines, open_sales


def _not_judged(line: Committal) -> None:
    committed = line.committed
    if not committed.in_force:
        line.say(GONE)
        return
    line.outcome, line.required = UNTESTED, committed.carried
    line.say(f"No rate for {committed.currency}: enter one, then assess again.")


def _judged(
    line: Committal, parts: Sequence[Sold], known: Known, below: Mapping[int, bool | None], exponent: int
) -> None:
    committed = line.committed
    quantity, rate = committed.quantity, committed.rate or PAR
    whole = exact(quantity, committed.unit, rate)
    line.cost = rounded(whole, exponent)
    line.contract_quantity = sold = sum(part.quantity for part in parts)
    if parts:
        line.contract_value, line.governs = rounded(contracted_worth(parts), exponent), "CONTRACT"
    if committed.provided > quantity:
        line.say(FEWER)
    lower = fetched = Fraction(0)
    for part in parts:
        own, worth = exact(part.quantity, committed.unit, rate), exact(part.quantity, part.unit, part.rate)
        lower, fetched = lower + min(own, max(worth, Fraction(0))), fetched + worth
    if sold < quantity:
        own = exact(quantity - sold, committed.unit, rate)
        market = _market(line, known, below)
        if market is None:
            if not parts:
                line.outcome, line.required = UNTESTED, committed.carried
                return
            worth = own
        elif market == _AT_COST:
            worth = own
        else:
            line.unit = translated(*market)
            worth = exact(quantity - sold, *market)
        if worth < 0:
            line.say(BELOW_NIL)
        lower, fetched = lower + min(own, max(worth, Fraction(0))), fetched + worth
    line.worth = rounded(fetched, exponent)
    line.required = max(0, min(line.cost, rounded(whole - lower, exponent)))


# A raw material whose product sells at or above cost; no rate is nil.
_AT_COST = (0, 0)


def _market(line: Committal, known: Known, below: Mapping[int, bool | None]) -> tuple[int, int] | None:
    """(unit, rate) that the units are compared with; None without evidence, _AT_COST where nothing can be lost."""
    item, parts = line.committed.item_id, line.contract_quantity
    policy: PolicyFacts = known.policies.get(line.committed.category_id, known.default)
    price = known.prices.get(item)
    material = item in known.uses
    if material and below.get(item) is False:
        line.governs = line.governs if parts else "MATERIAL"
        return _AT_COST
    if price is None or price.rate is None:
        line.say(NO_PRICE if price is None else f"No rate for {price.currency}: enter one, then assess again.")
        return None
    unit, governs = price.nrv, "NRV"
    if policy.at_market:
        unit = market_unit(replacement_cost=price.replacement_cost, nrv=price.nrv, normal_profit=price.normal_profit)
        governs = "MARKET"
    elif material and price.replacement_cost is not None:
        unit, governs = price.replacement_cost, "REPLACEMENT"
    if unit is None:
        line.say(NO_PRICE)
        return None
    line.governs = line.governs if parts else governs
    return unit, price.rate


def short_loss(parts: Sequence[Sold], replacement: int, rate: int, exponent: int) -> int:
    """What contracted units that still have to be bought lose at replacement cost, raw money (IAS 37.66-68)."""
    lost = sum(
        (
            max(Fraction(0), exact(part.quantity, replacement, rate) - exact(part.quantity, part.unit, part.rate))
            for part in parts
        ),
        Fraction(0),
    )
    return rounded(lost, exponent)
