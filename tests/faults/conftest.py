"""Databases for faults: throw-away copies of a company with true books, and what is asked of them afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from core import verify
from tests.faults import company
from tests.faults.size import SEED, SOAK
from tests.plugins import database as plugin
from tests.plugins.database import ServerDatabase, database_copy

BUILD = """
from django.conf import settings
settings.JOBS_INLINE = True
from tests.faults import company
company.build()
"""
FILL = BUILD.replace("company", "filled")


def pytest_report_header() -> str:
    return f"faults: {'everything' if SOAK else 'the size of a build'}, FAULTS_SEED={SEED}"


@pytest.fixture(scope="session")
def books_template(migrated_template: str) -> str:
    return plugin.template("books", ["shell", "-v", "0", "-c", BUILD], on=migrated_template)


@pytest.fixture(scope="session")
def filled_template(migrated_template: str) -> str:
    return plugin.template("filled", ["shell", "-v", "0", "-c", FILL], on=migrated_template)


@pytest.fixture
def filled(filled_template: str, tmp_path: Path, django_db_blocker: Any) -> Iterator[ServerDatabase]:
    """A copy of the company in whose books every kind of record stands, spoken to by Django's own connection."""
    with django_db_blocker.unblock(), copy_of(filled_template, tmp_path) as database:
        yield database


@pytest.fixture
def books(books_template: str, tmp_path: Path, django_db_blocker: Any) -> Iterator[ServerDatabase]:
    """A copy of the company's database, spoken to by Django's own connection. At the end everything is proved."""
    with django_db_blocker.unblock(), copy_of(books_template, tmp_path) as database:
        yield database
        proved()


@pytest.fixture
def north(books: ServerDatabase) -> company.Company:
    return company.found()


def proved() -> None:
    """Every verifier finds what was written; guards and chains included."""
    assert list(verify.complaints(verify.Tally())) == []


@contextlib.contextmanager
def copy_of(template: str, folder: Path) -> Iterator[ServerDatabase]:
    """The block speaks to a copy of the template. SQLite flushes nothing: processes are killed here, not the machine,
    and a disk that others use would take most of the time."""
    with database_copy(template, folder) as database, database.in_process():
        if connections["default"].vendor == "sqlite":
            connections["default"].settings_dict["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
        yield database
