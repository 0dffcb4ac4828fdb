"""The heads of all chains, exported to be kept elsewhere, and later held up against the books.

Whoever can rewrite a database can rewrite its hashes too. They cannot rewrite a file of heads that an auditor took
home: the books must contain exactly that past as their beginning, so that an older restore (links are missing) and a
past rewritten with all its hashes (a link has another hash) both show. The file carries, beside each head, the hashes
of evenly spread links before it, so that the first one that differs can be named.

The file is JSON: format "writeoffs-heads", version 1, made_at (UTC), chains (chain, title, sequence, marks: pairs of
sequence and hash in ascending order, the last of them the head), checksum: SHA-256 of the file's canonical JSON (keys
sorted, no blanks) without the checksum itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from core import chains
from core.errors import BadInput
from core.models import ChainHead, Entity
from core.verify import consistent_view

FORMAT, VERSION = "writeoffs-heads", 1
# A file of the heads of one company stays below 100 kB a chain, and names the very link up to this many.
MARKS = 1024
MAX_BYTES = 25 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeptChain:
    """One chain as it stood when the file was made. marks: (sequence, hash), ascending; the last one is the head."""

    chain: str
    title: str
    sequence: int
    marks: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class KeptHeads:
    """made_at: UTC, ISO. links: how many all chains had together."""

    made_at: str
    chains: tuple[KeptChain, ...]

    @property
    def links(self) -> int:
        return sum(kept.sequence for kept in self.chains)


def heads_export(*, entity: Entity | None = None) -> str:
    """The text of a file of heads: of every chain, or of one company's and of those that belong to no company."""
    with consistent_view():
        heads = [
            head
            for head in ChainHead.objects.order_by("chain")
            if head.sequence and (entity is None or chains.entity_id_of(head.chain) in (None, entity.pk))
        ]
        body = {
            "format": FORMAT,
            "version": VERSION,
            "made_at": timezone.now().replace(microsecond=0).isoformat(),
            "chains": [
                {
                    "chain": head.chain,
                    "title": chains.title_of(head.chain),
                    "sequence": head.sequence,
                    "marks": _marks(head),
                }
                for head in heads
            ],
        }
    return json.dumps({**body, "checksum": _checksum(body)}, ensure_ascii=False, indent=1) + "\n"


def _marks(head: ChainHead) -> list[tuple[int, str]]:
    """Every stride-th link and the head."""
    kind = chains.kind_of(head.chain)
    stride = -(-head.sequence // MARKS)
    places = list(range(stride, head.sequence, stride)) if kind else []
    found = kind.hashes(head.chain, places) if kind else {}
    return [*sorted(found.items()), (head.sequence, head.hash)]


def _checksum(body: dict[str, Any]) -> str:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def heads_read(content: bytes) -> KeptHeads:
    """What a kept file says. BadInput where it is another file, damaged, or of a later version."""
    refusal = "This is not a file of chain heads. Take the one that 'manage.py head' or the audit page made."
    if len(content) > MAX_BYTES:
        raise BadInput(refusal)
    try:
        body = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadInput(refusal) from error
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise BadInput(refusal)
    if body.get("version") != VERSION:
        raise BadInput(
            f"The file of chain heads is of version {str(body.get('version'))[:20]}; this program reads version "
            f"{VERSION}. Use the program that made it, or a later one."
        )
    checksum = body.pop("checksum", None)
    if checksum != _checksum(body):
        raise BadInput(
            "The file of chain heads is damaged: its content does not give its checksum. Nothing can be proved with "
            "it; take another copy."
        )
    # Whoever makes a checksum by hand may still have made nonsense.
    try:
        return KeptHeads(str(body["made_at"]), tuple(_kept(entry) for entry in body["chains"]))
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(refusal) from error


def _kept(entry: dict[str, Any]) -> KeptChain:
    marks = tuple((int(place), str(digest)) for place, digest in entry["marks"])
    sequence = int(entry["sequence"])
    places = [place for place, _ in marks]
    if not marks or places[-1] != sequence or places != sorted(set(places)) or not 0 < sequence < 2**63:
        raise ValueError("marks that are none")
    return KeptChain(str(entry["chain"]), str(entry["title"]), sequence, marks)


def heads_compare(kept: KeptHeads) -> Iterator[str]:
    """One sentence for each chain that does not begin as the file says; nothing where all do. The chains themselves
    are to be verified beside it: a mark proves what stands before it only in a whole chain."""
    for chain in kept.chains:
        yield from _compare(chain)


def heads_of(kept: KeptHeads, *, entity: Entity) -> KeptHeads:
    """The part of the file that a member of the company may see. BadInput where it holds nothing of it."""
    own = tuple(chain for chain in kept.chains if chains.entity_id_of(chain.chain) in (None, entity.pk))
    if not any(chains.entity_id_of(chain.chain) == entity.pk for chain in own):
        raise BadInput(f"The file of chain heads says nothing of {entity}. Take the one that was made for it.")
    return KeptHeads(kept.made_at, own)


def _compare(kept: KeptChain) -> Iterable[str]:
    kind = chains.kind_of(kept.chain)
    if kind is None:
        return [f"{kept.title}: nobody here keeps a chain '{kept.chain}'."]
    title = chains.title_of(kept.chain)
    stored = ChainHead.objects.filter(chain=kept.chain).values_list("sequence", flat=True).first() or 0
    found = kind.hashes(kept.chain, [place for place, _ in kept.marks])
    before = 0
    for place, digest in kept.marks:
        if found.get(place) != digest:
            return [_difference(kept, kind, title, stored, before, place, found.get(place))]
        before = place
    return []


def _difference(
    kept: KeptChain, kind: chains.ChainKind, title: str, stored: int, before: int, place: int, digest: str | None
) -> str:
    if digest is None and stored < place:
        return (
            f"{title}: {kind.link(kept.chain, stored + 1)} is missing. The file of heads knows {kept.sequence:,} "
            f"links, the books have {stored:,}: they are older than the file, as after a restore of an older back-up."
        )
    if place == before + 1:
        where = f"{kind.link(kept.chain, place)} is the first that is"
    else:
        where = (
            f"the first that differs lies between {kind.link(kept.chain, before + 1)} and "
            f"{kind.link(kept.chain, place)}, which is"
        )
    return f"{title}: {where} not what it was when the file of heads was made: the past was rewritten."
