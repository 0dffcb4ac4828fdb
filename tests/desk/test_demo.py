"""The demo companies: built through the product's own services, the same every time, and books that verify accepts."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from django.db.models import Sum

from core.models import Category, ChainHead, Entity, Location, Membership, Upload, User
from core.words import Role
from inventory.models import Lot, QuarantineEntry, UnexplainedFall
from tests.desk.test_serve import READY, free_port, serving
from tests.plugins.database import ServerDatabase
from writeoffs.desk.demo.people import PASSWORD, PEOPLE
from writeoffs.ledger.models import FiscalPeriod, JournalLine
from writeoffs.posting.tie_facts import tie_out_of
from writeoffs.proposals.models import Evidence, Kind, Proposal, Status


def heads(database: ServerDatabase) -> dict[str, str]:
    with database.in_process():
        return dict(ChainHead.objects.values_list("chain", "hash"))


@pytest.mark.database
def test_verify_accepts_the_demo(demo_database: ServerDatabase) -> None:
    done = demo_database.manage("verify")
    assert done.returncode == 0, done.stdout
    assert "nothing is wrong" in done.stdout


@pytest.mark.database
def test_verify_names_the_record_after_a_raw_change_of_one_amount(demo_database: ServerDatabase) -> None:
    with demo_database.in_process():
        lot = Lot.objects.filter(entity__slug="nordwind", cost__gt=0).select_related("item").first()
    assert lot is not None
    raw = demo_database.connect()
    raw.execute(f"update inventory_lot set cost = cost + 100 where id = {lot.pk}")
    raw.close()
    done = demo_database.manage("verify")
    assert done.returncode == 1
    assert lot.code in done.stdout


@pytest.mark.database
def test_it_shows_every_kind_and_state_in_two_companies(demo_database: ServerDatabase) -> None:
    with demo_database.in_process():
        north, south = Entity.objects.order_by("slug")
        assert (north.currency, south.currency) == ("EUR", "USD")
        assert all(entity.is_demo for entity in (north, south))
        assert Location.objects.filter(entity=north).count() == 3
        assert Category.objects.filter(entity=north).count() == 12
        assert Lot.objects.filter(entity=north).count() > 400
        assert Lot.objects.filter(entity=north, expires_on__isnull=False).exists()
        statuses = set(Proposal.objects.filter(entity=north).values_list("status", flat=True))
        assert statuses == set(Status.values)
        assert set(Proposal.objects.values_list("kind", flat=True)) == set(Kind.values)
        assert Evidence.objects.filter(file__content_type="application/pdf").exists()
        assert Evidence.objects.filter(file__content_type="image/png").exists()
        periods = FiscalPeriod.objects.filter(entity=north, fiscal_year=2026).order_by("number")
        assert [period.status for period in periods] == ["CLOSED"] * 9 + ["SOFT"] + ["OPEN"] * 3
        assert UnexplainedFall.objects.filter(entity=north, explanation="").count() == 23
        assert QuarantineEntry.objects.filter(entity=north, status="STANDING").exists()
        assert set(Upload.objects.values_list("status", flat=True)) == {"COMMITTED", "CHECKED"}


@pytest.mark.database
def test_its_books_balance_and_its_lots_stand_at_what_the_ledger_says(demo_database: ServerDatabase) -> None:
    with demo_database.in_process():
        for entity in Entity.objects.all():
            lines = JournalLine.objects.filter(entry__entity=entity)
            assert lines.aggregate(net=Sum("amount"))["net"] == 0
            cost = lines.filter(role="INVENTORY").aggregate(sum=Sum("amount"))["sum"]
            assert cost == Lot.objects.filter(entity=entity).aggregate(sum=Sum("cost"))["sum"]


@pytest.mark.database
def test_everybody_can_sign_in_and_every_role_has_somebody(demo_database: ServerDatabase) -> None:
    with demo_database.in_process():
        assert {user.email for user in User.objects.all()} == {person.email for person in PEOPLE}
        assert all(user.check_password(PASSWORD) for user in User.objects.all())
        held = Membership.objects.filter(entity__slug="nordwind").values_list("role", flat=True)
        assert set(held) == set(Role.values)
        assert not User.objects.filter(is_superuser=True).exists()


def test_it_is_not_built_over_a_company(demo_database: ServerDatabase) -> None:
    done = demo_database.manage("demo")
    assert done.returncode == 1
    assert "'Nordwind Trading GmbH' is in this database already" in done.stdout


@pytest.mark.database
def test_a_reset_leaves_nothing_of_the_demo_that_was_there(demo_database: ServerDatabase) -> None:
    """The demo of all these tests was built by a reset over another one (tests.plugins.database)."""
    with demo_database.in_process():
        assert set(Entity.objects.values_list("slug", flat=True)) == {"nordwind", "southgate"}
        assert not Location.objects.filter(code="MUC-04").exists()
    assert not list(Path(demo_database.folder).glob("*draft*"))


@pytest.mark.database
def test_a_reset_never_touches_a_company_that_is_no_demo(demo_database: ServerDatabase) -> None:
    with demo_database.in_process():
        Entity.objects.create(slug="real", name="Real Ltd", currency="EUR")
    before = heads(demo_database)
    done = demo_database.manage("demo", "--reset")
    assert done.returncode == 1
    assert "'Real Ltd' is not a demo company, so nothing was reset." in done.stdout
    assert heads(demo_database) == before


def test_a_reset_waits_for_nobody_who_serves(server_database: ServerDatabase) -> None:
    with serving(server_database, free_port()) as server:
        server.wait_for(READY)
        done = server_database.manage("demo", "--reset")
        assert done.returncode == 1
        assert "already running" in done.stdout
        assert "Stop it first." in done.stdout
        assert server.end(signal.SIGINT) == 0


def test_the_first_run_builds_the_same_demo_down_to_the_last_hash_and_says_who_can_sign_in(
    demo_database: ServerDatabase, tmp_path: Path
) -> None:
    database = ServerDatabase(f"sqlite:///{tmp_path / 'new' / 'writeoffs.sqlite3'}", tmp_path / "new")
    (tmp_path / "new").mkdir()
    with serving(database, demo=True) as server:
        server.wait_for(READY, seconds=120)
        assert all(person.email in server.said for person in PEOPLE)
        assert PASSWORD in server.said
        assert "Nordwind" not in server.get("accounts/login/")
        server.end(signal.SIGINT)
    with serving(database, demo=True) as again:
        again.wait_for(READY, seconds=20)
        assert "building" not in again.said
        again.end(signal.SIGINT)
    assert heads(database) == heads(demo_database)


@pytest.mark.database
def test_december_ties_to_the_erp_and_october_shows_what_is_on_its_way(demo_database: ServerDatabase) -> None:
    with demo_database.in_process():
        north = Entity.objects.get(slug="nordwind")
        periods = FiscalPeriod.objects.filter(entity=north, number__lte=12)
        december = tie_out_of(entity=north, period=periods.get(fiscal_year=2025, number=12))
        october = tie_out_of(entity=north, period=periods.get(fiscal_year=2026, number=10))
        assert {one.state for one in december.accounts} == {"Agrees"}
        assert {one.state for one in october.accounts} == {"Explained"}
        assert december.is_reconciled
        assert october.is_reconciled
