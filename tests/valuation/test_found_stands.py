"""What a run found stands: nobody changes, deletes or replaces a line or the figures of a finished assessment."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.valuation.assessed import finished
from writeoffs.valuation.models import Assessment

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("update valuation_assessmentline set required = required + 100", "keeps what it is"),
        ("update valuation_assessmentline set flag = 'x'", "keeps what it is"),
        ("delete from valuation_assessmentline", "never deleted"),
        ("update valuation_assessment set as_of = '2020-01-01'", "keeps what it is"),
        ("update valuation_assessment set required = 0", "keeps its figures"),
        ("delete from valuation_assessment", "never deleted"),
    ],
)
def test_figures_are_not_changed_around_the_product(company: Company, sql: str, why: str) -> None:
    made = finished(company, (make_lot(company.entity), "500"))
    run("update valuation_assessment set finished_at = created_at")
    with pytest.raises(IntegrityError, match=why):
        run(sql)
    # What people add to a line is theirs to add.
    run("update valuation_assessmentline set proposal_ref = 'proposal:WD-1'")
    run("update valuation_assessment set status = 'DISCARDED'")
    assert Assessment.objects.get(pk=made.pk).status == "DISCARDED"
