"""Which of the papers that a tax rule names are attached. Pure but for the reading of a document's papers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from writeoffs.proposals.models import Evidence


@dataclass(frozen=True, slots=True)
class Wanted:
    """A paper that the rule names, in its words."""

    words: str
    attached: bool


def kind_of(words: str) -> str:
    """The kind of evidence that the words name: "Photographs" are a PHOTOGRAPH; "" where they name none of ours."""
    said = words.strip().lower()
    kinds = (kind for kind in Evidence.Kind if kind != Evidence.Kind.OTHER and said.startswith(kind.label.lower()))
    return next((kind.value for kind in kinds), "")


def wanted(words: Sequence[str], attached: Collection[str]) -> list[Wanted]:
    """attached: the kinds of the document's papers. What names no kind of ours is taken as there for each paper of
    another kind than those named; whether it is the right one is the approver's judgement."""
    named = {kind_of(one) for one in words} - {""}
    spare = sum(count for kind, count in Counter(attached).items() if kind not in named)
    found = []
    for one in words:
        kind = kind_of(one)
        if kind:
            found.append(Wanted(one, kind in attached))
            continue
        found.append(Wanted(one, spare > 0))
        spare -= 1
    return found


def complete(words: Sequence[str], attached: Collection[str]) -> bool:
    return all(one.attached for one in wanted(words, attached))
