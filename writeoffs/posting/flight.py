"""What a batch has asked of the ERP and the ERP has not answered: in flight.

Invariants: `sent` of a line is what the unanswered batch of its posting asks of that lot, signed like `outstanding`;
nil where none does. As long as nothing is voided the two are equal. A void of units in flight counts them as given, so
that their way back is outstanding; should the ERP reject the batch after all, nothing has to come back.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When

from core.money import QuantityField
from writeoffs.posting.models import Posting, PostingLine, Takes

ZERO = Decimal(0)
# Voided since the batch was made: the way back is outstanding, not what was sent.
_TURNED = ~Q(sent=ZERO) & ~Q(outstanding=F("sent"))
# All that its batch asked for is done, and something is left: the way back of what was voided.
BATCH_DONE = Q(
    ~Exists(PostingLine.objects.filter(posting=OuterRef("pk")).exclude(sent=ZERO)),
    status=Posting.Status.UNACKNOWLEDGED,
    takes=Takes.ADJUSTMENT,
    batch__isnull=False,
)
_SIZE = 500


def lines_send(postings: Collection[Posting]) -> None:
    """The batch of these postings asks for all that is outstanding on them."""
    keys = [posting.pk for posting in postings if posting.takes == Takes.ADJUSTMENT]
    for start in range(0, len(keys), _SIZE):
        lines = PostingLine.objects.filter(posting__in=keys[start : start + _SIZE])
        lines.exclude(outstanding=ZERO).update(sent=F("outstanding"))


def lines_accept(lines: QuerySet[PostingLine]) -> None:
    """The ERP has what it was given of them: nothing is left but the way back of what was voided meanwhile."""
    left = Case(When(_TURNED, then=F("outstanding")), default=Value(ZERO), output_field=QuantityField())
    lines.update(outstanding=left, sent=ZERO)


def lines_reject(lines: QuerySet[PostingLine]) -> None:
    """The ERP has nothing of them: all is outstanding again but what was voided meanwhile."""
    left = Case(
        When(_TURNED, then=F("outstanding") + F("sent")), default=F("outstanding"), output_field=QuantityField()
    )
    lines.exclude(sent=ZERO).update(outstanding=left, sent=ZERO)


def in_flight(posting: Posting) -> bool:
    return posting.lines.exclude(sent=ZERO).exists()


def after_void(*, outstanding: int, sent: int, back: int) -> int:
    """What is outstanding once `back` is undone, raw: of what is in flight its way back, of the rest its opposite."""
    return (0 if outstanding == sent else outstanding) - back


def after_list(*, before: int, after: int, sent: int) -> int:
    """What is still in flight once a stock list has shown that the ERP followed, raw."""
    return after if before == sent or not after else sent
