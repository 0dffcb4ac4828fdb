"""What a case gives, as it is written: figures in the ways in which people write them, and which keys were read.

A key that nobody reads, a key that is missing and a word that has no translation are each said by their path, so that
no case passes or fails for something that was not looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

_CURRENCY = r"(?:[€$£¥₹]|[A-Z]{3}(?=[\s\d(-]))?\s?"
_FIGURE = re.compile(rf"{_CURRENCY}(\(?)([-+\u2212]?)\s?({_CURRENCY})(\d{{1,3}}(?:,\d{{3}})+|\d+)?(\.\d+)?\s?(%?)(\)?)")
# Said for people.
PROSE = re.compile(r"(?:.*_)?(?:note|notes|comment|comments|description|remark|why|explanation|source|name|title)")
TRUE, FALSE = frozenset({"true", "yes", "y"}), frozenset({"false", "no", "n"})


class NotUnderstood(Exception):
    """A key or a word of a case that has no translation. It says which."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a file."""

    id: str
    title: str
    standard: str
    inputs: dict[str, Any]
    expected: dict[str, Any]


def cases_of(path: Path) -> list[Case]:
    """The cases of a file of the shape of worked_examples.json. ValueError where it has none."""
    # Figures stay as they are written: 0.1 is a tenth.
    given = json.loads(path.read_text(encoding="utf-8"), parse_float=str, parse_int=str)
    listed = given.get("cases") if isinstance(given, dict) else given
    if not isinstance(listed, list) or not listed or not all(isinstance(case, dict) for case in listed):
        raise ValueError("it has no list `cases` of cases, as worked_examples.json has")
    return [
        Case(
            str(case.get("id") or f"case-{place}"),
            str(case.get("title", "")),
            str(case.get("standard", "")),
            *(part if isinstance(part := case.get(name), dict) else {} for name in ("inputs", "expected")),
        )
        for place, case in enumerate(listed, start=1)
    ]


def plain_figure(text: str, *, per_cent: bool = False) -> str:
    """1,234.50 and $1,234.50 -> 1234.50, (5.00) -> -5.00, 25% -> 0.25 (25 where per_cent); what is no figure stays."""
    stripped = text.strip()
    found = _FIGURE.fullmatch(stripped)
    if found is None or not (found[4] or found[5]) or bool(found[1]) != bool(found[7]):
        return text
    if re.fullmatch(r"\d+", stripped):
        return stripped
    figure = f"{(found[4] or '0').replace(',', '')}{found[5] or ''}"
    sign = "-" if found[1] or found[2] in ("-", "\u2212") else ""
    if found[6] and not per_cent:
        figure = f"{Decimal(figure) / 100:f}"
    return sign + figure


class Given(Mapping[str, Any]):
    """A part of a case's inputs. It remembers what was read of it."""

    def __init__(self, values: Mapping[str, Any], path: str = "inputs") -> None:
        self.path = path
        self._values = {key: self._wrapped(value, f"{path}.{key}") for key, value in values.items()}
        self._read: set[str] = set()

    def _wrapped(self, value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return Given(value, path)
        if isinstance(value, list):
            return [self._wrapped(one, f"{path}[{place}]") for place, one in enumerate(value, start=1)]
        return plain_figure(value) if isinstance(value, str) else value

    def __getitem__(self, key: str) -> Any:
        self._read.add(key)
        if key not in self._values:
            raise NotUnderstood(f"{self.path}.{key} is missing; a case of this kind needs it")
        return self._values[key]

    def get(self, key: str, default: Any = None) -> Any:
        """null counts as not given."""
        self._read.add(key)
        value = self._values.get(key)
        return default if value is None else value

    def first(self, *keys: str, default: Any = None) -> Any:
        """Of keys that say the same, the one that is there."""
        return next((value for value in [self.get(key) for key in keys] if value is not None), default)

    def __contains__(self, key: object) -> bool:
        return self._values.get(str(key)) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def figure(self, *keys: str, default: str | None = None) -> Decimal:
        """The figure of the key (or of another word for it)."""
        value = self.first(*keys, default=default)
        if value is None:
            raise NotUnderstood(f"{self.path}.{keys[0]} is missing; a case of this kind needs it")
        try:
            return Decimal(str(value))
        except InvalidOperation:
            raise NotUnderstood(f"{self.path}.{keys[0]}: {value!r} is no figure") from None

    def text(self, *keys: str, default: str | None = None) -> str:
        """The same as a cell of a sheet has it."""
        return f"{self.figure(*keys, default=default):f}"

    def is_true(self, key: str, *, default: bool = False) -> bool:
        value = self.get(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        word = str(value).lower()
        if word not in TRUE | FALSE:
            raise NotUnderstood(f"{self.path}.{key}: {value!r} is neither true nor false")
        return word in TRUE

    def word(self, key: str, words: Mapping[str, str], *, default: str | None = None) -> str:
        """The product's word for the case's, whatever its case and hyphens."""
        value = self.get(key, default)
        if value is None:
            raise NotUnderstood(f"{self.path}.{key} is missing; a case of this kind needs it")
        said = re.sub(r"[\s-]+", "_", str(value).strip()).upper()
        if said not in words:
            raise NotUnderstood(f"{self.path}.{key}: {value!r} is not one of {', '.join(sorted(words))}")
        return words[said]

    def unread(self) -> Iterator[str]:
        """The paths of what nobody looked at, but for what is said for people."""
        for key, value in self._values.items():
            if PROSE.fullmatch(key) or value is None:
                continue
            if key not in self._read:
                yield f"{self.path}.{key}"
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, Given) and key in self._read:
                    yield from part.unread()
