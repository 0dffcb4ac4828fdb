"""The tie-out of one period: the ERP's balance, our ledger and our stock, account by account, and the difference
explained line by line. Pure.

Invariant: difference = ERP - ledger = sum of the explained lines + unexplained. Nothing is explained by guessing: a
line counts only where a record of ours says that the ERP and we differ by exactly it. What may be worth a look
(`hints`) is told beside, and counts for nothing.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal(0)


class Why(enum.StrEnum):
    """Why the ERP's balance is another one than ours."""

    NOT_TAKEN = "NOT_TAKEN"
    VOID_NOT_TAKEN = "VOID_NOT_TAKEN"
    AFTER_AS_OF = "AFTER_AS_OF"
    LATER_PERIOD = "LATER_PERIOD"
    OTHER_ROLE = "OTHER_ROLE"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Why.NOT_TAKEN: "Our own entry, not yet taken by the ERP",
    Why.VOID_NOT_TAKEN: "Our void, not yet taken by the ERP",
    Why.AFTER_AS_OF: "Moved in the ERP after the trial balance was drawn",
    Why.LATER_PERIOD: "Taken by the ERP ahead of our later period",
    Why.OTHER_ROLE: "On this account by a role that is no stock",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """One entry's part of the difference. amount: what it makes the ERP's balance more than ours."""

    why: Why
    amount: Decimal
    source_ref: str
    number: str
    day: dt.date


@dataclass(frozen=True, slots=True)
class Hint:
    """Something that may lie behind a difference and that no record proves. amount: None where there is none."""

    text: str
    url: str = ""
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A remaining difference that two people accepted."""

    amount: Decimal
    reason: str
    asked_by: str
    accepted_by: str
    accepted_on: dt.datetime


@dataclass(frozen=True, slots=True)
class AccountTie:
    """One account. erp: None where it is not on the trial balance. stock: our lots; None where the account holds no
    stock, or where the lots do not tell which of several accounts theirs is. accepted: the last acceptance for this
    trial balance."""

    account_id: int
    code: str
    name: str
    roles: tuple[str, ...]
    erp: Decimal | None
    ledger: Decimal
    stock: Decimal | None
    explanations: tuple[Explanation, ...] = ()
    hints: tuple[Hint, ...] = ()
    accepted: Accepted | None = None
    waiting: bool = False

    @property
    def difference(self) -> Decimal:
        return (self.erp or ZERO) - self.ledger

    @property
    def explained(self) -> Decimal:
        return sum((one.amount for one in self.explanations), ZERO)

    @property
    def unexplained(self) -> Decimal:
        return self.difference - self.explained

    @property
    def is_accepted(self) -> bool:
        """Only the very amount that was accepted; another one is open again."""
        return bool(self.unexplained) and self.accepted is not None and self.accepted.amount == self.unexplained

    @property
    def is_reconciled(self) -> bool:
        return not self.unexplained or self.is_accepted

    @property
    def state(self) -> str:
        if not self.difference:
            return "Agrees"
        if not self.unexplained:
            return "Explained"
        return "Accepted" if self.is_accepted else "Unexplained"


@dataclass(frozen=True, slots=True)
class TieOut:
    """A period's accounts, in the order of their codes. stock, stock_ledger: our lots, and our ledger on the roles of
    stock, over all accounts: nil apart, or the records have to be proved."""

    accounts: tuple[AccountTie, ...] = field(default=())
    stock: Decimal = ZERO
    stock_ledger: Decimal = ZERO

    @property
    def stock_difference(self) -> Decimal:
        return self.stock_ledger - self.stock

    @property
    def open_accounts(self) -> tuple[AccountTie, ...]:
        return tuple(tie for tie in self.accounts if not tie.is_reconciled)

    @property
    def is_reconciled(self) -> bool:
        return not self.open_accounts and not self.stock_difference

    def total(self, name: str) -> Decimal:
        """The sum of one figure over all accounts: "ledger", "difference", ..."""
        return sum((getattr(tie, name) or ZERO for tie in self.accounts), ZERO)
