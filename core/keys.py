"""The key of a step: what a press of a button was, and what it was answered, kept so that it counts once.

Owns the model and the hash of its rows, and says which key is in hand while a step runs (core.audit writes its digest
into the step's events). Invariant: rows are only ever added (core/guards/own.py), each in the transaction of its step.
"""

from __future__ import annotations

import hashlib
import json
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone


class StepKey(models.Model):
    """One step that was done: its key, what was asked for (as SHA-256), by whom, and the answer."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=100)
    given = models.BooleanField(help_text="Whether the client made the key; else it is derived from the step.")
    action = models.CharField(max_length=60, help_text="Dotted: proposal.post, period.close.")
    subject = models.CharField(max_length=120, help_text="The record, as source_ref.")
    body = models.CharField(max_length=64, help_text="SHA-256 of everything that was asked for.")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    message = models.TextField(help_text="What the person was told.")
    result = models.JSONField(default=dict, help_text="The records that the step made, as references.")
    event = models.BigIntegerField(null=True, help_text="The last audit event of the step, by its place in the chain.")
    created_at = models.DateTimeField(default=timezone.now)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("entity", "key"),
                name="step_key_once",
                violation_error_message="This key belongs to a step that was done already.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


@dataclass(slots=True)
class InHand:
    """The key whose step is running. told: the digest that its audit events carry; event: the last of them."""

    told: str
    entity_id: int
    event: int | None = None


in_hand: ContextVar[InHand | None] = ContextVar("step_key", default=None)


def asked_digest(row: StepKey) -> str:
    """SHA-256 of who asked for what under which key; version 1. It stands in the audit events of the step."""
    return _sha256([1, row.entity_id, row.key, row.given, row.action, row.subject, row.body, row.actor_id])


def row_digest(row: StepKey) -> str:
    """SHA-256 of the whole row; version 1."""
    return _sha256([1, asked_digest(row), row.message, row.result, row.event, row.created_at.isoformat()])


def _sha256(fields: list[Any]) -> str:
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
