"""The income tax of a case: entries of a month, as its controller has them prepared, and what the tax bridge says."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from tests.cases.company import CaseCompany
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.proposals.services.tax import tax_prepare
from writeoffs.proposals.tax_due import tax_due
from writeoffs.proposals.tax_facts import bridge_of


def tax_of_month(company: CaseCompany, day: dt.date) -> None:
    """The tax entries of the month that the day lies in, where there are any."""
    period = FiscalPeriod.objects.get(
        entity=company.entity, starts_on__lte=day, ends_on__gte=day, number__lt=FiscalPeriod.ADJUSTMENT
    )
    if tax_due(entity=company.entity, starts_on=period.starts_on, ends_on=day).is_due:
        company.posted(tax_prepare(entity=company.entity, user=company["PREPARER"], period=period))


def bridged(company: CaseCompany, starts_on: dt.date, ends_on: dt.date) -> dict[str, Decimal]:
    """The tax bridge of some days, in the words of a case."""
    found = bridge_of(entity=company.entity, starts_on=starts_on, ends_on=ends_on)
    return {
        "book_loss": found.total("book_loss"),
        "deductible": found.total("deductible"),
        "temporary_difference": found.total("closing_difference"),
        "deferred_tax_asset": found.total("closing_asset"),
        "current_tax_saving": found.total("current"),
    }
