"""Keeps an event after the reporting date, the price that an adjusting one shows, and the write-down that it asks for.

Invariant: only an adjusting event says what goods were worth on the reporting date; assessments as of it take its price
with the event as source (IAS 10.9(b)(ii)).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath

from django.db import transaction
from django.db.models import Sum

from core import audit
from core.access import roles_in
from core.errors import BadInput, NotAllowed
from core.files import file_store, files_told
from core.models import Entity, StoredFile, User
from core.money import (
    MONEY_SCALE,
    QUANTITY_SCALE,
    UNIT_COST_SCALE,
    display_money,
    divide_half_away,
    from_raw,
    is_whole_unit,
    to_raw,
)
from core.numbers import numbers_take
from core.told import row_record
from core.words import Reason, Role
from inventory.models import Lot, Movement
from writeoffs.ledger.calendar import period_of
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.posting.lots import fiscal_year_of
from writeoffs.proposals import policy
from writeoffs.proposals.event_models import SubsequentEvent, classification
from writeoffs.proposals.models import Evidence, Kind, Proposal
from writeoffs.proposals.services.create import Header, proposal_create
from writeoffs.proposals.services.lines import line_add
from writeoffs.proposals.services.papers import Paper, content_type_of, evidence_add
from writeoffs.valuation.giving import input_keep
from writeoffs.valuation.models import Price

ZERO = Decimal(0)
PREFIX = "SE"


@dataclass(frozen=True, slots=True)
class EventInput:
    """What a person says of an event. lot, proceeds, costs: of goods whose sale shows what they were worth."""

    reporting_on: dt.date
    event_on: dt.date
    what: str
    reason: str
    condition_existed: bool
    why: str
    lot: Lot | None = None
    proceeds: Decimal | None = None
    costs: Decimal = ZERO
    amount: Decimal | None = None
    disclosure: str = ""
    paper: Paper | None = None


@transaction.atomic
def event_record(*, entity: Entity, user: User, event: EventInput) -> SubsequentEvent:
    """Judge an event and keep it. An adjusting one with a figure gives the lot's price as of the reporting date; where
    the lot fetched less than it carries, it gets a draft write-down as well, posted into the year just ended: its last
    month, or period 13 where that is closed. PeriodClosed where both are."""
    if Role.PREPARER not in roles_in(entity, user):
        raise NotAllowed(f"An event is recorded by a preparer; you have no such role in {entity}.")
    _check(entity, event)
    year = fiscal_year_of(entity, entity.local_date())
    number = f"{PREFIX}-{year}-{numbers_take(entity=entity, series=f'event:{year}'):04d}"
    stored = None
    if event.paper is not None:
        stored = file_store(
            entity=entity,
            name=event.paper.name,
            content=event.paper.content,
            content_type=content_type_of(event.paper),
            user=user,
        )
    made = SubsequentEvent.objects.create(
        entity=entity,
        number=number,
        reporting_on=event.reporting_on,
        event_on=event.event_on,
        what=event.what.strip(),
        reason=event.reason,
        condition_existed=event.condition_existed,
        why=event.why.strip(),
        lot=event.lot,
        proceeds=event.proceeds,
        costs=event.costs,
        amount=event.amount,
        disclosure=event.disclosure.strip(),
        file=stored,
        file_name=PurePosixPath(event.paper.name.replace("\\", "/")).name[-255:] if event.paper else "",
        document=_document(entity, user, event, number),
        price=_price(entity, user, event, number, stored),
        judged_by=user,
    )
    audit.record(
        entity=entity,
        actor=user,
        kind="event.judged",
        subject=f"event:{made.number}",
        message=f"{user} judged {made.number}, {made.event_on.isoformat()}, after {made.reporting_on.isoformat()}: "
        f"{made.classification.label.lower()}. {made.why}",
        data={"event": made.pk, "record": row_record(made), **files_told([stored] if stored else [])},
    )
    return made


def _check(entity: Entity, event: EventInput) -> None:
    for name, day in (("reporting date", event.reporting_on), ("event date", event.event_on)):
        refused = policy.day_refusal(entity=entity, name=name, day=day)
        if refused:
            raise BadInput(refused)
    if event.event_on <= event.reporting_on:
        raise BadInput(
            f"The event of {event.event_on.isoformat()} does not lie after the reporting date "
            f"{event.reporting_on.isoformat()}. Propose it as an ordinary loss."
        )
    if not event.what.strip() or not event.why.strip():
        raise BadInput("Say what happened, and why its condition existed on the reporting date or arose later.")
    if event.reason not in Reason.values or event.reason == Reason.COUNT_DIFFERENCE:
        raise BadInput("Say why the goods lost value: choose a reason.")
    if event.lot is not None and event.lot.entity_id != entity.pk:
        raise BadInput(f"Lot {event.lot} is not one of {entity}. Choose it from the stock list.")
    if (event.lot is None) != (event.proceeds is None):
        raise BadInput("Name the lot and what all its units fetched together, or neither.")
    for amount in (event.proceeds or ZERO, event.costs, event.amount or ZERO):
        if amount < ZERO or not is_whole_unit(amount, entity.currency):
            raise BadInput(f"{amount} is below nil or finer than {entity.currency}. Correct it.")
    if not event.condition_existed and not event.disclosure.strip():
        raise BadInput("Say what the notes disclose of an event that does not adjust, if only that it is not material.")


def _price(entity: Entity, user: User, event: EventInput, number: str, paper: StoredFile | None) -> Price | None:
    """What a unit of the lot was worth on the reporting date, as what all its units fetched shows; None where the event
    does not adjust, has no figure, or the lot held nothing on that day."""
    if not event.condition_existed or event.lot is None or event.proceeds is None:
        return None
    held = Movement.objects.filter(lot=event.lot, posted_on__lte=event.reporting_on).aggregate(held=Sum("quantity"))
    quantity = to_raw(held["held"] or ZERO, QUANTITY_SCALE)
    if quantity <= 0:
        return None
    net = to_raw(event.proceeds - event.costs, MONEY_SCALE)
    nrv = divide_half_away(net * 10 ** (QUANTITY_SCALE + UNIT_COST_SCALE - MONEY_SCALE), quantity)
    given = Price(
        item=event.lot.item,
        lot=event.lot,
        as_of=event.reporting_on,
        currency=entity.currency,
        nrv=from_raw(nrv, UNIT_COST_SCALE),
        source=f"Event {number} of {event.event_on.isoformat()}",
        evidence=paper,
    )
    return input_keep(entity=entity, user=user, given=given)


def _document(entity: Entity, user: User, event: EventInput, number: str) -> Proposal | None:
    """The draft write-down of an adjusting event, dated the reporting date: it belongs to that year."""
    adjusts = classification(condition_existed=event.condition_existed) == SubsequentEvent.Classification.ADJUSTING
    if not adjusts or event.lot is None or event.proceeds is None:
        return None
    target = max(event.proceeds - event.costs, ZERO)
    if target >= event.lot.carrying_amount:
        return None
    day = event.reporting_on
    month = period_of(entity=entity, day=day)
    header = Header(
        kind=Kind.WRITE_DOWN,
        reason=event.reason,
        event_on=day,
        found_on=day,
        posting_on=day,
        adjustment=(month is None or month.status == FiscalPeriod.Status.CLOSED)
        and period_of(entity=entity, day=day, adjustment=True) is not None,
        note=f"Event {number} of {event.event_on.isoformat()}, after the reporting date: {event.what.strip()} Sold for "
        f"{display_money(event.proceeds, entity.currency, entity.locale)} less "
        f"{display_money(event.costs, entity.currency, entity.locale)} {entity.currency} (IAS 10.9(b)(ii)).",
    )
    proposal = proposal_create(entity=entity, user=user, header=header)
    proposal = line_add(proposal=proposal, user=user, lot=event.lot, new_carrying_amount=target)
    if event.paper is not None:
        evidence_add(proposal=proposal, user=user, kind=Evidence.Kind.PRICE_SOURCE, papers=[event.paper])
    return proposal
