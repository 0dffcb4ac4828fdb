"""A database of the release before keeps its postings and voids through the migrations, on both engines."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

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


def step_by_step() -> MigrationExecutor:
    """Goes the single steps, as a database of an earlier release does, instead of the ones that sum them up."""
    executor = MigrationExecutor(connection)
    executor.loader = MigrationLoader(connection, replace_migrations=False)
    return executor


def shape() -> dict[str, object]:
    """Each table's columns and constraints by name; their order is no part of it."""
    with connection.cursor() as cursor:
        found: dict[str, object] = {}
        for table in connection.introspection.table_names(cursor):
            columns = connection.introspection.get_table_description(cursor, table)
            constraints = connection.introspection.get_constraints(cursor, table).items()
            found[table] = (
                sorted((column.name, column.type_code, column.null_ok) for column in columns),
                # SQLite numbers the names that it gives itself.
                sorted(str(fact) if name.startswith(("__", "fk_")) else f"{name} {fact}" for name, fact in constraints),
            )
        return found


def test_what_was_posted_and_voided_before_is_there_after() -> None:
    company: Company = make_company()
    posted(company, write_down_draft(company, make_lot(company.entity, "A"), "1"))
    void(company, posted(company, draft(company, make_lot(company.entity, "B"))), DAY)
    before, new = facts(), shape()
    assert len(before[0]) == 2
    assert len(before[1]) == 1
    # Back to what the release before had, where neither kinds nor voids were kept; then as an upgrade goes.
    guards.drop()
    # By the executor, which puts up no guards: today's would name columns that were not there then.
    for app in ("proposals", "posting"):
        step_by_step().migrate([(app, "0001_initial")])
    executor = step_by_step()
    executor.migrate(executor.loader.graph.leaf_nodes())
    call_command("migrate", verbosity=0)
    assert facts() == before
    assert shape() == new
