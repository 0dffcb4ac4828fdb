"""Accrues shrinkage between counts: the policy's rate of the sales since the last count, by location and category.

Invariant: a figure of sales is accrued once. What a count has covered since, and what an accrual has taken in before,
counts no more; a figure that lies across such a day is left out and said so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Max

from core.errors import BadInput, WrongState
from core.models import Category, Entity, Location, User
from core.money import MONEY_SCALE, RATE_SCALE, from_raw, rate_raw, to_raw
from core.sets import day_of
from inventory.models import CountSheet
from writeoffs.posting.shrinkage import Scope, accrued, used_by, within
from writeoffs.proposals.models import ChargeKind, Kind, Proposal, ProposalCharge, Status
from writeoffs.proposals.services.charges import ChargeInput, charge_add, proposal_create_of_charges
from writeoffs.proposals.services.create import Header, count_header, proposal_create, sheet_take
from writeoffs.valuation.in_force import policies_as_of
from writeoffs.valuation.known import sales_between


@dataclass(frozen=True, slots=True)
class Accrual:
    """One location and category (None: all). since: the last count or accrual, None for neither. sales: from then on.
    across: figures of sales that begin before that day and end after it, left out. rate None: no policy says one."""

    location: Location | None
    category: Category | None
    since: dt.date | None
    until: dt.date
    sales: Decimal
    rate: Decimal | None
    amount: Decimal
    across: int = 0


def accruals_due(*, entity: Entity, as_of: dt.date) -> list[Accrual]:
    """What is to be accrued as of a day, where sales were given. A constant number of queries."""
    figures: dict[Scope, list[tuple[dt.date, dt.date, int]]] = {}
    for _, location, category, starts, ends, revenue in sales_between(entity=entity, after=dt.date.min, until=as_of):
        figures.setdefault((location, category), []).append((day_of(starts), day_of(ends), revenue))
    counts, accruals = _counts(entity, as_of), _accruals(entity)
    rates = policies_as_of(entity=entity, as_of=as_of)
    places = Location.objects.filter(entity=entity).in_bulk()
    categories = Category.objects.filter(entity=entity).in_bulk()
    found = []
    for scope, own in figures.items():
        covered = [day for at, kind, day in counts if within(scope, at, kind)]
        since = max([*covered, *filter(None, [accruals.get(scope)])], default=None)
        new = [figure for figure in own if since is None or figure[0] > since]
        sales = sum(revenue for _, _, revenue in new)
        policy = rates.get(scope[1]) or rates.get(None)
        rate = policy.shrinkage_rate if policy is not None else None
        amount = rate_raw(sales, to_raw(rate, RATE_SCALE), entity.exponent) if rate is not None else 0
        found.append(
            Accrual(
                places.get(scope[0] or 0),
                categories.get(scope[1] or 0),
                since,
                max((ends for _, ends, _ in new), default=as_of),
                from_raw(sales, MONEY_SCALE),
                rate,
                from_raw(max(amount, 0), MONEY_SCALE),
                sum(1 for starts, ends, _ in own if since is not None and starts <= since < ends),
            )
        )
    return sorted(found, key=lambda one: (str(one.location or ""), str(one.category or "")))


@transaction.atomic
def accrual_propose(*, entity: Entity, user: User, header: Header) -> Proposal:
    """The accrual of all that is due as of the header's event date, as a draft. BadInput where nothing is."""
    due = [one for one in accruals_due(entity=entity, as_of=header.event_on) if one.amount]
    if not due:
        raise BadInput(
            f"Nothing is to be accrued as of {header.event_on.isoformat()}: there are no sales since the last count "
            "and accrual, or no policy gives a rate of shrinkage. Enter the sales first."
        )
    return proposal_create_of_charges(
        entity=entity,
        user=user,
        header=header,
        charges=[
            ChargeInput(
                ChargeKind.SHRINKAGE_ACCRUAL,
                one.amount,
                location=one.location,
                category=one.category,
                note=f"{one.rate:f} of sales of {one.sales:f} until {one.until.isoformat()}",
            )
            for one in due
        ],
    )


@transaction.atomic
def accrual_release_propose(
    *, entity: Entity, user: User, sheet: CountSheet, posting_on: dt.date | None = None
) -> Proposal:
    """What was accrued for stock that a count found complete goes back to expense: the count's share of it, and nothing
    is missing that it could be used for. WrongState where the count has differences, which use that share themselves,
    where nothing stands accrued for its lots, and where it is proposed already."""
    if sheet.difference_count:
        raise WrongState(f"Count {sheet.number} has differences. Propose them; they use what was accrued first.")
    used = used_by(sheet, accrued(entity=entity))
    if not used:
        raise WrongState(
            f"Count {sheet.number} has no differences, and nothing stands accrued for its lots: there is nothing to "
            "propose."
        )
    sheet_take(sheet, f"Count {sheet.number} is proposed already.")
    note = f"Count {sheet.number} found nothing missing: its share of what was accrued is released."
    header = count_header(entity, sheet, Kind.ACCRUAL, posting_on=posting_on, note=note)
    proposal = proposal_create(entity=entity, user=user, header=header, count_sheet=sheet)
    places, categories = Location.objects.filter(entity=entity), Category.objects.filter(entity=entity)
    for (location, category), amount in used:
        charge = ChargeInput(
            ChargeKind.SHRINKAGE_RELEASE,
            from_raw(amount, MONEY_SCALE),
            location=places.get(pk=location) if location else None,
            category=categories.get(pk=category) if category else None,
            note=f"Share of count {sheet.number} in what was accrued",
        )
        proposal = charge_add(proposal=proposal, user=user, charge=charge)
    return proposal


def _counts(entity: Entity, as_of: dt.date) -> list[tuple[int, int, dt.date]]:
    """(location, category, day of the last count of its lots)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select l.location_id, i.category_id, max(s.counted_on) from inventory_countline c "
            "join inventory_countsheet s on s.id = c.sheet_id join inventory_lot l on l.id = c.lot_id "
            "join inventory_item i on i.id = l.item_id where s.entity_id = %s and s.counted_on <= %s "
            "group by l.location_id, i.category_id",
            [entity.pk, as_of.isoformat()],
        )
        return [(location, category, day_of(day)) for location, category, day in cursor.fetchall()]


def _accruals(entity: Entity) -> dict[Scope, dt.date]:
    """Location and category -> the day up to which sales were accrued, drafts included."""
    charges = ProposalCharge.objects.filter(proposal__entity=entity, kind=ChargeKind.SHRINKAGE_ACCRUAL)
    live = charges.exclude(proposal__status__in=(Status.REJECTED, Status.VOIDED))
    rows: Iterable[tuple[int | None, int | None, dt.date]] = (
        live.order_by().values_list("location_id", "category_id").annotate(last=Max("proposal__event_on"))
    )
    return {(location, category): last for location, category, last in rows}
