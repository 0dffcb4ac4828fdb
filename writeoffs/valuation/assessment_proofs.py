"""The digest of what a run found, kept in the event of its end; `manage.py verify` makes it again from the database.

Invariant: it covers every column that a run writes, of the assessment and of each line, in the order of the lines. An
override stands in the event of its own.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter as Counted
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.db import connection

from core.models import AuditEvent, Counter
from core.money import MONEY_SCALE, to_raw
from core.verify import Tally, moment_of, rows
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
# Version 2 adds the job and the message of the assessment. It stands before the digest; version 1 was kept bare.
VERSION = 2


def version_of(kept: str) -> int:
    number, colon, _ = kept.partition(":")
    return int(number) if colon else 1


class FoundDigest:
    """SHA-256 (hex) over lines as they come and the assessment that they belong to."""

    def __init__(self, version: int = VERSION) -> None:
        self._version = version
        self._hash = hashlib.sha256(json.dumps([version, *COLUMNS]).encode())
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
        head = json.dumps(_head(assessment, self._version), ensure_ascii=False, sort_keys=True)
        self._hash.update(head.encode())
        return self._hash.hexdigest() if self._version == 1 else f"{self._version}:{self._hash.hexdigest()}"


def _head(assessment: Assessment, version: int) -> list[Any]:
    return [
        *(assessment.entity_id, assessment.number, assessment.as_of.isoformat(), assessment.basis),
        *(assessment.framework, assessment.scope, assessment.assumptions, assessment.previous_id),
        *(assessment.line_count, assessment.untested_count, assessment.by_level, assessment.created_by_id),
        *(to_raw(amount, MONEY_SCALE) for amount in (assessment.cost, assessment.carried, assessment.required)),
        *(_moment(moment) for moment in (assessment.created_at, assessment.finished_at)),
        *((assessment.job_id, assessment.message) if version > 1 else ()),
    ]


def _moment(moment: dt.datetime | None) -> str:
    return "" if moment is None else moment.astimezone(dt.UTC).isoformat()


# --- verifying -------------------------------------------------------------------------------------------------------


# What the last of these events on a run makes of it.
_STATUS = {
    "assessment.done": Assessment.Status.DONE,
    "assessment.proposed": Assessment.Status.PROPOSED,
    "assessment.provided": Assessment.Status.PROPOSED,
    "assessment.recorded": Assessment.Status.RECORDED,
}


def runs_told(tally: Tally) -> Iterator[str]:
    """Every finished run is what the event of its end says, line by line, and stands where the last event left it."""
    told: dict[tuple[int | None, str], str] = {}
    status: dict[tuple[int | None, str], str] = {}
    events = AuditEvent.objects.filter(kind__in=_STATUS).order_by("chain", "sequence")
    for entity, kind, subject, data in events.values_list("entity_id", "kind", "subject", "data").iterator(500):
        status[entity, subject] = _STATUS[kind]
        if kind == "assessment.done":
            told[entity, subject] = data.get("found", "")
    for assessment in Assessment.objects.order_by("pk").iterator(chunk_size=500):
        ref = (assessment.entity_id, assessment.source_ref)
        kept = told.pop(ref, None)
        if kept is None:
            if assessment.status not in (Assessment.Status.RUNNING, Assessment.Status.FAILED):
                yield f"{assessment} is finished, but nothing in the audit trail says what it found."
            continue
        tally["assessments"] += 1
        if assessment.status != status[ref]:
            yield f"{assessment} stands as {assessment.status}, but the audit trail says {status[ref]}."
        if not _found(assessment, kept):
            yield f"{assessment} is not what the audit trail says it found: a figure of it or of its lines was changed."
    for _, subject in sorted(told):
        yield f"{subject.partition(':')[2]} is missing, or of another company: its end stands in the audit trail only."


def _found(assessment: Assessment, kept: str) -> bool:
    if version_of(kept) > VERSION:
        return False
    digest = FoundDigest(version_of(kept))
    for _ in digest.passing(found_lines(assessment)):
        pass
    return digest.of(assessment) == kept


def found_lines(assessment: Assessment) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {', '.join(COLUMNS)} from {TABLE} where assessment_id = %s order by id", [assessment.pk]
        )
        while chunk := cursor.fetchmany(CHUNK):
            yield from ((assessment.pk, *row, "", "", "") for row in chunk)


def overrides_told(tally: Tally) -> Iterator[str]:
    """Every override is the last that the audit trail tells of its line."""
    told: dict[int, tuple[int | None, str, str, int]] = {}
    moments: dict[int, str] = {}
    events = AuditEvent.objects.filter(kind="assessment.overridden").order_by("chain", "sequence")
    for actor, data in events.values_list("actor_id", "data").iterator(chunk_size=500):
        after = data["after"]
        if after is None:
            told.pop(data["line"], None)
        else:
            told[data["line"]] = to_raw(Decimal(after), MONEY_SCALE), data["reason"], data["cause"], actor
            # What was overridden before its moment was told has none here.
            moments[data["line"]] = data.get("at", "")
    with connection.cursor() as cursor:
        cursor.execute(
            "select l.id, a.number, l.override_at, l.override, l.override_reason, l.override_cause, l.override_by_id "
            f"from {TABLE} l join valuation_assessment a on a.id = l.assessment_id where l.override is not null "
            "or l.override_reason <> '' or l.override_cause <> '' or l.override_by_id is not null "
            "or l.override_at is not null order by l.id"
        )
        for line, number, at, *given in cursor.fetchall():
            tally["overrides"] += 1
            moment, stored = moments.get(line, ""), _moment(at and moment_of(at))
            if told.pop(line, None) != tuple(given) or (moment and _moment(moment_of(moment)) != stored):
                yield f"The override of line {line} of {number} is not what the audit trail says."
    for line in sorted(told):
        yield f"The override of line {line} of an assessment is missing: it stands in the audit trail only."


def proposals_told(tally: Tally) -> Iterator[str]:
    """A line that was accepted names a proposal that the audit trail says was made of its assessment."""
    made: set[tuple[int | None, str, str]] = set()
    events = AuditEvent.objects.filter(kind="assessment.proposed").order_by("pk")
    for entity, subject, data in events.values_list("entity_id", "subject", "data").iterator(chunk_size=500):
        made.update((entity, subject, f"proposal:{number}") for number in data["proposals"])
    for entity, number, ref, lines in rows(
        "select a.entity_id, a.number, l.proposal_ref, count(*) from valuation_assessmentline l "
        "join valuation_assessment a on a.id = l.assessment_id where l.proposal_ref <> '' "
        "group by a.entity_id, a.number, l.proposal_ref order by a.number, l.proposal_ref"
    ):
        tally["accepted lines"] += lines
        if (entity, f"assessment:{number}", ref) not in made:
            yield f"{lines} lines of {number} name {ref}, but the audit trail says of no such proposal made of it."


def numbers_told(tally: Tally) -> Iterator[str]:
    """Of every year and company as many assessments are stored as numbers were handed out."""
    handed_out = {
        (counter.entity_id, counter.series.partition(":")[2]): counter.last
        for counter in Counter.objects.filter(series__startswith="assessment:")
    }
    stored = Counted(
        (entity_id, number.split("-")[1])
        for entity_id, number in Assessment.objects.values_list("entity_id", "number").iterator(chunk_size=2000)
        if number.count("-") == 2
    )
    for entity_id, year in sorted(handed_out.keys() | stored.keys()):
        last, count = handed_out.get((entity_id, year), 0), stored[entity_id, year]
        if last != count:
            yield f"Of the assessments of {year} {last:,} numbers were handed out and {count:,} are stored."
