"""Giving one input: a price, a contract, a month of demand. The sheets give many (writeoffs/valuation/kinds).

Invariants: an input is only added, never changed; another figure for the same subject and day is a higher version and
says why; a withdrawn one is a version as well; each has one audit event that keeps the digest of its row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from core import audit
from core.access import roles_in
from core.errors import BadInput, NotAllowed, WrongState
from core.files import files_told
from core.idempotency import Answer, Asked, once
from core.models import Category, Entity, Location, StoredFile, User
from core.money import ScaledField, plain
from inventory.models import Item, Lot
from writeoffs.valuation.inputs import ConditionMark, Demand, Input, MaterialUse, Price, PriceRate, SalesFigure
from writeoffs.valuation.kinds_of_input import KIND_OF, InputKind
from writeoffs.valuation.news import announce
from writeoffs.valuation.proofs import RECORDS

Given = TypeVar("Given", bound=Input)

# What the service fills in itself.
_OURS = ("id", "entity_id", "version", "withdrawn", "reason", "upload_id", "entered_at", "entered_by_id")
_EARLIEST = dt.date(1990, 1, 1)


def input_give(*, entity: Entity, user: User, given: Given, key: str = "") -> Given:
    """Keep an input; where one stands for the same subject and day, `given.reason` says why this one replaces it.

    given: a new record with its subject, its values, `source` and `evidence`; the rest is filled in. NotAllowed without
    role; BadInput for what cannot be, or a reason that is missing; WrongState where the same figure stands already.
    key: of the press.
    """
    kind = KIND_OF[type(given)]
    require_giver(entity, user, kind)

    def step() -> Answer:
        made = _give(entity, user, kind, given)
        return Answer(f"{_named(kind, made)}: {said(made)}.", {"input": made.pk})

    answer = once(entity=entity, user=user, key=key, asked=_asked("give", entity, kind, given), step=step)
    return type(given)._default_manager.get(entity=entity, pk=answer.result["input"])


@transaction.atomic
def input_keep(*, entity: Entity, user: User, given: Given) -> Given:
    """Keep an input that follows from a step of another room, under that step's own duties: who may judge an event may
    say what it shows. Where the same figure stands already, that one; else as input_give."""
    kind = KIND_OF[type(given)]
    standing = standing_of(entity, kind, given)
    if standing is not None and not standing.withdrawn:
        if all(getattr(standing, name) == getattr(given, name) for name in kind.values):
            return standing
        given.reason = given.reason or given.source
    return _give(entity, user, kind, given)


def input_withdraw(*, entity: Entity, user: User, standing: Given, reason: str, key: str = "") -> Given:
    """Say that there is no such figure after all: the one of an earlier day stands again. BadInput without a reason,
    WrongState where it is not the one that stands."""
    kind = KIND_OF[type(standing)]
    require_giver(entity, user, kind)

    def step() -> Answer:
        made = _withdraw(entity, user, kind, standing, reason)
        return Answer(f"{_named(kind, made)}: withdrawn.", {"input": made.pk})

    asked = Asked(f"{kind.code}.withdraw", f"{kind.code}:{standing.pk}", {"reason": reason.strip()})
    answer = once(entity=entity, user=user, key=key, asked=asked, step=step)
    return type(standing)._default_manager.get(entity=entity, pk=answer.result["input"])


def require_giver(entity: Entity, user: User, kind: InputKind) -> None:
    """NotAllowed unless the person may give such inputs."""
    if not roles_in(entity, user) & set(kind.roles):
        names = " or ".join(role.label.lower() for role in kind.roles)
        raise NotAllowed(
            f"Giving {kind.plural} needs the role {names} in {entity}. Ask an administrator, or a colleague who has it."
        )


def _asked(verb: str, entity: Entity, kind: InputKind, given: Input) -> Asked:
    body = {name: _json(getattr(given, name)) for name in (*kind.columns, "source", "reason", "evidence_id")}
    return Asked(f"{kind.code}.{verb}", f"entity:{entity.pk}", body)


def _json(value: Any) -> Any:
    return plain(value) if hasattr(value, "as_tuple") else value


# --- the steps --------------------------------------------------------------------------------------------------------


def _give(entity: Entity, user: User, kind: InputKind, given: Given) -> Given:
    # Two who give at once: the second waits here and then sees the first one's version.
    Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
    given.entity, given.entered_by, given.entered_at = entity, user, timezone.now()
    given.source, given.reason, given.withdrawn = given.source.strip(), given.reason.strip(), False
    _own(entity, given)
    before = standing_of(entity, kind, given)
    given.version = before.version + 1 if before is not None else 1
    _replaces(kind, given, before)
    _clean(kind, given)
    _possible(entity, kind, given)
    given.save(force_insert=True)
    _told(entity, user, kind, given, before)
    return given


@transaction.atomic
def _withdraw(entity: Entity, user: User, kind: InputKind, standing: Given, reason: str) -> Given:
    Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
    before = standing_of(entity, kind, standing)
    if before is None or before.pk != standing.pk or before.withdrawn:
        raise WrongState(f"{_named(kind, standing)} does not stand any more. Reload the page.")
    if not reason.strip():
        raise BadInput(f"{_named(kind, standing)}: say why it is withdrawn; assessments were made with it.")
    values = {name: getattr(standing, name) for name in (*kind.columns, "source")}
    made = type(standing)(
        **values,
        entity=entity,
        version=before.version + 1,
        withdrawn=True,
        reason=reason.strip()[:200],
        evidence_id=standing.evidence_id,
        entered_by=user,
    )
    made.save(force_insert=True)
    _told(entity, user, kind, made, before)
    return made


def standing_of(entity: Entity, kind: InputKind, given: Given) -> Given | None:
    """The highest version for the subject and day of `given`, a withdrawn one included."""
    subject = {
        (f"{name}__isnull" if getattr(given, name) is None else name): (
            True if getattr(given, name) is None else getattr(given, name)
        )
        for name in kind.subject
    }
    return type(given)._default_manager.filter(entity=entity, **subject).order_by("-version").first()


def _told(entity: Entity, user: User, kind: InputKind, made: Input, before: Input | None) -> None:
    verb, value = ("withdrew", "") if made.withdrawn else ("gave", f": {said(made)}")
    was = "" if before is None else f" It was {said(before)}: {made.reason}."
    audit.record(
        entity=entity,
        actor=user,
        kind="input.withdrawn" if made.withdrawn else "input.given",
        subject=f"{kind.code}:{made.pk}",
        message=f"{user} {verb} the {_named(kind, made)}{value} ({made.source}).{was}",
        data={
            "input": made.pk,
            "kind": kind.code,
            "record": input_record(kind, made.pk),
            **files_told(StoredFile.objects.filter(pk=made.evidence_id or 0).only("pk")),
        },
    )
    announce(entity=entity, user=user)


def input_record(kind: InputKind, pk: int) -> str:
    """The digest of one input; `record` of its audit event."""
    return RECORDS[kind.code].digest(kind.model._default_manager.filter(pk=pk))


# --- what cannot be ---------------------------------------------------------------------------------------------------


def _own(entity: Entity, given: Input) -> None:
    """BadInput where the record behind a key is another company's."""
    for field in given._meta.concrete_fields:
        if not isinstance(field, models.ForeignKey) or field.name in ("entity", "entered_by"):
            continue
        record = getattr(given, field.name) if getattr(given, field.attname) is not None else None
        if isinstance(record, Item | Lot | Location | Category) and record.entity_id != entity.pk:
            raise BadInput(f"{record} is no {field.verbose_name} of {entity}. Choose from the list.")
        if record is not None and getattr(record, "entity_id", entity.pk) != entity.pk:
            raise BadInput(f"The {field.verbose_name} is not {entity}'s own. Give it again.")


