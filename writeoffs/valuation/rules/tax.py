"""The tax on a loss by the entity's policy, and the whole effect of a journal: before tax, tax, after tax. Pure.

Nothing here is posted: tax lines are computed by policy and stand beside the journal until the period's tax entry.
The one rounding rule is core.money's; of core only pure functions and words are used, no model, no setting, no query.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from core.money import at_rate
from core.words import TaxTiming
from writeoffs.ledger.effects import Effects, effects

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class TaxPolicy:
    """timing: a TaxTiming value. rate: a fraction, 0.25 for 25 %. currency: whose unit the tax is rounded to."""

    timing: str
    rate: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class TaxEffect:
    """Tax on a loss. current, deferred: effect on profit, income +, expense - (a gain gives expense). lines: (role,
    amount), debit +, credit -, balanced, empty without tax. permanent_difference: the loss that no tax follows."""

    policy: TaxPolicy
    loss: Decimal
    current: Decimal
    deferred: Decimal
    permanent_difference: Decimal
    lines: tuple[tuple[str, Decimal], ...]

    @property
    def total(self) -> Decimal:
        """Effect on profit: income +, expense -."""
        return self.current + self.deferred


@dataclass(frozen=True, slots=True)
class Impact:
    """booked: effects of the journal alone. tax: what policy adds. whole: effects of both together; cash is the
    journal's own, since tax that is saved is received only when tax is paid."""

    booked: Effects
    tax: TaxEffect
    whole: Effects

    @property
    def computed_roles(self) -> frozenset[str]:
        """Roles whose amounts in `whole` are computed by policy, not posted."""
        return frozenset(role for role, _ in self.tax.lines)


def balance_role(timing: str) -> str:
    """The balance sheet role that takes the tax on a loss under a TaxTiming; empty where none follows."""
    if timing == TaxTiming.NEVER:
        return ""
    return "CURRENT_TAX_PAYABLE" if timing == TaxTiming.RECOGNITION else "DEFERRED_TAX_ASSET"


def tax_effect(*, loss: Decimal, policy: TaxPolicy, booked: Decimal = ZERO) -> TaxEffect:
    """Tax on a loss (positive; a gain negative), rounded once, less what is booked of it (income +).

    RECOGNITION: deductible now, less current tax is payable (IAS 12.12). DISPOSAL: a deductible temporary difference,
    a deferred tax asset and deferred tax income (IAS 12.24; ASC 740-10-25-20). NEVER: a permanent difference, no tax.
    """
    tax = ZERO if policy.timing == TaxTiming.NEVER else at_rate(loss, policy.rate, policy.currency) - booked
    now = policy.timing == TaxTiming.RECOGNITION
    balance, expense = balance_role(policy.timing), "CURRENT_TAX_EXPENSE" if now else "DEFERRED_TAX_EXPENSE"
    return TaxEffect(
        policy=policy,
        loss=loss,
        current=tax if now else ZERO,
        deferred=ZERO if now else tax,
        permanent_difference=loss if policy.timing == TaxTiming.NEVER else ZERO,
        lines=((balance, tax), (expense, -tax)) if tax else (),
    )


def impact(pairs: Iterable[tuple[str, Decimal]], *, policy: TaxPolicy) -> Impact:
    """The whole effect of (role, amount) pairs, debit +, credit -: the journal's own, the tax on it, and both together.

    Where the journal books tax itself, that stands, and policy adds only what is not booked yet: the same tax is never
    shown twice, and one document with its tax does not hide that of the others.
    """
    kept = tuple(pairs)
    booked = effects(kept)
    tax = tax_effect(loss=-booked.profit_before_tax, policy=policy, booked=booked.tax)
    return Impact(booked=booked, tax=tax, whole=effects((*kept, *tax.lines)))
