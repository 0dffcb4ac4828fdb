"""The ground that every other test stands on: which database it gets, and databases that several processes share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from core.models import Entity
from tests.conftest import make_company
from tests.plugins.database import ServerDatabase


def test_a_run_keeps_its_files_out_of_the_project() -> None:
    assert settings.DATA_DIR != settings.BASE_DIR / "var"
    assert not Path(os.environ["WRITEOFFS_DATA"]).is_relative_to(settings.BASE_DIR)


@pytest.mark.database
@pytest.mark.django_db
def test_the_database_is_the_one_asked_for() -> None:
    wanted = "postgresql" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite"
    assert connection.vendor == wanted


@pytest.mark.database
def test_another_process_and_a_raw_connection_see_what_was_made_in_a_database_of_ones_own(
    server_database: ServerDatabase,
) -> None:
    with server_database.in_process():
        make_company("north")
    seen = server_database.manage("shell", "-c", "from core.models import Entity; print(Entity.objects.get().slug)")
    assert seen.returncode == 0
    assert "north" in seen.stdout
    raw = server_database.connect()
    assert raw.execute("select count(*) from core_entity").fetchone()[0] == 1
    raw.close()


@pytest.mark.database
@pytest.mark.django_db
def test_what_was_made_in_a_database_of_ones_own_does_not_show_elsewhere(server_database: ServerDatabase) -> None:
    with server_database.in_process():
        make_company("north")
    assert not Entity.objects.exists()
