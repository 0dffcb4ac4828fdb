"""The journal as hledger and beancount text: the two programs take it and work out our balances."""

from __future__ import annotations

import datetime as dt
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data
from django.db.models import Sum

from core.models import Entity
from tests.conftest import make_company
from tests.ledger.books import post
from tests.plugins.database import ServerDatabase
from writeoffs.ledger.models import Account, JournalEntry, JournalLine
from writeoffs.ledger.plaintext import Selection, account_names, beancount_text, hledger_text


def whole(entity: Entity) -> Selection:
    return Selection(entity, JournalEntry.objects.filter(entity=entity))


def since(entity: Entity, day: dt.date) -> Selection:
    entries = JournalEntry.objects.filter(entity=entity)
    return Selection(entity, entries.filter(posted_on__gte=day), entries.filter(posted_on__lt=day), day)


def ours(entity: Entity) -> dict[str, Decimal]:
    """Account name in the text -> its balance in the books, nil ones left out."""
    names = account_names(entity)
    sums = JournalLine.objects.filter(entry__entity=entity).order_by().values_list("account_id")
    return {names[key]: total for key, total in sums.annotate(total=Sum("amount")) if total}


def hledger(*arguments: str) -> str:
    done = subprocess.run(["hledger", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def hledger_balances(file: Path) -> Iterator[tuple[str, Decimal]]:
    table = hledger("-f", str(file), "balance", "--flat", "--no-total", "-O", "csv", "--layout", "bare")
    for row in table.splitlines()[1:]:
        name, _, amount = (cell.strip('"') for cell in row.split('","'))
        yield name, Decimal(amount)


def taken_by_hledger(selection: Selection, folder: Path) -> dict[str, Decimal]:
    file = folder / "books.journal"
    file.write_text("".join(hledger_text(selection)))
    hledger("-f", str(file), "check", "--strict")
    return dict(hledger_balances(file))


def taken_by_beancount(selection: Selection, folder: Path) -> dict[str, Decimal]:
    file = folder / "books.beancount"
    file.write_text("".join(beancount_text(selection)))
    entries, errors, _ = loader.load_file(str(file))
    assert not errors, errors[:3]
    balances: dict[str, Decimal] = {}
    for entry in entries:
        if isinstance(entry, data.Transaction):
            for posting in entry.postings:
                assert posting.units is not None
                balances[posting.account] = balances.get(posting.account, Decimal(0)) + posting.units.number
    return {name: amount for name, amount in balances.items() if amount}


@pytest.mark.database
def test_both_programs_take_the_demos_books_and_agree_to_the_last_digit(
    demo_database: ServerDatabase, tmp_path: Path
) -> None:
    with demo_database.in_process():
        for entity in Entity.objects.filter(journal_entries__isnull=False).distinct():
            books = ours(entity)
            assert books
            assert taken_by_hledger(whole(entity), tmp_path) == books
            assert taken_by_beancount(whole(entity), tmp_path) == books


@pytest.mark.database
def test_a_part_of_the_books_starts_with_the_balances_before_it(demo_database: ServerDatabase, tmp_path: Path) -> None:
    with demo_database.in_process():
        entity = Entity.objects.get(slug="nordwind")
        days = JournalEntry.objects.filter(entity=entity).order_by("posted_on").values_list("posted_on", flat=True)
        middle = days[len(days) // 2]
        selection = since(entity, middle)
        assert selection.before is not None
        assert selection.before.exists()
        assert taken_by_hledger(selection, tmp_path) == ours(entity)
        assert taken_by_beancount(selection, tmp_path) == ours(entity)


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "1250"), ("KWD", "12.345"), ("EUR", "0.10")])
@pytest.mark.django_db
def test_amounts_have_the_decimals_of_their_currency(tmp_path: Path, currency: str, amount: str) -> None:
    company = make_company(currency=currency)
    post(company, amount=Decimal(amount))
    text = "".join(hledger_text(whole(company.entity)))
    assert f"  {amount} {currency}" in text
    assert taken_by_hledger(whole(company.entity), tmp_path) == ours(company.entity)
    assert taken_by_beancount(whole(company.entity), tmp_path) == ours(company.entity)


@pytest.mark.django_db
def test_awkward_names_and_texts_pass_both_programs(tmp_path: Path) -> None:
    company = make_company()
    for place, name in enumerate(
        ('Vorräte: "Lager; Süd" (neu)', "  überzählig", "棚卸資産", "a|b\\c", "(virtual)", "* starred", "1:4")
    ):
        account = Account.objects.filter(entity=company.entity).order_by("pk")[place]
        account.name = name
        account.save()
    Account.objects.create(entity=company.entity, code="1:4", name="x", section="ASSET")
    Account.objects.create(entity=company.entity, code="1-4", name="x", section="ASSET")
    names = account_names(company.entity)
    assert len(set(names.values())) == len(names)
    post(company, description='Fire; "hall 3" | north, \\ and ; more')
    assert taken_by_hledger(whole(company.entity), tmp_path) == ours(company.entity)
    assert taken_by_beancount(whole(company.entity), tmp_path) == ours(company.entity)
