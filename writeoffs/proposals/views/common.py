"""What the room's views share: the proposal behind an address, and how a refused step is shown."""

from __future__ import annotations

from django.http import Http404

from core.access import EntityRequest
from core.middleware import record_refusal
from writeoffs.proposals import selectors
from writeoffs.proposals.forms import HeaderForm
from writeoffs.proposals.models import Proposal


def proposal_or_404(request: EntityRequest, number: str) -> Proposal:
    """Another entity's number does not exist here."""
    proposal = selectors.proposal_get(entity=request.entity, number=number)
    if proposal is None:
        raise Http404
    return proposal


def header_taken(request: EntityRequest, form: HeaderForm) -> bool:
    """Whether the header can be used. What a rule refuses in the form is kept in the audit trail like any refusal."""
    valid = form.is_valid()
    if form.refused is not None:
        record_refusal(request, form.refused)
    return valid
