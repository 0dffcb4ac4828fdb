"""The kinds of hash chains: what a link is, how it is named and where its hash stands. Rooms register theirs.

Every chain has a row in ChainHead, called `<prefix>:<key>` or, where there is one for all, `<prefix>`. core/heads.py
exports their heads and holds a kept export up against the books.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from core.models import Entity


@dataclass(frozen=True, slots=True)
class ChainKind:
    """title: what the chain is, for people. hashes: the hash of each link that is there, by its sequence. link: a link
    in words, by chain and sequence, whether it is there or not. prove: recomputes a chain and yields one sentence for
    each broken place; it streams."""

    prefix: str
    title: str
    hashes: Callable[[str, Sequence[int]], dict[int, str]]
    link: Callable[[str, int], str]
    prove: Callable[[str], Iterator[str]]


_KINDS: dict[str, ChainKind] = {}


def register(kind: ChainKind) -> None:
    if _KINDS.setdefault(kind.prefix, kind) != kind:
        raise ValueError(f"Two kinds of chains are called '{kind.prefix}'.")


def kind_of(chain: str) -> ChainKind | None:
    return _KINDS.get(chain.partition(":")[0])


def entity_id_of(chain: str) -> int | None:
    """The key of the company whose chain it is; None for a chain of the whole installation."""
    key = chain.partition(":")[2]
    return int(key) if key.isdigit() else None


def entity_of(chain: str) -> Entity:
    return Entity.objects.get(pk=entity_id_of(chain) or 0)


def title_of(chain: str) -> str:
    """Journal of North Trading."""
    kind = kind_of(chain)
    title = kind.title if kind else f"Chain '{chain}'"
    key = entity_id_of(chain)
    return title if key is None else f"{title} of {Entity.objects.filter(pk=key).first() or f'company {key}'}"
