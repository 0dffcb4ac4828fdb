"""The journal as plain text for two independent programs, hledger and beancount, so that somebody else's arithmetic
can check ours.

Invariant: the balances that such a program works out of the text are the journal's own, to the last digit; a text of
a part of the journal starts with the balances before it, so that its closing balances are those of the books. Lines
are read and written as streams.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet, Sum

from core.models import Entity
from writeoffs.ledger.models import Account, JournalEntry, JournalLine
from writeoffs.ledger.roles import Section

# The programs' own five roots; cost of sales and tax are expenses to both, and so is what is other.
ROOTS: dict[str, str] = {
    Section.ASSET: "Assets",
    Section.LIABILITY: "Liabilities",
    Section.EQUITY: "Equity",
    Section.REVENUE: "Income",
    Section.COST_OF_SALES: "Expenses:Cost-of-sales",
    Section.OTHER: "Expenses:Other",
    Section.TAX: "Expenses:Tax",
}
_TYPES = {"Assets": "A", "Liabilities": "L", "Equity": "E", "Income": "R", "Expenses": "X"}


@dataclass(frozen=True, slots=True)
class Selection:
    """What is written: the entries, and what stands before them (None: they begin at the beginning)."""

    entity: Entity
    entries: QuerySet[JournalEntry]
    before: QuerySet[JournalEntry] | None = None
    starts_on: dt.date | None = None


def account_names(entity: Entity) -> dict[int, str]:
    """Account id -> a name that both programs take: root, code and name, of letters, digits and hyphens only. Two
    codes that would read alike are told apart by a number."""
    taken: set[str] = set()
    names: dict[int, str] = {}
    for account in Account.objects.filter(entity=entity).order_by("code"):
        name = f"{ROOTS[account.section]}:{_component(f'{account.code} {account.name}')}"
        unique = next(n for n in itertools.chain([name], (f"{name}-{i}" for i in itertools.count(2))) if n not in taken)
        taken.add(unique)
        names[account.pk] = unique
    return names


def _component(text: str) -> str:
    """A part of an account's name: it begins with a capital letter or a digit and holds no other sign than a hyphen
    (what beancount takes; hledger takes more)."""
    plain = unicodedata.normalize("NFC", text)
    kept = "".join(c if unicodedata.category(c)[0] == "L" or unicodedata.category(c) == "Nd" else "-" for c in plain)
    short = re.sub("-+", "-", kept).strip("-")
    return short if short and (short[0].isupper() or unicodedata.category(short[0]) == "Nd") else f"X{short}"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One transaction of the text. lines: (account name, amount, what is told beside it)."""

    day: dt.date
    number: str
    description: str
    told: dict[str, str]
    lines: list[tuple[str, Decimal, dict[str, str]]]


def hledger_text(selection: Selection) -> Iterator[str]:
    """Text for `hledger -f FILE check --strict`: accounts and commodity are declared."""
    entity, names = selection.entity, account_names(selection.entity)
    yield f"; Journal of {_line(entity.name)}\ndecimal-mark .\ncommodity {_commodity(entity)}\n\n"
    for name in sorted(names.values()):
        yield f"account {name}  ; type: {_TYPES[name.partition(':')[0]]}\n"
    for entry in _entries(selection, names):
        yield f"\n{entry.day.isoformat()} * ({entry.number}) {_line(entry.description)}\n"
        for key, value in entry.told.items():
            yield f"    ; {key}: {_tag(value)}\n"
        for name, amount, told in entry.lines:
            beside = ", ".join(f"{key}: {_tag(value)}" for key, value in told.items())
            yield f"    {name}  {_figure(amount, entity)}{f'  ; {beside}' if beside else ''}\n"


