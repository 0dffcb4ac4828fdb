"""Every lot of an entity against what is known of it: one line a lot. Pure: records of plain values in, lines out.

Invariants: what is required lies between nil and cost; a lot's figures depend on its own item, and at a higher level on
its group, alone; whatever is odd about one lot leaves a sentence on its line and the others as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from writeoffs.valuation.rules import framework
from writeoffs.valuation.rules.estimates import estimate, govern
from writeoffs.valuation.rules.evidence import below_cost, judge
from writeoffs.valuation.rules.facts import CATEGORY as CATEGORY
from writeoffs.valuation.rules.facts import ITEM as ITEM
from writeoffs.valuation.rules.facts import OUT as OUT
from writeoffs.valuation.rules.facts import TESTED as TESTED
from writeoffs.valuation.rules.facts import TOTAL as TOTAL
from writeoffs.valuation.rules.facts import UNTESTED as UNTESTED
from writeoffs.valuation.rules.facts import Assessed as Assessed
from writeoffs.valuation.rules.facts import Known as Known
from writeoffs.valuation.rules.facts import Line as Line
from writeoffs.valuation.rules.facts import LotFacts as LotFacts
from writeoffs.valuation.rules.facts import PolicyFacts as PolicyFacts
from writeoffs.valuation.rules.facts import PriceFacts as PriceFacts
from writeoffs.valuation.rules.levels import group_short, spread

NEGATIVE = "Negative stock: count it, or take in a newer stock list."
NO_COST = "No cost: say whether it is nil or missing, and load it with its cost."


def assess(
    lots: Sequence[LotFacts], known: Known, exponent: int, *, progress: Callable[[int], None] | None = None
) -> Assessed:
    """Judge every lot. The lots of an item stand in the order in which they leave (oldest first). progress: told how
    many lots are judged, ten times at most."""
    policies, default = known.policies, known.default
    lines = [Line(lot, policies.get(lot.category_id, default)) for lot in lots]
    by_item: dict[int, list[Line]] = {}
    for line in lines:
        lot = line.lot
        if lot.quantity > 0 and lot.cost > 0:
            own = by_item.get(lot.item_id)
            if own is None:
                by_item[lot.item_id] = [line]
            else:
                own.append(line)
        else:
            _leave_out(line)
    below = below_cost(by_item, known) if known.uses else {}
    done, tell_at = 0, _tenth(lines)
    for item_id, own in by_item.items():
        judge(item_id, own, known, below, exponent)
        estimate(item_id, own, known, exponent)
        govern(own)
        done += len(own)
        if progress is not None and done >= tell_at:
            progress(done)
            tell_at = done + _tenth(lines)
    by_level = levels_apply(by_item.values(), exponent)
    for own in by_item.values():
        _framework(own)
    return Assessed(lines, by_level)


def _tenth(lines: Sequence[Line]) -> int:
    return max(1000, -(-len(lines) // 10))


def _leave_out(line: Line) -> None:
    lot = line.lot
    line.outcome, line.required = OUT, lot.carried
    if lot.quantity < 0:
        line.say(NEGATIVE)
    elif lot.quantity > 0:
        line.say(NO_COST)
    else:
        line.say("A value without units: settle it, then assess again.")


def levels_apply(by_item: Collection[Sequence[Line]], exponent: int) -> dict[str, int]:
    """Spread the shortfall of the groups whose policy compares at a higher level; say what each level would give."""
    cost = others = needs = 0
    gaps: dict[int, int] = {}
    lost: dict[int, int] = {}
    higher: dict[tuple[str, int], list[Line]] = {}
    for own in by_item:
        category, level = own[0].lot.category_id, own[0].policy.level
        tested = []
        gap = need = 0
        for line in own:
            cost += line.lot.cost
            if line.nrv_need is None:
                others += line.computed
            else:
                # Inline, for there are many: _fetched.
                value = line.nrv_value
                gap += line.lot.cost - (value if value and value > 0 else 0)
                need += line.nrv_need
                tested.append(line)
        needs += need
        gaps[category] = gaps.get(category, 0) + gap
        lost[category] = lost.get(category, 0) + need
        if level != ITEM:
            higher.setdefault((level, category if level == CATEGORY else 0), []).extend(tested)
    for group in higher.values():
        weights = [line.nrv_need or 0 for line in group]
        short = group_short(sum([line.lot.cost - _fetched(line) for line in group]), sum(weights))
        for line, share in zip(group, spread(short, weights, exponent), strict=True):
            line.computed = share
    return {
        ITEM: cost - others - needs,
        CATEGORY: cost - others - sum(group_short(gap, lost[category]) for category, gap in gaps.items()),
        TOTAL: cost - others - group_short(sum(gaps.values()), needs),
    }


def _fetched(line: Line) -> int:
    """What a lot fetches, nil at least: what is lost beyond its cost is no loss of the other lots of its group."""
    return max(0, line.nrv_value or 0)


def _framework(lines: Sequence[Line]) -> None:
    policy = lines[0].policy
    for line in lines:
        lot = line.lot
        if not policy.us_gaap:
            line.required = line.computed
        else:
            line.required = framework.required(line.computed, lot.carried, us_gaap=True, charged_this_year=lot.charged)
            if line.required > line.computed:
                line.governs = "NEW_COST"
                line.say(framework.NEW_COST_BASIS)
                continue
        if line.temporary and line.required > lot.carried and line.outcome == TESTED:
            if policy.us_gaap and policy.interim:
                line.required = lot.carried
                line.say(framework.TEMPORARY)
            else:
                line.say(framework.NOT_TEMPORARY)
