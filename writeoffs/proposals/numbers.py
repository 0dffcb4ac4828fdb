"""Line numbers as people write them: "1, 3-5, 9". Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.errors import BadInput

# More than any document has lines: what is typed is never unfolded further.
LIMIT = 1_000_000
_PART = re.compile(r"^(\d{1,7})(?:\s*[-–]\s*(\d{1,7}))?$")
# Runs named one by one before the rest is only counted.
NAMED = 4


def numbers_read(text: str, *, last: int = LIMIT) -> set[int]:
    """The numbers of "1, 3-5 9"; of those above `last` the first alone, so that it can be named. BadInput names what is
    none."""
    found: set[int] = set()
    end = min(last, LIMIT - 1) + 1
    spaced = re.sub(r"\s*[-–]\s*", "-", text)
    for part in re.split(r"[,;\s]+", spaced.strip()):
        if not part:
            continue
        match = _PART.match(part)
        if match is None:
            raise BadInput(f"'{part[:40]}' is no line number. Write numbers and ranges, such as 1, 3-5, 9.")
        low, high = int(match[1]), int(match[2] or match[1])
        if not 1 <= low <= high <= LIMIT:
            raise BadInput(f"'{part}' is no range of line numbers. Write the lower one first, such as 3-5.")
        found.update(range(low, max(low, min(high, end)) + 1))
    return found


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """[1, 3, 4, 5] as [(1, 1), (3, 5)]."""
    found: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def said(numbers: Iterable[int]) -> str:
    """ "line 3", "lines 1, 3-5", "lines 1, 3, 5, 7 and 12 more"."""
    own = sorted(set(numbers))
    parts = runs(own)
    text = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts[:NAMED])
    rest = sum(b - a + 1 for a, b in parts[NAMED:])
    return f"{'line' if len(own) == 1 else 'lines'} {text}{f' and {rest:,} more' if rest else ''}"
