"""A batch and a void at the same moment: the posting is in the batch and its mirror waits, or neither goes out."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from tests.conftest import make_company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, posted, write_down_draft
from tests.proposals.test_void import void
from writeoffs.posting.batches import batch_make, batches_waiting
from writeoffs.posting.models import Posting

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_a_void_waits_for_the_batch_that_its_posting_is_going_into() -> None:
    company = make_company()
    proposal = posted(company, write_down_draft(company, make_lot(company.entity), "1"))
    failed: list[BaseException] = []

    def undo() -> None:
        try:
            void(company, proposal, DAY)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=undo)
    with transaction.atomic():
        batch = batch_make(entity=company.entity, user=company["CONTROLLER"], kind="WRITE_DOWN", takes="JOURNAL")
        other.start()
        other.join(1.5)
        assert other.is_alive()
    other.join(20)
    assert failed == []
    posting = Posting.objects.get()
    assert (posting.batch, posting.status, batch.posting_count) == (None, "NOT_NEEDED", 1)
    assert posting.journal_through > 0
    assert [one.count for one in batches_waiting(entity=company.entity)] == [1]
