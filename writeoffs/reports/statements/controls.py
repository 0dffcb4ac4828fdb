"""What an auditor tests of a document: its duties, the approval that it took, its papers, splits, lateness. Pure.

Invariant: everything is judged anew from who did what and from the limits that the document was submitted under; what
the services refused beforehand must not be found here, and is shown where it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

ZERO = Decimal(0)
# Documents for one item at one place within so many days are added up, whoever prepares them.
WINDOW = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Hand:
    """A person's part in a document."""

    key: int
    name: str


@dataclass(frozen=True, slots=True)
class Control:
    """One document and what was found of it. required: the title that its amount takes, "" where there are no limits;
    held: that of who approved. duties, over, split, late: "" where nothing is to be said. missing: papers that a rule
    names and nobody attached. days: from submission to posting, or to today; None where it was refused."""

    number: str
    kind: str
    reason: str
    status: str
    gross: Decimal
    net: Decimal
    posting_on: dt.date
    preparer: Hand
    approver: Hand | None
    second: Hand | None
    poster: Hand | None
    required: str
    held: str
    over: str
    duties: str
    papers: int
    missing: tuple[str, ...]
    late: str
    days: int | None
    posted: bool
    split: str = ""

    @property
    def is_flagged(self) -> bool:
        return bool(self.duties or self.over or self.split or (self.missing and self.posted))


def duties_broken(
    *,
    preparers: Collection[int],
    counted: Collection[int],
    approver: Hand | None,
    second: Hand | None,
    poster: Hand | None,
) -> str:
    """Who did two of the three things on one document; "" where the people are apart."""
    said = []
    for hand, what in ((approver, "approved"), (second, "approved a second time"), (poster, "posted")):
        if hand is None:
            continue
        if hand.key in preparers:
            said.append(f"{hand.name} prepared and {what} it")
        if hand.key in counted:
            said.append(f"{hand.name} counted and {what} it")
    hands = [(approver, "approved"), (second, "approved a second time"), (poster, "posted")]
    there = [(hand, what) for hand, what in hands if hand is not None]
    for place, (hand, what) in enumerate(there):
        said += [f"{hand.name} {what} and {other} it" for later, other in there[place + 1 :] if later.key == hand.key]
    return "; ".join(said)


@dataclass(frozen=True, slots=True)
class Part:
    """What one document takes of one item at one place. rank: of the title that the whole document takes."""

    item_id: int
    location_id: int
    category_id: int
    number: str
    on: dt.date
    gross: Decimal
    rank: int


class RankOf(Protocol):
    """How the limits of one document judge an amount."""

    def title(self, gross: Decimal, part: Part) -> tuple[int, str] | None:
        """Rank and name of the title that the amount takes; None where no band fits."""


def splits(parts: Iterable[Part], rank_of: Mapping[str, RankOf]) -> dict[str, str]:
    """Document -> which others it makes a whole with that would take a higher title than any of them took.

    rank_of: by document, how its limits judge an amount for an item's class and place."""
    found: dict[str, str] = {}
    groups: dict[tuple[int, int], list[Part]] = {}
    for part in parts:
        groups.setdefault((part.item_id, part.location_id), []).append(part)
    for own in groups.values():
        own.sort(key=lambda part: (part.on, part.number))
        first = 0
        for last, part in enumerate(own):
            while part.on - own[first].on > WINDOW:
                first += 1
            window = own[first : last + 1]
            if len(window) < 2:
                continue
            judged = rank_of[part.number].title(sum((one.gross for one in window), ZERO), part)
            if judged is not None and judged[0] > max(one.rank for one in window):
                numbers = [one.number for one in window]
                for number in numbers:
                    others = ", ".join(other for other in numbers if other != number)
                    found[number] = f"with {others}: together {judged[1]}"
    return found


def with_splits(controls: Sequence[Control], found: Mapping[str, str]) -> list[Control]:
    return [replace(control, split=found.get(control.number, "")) for control in controls]


@dataclass(frozen=True, slots=True)
class Did:
    """What one person did of the documents: how many, and their gross."""

    name: str
    prepared: int
    prepared_gross: Decimal
    approved: int
    approved_gross: Decimal
    posted: int
    posted_gross: Decimal


def people(controls: Iterable[Control]) -> list[Did]:
    """By name. A second approval counts as an approval."""
    found: dict[int, list[list[Decimal]]] = {}
    names: dict[int, str] = {}
    for control in controls:
        for place, hand in (
            (0, control.preparer),
            (1, control.approver),
            (1, control.second),
            (2, control.poster),
        ):
            if hand is not None:
                names[hand.key] = hand.name
                found.setdefault(hand.key, [[], [], []])[place].append(control.gross)
    rows = [
        Did(
            names[key],
            *(figure for amounts in parts for figure in (len(amounts), sum(amounts, ZERO))),  # type: ignore[arg-type]
        )
        for key, parts in found.items()
    ]
    return sorted(rows, key=lambda row: row.name.casefold())


@dataclass(frozen=True, slots=True)
class Approved:
    """What was approved under one title. most: the largest document."""

    title: str
    approvers: tuple[str, ...]
    documents: int
    gross: Decimal
    most: Decimal


def approvals(controls: Iterable[Control]) -> list[Approved]:
    """By title, the one that approved most last; what was approved without limits under its own name."""
    groups: dict[str, list[Control]] = {}
    for control in controls:
        if control.approver is not None:
            groups.setdefault(control.held or "No title", []).append(control)
    rows = [
        Approved(
            title,
            tuple(sorted({c.approver.name for c in own if c.approver is not None})),
            len(own),
            sum((c.gross for c in own), ZERO),
            max(c.gross for c in own),
        )
        for title, own in groups.items()
    ]
    return sorted(rows, key=lambda row: (row.most, row.title))
