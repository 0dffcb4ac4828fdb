"""The tie-out to the ERP among what has to be done before a period closes.

Invariant: a difference that nothing explains and nobody accepted blocks the close; a trial balance that is missing is
shown and blocks nothing, since the stock ties to our own ledger in any case.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from core.models import Entity
from core.money import display_money
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.ledger.periods import CloseCheck
from writeoffs.ledger.trial_balance import trial_balance_of
from writeoffs.posting.tie_facts import tie_out_of

LABEL = "The ERP's trial balance ties to our books"


def tie_out_url(entity: Entity, rest: str) -> str:
    """The page behind tie-out:2026-03:1400."""
    return reverse("desk:tie_out", args=[entity.slug, rest.partition(":")[0]])


def checks(period: FiscalPeriod) -> Iterator[CloseCheck]:
    entity = period.entity
    url = tie_out_url(entity, period.code)
    balance = trial_balance_of(period=period)
    if balance is None:
        # The thirteenth period adjusts what the twelfth's trial balance was tied to.
        if period.number <= 12:
            detail = f"No trial balance of {period} was uploaded, so nobody has tied the ERP to it."
            yield CloseCheck(LABEL, 1, detail, url, blocks=False)
        return
    tie = tie_out_of(entity=entity, period=period, balance=balance)
    left = tie.open_accounts
    if not left:
        explained = sum(1 for one in tie.accounts if one.difference)
        said = f", {explained} of them with their difference explained or accepted" if explained else ""
        yield CloseCheck(LABEL, 0, f"{len(tie.accounts)} accounts agree{said}.", url)
        return
    points = " ".join(
        f"{one.code} {one.name}: {display_money(one.unexplained, entity.currency, entity.locale)} {entity.currency} is "
        "unexplained."
        for one in left
    )
    yield CloseCheck(LABEL, len(left), points, url)
