"""Numbers without gaps, and files kept once under their digest."""

import hashlib

import pytest
from django.db import transaction

from core.errors import BadInput
from core.files import file_store
from core.models import StoredFile
from core.numbers import numbers_take
from tests.conftest import Company


def test_numbers_follow_each_other_per_entity_and_series(company: Company, other_company: Company) -> None:
    assert numbers_take(entity=company.entity, series="a") == 1
    assert numbers_take(entity=company.entity, series="a", count=10) == 2
    assert numbers_take(entity=company.entity, series="a") == 12
    assert numbers_take(entity=company.entity, series="b") == 1
    assert numbers_take(entity=other_company.entity, series="a") == 1


def test_a_rolled_back_step_leaves_no_gap(company: Company) -> None:
    numbers_take(entity=company.entity, series="a")
    with transaction.atomic():
        numbers_take(entity=company.entity, series="a", count=5)
        transaction.set_rollback(True)
    assert numbers_take(entity=company.entity, series="a") == 2


def test_the_same_bytes_are_kept_once(company: Company) -> None:
    def keep(name: str, content: bytes) -> StoredFile:
        return file_store(
            entity=company.entity, name=name, content=content, content_type="text/plain", user=company["PREPARER"]
        )

    first = keep("C:\\evidence\\ticket.txt", b"scrap")
    assert first.name == "ticket.txt"
    assert first.sha256 == hashlib.sha256(b"scrap").hexdigest()
    assert keep("again.txt", b"scrap").pk == first.pk
    assert bytes(StoredFile.objects.get(pk=first.pk).content) == b"scrap"
    with pytest.raises(BadInput, match=r"'nothing\.txt' is empty"):
        keep("nothing.txt", b"")
    with pytest.raises(BadInput, match="26 MB; the limit is 25 MB"):
        keep("large.csv", b"x" * (26 * 1024 * 1024))
