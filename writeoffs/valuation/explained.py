"""How the figure of one line came about: what was known, what each rule gave, which governs and by which paragraph.

Invariant: every figure is one that the run kept on the line, or stands on the input that the line names; nothing is
worked out anew, so that an old run explains itself by what was known then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from core.money import MONEY_SCALE, QUANTITY_SCALE, UNIT_COST_SCALE, divide_half_away, from_raw, to_raw
from core.words import Framework
from writeoffs.valuation.models import AgeingBand, AssessmentLine, Level

MONEY, QUANTITY, UNIT, TEXT = "money", "quantity", "unit", "text"


@dataclass(frozen=True, slots=True)
class Fact:
    """One name and its value. kind says how the value is written; strong: the one that counts."""

    label: str
    value: Decimal | str | None
    kind: str = TEXT
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One step of the way, with a sentence on the rule behind it."""

    title: str
    facts: tuple[Fact, ...]
    rule: str = ""
    price: bool = False


# (framework, what governs) -> the paragraph that says so.
_IFRS, _US = Framework.IFRS.value, Framework.US_GAAP.value
_Governs = AssessmentLine.Governs
RULES: dict[tuple[str, str], str] = {
    (_IFRS, _Governs.NRV): "Inventories are measured at the lower of cost and net realisable value (IAS 2.9, 2.28-31).",
    (_US, _Governs.NRV): "Inventory is measured at the lower of cost and net realisable value (ASC 330-10-35-1B).",
    (_US, _Governs.MARKET): "Under LIFO or the retail method it is the lower of cost and market: replacement cost, not "
    "above NRV and not below NRV less a normal profit (ASC 330-10-35-1C to 35-7).",
    (_IFRS, _Governs.CONTRACT): "What a firm contract covers is judged at its price, the rest at market (IAS 2.31).",
    (_US, _Governs.CONTRACT): "What a firm contract covers is judged at its price, by the entity's policy.",
    (_IFRS, _Governs.MATERIAL): "A material is not written down while the product made of it sells at or above cost "
    "(IAS 2.32).",
    (_US, _Governs.MATERIAL): "A material is not written down while its product sells at or above cost, by policy.",
    (_IFRS, _Governs.REPLACEMENT): "The product sells below cost, so replacement cost is the best evidence of the "
    "material's NRV (IAS 2.32).",
    (_US, _Governs.REPLACEMENT): "The product sells below cost; replacement cost is taken, by policy.",
    (_US, _Governs.NEW_COST): "What an earlier fiscal year wrote down is the new cost basis and stays (ASC "
    "330-10-35-14); only this year's charges come back (ASC 270-10-45-6).",
}
_BY_POLICY = {
    _Governs.AGEING: "No price says what the lot fetches, so the ageing matrix estimates it",
    _Governs.EXCESS: "No price says what the lot fetches, so what exceeds demand is estimated as lost",
    _Governs.EXPIRY: "The goods have expired, or will before they can be sold",
}
_ESTIMATE = {_IFRS: "IAS 2.28, 2.30", _US: "ASC 330-10-35-1B, 35-2"}


def rule_of(line: AssessmentLine) -> str:
    """The sentence and paragraph by which the line's figure governs."""
    framework = line.assessment.framework
    if line.governs in _BY_POLICY:
        return f"{_BY_POLICY[_Governs(line.governs)]} ({_ESTIMATE[framework]}; the entity's policy)."
    return RULES.get((framework, line.governs), "Nothing was found that the lot has lost.")


def parts_of(line: AssessmentLine) -> list[Part]:
    """The way to the figure, in the order in which it is judged."""
    return [part for part in _parts(line) if part.facts]


def _parts(line: AssessmentLine) -> Iterator[Part]:
    yield _cost(line)
    if line.price is not None:
        yield _price(line)
    if line.contract_quantity:
        yield Part(
            "Firm contracts",
            (
                Fact("Contracted units of the lot", line.contract_quantity, QUANTITY),
                Fact("What they fetch, net of their costs", line.contract_value, MONEY),
            ),
            "Contracted units count at the contract's price, the rest at market.",
        )
    yield _ageing(line)
    yield _excess(line)
    yield Part("Expiry", _given(Fact("Lost by expiry", line.expiry_need, MONEY)))
    yield _level(line)
    yield _required(line)


def _given(*facts: Fact) -> tuple[Fact, ...]:
    return tuple(fact for fact in facts if fact.value is not None and fact.value != "")


