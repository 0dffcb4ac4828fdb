"""What a run holds lots against, and the line that it makes of each. Pure records of plain values.

All amounts are raw scaled integers: quantity 10^4, unit figures and rates of policy 10^6, money 10^4, exchange 10^10.
Lots are tuples: there are many of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from writeoffs.valuation.rules.contracts import Sold
from writeoffs.valuation.rules.provisions import Matrix

ITEM, CATEGORY, TOTAL = "ITEM", "CATEGORY", "TOTAL"
TESTED, UNTESTED, OUT = "TESTED", "UNTESTED", "OUT"


class LotFacts(NamedTuple):
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
    fiscal year end. demand_months: over how many months demand is averaged."""

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
    demand_months: int = 12

    @property
    def at_market(self) -> bool:
        """Lower of cost and market instead of NRV (ASC 330-10-35-1C)."""
        return self.us_gaap and self.cost_formula in ("LIFO", "RETAIL")


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that lots are held against. contracts: net per unit of an item, those that end first before the
    others. uses: material -> the products it goes into. demand: item -> (units, months that they were needed in)."""

    prices: Mapping[int, PriceFacts] = field(default_factory=dict)
    lot_prices: Mapping[int, PriceFacts] = field(default_factory=dict)
    contracts: Mapping[int, Sequence[Sold]] = field(default_factory=dict)
    uses: Mapping[int, Sequence[int]] = field(default_factory=dict)
    demand: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    policies: Mapping[int, PolicyFacts] = field(default_factory=dict)
    default: PolicyFacts = PolicyFacts()
    # Unit cost of a product of which nothing is on hand.
    unit_costs: Mapping[int, int] = field(default_factory=dict)


# governs -> reason, where nothing was seen on the goods.
_REASONS = {"AGEING": "OBSOLESCENCE", "EXCESS": "OBSOLESCENCE", "EXPIRY": "EXPIRY"}


@dataclass(slots=True)
class Line:
    """One lot's result. nrv_need, ageing_need ..: None where not tested. computed: before the framework's rule.
    of_lot: the price is that of the lot itself."""

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
    flags: str = ""

    def say(self, sentence: str) -> None:
        """What a person should look at."""
        self.flags = f"{self.flags} {sentence}" if self.flags else sentence

    @property
    def reason(self) -> str:
        """Why the lot lost value, as a proposal says it; "" where nothing is lost and nothing was."""
        if not self.required and not self.lot.carried:
            return ""
        if self.governs == "EXPIRY":
            return "EXPIRY"
        if self.lot.condition:
            return "DAMAGE" if self.lot.condition == "DAMAGED" else "OBSOLESCENCE"
        return _REASONS.get(self.governs, "PRICE_FALL")


@dataclass(frozen=True, slots=True)
class Assessed:
    """lines: in the order of the lots. by_level: level -> carrying amount of all valued lots that it would give."""

    lines: Sequence[Line]
    by_level: Mapping[str, int]
