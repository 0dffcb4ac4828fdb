"""Gathers what a run holds lots against: a constant number of queries, whatever the number of lots.

Invariant: everything is as of the day: what lots held then, and the inputs and policies that counted for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Max

from core.models import Entity
from core.money import RATE_SCALE, to_raw
from core.sets import among, day_of, ids
from core.words import Framework
from inventory.models import Movement
from writeoffs.ledger.calendar import fiscal_year_of
from writeoffs.valuation import bases, known
from writeoffs.valuation.in_force import policies_as_of
from writeoffs.valuation.models import AgeingBand, Basis, ConditionMark, ValuationPolicy
from writeoffs.valuation.rules.assessing import Known, LotFacts, PolicyFacts, PriceFacts
from writeoffs.valuation.rules.contracts import Sold
from writeoffs.valuation.rules.provisions import Matrix
from writeoffs.valuation.rules.worth import PAR, net_unit


@dataclass(frozen=True, slots=True)
class Scope:
    """Which lots are kept; empty: all. All are judged, since demand, contracts and groups are of all of them."""

    categories: frozenset[int] = frozenset()
    locations: frozenset[int] = frozenset()

    @property
    def whole(self) -> bool:
        return not (self.categories or self.locations)

    def holds(self, category: int, location: int) -> bool:
        return (not self.categories or category in self.categories) and (
            not self.locations or location in self.locations
        )


@dataclass(frozen=True, slots=True)
class Stock:
    """lots: of all items, an item's oldest first. told: sentences on them. outside: those that the scope leaves out."""

    lots: list[LotFacts]
    told: list[str]
    outside: frozenset[int]

    @property
    def kept(self) -> int:
        return len(self.lots) - len(self.outside)


def stock_as_of(
    *, entity: Entity, day: dt.date, scope: Scope, basis: str = Basis.LEADING, items: known.Items = None
) -> Stock:
    """Every lot that held units or value on the day. carried and charged are those of the basis. items: lots of these
    alone. Seven queries at most."""
    last = Movement.objects.filter(entity=entity).aggregate(last=Max("posted_on"))["last"]
    source, values = _standing(entity, day) if last is not None and last > day else _now(entity)
    own, mine = ("", []) if items is None else (f" and {among('s.item_id')}", [ids(sorted(items))])
    with connection.cursor() as cursor:
        cursor.execute(
            "select s.id, s.item_id, i.category_id, s.quantity, s.cost - s.allowance + s.write_down, s.write_down, "
            f"{_day('s.received_on')}, {_day('s.expires_on')}, s.location_id from ({source}) s "
            "join inventory_item i on i.id = s.item_id "
            f"where (s.quantity <> 0 or s.cost <> 0 or s.write_down <> 0){own} "
            "order by s.item_id, s.received_on is null, s.received_on, s.id",
            [*values, *mine],
        )
        rows = cursor.fetchall()
    outside = frozenset(row[0] for row in rows if not scope.holds(row[2], row[8])) if not scope.whole else frozenset()
    lots = _lots(entity, day, rows)
    if basis != Basis.LEADING:
        return Stock(*_of_basis(entity, day, basis, lots), outside)
    return Stock(lots, [], outside)


def _of_basis(entity: Entity, day: dt.date, basis: str, lots: list[LotFacts]) -> tuple[list[LotFacts], list[str]]:
    """The same lots with what the basis carries of them, which no posting tells, but its last recorded run."""
    last, charges, held = bases.carried_as_of(entity=entity, basis=basis, day=day)
    if last is None:
        name = Basis(basis).label.lower()
        return [lot._replace(carried=0, charged=0) for lot in lots], [
            f"Nothing was recorded for the {name} basis up to {day.isoformat()}: all that is required counts as new."
        ]
    year, found = fiscal_year_of(entity, day), []
    for lot in lots:
        years = bases.still_attached(
            charges.get(lot.lot_id, ()),
            held=held.get(lot.lot_id, 0),
            holds=lot.quantity,
            exponent=entity.exponent,
        )
        found.append(lot._replace(carried=sum(years.values()), charged=years.get(year, 0)))
    return found, [
        f"What the basis carries is that of {last} as of {last.as_of.isoformat()}, less what has left since."
    ]


def _day(column: str) -> str:
    """SQLite would make a date of each row's text; a day that many lots share is read once (_Days)."""
    return f"{column} || ''" if connection.vendor == "sqlite" else column


def _lots(entity: Entity, day: dt.date, rows: Iterable[known.Row]) -> list[LotFacts]:
    charged = _charged(entity, day)
    # What is pledged has lost nothing by it.
    told = known.conditions_as_of(entity=entity, as_of=day)
    marks = {row[1]: row[2] for row in told if row[2] != ConditionMark.Kind.PLEDGED}
    today, days = day.toordinal(), _Days()
    return [
        LotFacts(
            lot_id,
            item_id,
            category_id,
            int(quantity),
            int(cost),
            int(carried),
            charged.get(lot_id, 0),
            None if received is None else max(0, today - days[received]),
            None if expires is None else days[expires] - today,
            marks.get(lot_id, ""),
        )
        for lot_id, item_id, category_id, quantity, cost, carried, received, expires, _ in rows
    ]


