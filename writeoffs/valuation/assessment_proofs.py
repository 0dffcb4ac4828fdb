"""The digest of what a run found, kept in the event of its end; `manage.py verify` makes it again from the database.

Invariant: it covers every column that a run writes, of the assessment and of each line, in the order of the lines. An
override stands in the event of its own.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.db import connection

from core.models import AuditEvent
from core.money import MONEY_SCALE, to_raw
from core.verify import Tally
from writeoffs.valuation.models import Assessment

TABLE = "valuation_assessmentline"
# What a run writes of a line, and what is digested of it.
COLUMNS = (
    *("lot_id", "policy_id", "price_id", "outcome", "governs", "reason", "level", "cost_formula", "quantity", "cost"),
    *("carried", "nrv_unit", "market_unit", "contract_quantity", "contract_value", "nrv_value", "age_days"),
    *("ageing_need", "excess_quantity", "excess_need", "expiry_need", "nrv_need", "required", "flag"),
    *("change", "change_amount", "change_why"),
)
# Lines hashed together; part of the digest.
CHUNK = 2000


class FoundDigest:
    """SHA-256 (hex) over lines as they come and the assessment that they belong to: version 1."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256(json.dumps([1, *COLUMNS]).encode())
        self._chunk: list[tuple[Any, ...]] = []

    def passing(self, lines: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """The same lines (the assessment, COLUMNS, three that are empty), taken down on their way."""
        for line in lines:
            self._chunk.append(line)
            if len(self._chunk) == CHUNK:
                self._close()
            yield line

    def _close(self) -> None:
        told = json.dumps(self._chunk, ensure_ascii=False, separators=(",", ":"))
        self._hash.update(told.encode())
        self._chunk = []

    def of(self, assessment: Assessment) -> str:
        """All lines have passed; the assessment is as it is kept."""
        if self._chunk:
            self._close()
        self._hash.update(json.dumps(_head(assessment), ensure_ascii=False, sort_keys=True).encode())
        return self._hash.hexdigest()


def _head(assessment: Assessment) -> list[Any]:
    return [
        *(assessment.entity_id, assessment.number, assessment.as_of.isoformat(), assessment.basis),
        *(assessment.framework, assessment.scope, assessment.assumptions, assessment.previous_id),
        *(assessment.line_count, assessment.untested_count, assessment.by_level, assessment.created_by_id),
        *(to_raw(amount, MONEY_SCALE) for amount in (assessment.cost, assessment.carried, assessment.required)),
        *(_moment(moment) for moment in (assessment.created_at, assessment.finished_at)),
    ]


def _moment(moment: dt.datetime | None) -> str:
    return "" if moment is None else moment.astimezone(dt.UTC).isoformat()


# --- verifying -------------------------------------------------------------------------------------------------------


def runs_told(tally: Tally) -> Iterator[str]:
    """Every finished run is what the event of its end says, line by line."""
    told = {
        (entity, subject): data.get("found", "")
        for entity, subject, data in AuditEvent.objects.filter(kind="assessment.done")
        .values_list("entity_id", "subject", "data")
        .iterator(chunk_size=500)
    }
    for assessment in Assessment.objects.order_by("pk").iterator(chunk_size=500):
        kept = told.pop((assessment.entity_id, assessment.source_ref), None)
        if kept is None and assessment.finished_at is None:
            continue
        tally["assessments"] += 1
        if assessment.status == Assessment.Status.FAILED and kept is None:
            continue
        digest = FoundDigest()
        for _ in digest.passing(_lines(assessment)):
            pass
        if digest.of(assessment) != kept:
            yield f"{assessment} is not what the audit trail says it found: a figure of it or of its lines was changed."
    for _, subject in sorted(told):
        yield f"{subject.partition(':')[2]} is missing, or of another company: its end stands in the audit trail only."


def _lines(assessment: Assessment) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {', '.join(COLUMNS)} from {TABLE} where assessment_id = %s order by id", [assessment.pk]
        )
        while chunk := cursor.fetchmany(CHUNK):
            yield from ((assessment.pk, *row, "", "", "") for row in chunk)


def overrides_told(tally: Tally) -> Iterator[str]:
    """Every override is the last that the audit trail tells of its line."""
    told: dict[int, tuple[int | None, str, str, int]] = {}
    events = AuditEvent.objects.filter(kind="assessment.overridden").order_by("chain", "sequence")
    for actor, data in events.values_list("actor_id", "data").iterator(chunk_size=500):
        after = data["after"]
        if after is None:
            told.pop(data["line"], None)
        else:
            told[data["line"]] = to_raw(Decimal(after), MONEY_SCALE), data["reason"], data["cause"], actor
    with connection.cursor() as cursor:
        cursor.execute(
            "select l.id, a.number, l.override, l.override_reason, l.override_cause, l.override_by_id "
            f"from {TABLE} l join valuation_assessment a on a.id = l.assessment_id where l.override is not null "
            "or l.override_reason <> '' or l.override_cause <> '' or l.override_by_id is not null "
            "or l.override_at is not null order by l.id"
        )
        for line, number, *given in cursor.fetchall():
            tally["overrides"] += 1
            if told.pop(line, None) != tuple(given):
                yield f"The override of line {line} of {number} is not what the audit trail says."
    for line in sorted(told):
        yield f"The override of line {line} of an assessment is missing: it stands in the audit trail only."
