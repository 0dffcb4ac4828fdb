"""The remarks of an assessed lot as a page shows them: a word or two each, with its sentence behind. Pure.

Invariant: a line keeps its remarks as sentences (rules/facts.py), and no part of them is lost here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# How a remark begins -> what it is called for short.
GISTS: tuple[tuple[str, str], ...] = (
    ("Ageing or excess asks for more", "Ageing above NRV"),
    ("Expiry asks for more", "Expiry above NRV"),
    ("Marked ", "Price of sound goods"),
    ("Contracts are for", "Contract above stock"),
    ("NRV is negative", "NRV below nil"),
    ("No rate for", "No rate"),
    ("No replacement cost", "No replacement cost"),
    ("No price for what is not contracted", "No market price"),
    ("Of a product that it goes into", "Product not known"),
    ("Negative stock", "Negative stock"),
    ("No cost", "No cost"),
    ("A value without units", "No units"),
    ("No receipt date", "Not aged"),
    ("No demand is known", "No demand"),
    ("Written down in an earlier year", "New cost basis"),
    ("Expected to recover within", "Left unbooked"),
    ("Expected to recover, but booked", "May recover"),
)
OTHER = "To look at"
_BETWEEN = re.compile(r"(?<=[.…]) (?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Remark:
    gist: str
    sentence: str


def remarks_of(flag: str) -> list[Remark]:
    """Each sentence that begins as one of ours; what follows and begins otherwise belongs to it."""
    found: list[Remark] = []
    for sentence in filter(None, _BETWEEN.split(flag)):
        gist = next((gist for start, gist in GISTS if sentence.startswith(start)), "")
        if not gist and found:
            found[-1] = Remark(found[-1].gist, f"{found[-1].sentence} {sentence}")
        else:
            found.append(Remark(gist or OTHER, sentence))
    return found