def _cost(line: AssessmentLine) -> Part:
    raw = to_raw(line.quantity, QUANTITY_SCALE)
    unit = None
    if raw > 0:
        value = to_raw(line.cost, MONEY_SCALE) * 10 ** (UNIT_COST_SCALE + QUANTITY_SCALE - MONEY_SCALE)
        unit = from_raw(divide_half_away(value, raw), UNIT_COST_SCALE)
    return Part(
        "Cost",
        _given(
            Fact("Quantity", line.quantity, QUANTITY),
            Fact("Cost per unit", unit, UNIT),
            Fact("Original cost", line.cost, MONEY, strong=True),
            Fact("Cost formula", str(line.get_cost_formula_display())),
        ),
    )


def _price(line: AssessmentLine) -> Part:
    price = line.price
    assert price is not None
    currency = "" if price.currency == line.assessment.entity.currency else f", {price.currency}"
    return Part(
        "Net realisable value",
        _given(
            Fact(f"Selling price{currency}", price.selling_price, UNIT),
            Fact(f"Costs to complete{currency}", price.cost_to_complete, UNIT),
            Fact(f"Costs to sell{currency}", price.cost_to_sell, UNIT),
            Fact(f"NRV as given{currency}", price.nrv, UNIT),
            Fact(f"Replacement cost{currency}", price.replacement_cost, UNIT),
            Fact(f"Normal profit{currency}", price.normal_profit, UNIT),
            Fact("NRV per unit", line.nrv_unit, UNIT),
            Fact("Market per unit", line.market_unit, UNIT),
            Fact("What the lot fetches", line.nrv_value, MONEY, strong=True),
            Fact("Cost above it", line.nrv_need, MONEY),
        ),
        "NRV = selling price less costs to complete and costs to sell (IAS 2.6; ASC 330-10-20).",
        price=True,
    )


def _ageing(line: AssessmentLine) -> Part:
    if line.ageing_need is None:
        return Part("Ageing", ())
    band = _band(line)
    return Part(
        "Ageing",
        _given(
            Fact("Age, days", "" if line.age_days is None else f"{line.age_days:,}"),
            Fact("Band", band),
            Fact("Lost by age", line.ageing_need, MONEY),
        ),
        "Cost x rate of the band, by the entity's ageing matrix.",
    )


def _band(line: AssessmentLine) -> str:
    """ "181 to 365 days: 25 %"."""
    if line.policy_id is None or line.age_days is None:
        return ""
    bands = AgeingBand.objects.filter(policy=line.policy_id, from_days__lte=line.age_days).order_by("-from_days")
    band = bands.first()
    if band is None or (band.to_days is not None and band.to_days < line.age_days):
        return ""
    until = f"to {band.to_days:,} days" if band.to_days is not None else "days and more"
    rate: Decimal = band.rate
    return f"{band.from_days:,} {until}: {(rate * 100).normalize():f} %"


def _excess(line: AssessmentLine) -> Part:
    if line.excess_need is None:
        return Part("Excess over demand", ())
    months = line.policy.excess_months if line.policy is not None else None
    return Part(
        "Excess over demand",
        _given(
            Fact("Months of demand kept", "" if months is None else str(months)),
            Fact("Units beyond them", line.excess_quantity, QUANTITY),
            Fact("Lost by excess", line.excess_need, MONEY),
        ),
        "Units on hand beyond the demand of those months x (cost - what an excess unit still fetches).",
    )


LEVEL_RULE = {
    (_IFRS, Level.ITEM): "Item by item (IAS 2.29).",
    (
        _IFRS,
        Level.CATEGORY,
    ): "Similar items of one product line together, since they cannot be judged apart (IAS 2.29).",
    (_US, Level.ITEM): "Item by item (ASC 330-10-35-8).",
    (_US, Level.CATEGORY): "By category, applied consistently (ASC 330-10-35-9, 35-10).",
    (_US, Level.TOTAL): "All stock together, applied consistently (ASC 330-10-35-9, 35-10).",
}


def _level(line: AssessmentLine) -> Part:
    if line.outcome != AssessmentLine.Outcome.TESTED:
        return Part("Level", ())
    rule = LEVEL_RULE.get((line.assessment.framework, Level(line.level)), "")
    return Part("Level", (Fact("Compared by", str(line.get_level_display())),), rule)


def _required(line: AssessmentLine) -> Part:
    overridden = line.override is not None
    return Part(
        "Required and carried",
        _given(
            Fact("What governs", str(line.get_governs_display())),
            Fact("Required, as worked out", line.required, MONEY, strong=not overridden),
            Fact("Required, as overridden", line.override, MONEY, strong=True),
            Fact("Carried: write-down still attached", line.carried, MONEY),
            Fact("Movement", line.movement, MONEY, strong=True),
        ),
        rule_of(line),
    )
