"""Every rule that one row of the ledger can carry: said in words by full_clean, kept by the database under its name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from tests.conftest import Company
from tests.core.test_constraints import check_refused, refused_by
from tests.ledger.books import post
from writeoffs.ledger.models import Account, AccountMap, FiscalPeriod, JournalEntry, JournalLine, Zero

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def period(company: Company, **fields: object) -> FiscalPeriod:
    first, last = dt.date(2030, 1, 1), dt.date(2030, 1, 31)
    values = {"fiscal_year": 2030, "number": 1, "starts_on": first, "ends_on": last, **fields}
    return FiscalPeriod(entity=company.entity, closed_at=dt.datetime.now(dt.UTC), closed_by=company["CONTROLLER"],
        reopened_at=dt.datetime.now(dt.UTC), **values)  # fmt: skip


CASES: dict[str, tuple[str, Callable[[Company], models.Model], str]] = {
    "an account twice": (
        "account_code_once",
        lambda c: Account(entity=c.entity, code="1400", name="X", section="ASSET"),
        "This entity has an account of that code already.",
    ),
    "a role mapped twice": (
        "account_map_rule_once",
        lambda c: AccountMap(entity=c.entity, role="COGS", account=Account.objects.all()[0]),
        "This role has an account for these lines already.",
    ),
    "a period that ends before it starts": (
        "period_ends_after_start",
        lambda c: period(c, ends_on=dt.date(2029, 12, 31)),
        "A period ends on or after the day it starts.",
    ),
    "a period twice": (
        "period_once",
        lambda c: period(c, fiscal_year=2026, number=3),
        "already exists",
    ),
    "two periods from one day": (
        "period_start_once",
        lambda c: period(c, starts_on=dt.date(2026, 3, 1)),
        "already exists",
    ),
    "a second zero": ("zero_is_nil", lambda c: Zero(pk=2), "zero_is_nil"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_rule_is_said_in_words_and_kept_by_the_database(company: Company, case: str) -> None:
    name, make, message = CASES[case]
    check_refused(make(company), name, message)


def entry(company: Company, like: JournalEntry, **fields: object) -> JournalEntry:
    values = {"sequence": 9, "document": "x", "chain_sequence": 9, **fields}
    return JournalEntry(
        entity=company.entity, period=like.period, fiscal_year=2026, posted_on=like.posted_on, origin="OWN",
        leg="VOID", source_ref="x", description="x", currency="EUR", posted_by=company["CONTROLLER"], **values,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("entry_number_once", {"sequence": 1}),
        ("entry_document_once", {"document": "proposal:WO-1/WRITE_OFF"}),
        ("entry_chain_once", {"chain_sequence": 1}),
    ],
)
def test_an_entry_takes_its_place_once(company: Company, name: str, fields: dict[str, object]) -> None:
    first = post(company)
    twin = entry(company, first, **fields)
    with pytest.raises(ValidationError, match="already exists"):
        twin.validate_constraints()
    [constraint] = [c for c in twin._meta.constraints if c.name == name]
    # On SQLite the guard against REPLACE may speak before the key does.
    with pytest.raises(IntegrityError, match=f"{refused_by(constraint, twin)}|never replaced"), transaction.atomic():
        twin.save()


@pytest.mark.database
def test_an_entry_is_reversed_in_parts_but_never_by_more_than_it_posted(company: Company) -> None:
    first = post(company)
    post(company, "-30", leg="VOID", reverses=first, ref="proposal:WO-1/a")
    post(company, "-70", leg="VOID", reverses=first, ref="proposal:WO-1/b")
    with pytest.raises(IntegrityError, match="cannot be reversed twice"):
        post(company, "-0.01", leg="VOID", reverses=first, ref="proposal:WO-1/c")


@pytest.mark.database
@pytest.mark.parametrize("amount", ["-100.01", "0.01"])
def test_a_mirror_takes_back_no_more_and_adds_nothing(company: Company, amount: str) -> None:
    first = post(company)
    with pytest.raises(IntegrityError, match="never take back more than it posted"):
        post(company, amount, leg="VOID", reverses=first, ref="proposal:WO-1/a")


@pytest.mark.database
def test_a_mirror_is_not_mirrored(company: Company) -> None:
    mirror = post(company, "-100", leg="VOID", reverses=post(company))
    with pytest.raises(IntegrityError, match="no mirror itself"):
        post(company, "100", leg="VOID", reverses=mirror, ref="proposal:WO-1/a")


@pytest.mark.parametrize(
    ("name", "amount"), [("line_amount_not_nil", Decimal(0)), ("line_amount_in_range", Decimal("100000000000.0001"))]
)
def test_a_line_has_an_amount_that_can_be_kept(company: Company, name: str, amount: Decimal) -> None:
    first = post(company)
    with transaction.atomic():
        draft = entry(company, first)
        draft.save()
        line = JournalLine(entry=draft, line_number=1, account=Account.objects.all()[0], role="COGS", amount=amount)
        with pytest.raises(ValidationError):
            line.validate_constraints()
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            line.save()
        transaction.set_rollback(True)


def test_a_line_number_is_taken_once(company: Company) -> None:
    first = post(company)
    with transaction.atomic():
        draft = entry(company, first)
        draft.save()
        account = Account.objects.all()[0]
        JournalLine.objects.create(entry=draft, line_number=1, account=account, role="COGS", amount=Decimal(1))
        twin = JournalLine(entry=draft, line_number=1, account=account, role="COGS", amount=Decimal(-1))
        with pytest.raises(ValidationError, match="already exists"):
            twin.validate_constraints()
        with pytest.raises(IntegrityError), transaction.atomic():
            twin.save()
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (lambda c: Account.objects.get(entity=c.entity, code="1400"), "PROTECT|protected|referenced"),
        (lambda c: FiscalPeriod.objects.get(entity=c.entity, fiscal_year=2026, number=3), "protected|referenced"),
        (lambda c: c["CONTROLLER"], "protected|referenced"),
    ],
    ids=["account", "period", "poster"],
)
def test_what_an_entry_names_cannot_be_deleted(
    company: Company, record: Callable[[Company], models.Model], message: str
) -> None:
    post(company)
    with pytest.raises(models.ProtectedError, match=message):
        record(company).delete()
