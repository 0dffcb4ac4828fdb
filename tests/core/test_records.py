"""Digests of rows: whole, versioned, and naming every column that there is."""

from __future__ import annotations

import pytest

from core.models import Category, Location
from core.records import Record
from tests.conftest import Company


def test_every_record_names_every_column_of_its_models() -> None:
    """A column that was added later asks for a further version, beside the ones that books were written with."""
    assert len(Record.ALL) >= 12
    assert [name for record in Record.ALL for name in record.unnamed()] == []


@pytest.fixture
def record() -> Record:
    made = Record((Location,), [["code entity_id"], ["code entity_id name"]], left_out=["cost_centre_id"])
    Record.ALL.remove(made)
    return made


@pytest.mark.django_db
def test_a_digest_of_before_is_proved_by_the_columns_it_was_made_of(company: Company, record: Record) -> None:
    place = Location.objects.create(entity=company.entity, code="MAIN", name="Main")
    first = Record((Location,), [["code entity_id"]])
    Record.ALL.remove(first)
    rows = Location.objects.filter(pk=place.pk)
    kept, now = first.digest(rows), record.digest(rows)
    assert len(kept) == 64
    assert now.startswith("2:")
    Location.objects.update(name="Other")
    assert (record.agrees(kept, rows), record.agrees(now, rows)) == (True, False)
    assert not record.agrees("3:" + kept, rows)
    assert not record.agrees("", rows)
    Location.objects.update(code="OTHER")
    assert not record.agrees(kept, rows)


@pytest.mark.django_db
def test_many_rows_are_proved_in_one_query_a_version(
    company: Company, record: Record, django_assert_num_queries
) -> None:
    places = [Location.objects.create(entity=company.entity, code=f"P{n}", name=f"Place {n}") for n in range(4)]
    first = Record((Location,), [["code entity_id"]])
    Record.ALL.remove(first)
    kept = {
        place.pk: (first if n < 2 else record).digest(Location.objects.filter(pk=place.pk))
        for n, place in enumerate(places)
    }
    with django_assert_num_queries(2):
        assert record.differing(kept, Location.objects.all()) == []
    Location.objects.filter(pk__in=[places[0].pk, places[3].pk]).update(name="Other")
    assert record.differing(kept, Location.objects.all()) == [places[3].pk]
    Location.objects.filter(pk=places[0].pk).update(code="OTHER")
    assert record.differing({**kept, places[1].pk: "9:x"}, Location.objects.all()) == [
        p.pk for p in places if p != places[2]
    ]


def test_a_record_says_which_column_it_does_not_name() -> None:
    lacking = Record((Category,), [["entity_id"]], left_out=["cost_centre_id"])
    Record.ALL.remove(lacking)
    assert lacking.unnamed() == ["Category.name"]