def _replaces(kind: InputKind, given: Input, before: Input | None) -> None:
    if before is None:
        given.reason = ""
        return
    if not before.withdrawn and all(getattr(before, name) == getattr(given, name) for name in kind.values):
        raise WrongState(f"{_named(kind, before)}: {said(before)} stands already.")
    if not given.reason:
        raise BadInput(
            f"{_named(kind, before)} is {said(before)} already, from {before.source}. Say why another one replaces it: "
            "assessments may have been made with the one that stands."
        )


def _clean(kind: InputKind, given: Input) -> None:
    """The model's own rules, as one sentence."""
    try:
        given.full_clean(exclude=["upload"], validate_unique=False)
    except ValidationError as error:
        parts = []
        for name, messages in error.message_dict.items():
            label = "" if name == "__all__" else f"{_label(given, name)}: "
            parts += [f"{label}{message}" for message in messages]
        raise BadInput(f"{_named(kind, given)}: {' '.join(parts)}") from error


def _possible(entity: Entity, kind: InputKind, given: Input) -> None:
    for sentence in impossible(entity, given):
        raise BadInput(f"{_named(kind, given)}: {sentence}")


def impossible(entity: Entity, given: Input) -> Iterator[str]:
    """Sentences on what no constraint of the table can see."""
    today = entity.local_date()
    if isinstance(given, Price):
        if given.lot is not None and given.lot.item_id != given.item_id:
            yield f"lot {given.lot} is not of {given.item}. Choose a lot of this item."
        if given.offered_on is not None and given.offered_on > today:
            yield f"{given.offered_on.isoformat()} is still to come; goods are offered on a day that has been."
    if isinstance(given, Demand) and given.month > today:
        yield f"{given.month:%Y-%m} is still to come; demand is what was sold or used."
    if isinstance(given, ConditionMark) and given.as_of > today:
        yield f"{given.as_of.isoformat()} is still to come; a condition is seen on a day that has been."
    if isinstance(given, PriceRate):
        if given.currency == entity.currency:
            yield f"{entity} keeps its books in {entity.currency}, which needs no rate."
        if given.as_of > today:
            yield f"{given.as_of.isoformat()} is still to come; a rate is known once its day has come."
    if isinstance(given, SalesFigure) and given.ends_on > today:
        yield f"{given.ends_on.isoformat()} is still to come; sales are told once their days are over."
    for name in ("as_of", "month", "starts_on"):
        day = getattr(given, name, None)
        if day is not None and day < _EARLIEST:
            yield f"{day.isoformat()} is before {_EARLIEST.isoformat()}. Look at the year."


# --- in words ---------------------------------------------------------------------------------------------------------


def _named(kind: InputKind, given: Input) -> str:
    return f"{kind.noun} of {given}"


def _label(given: Input, name: str) -> str:
    return str(getattr(given._meta.get_field(name), "verbose_name", name))


def said(given: Input) -> str:
    """The values of an input in words: "selling price 12.5, cost to sell 1 (EUR)"."""
    if given.withdrawn:
        return "withdrawn"
    parts = []
    for name in KIND_OF[type(given)].values:
        value, field = getattr(given, name), given._meta.get_field(name)
        if value in (None, "", False) or name == "currency":
            continue
        if isinstance(field, ScaledField):
            value = plain(value)
        label = _label(given, name)
        parts.append(label if value is True else f"{label} {value}")
    if isinstance(given, MaterialUse):
        parts.append("used")
    currency = getattr(given, "currency", "") if not isinstance(given, PriceRate) else ""
    return ", ".join(parts) + (f" ({currency})" if currency else "")


__all__ = [
    "impossible",
    "input_give",
    "input_keep",
    "input_record",
    "input_withdraw",
    "require_giver",
    "said",
    "standing_of",
]