_LOT = "l.id, l.item_id, l.location_id, l.received_on, l.expires_on"


def _now(entity: Entity) -> tuple[str, list[Any]]:
    return (
        f"select {_LOT}, l.quantity, l.cost, l.allowance, l.write_down from inventory_lot l where l.entity_id = %s",
        [entity.pk],
    )


def _standing(entity: Entity, day: dt.date) -> tuple[str, list[Any]]:
    """What the movements up to the day add up to."""
    sums = ", ".join(f"sum(m.{name}) as {name}" for name in ("quantity", "cost", "allowance", "write_down"))
    return (
        f"select {_LOT}, m.quantity, m.cost, m.allowance, m.write_down from inventory_lot l join ("
        f"select m.lot_id, {sums} from inventory_movement m where m.entity_id = %s and m.posted_on <= %s "
        "group by m.lot_id) m on m.lot_id = l.id",
        [entity.pk, day.isoformat()],
    )


def _charged(entity: Entity, day: dt.date) -> dict[int, int]:
    """Lot -> what is still attached of the write-downs of the day's fiscal year."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select w.lot_id, sum(w.amount) from inventory_writedownmovement w join inventory_movement m "
            "on m.id = w.movement_id where m.entity_id = %s and m.posted_on <= %s and w.fiscal_year = %s "
            "group by w.lot_id",
            [entity.pk, day.isoformat(), fiscal_year_of(entity, day)],
        )
        return {lot_id: max(0, int(amount)) for lot_id, amount in cursor.fetchall()}


class _Days(dict[Any, int]):
    """A raw date (text on SQLite) -> its ordinal; many lots share a day."""

    def __missing__(self, day: str | dt.date) -> int:
        found = self[day] = day_of(day).toordinal()
        return found


# --- inputs ----------------------------------------------------------------------------------------------------------


def known_as_of(
    *, entity: Entity, day: dt.date, basis: str, categories: Mapping[int, int], items: known.Items = None
) -> tuple[Known, list[str]]:
    """The inputs and policies that count on the day, and sentences on what is missing of them. categories: item -> its
    class, of the items on hand. items: what is known of these alone."""
    rates = {currency: int(rate) for currency, rate, _ in known.rates_as_of(entity=entity, as_of=day)}
    rates[entity.currency] = PAR
    default, policies, said = policy_facts(entity=entity, day=day, basis=basis)
    prices: dict[int, PriceFacts] = {}
    lot_prices: dict[int, PriceFacts] = {}
    lost: set[str] = set()
    for row in known.prices_as_of(entity=entity, as_of=day, items=items):
        price = _price(row, rates)
        if price.rate is None:
            lost.add(price.currency)
        if row[2] is None:
            prices[row[1]] = price
        else:
            lot_prices[row[2]] = price
    said += [f"No rate for {code} is known on {day.isoformat()}: prices in it were not used." for code in sorted(lost)]
    contracts, told = _contracts(entity, day, prices, rates, items)
    uses: dict[int, list[int]] = {}
    for _, material, product, _ in known.uses_as_of(entity=entity, as_of=day):
        uses.setdefault(material, []).append(product)
    return (
        Known(
            prices=prices,
            lot_prices=lot_prices,
            contracts=contracts,
            uses=uses,
            demand=_demand(entity, day, default, policies, categories, items),
            policies=policies,
            default=default,
            unit_costs=_unit_costs(entity, {product for products in uses.values() for product in products}),
        ),
        [*said, *told],
    )


def _demand(
    entity: Entity,
    day: dt.date,
    default: PolicyFacts,
    policies: Mapping[int, PolicyFacts],
    categories: Mapping[int, int],
    items: known.Items,
) -> dict[int, tuple[int, int]]:
    """Item -> (units, months): of the window of its policy, from the first month that has a figure on; a month without
    one after that counts as nil. A query for each length of window."""
    found: dict[int, tuple[int, int]] = {}
    asking = {policy.demand_months for policy in (default, *policies.values()) if policy.excess_months is not None}
    for months in sorted(asking):
        _, last = known.demand_window(day, months)
        for item, total, _, first, _ in known.demand_as_of(entity=entity, as_of=day, months=months, items=items):
            category = categories.get(item)
            if category is not None and policies.get(category, default).demand_months == months:
                found[item] = total, (last.year - first.year) * 12 + last.month - first.month + 1
    return found


def _price(row: known.Row, rates: dict[str, int]) -> PriceFacts:
    (price_id, _, _, _, currency, selling, completion, sale, nrv, replacement, profit, excess, _, recovers) = row
    return PriceFacts(
        price_id,
        rates.get(currency),
        net_unit(nrv=nrv, selling_price=selling, cost_to_complete=completion, cost_to_sell=sale),
        (completion or 0) + (sale or 0),
        replacement,
        profit,
        excess,
        bool(recovers),
        currency,
    )


def _contracts(
    entity: Entity, day: dt.date, prices: dict[int, PriceFacts], rates: dict[str, int], items: known.Items
) -> tuple[dict[int, list[Sold]], list[str]]:
    """Net per unit: the contract's own costs, or those of the item's price where they are in the same currency."""
    found: dict[int, list[Sold]] = {}
    said = []
    for row in known.contracts_as_of(entity=entity, as_of=day, items=items):
        _, item, reference, quantity, price, currency, completion, sale, _, _ = row
        rate = rates.get(currency)
        if rate is None:
            said.append(f"Contract {reference}: no rate for {currency} on {day.isoformat()}, so it was not used.")
            continue
        costs = (completion or 0) + (sale or 0)
        listed = prices.get(item)
        if completion is None and sale is None and listed is not None:
            costs = listed.costs if listed.currency == currency else 0
            if listed.costs and listed.currency != currency:
                said.append(
                    f"Contract {reference} is in {currency}, the costs of its item in {listed.currency}: it was taken "
                    "without costs."
                )
        found.setdefault(item, []).append(Sold(quantity, price - costs, rate))
    return found, said


def _unit_costs(entity: Entity, items: Collection[int]) -> dict[int, int]:
    """What a unit of each item cost last, whether any is on hand or not."""
    if not items:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"select item_id, max(unit_cost) from inventory_lot where entity_id = %s and unit_cost > 0 "
            f"and item_id in ({', '.join(['%s'] * len(items))}) group by item_id",
            [entity.pk, *sorted(items)],
        )
        return {item: int(cost) for item, cost in cursor.fetchall()}


# --- policies --------------------------------------------------------------------------------------------------------


def policy_facts(*, entity: Entity, day: dt.date, basis: str) -> tuple[PolicyFacts, dict[int, PolicyFacts], list[str]]:
    """The policy for all classes, those of single ones, and sentences on what is odd about them. Two queries."""
    standing = policies_as_of(entity=entity, as_of=day, basis=basis)
    bands = {policy.pk: list(policy.bands.all()) for policy in standing.values()}
    interim = fiscal_year_of(entity, day + dt.timedelta(days=1)) == fiscal_year_of(entity, day)
    facts = {key: _policy(entity, policy, bands[policy.pk], interim) for key, policy in standing.items()}
    said = [sentence for policy in standing.values() for sentence in _odd(policy, bands[policy.pk])]
    if None not in standing:
        said.append(
            f"No policy for all stock counts on {day.isoformat()}: classes without one of their own were judged item "
            "by item against NRV alone. Propose one under Policies."
        )
    default = facts.pop(None, PolicyFacts(us_gaap=entity.framework == Framework.US_GAAP, interim=interim))
    return default, {key: policy for key, policy in facts.items() if key is not None}, said


def _odd(policy: ValuationPolicy, bands: list[AgeingBand]) -> Iterator[str]:
    """An age in no band takes the rate of the band before it, one in two bands that of the later one."""
    until: int | None = -1
    for band in bands:
        if until is None or band.from_days <= until:
            yield f"{policy}: the band from {band.from_days} days overlaps the one before; the later one was taken."
        elif band.from_days > until + 1:
            before = "no loss" if until < 0 else "the rate of the band before"
            yield f"{policy}: no band holds {until + 1} to {band.from_days - 1} days; {before} was taken for them."
        until = band.to_days
    if bands and until is not None:
        yield f"{policy}: no band holds more than {until} days; the rate of the last band was taken for them."


def _policy(entity: Entity, policy: ValuationPolicy, bands: list[AgeingBand], interim: bool) -> PolicyFacts:
    matrix = (
        Matrix(tuple(band.from_days for band in bands), tuple(to_raw(band.rate, RATE_SCALE) for band in bands))
        if bands
        else None
    )
    return PolicyFacts(
        policy_id=policy.pk,
        us_gaap=(policy.framework or entity.framework) == Framework.US_GAAP,
        level=policy.level,
        cost_formula=policy.cost_formula,
        matrix=matrix,
        excess_months=policy.excess_months,
        excess_recovery=to_raw(policy.excess_recovery, RATE_SCALE),
        expired_rate=_rate(policy.expired_rate),
        expiring_days=policy.expiring_days,
        expiring_rate=_rate(policy.expiring_rate),
        interim=interim,
        demand_months=policy.demand_months,
    )


def _rate(rate: Decimal | None) -> int | None:
    return None if rate is None else to_raw(rate, RATE_SCALE)