def beancount_text(selection: Selection) -> Iterator[str]:
    """Text for `bean-check FILE`: accounts are opened on the day of the first entry, and nothing is rounded."""
    entity, names = selection.entity, account_names(selection.entity)
    yield f"; Journal of {_line(entity.name)}\n"
    for option, value in (
        ("title", _line(entity.name)),
        ("operating_currency", entity.currency),
        ("inferred_tolerance_default", f"{entity.currency}:0"),
    ):
        yield f"option {_string(option)} {_string(value)}\n"
    written = _entries(selection, names)
    first = next(written, None)
    opened = first.day if first else dt.date(1990, 1, 1)
    yield f"\n{opened.isoformat()} commodity {entity.currency}\n"
    accounts = Account.objects.in_bulk(names)
    for key, name in sorted(names.items(), key=lambda item: item[1]):
        yield f"{opened.isoformat()} open {name} {entity.currency}\n  code: {_string(accounts[key].code)}\n"
        yield f"  name: {_string(accounts[key].name)}\n"
    for entry in itertools.chain([first] if first else [], written):
        yield f"\n{entry.day.isoformat()} * {_string(entry.description)}\n  number: {_string(entry.number)}\n"
        for key_name, value in entry.told.items():
            yield f"  {key_name}: {_string(value)}\n"
        for name, amount, told in entry.lines:
            yield f"  {name}  {_figure(amount, entity)}\n"
            for key_name, value in told.items():
                yield f"    {key_name}: {_string(value)}\n"


def _entries(selection: Selection, names: dict[int, str]) -> Iterator[_Entry]:
    opening = _opening(selection, names)
    if opening is not None:
        yield opening
    lines = (
        JournalLine.objects.filter(entry__in=selection.entries.order_by().values("pk"))
        .select_related("entry", "location", "category", "cost_centre")
        .order_by("entry__posted_on", "entry__chain_sequence", "line_number")
        .iterator(chunk_size=2000)
    )
    for _, group in itertools.groupby(lines, key=lambda line: line.entry_id):
        own = list(group)
        yield _entry(own[0].entry, own, names)


def _entry(entry: JournalEntry, lines: Iterable[JournalLine], names: dict[int, str]) -> _Entry:
    told = {"leg": entry.leg, "origin": entry.origin, "document": entry.source_ref, "hash": entry.hash}
    return _Entry(
        entry.posted_on,
        entry.number,
        entry.description,
        told,
        [(names[line.account_id], line.amount, _beside(line)) for line in lines],
    )


def _beside(line: JournalLine) -> dict[str, str]:
    told = {
        "role": line.role,
        "location": line.location.code if line.location else "",
        "category": line.category.name if line.category else "",
        "reason": line.reason,
        "costcentre": line.cost_centre.code if line.cost_centre else "",
    }
    return {key: value for key, value in told.items() if value}


def _opening(selection: Selection, names: dict[int, str]) -> _Entry | None:
    """The balances before the selection as one transaction of the day before it; None where there are none."""
    if selection.before is None or selection.starts_on is None:
        return None
    sums = (
        JournalLine.objects.filter(entry__in=selection.before.order_by().values("pk"))
        .order_by()
        .values_list("account_id")
        .annotate(balance=Sum("amount"))
    )
    lines: list[tuple[str, Decimal, dict[str, str]]] = sorted(
        (names[account], balance, {}) for account, balance in sums if balance
    )
    if not lines:
        return None
    day = selection.starts_on - dt.timedelta(days=1)
    return _Entry(day, "opening", "Balances before the entries that follow", {}, lines)


def _figure(amount: Decimal, entity: Entity) -> str:
    """1618.70 EUR: as many decimals as the currency has; an amount with more would be a defect, and is not rounded."""
    unit = Decimal(1).scaleb(-entity.exponent)
    if amount != amount.quantize(unit):
        raise ValueError(f"{amount} is no multiple of the smallest unit of {entity.currency}.")
    return f"{amount.quantize(unit):f} {entity.currency}"


def _commodity(entity: Entity) -> str:
    """1000.00 EUR; the directive wants the decimal mark even where no decimals follow it."""
    return f"1000.{'0' * entity.exponent} {entity.currency}"


def _line(text: str) -> str:
    """Text that stays on its line and opens neither a comment nor a payee."""
    return " ".join(text.replace(";", ",").replace("|", "/").split())


def _tag(text: str) -> str:
    """A tag's value ends at a comma."""
    return _line(text).replace(",", " ")


def _string(text: str) -> str:
    """A quoted string of beancount, which takes the escapes of JSON for quotes and backslashes."""
    return json.dumps(" ".join(text.split()), ensure_ascii=False)
