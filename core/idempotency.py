"""A step counts once, however often it is sent: the same key and the same body answer what happened the first time.

Invariants: the key is written in the transaction of its step, so that a step that was killed leaves neither and one
that was done leaves both; a refused step leaves no key and can be repeated once mended; the same key with another
body, another step or another person is refused (409) with what the key did. Two who send one key at once: the second
waits until the first is through, and is answered the same.

Lock order: the key first, then period, lots by id, number counter, chain head.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest

from core.errors import BadInput, KeyUsed
from core.keys import InHand, StepKey, asked_digest, in_hand, row_digest
from core.models import Entity, User

FIELD, HEADER = "step_key", "Idempotency-Key"
# A client that sends no key: one is derived from the step, so that its repetition is known by what it asks for.
DERIVED = "*"
_KEY = re.compile(r"[!-~]{8,100}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for. subject: the record, as source_ref. body: everything else that the step depends on, as JSON
    values. done_already: whether the subject has this step behind it, so that a derived key means its repetition."""

    action: str
    subject: str
    body: Mapping[str, Any] = field(default_factory=dict)
    done_already: Callable[[], bool] = lambda: False

    @property
    def digest(self) -> str:
        fields = [self.action, self.subject, dict(self.body)]
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person is told, and references to what the step made. repeated: it was done before, not now."""

    message: str
    result: Mapping[str, Any] = field(default_factory=dict)
    repeated: bool = False


def once(*, entity: Entity, user: User, key: str, asked: Asked, step: Callable[[], Answer]) -> Answer:
    """Do the step and keep its answer under the key, or give the answer that is kept already.

    key: as the client made it; DERIVED: from the step; "": derived, but the state alone judges a repetition (calls
    from code, which has no presses to repeat). KeyUsed where the key belongs to another step, body or person; whatever
    the step raises leaves nothing. A step inside a step is part of it and has no key of its own.
    """
    if in_hand.get() is not None:
        return step()
    with transaction.atomic():
        given = key not in ("", DERIVED)
        if given:
            _hold(entity, key)
        else:
            key = _derived(entity, user, asked, repeats=key == DERIVED)
        kept = StepKey.objects.filter(entity=entity, key=key).select_related("actor").first()
        if kept is not None:
            return _kept_answer(kept, user, asked)
        return _done(StepKey(entity=entity, key=key, given=given, actor=user), asked, step)


def answered(*, entity: Entity, user: User, key: str, asked: Asked) -> Answer | None:
    """The kept answer of a key that the client made; None where it is new. For steps that work long before they write:
    `once` judges again. KeyUsed as there."""
    if key in ("", DERIVED):
        return None
    kept = StepKey.objects.filter(entity=entity, key=key).select_related("actor").first()
    return None if kept is None else _kept_answer(kept, user, asked)


def _done(row: StepKey, asked: Asked, step: Callable[[], Answer]) -> Answer:
    row.action, row.subject, row.body = asked.action, asked.subject, asked.digest
    hand = InHand(asked_digest(row), row.entity_id)
    token = in_hand.set(hand)
    try:
        answer = step()
    finally:
        in_hand.reset(token)
    row.message, row.event = answer.message, hand.event
    row.result = json.loads(json.dumps(dict(answer.result), default=str))
    row.digest = row_digest(row)
    row.save(force_insert=True)
    return answer


def _kept_answer(kept: StepKey, user: User, asked: Asked) -> Answer:
    if (kept.actor_id, kept.body) != (user.pk, asked.digest):
        who = "you" if kept.actor_id == user.pk else str(kept.actor)
        raise KeyUsed(
            f"This form was sent before, by {who} on {kept.created_at:%Y-%m-%d at %H:%M} UTC, and was answered: "
            f"“{kept.message}” It now asks for something else, so nothing was done. Open the page anew and send it "
            "from there."
        )
    return Answer(kept.message, kept.result, repeated=True)


def _derived(entity: Entity, user: User, asked: Asked, *, repeats: bool) -> str:
    """The step, its record, the person, a digest of the body, and how many times that was done: the last one where
    the record has the step behind it, else the next."""
    stem = hashlib.sha256(f"{asked.subject} {user.pk} {asked.digest}".encode()).hexdigest()[:32]
    stem = f"{asked.action}:{stem}:"
    _hold(entity, stem)
    done = StepKey.objects.filter(entity=entity, key__startswith=stem).count()
    return f"{stem}{max(1, done) if repeats and asked.done_already() else done + 1}"


def _hold(entity: Entity, key: str) -> None:
    """Keep others with the same key waiting until this transaction ends. On SQLite its own start did that already."""
    if connection.vendor != "postgresql":
        return
    number = int.from_bytes(hashlib.sha256(f"{entity.pk} {key}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [number])


def key_of(request: HttpRequest, *, part: str = "") -> str:
    """The key that the client sent, as a header or with the form; DERIVED where it sent none. `part`: one of several
    records that one form is about."""
    key = request.headers.get(HEADER, "") or request.POST.get(FIELD, "")
    if not key:
        return DERIVED
    if not _KEY.fullmatch(key):
        raise BadInput(
            f"'{key[:40]}' cannot be the key of a step. Expected 8 to 100 letters, digits or signs without blanks, "
            "something like 0b9f3a52-6f0e-4c55-9d0c-3c0b8f0f8f61. Open the page anew and send it from there."
        )
    return hashlib.sha256(f"{key} {part}".encode()).hexdigest() if part else key
