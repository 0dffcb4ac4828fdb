"""The proof of what assessments say of commitments: every line is what the event of the run's end kept."""

from __future__ import annotations

from collections.abc import Iterator

from core.models import AuditEvent
from core.verify import Tally
from writeoffs.valuation.commitments import LINES, lines_of
from writeoffs.valuation.models import Assessment, CommitmentLine


def lines_told(tally: Tally) -> Iterator[str]:
    events = AuditEvent.objects.filter(kind="assessment.done", data__has_key="commitments")
    told = {
        (entity, subject): data["commitments"]
        for entity, subject, data in events.values_list("entity_id", "subject", "data").iterator(chunk_size=500)
    }
    with_lines = set(CommitmentLine.objects.order_by().values_list("assessment_id", flat=True).distinct())
    for assessment in Assessment.objects.order_by("pk").iterator(chunk_size=500):
        kept = told.pop((assessment.entity_id, assessment.source_ref), "")
        if not kept and assessment.pk not in with_lines:
            continue
        tally["assessed commitments"] += 1
        if not kept or not LINES.agrees(kept, lines_of(assessment)):
            yield f"{assessment}: what it says of purchase commitments is not what the audit trail says it found."
    for _, subject in sorted(told, key=str):
        yield f"{subject.partition(':')[2]} is missing: its commitments stand in the audit trail only."
