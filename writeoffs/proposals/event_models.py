"""Events after the reporting date: what happened, whether its condition existed on that date, and why it was judged so.

Invariants: an event is judged once and kept as it was; one that adjusts is booked into the year just ended by a
document of its own, one that does not is disclosed alone (IAS 10.3, 10.8, 10.10, 10.21; ASC 855-10-25-1, -3).
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.models import Entity, StoredFile
from core.money import MoneyField, bounded
from core.words import Reason
from inventory.models import Lot


class SubsequentEvent(models.Model):
    """proceeds, costs: what all units of the lot fetched and what selling them cost, as evidence of NRV on the
    reporting date. amount: an estimate of the effect of an event that does not adjust (IAS 10.21(b)). disclosure: what
    the notes say of it. document: what adjusts the year just ended. price: what an adjusting event shows a unit of
    the lot to have been worth on the reporting date, which assessments as of it take."""

    class Classification(models.TextChoices):
        ADJUSTING = "ADJUSTING", "Adjusting"
        NON_ADJUSTING = "NON_ADJUSTING", "Not adjusting"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="subsequent_events")
    number = models.CharField(max_length=20)
    reporting_on = models.DateField("reporting date")
    event_on = models.DateField("event date")
    what = models.CharField(max_length=500)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    condition_existed = models.BooleanField("condition existed on the reporting date")
    why = models.CharField(max_length=1000)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, related_name="+")
    proceeds = MoneyField(null=True)
    costs = MoneyField(default=Decimal(0))
    amount = MoneyField(null=True)
    disclosure = models.CharField(max_length=1000, blank=True)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    file_name = models.CharField(max_length=255, blank=True)
    document = models.ForeignKey("proposals.Proposal", on_delete=models.PROTECT, null=True, related_name="events")
    price = models.ForeignKey("valuation.Price", on_delete=models.PROTECT, null=True, related_name="+")
    judged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    judged_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("entity", "number"), name="event_number_once"),
            models.CheckConstraint(
                name="event_after_the_reporting_date",
                condition=Q(event_on__gt=F("reporting_on")),
                violation_error_message="An event after the reporting date lies after it.",
            ),
            models.CheckConstraint(
                name="event_that_does_not_adjust_books_nothing",
                condition=Q(condition_existed=True) | Q(document__isnull=True),
                violation_error_message="An event that does not adjust is disclosed, not booked.",
            ),
            models.CheckConstraint(
                name="event_that_does_not_adjust_prices_nothing",
                condition=Q(condition_existed=True) | Q(price__isnull=True),
                violation_error_message="An event that does not adjust says nothing of what goods were worth before.",
            ),
            *bounded("event", proceeds=MoneyField, costs=MoneyField, amount=MoneyField),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def classification(self) -> SubsequentEvent.Classification:
        return classification(condition_existed=self.condition_existed)

    @property
    def realised(self) -> Decimal | None:
        """What the goods fetched, net."""
        if self.proceeds is None:
            return None
        net: Decimal = self.proceeds - self.costs
        return net


def classification(*, condition_existed: bool) -> SubsequentEvent.Classification:
    """What gives evidence of a condition of the reporting date adjusts; what arose later does not (IAS 10.3)."""
    of = SubsequentEvent.Classification
    return of.ADJUSTING if condition_existed else of.NON_ADJUSTING
