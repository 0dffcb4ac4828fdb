"""How the checks of `verify` are asked: every one, whatever the others trip over, and in any order."""

from __future__ import annotations

import pytest
from django.db import connection

from core import guards
from core.verify import Tally, complaints, complaints_by_check
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import draft, posted


@pytest.mark.django_db
@pytest.mark.database
def test_a_check_that_cannot_read_what_is_stored_says_so_and_the_others_are_asked(company: Company) -> None:
    posted(company, draft(company, make_lot(company.entity)))
    guards.drop()
    with connection.cursor() as cursor:
        cursor.execute("update core_auditevent set data = '[\"x\"]' where kind = 'proposal.posted'")
        cursor.execute("update inventory_lot set cost = cost + 1")
    said = list(complaints_by_check(Tally()))
    checks = [check for check, _ in said]
    assert {"audit chains", "lot caches"} <= set(checks)
    assert any("could not be finished, since it cannot read what is stored" in complaint for _, complaint in said)
    assert list(complaints(Tally())) == [complaint for _, complaint in said]
    turned = list(complaints_by_check(Tally(), ["lot caches"]))
    assert turned[0][0] == "lot caches"
    assert sorted(turned) == sorted(said)
    guards.install()
