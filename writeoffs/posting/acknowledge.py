"""Whether the ERP has followed a posting: by a person's word, or by a newer stock list that agrees.

Invariant: an acknowledged posting has nothing outstanding on any line.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from core import audit
from core.access import roles_in
from core.errors import BadInput, NotAllowed, WrongState
from core.models import Entity, User
from core.words import Role
from writeoffs.posting.erp_proof import erp_state
from writeoffs.posting.flight import lines_accept
from writeoffs.posting.models import CONFIRMABLE, PENDING, Posting, PostingLine

# Who may give their word that the ERP has a posting.
ACKNOWLEDGED_BY = frozenset({Role.CONTROLLER, Role.PREPARER})


@transaction.atomic
def posting_acknowledge(*, entity: Entity, source_ref: str, user: User, how: str) -> Posting:
    """A person confirms that the ERP has the posting; where lines were voided since its batch was made, that it did
    what the batch asked for, so that their way back waits. WrongState where it was confirmed before or nothing is
    outstanding."""
    name = source_ref.partition(":")[2]
    if not roles_in(entity, user) & ACKNOWLEDGED_BY:
        raise NotAllowed(f"{name}: a controller or a preparer of {entity} confirms that the ERP has it.")
    if not how.strip():
        raise BadInput(f"{name}: say how the ERP got it: the number of its document, or who entered it.")
    posting = Posting.objects.filter(entity=entity, source_ref=source_ref).first()
    if posting is None:
        raise WrongState(f"{name} has not been posted, so there is nothing for the ERP to confirm.")
    changed = Posting.objects.filter(CONFIRMABLE, pk=posting.pk).update(
        status=Posting.Status.ACKNOWLEDGED,
        acknowledged_at=timezone.now(),
        acknowledged_by=user,
        acknowledged_how=how.strip()[:200],
    )
    if changed != 1:
        raise WrongState(f"{name} is marked already: {posting.get_status_display()}. Nothing was changed.")
    lines_accept(PostingLine.objects.filter(posting=posting))
    if PostingLine.objects.filter(posting=posting).exclude(outstanding=Decimal(0)).exists():
        Posting.objects.filter(pk=posting.pk).update(
            status=Posting.Status.UNACKNOWLEDGED, acknowledged_at=None, acknowledged_by=None, batch=None
        )
    posting.refresh_from_db()
    audit.record(
        entity=entity,
        actor=user,
        kind="posting.acknowledged",
        subject=source_ref,
        message=f"{user} confirmed that the ERP has {name}: {posting.acknowledged_how}",
        data={"erp": erp_state(posting)},
    )
    return posting


def postings_settle(*, entity: Entity, how: str) -> dict[str, list[Any]]:
    """Acknowledge every posting that a stock list has left nothing outstanding of: document -> erp_state, which the
    list's audit event keeps. Runs in the list's transaction."""
    moment = timezone.now()
    open_lines = PostingLine.objects.filter(posting=OuterRef("pk")).exclude(outstanding=Decimal(0))
    Posting.objects.filter(entity=entity, status__in=PENDING).exclude(Exists(open_lines)).update(
        status=Posting.Status.ACKNOWLEDGED,
        acknowledged_at=moment,
        acknowledged_by=None,
        acknowledged_how=how[:200],
    )
    settled = Posting.objects.filter(entity=entity, acknowledged_at=moment, acknowledged_by__isnull=True)
    return {posting.source_ref: erp_state(posting) for posting in settled.order_by("pk")}
