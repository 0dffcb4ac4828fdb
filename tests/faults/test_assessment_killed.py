"""kill -9 at the n-th SQL statement of an assessment: it is whole or not there, and can be done anew, for every n."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core import jobs
from inventory.models import Item
from tests.faults import company as faults
from tests.faults.conftest import copy_of, proved
from tests.faults.processes import alone, killed_at
from tests.faults.test_killed import EVERY, points
from writeoffs.valuation.assess import assessment_start
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.models import Assessment, AssessmentLine, Price

pytestmark = [pytest.mark.faults, pytest.mark.database]
DAY = dt.date(2026, 3, 1)


@pytest.fixture
def unblocked(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def start() -> str:
    north = faults.found()
    return assessment_start(entity=north.entity, user=north["PREPARER"], as_of=DAY).status


def recovered() -> list[str]:
    """What a new worker does first: jobs of a dead one are put back and done."""
    jobs.jobs_recover(older_than=dt.timedelta(0))
    for assessment in Assessment.objects.filter(status="RUNNING").select_related("job"):
        assert assessment.job is not None
        jobs.job_enqueue(job=assessment.job)
    return sorted(Assessment.objects.values_list("status", flat=True))


def test_an_assessment_is_whole_or_not_there_whenever_its_worker_is_killed(
    books_template: str, tmp_path: Path, unblocked: None, record_property: Callable[[str, object], None]
) -> None:
    kills = 0
    with copy_of(books_template, tmp_path):
        north = faults.found()
        price = Price(
            item=Item.objects.order_by("pk")[0], as_of=DAY, currency="EUR", nrv=Decimal(35), source="Price list"
        )
        input_give(entity=north.entity, user=north["PRICE_OWNER"], given=price)
        for n, child in points(lambda n: killed_at(n, start)):
            kills += child.was_killed
            for assessment in Assessment.objects.all():
                lines = AssessmentLine.objects.filter(assessment=assessment).count()
                assert lines == (faults.LOTS if assessment.status == "DONE" else 0), f"killed at {n}"
            statuses = alone(recovered).answer()
            assert set(statuses) <= {"DONE"}, f"killed at {n}"
        assert Assessment.objects.filter(required=500).count() == Assessment.objects.count()
        assert AssessmentLine.objects.count() == Assessment.objects.count() * faults.LOTS
        proved()
    record_property("kills while assessing", kills)
    assert kills >= 30 // EVERY
