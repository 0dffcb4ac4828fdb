"""The guards in the place of foreign keys, tried with raw SQL: rows of nobody, and those of another company."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from inventory.models import Movement
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals import documents
from writeoffs.posting.models import PostingLine

pytestmark = [pytest.mark.django_db, pytest.mark.database]
MOVEMENT = (
    "insert into inventory_movement (entity_id, sequence, lot_id, posted_on, kind, quantity, cost, allowance, "
    "write_down, source_ref, digest) select {entity}, 99, {lot}, posted_on, kind, 1, 1, 0, 0, 'x', digest "
    "from inventory_movement where sequence = 1 and entity_id = {own}"
)
LINE = (
    "insert into posting_postingline (posting_id, lot_id, quantity, outstanding, sent) "
    "select {posting}, {lot}, -1, 1, 0 from posting_posting"
)


def refused(sql: str, message: str) -> None:
    with pytest.raises(IntegrityError, match=message), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_movement_is_of_a_lot_of_its_own_company(company: Company, other_company: Company) -> None:
    own, other = company.entity.pk, other_company.entity.pk
    lot, foreign = make_lot(company.entity), make_lot(other_company.entity)
    for entity, of in ((own, foreign.pk), (other, lot.pk), (own, 0), (0, lot.pk)):
        refused(MOVEMENT.format(entity=entity, lot=of, own=own), "a movement is of a lot of its own company")
    with connection.cursor() as cursor:
        cursor.execute(MOVEMENT.format(entity=own, lot=lot.pk, own=own))
    assert Movement.objects.filter(lot=lot).count() == 2


def test_a_line_of_a_posting_is_of_a_lot_of_the_company_that_posted(company: Company, other_company: Company) -> None:
    lot, foreign = make_lot(company.entity), make_lot(other_company.entity)
    second = make_lot(company.entity, code="L2")
    proposal = documents.posted(company, documents.draft(company, lot))
    line = PostingLine.objects.get(posting__source_ref=proposal.source_ref)
    for posting, of in ((line.posting_id, foreign.pk), (line.posting_id, 0), (0, second.pk)):
        refused(LINE.format(posting=posting, lot=of), "of a lot of the company that posted")
    with connection.cursor() as cursor:
        cursor.execute(LINE.format(posting=line.posting_id, lot=second.pk))
    assert PostingLine.objects.filter(posting=line.posting_id).count() == 2
