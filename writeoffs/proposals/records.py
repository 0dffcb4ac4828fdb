"""The digests of rows that a step fixed, kept in its audit event: a posted proposal with its papers, and a void."""

from __future__ import annotations

from core.records import columns_of, record_digest
from writeoffs.proposals.models import Evidence, Proposal, Void

# Not kept, or not there yet when the first records were made; the digest of the content covers the origin.
_LATER = ["status", "version", "limits_id", "made_from", "also_prepared_by"]


def posted_record(proposal: Proposal) -> str:
    """A posted proposal keeps all but its status and version; so do its papers."""
    return record_digest(
        (Proposal.objects.filter(pk=proposal.pk), columns_of(Proposal, without=_LATER)),
        (Evidence.objects.filter(proposal=proposal), columns_of(Evidence)),
    )


def void_record(proposal: Proposal, number: int) -> str:
    return record_digest((Void.objects.filter(proposal=proposal, number=number), columns_of(Void)))
