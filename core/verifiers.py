"""Core's own proofs: every audit chain is whole, every stored file has the bytes of its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from core import audit, verify
from core.models import AuditEvent, StoredFile
from core.verify import Tally


def audit_chains(tally: Tally) -> Iterator[str]:
    for chain in audit.chains():
        proof = audit.chain_verify(chain)
        tally["audit events"] += proof.events
        if proof.complaint:
            yield proof.complaint
    stray = AuditEvent.objects.exclude(chain__in=audit.chains()).order_by("pk").first()
    if stray is not None:
        yield f"Audit event {stray.sequence} of the chain '{stray.chain}' belongs to no chain that has a head."


def stored_files(tally: Tally) -> Iterator[str]:
    # One at a time: a file has up to 25 MB.
    for stored in StoredFile.objects.order_by("pk").iterator(chunk_size=1):
        content = bytes(stored.content)
        digest = hashlib.sha256(content).hexdigest()
        if digest != stored.sha256 or len(content) != stored.size:
            yield (
                f"Stored file {stored.pk} ('{stored.name}'): its {len(content):,} bytes have the SHA-256 "
                f"{digest[:16]}…, "
                f"but it was kept as {stored.size:,} bytes with {stored.sha256[:16]}…."
            )


verify.register("audit chains", audit_chains)
verify.register("stored files", stored_files)
