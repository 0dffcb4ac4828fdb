"""The digest of the charges that a recorded assessment left attached, kept in the event of its record;
`manage.py verify` makes it again from the database.

Invariant: it covers every column of every charge; it says its version, and a version names its columns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from django.db import connection
from django.db.models import Q

from core.models import AuditEvent
from core.verify import Tally
from writeoffs.valuation.assessments import Assessment

TABLE = "valuation_basischarge"
# version -> columns, in the order in which they are hashed.
COLUMNS: dict[int, tuple[str, ...]] = {1: ("lot_id", "fiscal_year", "amount")}
VERSION = 1
# Charges hashed together; part of the digest.
CHUNK = 5000


def charges_digest(assessment_id: int, version: int = VERSION) -> str:
    """SHA-256 (hex) over the charges by lot and fiscal year, with its version: "1:.."."""
    names = COLUMNS[version]
    digest = hashlib.sha256(json.dumps([version, assessment_id, list(names)]).encode())
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {', '.join(names)} from {TABLE} where assessment_id = %s order by lot_id, fiscal_year, id",
            [assessment_id],
        )
        while chunk := cursor.fetchmany(CHUNK):
            digest.update(json.dumps([list(row) for row in chunk], separators=(",", ":")).encode())
    return f"{version}:{digest.hexdigest()}"


def charges_told(tally: Tally) -> Iterator[str]:
    """Every recorded assessment has the charges that the event of its record tells, and no other has any. Of one that
    was recorded before there was a digest, as many."""
    told = {
        (entity, subject): data
        for entity, subject, data in AuditEvent.objects.filter(kind="assessment.recorded")
        .values_list("entity_id", "subject", "data")
        .iterator(chunk_size=500)
    }
    charged = Assessment.objects.filter(charges__isnull=False).values("pk")
    recorded = Assessment.objects.filter(Q(status=Assessment.Status.RECORDED) | Q(pk__in=charged))
    for assessment in recorded.order_by("pk").iterator(chunk_size=500):
        tally["recorded assessments"] += 1
        data = told.pop((assessment.entity_id, assessment.source_ref), None)
        if data is None:
            yield f"{assessment} is recorded or has charges, but no event tells of its record."
        elif not _agrees(assessment, data):
            yield f"{assessment}: the charges that were recorded of it are not those of the audit trail."
    for _, subject in sorted(told):
        yield f"{subject.partition(':')[2]} is not recorded, or of another company: its record is in the trail only."


def _agrees(assessment: Assessment, data: dict[str, object]) -> bool:
    kept = str(data.get("charges", ""))
    if not kept:
        return assessment.charges.count() == data["rows"]
    number = kept.partition(":")[0]
    return number.isdigit() and int(number) in COLUMNS and charges_digest(assessment.pk, int(number)) == kept
