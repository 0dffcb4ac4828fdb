"""A database of the release before keeps its postings and voids through the migrations, on both engines."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from core import guards
from tests.conftest import Company, make_company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, posted, write_down_draft
from tests.proposals.test_void import void
from writeoffs.posting.models import Posting
from writeoffs.proposals.models import Void

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


def facts() -> tuple[list[tuple[str, ...]], list[tuple[str, dt.date, int]]]:
    kinds = sorted(Posting.objects.values_list("source_ref", "kind", "takes"))
    voids = [(void.proposal.number, void.posted_on, void.lines.count()) for void in Void.objects.all()]
    return kinds, voids


def test_what_was_posted_and_voided_before_is_there_after() -> None:
    company: Company = make_company()
    posted(company, write_down_draft(company, make_lot(company.entity, "A"), "1"))
    void(company, posted(company, draft(company, make_lot(company.entity, "B"))), DAY)
    before = facts()
    assert len(before[0]) == 2
    assert len(before[1]) == 1
    # Back to what the release before had, where neither kinds nor voids were kept; then as an upgrade goes.
    guards.drop()
    # By the executor, which puts up no guards: today's would name columns that were not there then.
    for app in ("proposals", "posting"):
        MigrationExecutor(connection).migrate([(app, "0001_initial")])
    call_command("migrate", verbosity=0)
    assert facts() == before
