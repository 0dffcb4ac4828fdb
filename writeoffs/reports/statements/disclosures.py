"""What the notes to the statements tell of stock, now and in the span compared with. Pure.

Invariant: each figure is the sum of facts that one link leads to; what two reports tell of the same thing is compared,
and a difference that is not nil is shown, never smoothed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from writeoffs.reports.statements.rollforward import RollColumn, RollForward

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class AmountFact:
    """A figure of the journal, debit +, by a key: a role, or a leg and a reason. number: 0 in the span, 1 in the one
    compared with."""

    key: tuple[str, ...]
    span: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Pair:
    """One line: now and before (None: nothing is compared)."""

    key: str
    label: str
    now: Decimal
    before: Decimal | None

    @property
    def change(self) -> Decimal | None:
        return None if self.before is None else self.now - self.before


@dataclass(frozen=True, slots=True)
class ClassFact:
    """One class at a span's end. lowered: carrying amount of the lots whose write-down is still attached, and that
    write-down. pledged: carrying amount of the lots pledged as security."""

    class_id: int | None
    name: str
    gross: Decimal
    allowance: Decimal
    lowered: Decimal = ZERO
    write_down: Decimal = ZERO
    pledged: Decimal = ZERO

    @property
    def carrying(self) -> Decimal:
        return self.gross - self.allowance


@dataclass(frozen=True, slots=True)
class ClassLine:
    """A class now and before; one of the two may be missing."""

    now: ClassFact
    before: ClassFact | None


def class_facts(
    gross: RollForward,
    allowance: RollForward,
    lowered: Mapping[int | None, tuple[Decimal, Decimal]],
    pledged: Mapping[int | None, Decimal],
) -> tuple[ClassFact, ...]:
    """Closing balances of both roll-forwards, class by class."""
    less = {row.class_id: row for row in allowance.rows}
    rows = {row.class_id: row for row in (*gross.rows, *allowance.rows)}
    closing = {row.class_id: row.closing for row in gross.rows}
    return tuple(
        ClassFact(
            key,
            row.name,
            closing.get(key, ZERO),
            less[key].closing if key in less else ZERO,
            *lowered.get(key, (ZERO, ZERO)),
            pledged.get(key, ZERO),
        )
        for key, row in rows.items()
    )


def class_lines(now: Sequence[ClassFact], before: Sequence[ClassFact] | None) -> list[ClassLine]:
    """Every class that stands in one of the two, by name."""
    old = {fact.class_id: fact for fact in before or ()}
    own = {fact.class_id: fact for fact in now}
    both = {**old, **own}
    lines = [
        ClassLine(
            own.get(key, ClassFact(key, fact.name, ZERO, ZERO)),
            None if before is None else old.get(key, ClassFact(key, fact.name, ZERO, ZERO)),
        )
        for key, fact in both.items()
    ]
    return sorted(lines, key=lambda line: (line.now.class_id is None, line.now.name.casefold()))


def class_total(facts: Iterable[ClassFact]) -> ClassFact:
    own = list(facts)

    def total(name: str) -> Decimal:
        return sum((getattr(fact, name) for fact in own), ZERO)

    return ClassFact(
        None, "Total", *(total(name) for name in ("gross", "allowance", "lowered", "write_down", "pledged"))
    )


def pairs(
    facts: Iterable[AmountFact], labels: Mapping[str, str], *, place: int = 0, compared: bool = True
) -> list[Pair]:
    """The facts by the place of their key, in the order of the labels; what is nil in both is left out."""
    sums: dict[str, list[Decimal]] = {}
    for fact in facts:
        sums.setdefault(fact.key[place], [ZERO, ZERO])[fact.span] += fact.amount
    known = [key for key in labels if key in sums]
    return [Pair(key, labels[key], sums[key][0], sums[key][1] if compared else None) for key in known if any(sums[key])]


def pair_total(lines: Iterable[Pair], label: str = "Total", *, compared: bool = True) -> Pair:
    own = list(lines)
    before = sum((line.before or ZERO for line in own), ZERO)
    return Pair("", label, sum((line.now for line in own), ZERO), before if compared else None)


def roll_pairs(columns: Sequence[RollColumn], now: RollForward, before: RollForward | None) -> list[Pair]:
    """The total row of a roll-forward as lines, with those of the span compared with. columns: all that there are."""
    own = dict(zip((c.key for c in now.columns), now.total.amounts, strict=True))
    old = {} if before is None else dict(zip((c.key for c in before.columns), before.total.amounts, strict=True))
    middle = [
        Pair(c.key, c.label, own.get(c.key, ZERO), None if before is None else old.get(c.key, ZERO)) for c in columns
    ]
    return [
        Pair("opening", "Opening", now.total.opening, before.total.opening if before else None),
        *(line for line in middle if line.now or line.before),
        Pair("closing", "Closing", now.total.closing, before.total.closing if before else None),
    ]


@dataclass(frozen=True, slots=True)
class Tie:
    """The same figure as two reports tell it. there: of the other report, named by `where`."""

    what: str
    here: Decimal
    where: str
    there: Decimal

    @property
    def difference(self) -> Decimal:
        return self.here - self.there
