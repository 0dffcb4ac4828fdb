"""Rates by the sheet: checked as by hand, entered in one go by a controller who reads every company."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

import pytest

from core.entity_groups import ExchangeRate
from core.errors import BadInput, NotAllowed
from core.exchange_proof import exchange_rates
from core.models import Upload, User
from core.sheets import pipeline
from core.sheets.kinds import kinds_for
from tests.groups.parties import FEBRUARY_END, MARCH, MARCH_END, Party

pytestmark = [pytest.mark.django_db, pytest.mark.database]
HEAD = "currency,kind,first_day,last_day,rate,source,reason\n"
SHEET = (
    HEAD
    + "USD,closing,,2026-02-28,0.9215,Bank,\nUSD,average,2026-03-01,2026-03-31,0.9187654321,Bank,\n"
    + "USD,,,2026-03-31,0.9162,Bank,\n"
)


def received(party: Party, text: str, user: User | None = None, name: str = "rates.csv") -> Upload:
    upload = pipeline.upload_receive(
        entity=party.parent.entity,
        kind="exchange_rates",
        name=name,
        content=text.encode(),
        content_type="text/csv",
        as_of=dt.datetime(2026, 4, 2, 8, len(text) % 60, tzinfo=dt.UTC),
        user=user or party.keeper,
        options={"group": party.group.slug},
    )
    return pipeline.upload_check(upload=upload, user=user or party.keeper)


def test_a_sheet_of_rates_is_entered_in_one_go(party: Party) -> None:
    upload = received(party, SHEET)
    assert upload.status == Upload.Status.CHECKED, list(upload.issues.values_list("message", flat=True))
    assert not ExchangeRate.objects.exists()
    upload = pipeline.upload_commit(upload=upload, user=party.keeper)
    assert upload.status == Upload.Status.COMMITTED, upload.message
    found = ExchangeRate.objects.order_by("ends_on", "kind").values_list("kind", "starts_on", "ends_on", "rate")
    assert set(found) == {
        ("CLOSING", FEBRUARY_END, FEBRUARY_END, Decimal("0.9215")),
        ("AVERAGE", *MARCH, Decimal("0.9187654321")),
        ("CLOSING", MARCH_END, MARCH_END, Decimal("0.9162")),
    }
    assert set(ExchangeRate.objects.values_list("upload", flat=True)) == {upload.pk}
    assert list(exchange_rates(Counter())) == []


def test_what_stands_already_stays_and_another_value_needs_its_reason(party: Party) -> None:
    pipeline.upload_commit(upload=received(party, SHEET), user=party.keeper)
    again = SHEET.replace("0.9162", "0.9170")
    upload = received(party, again, name="again.csv")
    assert upload.status == Upload.Status.REFUSED
    [message] = upload.issues.values_list("message", flat=True)
    assert "Row 4: " in message
    assert "is 0.9162 already, from Bank. Say why" in message
    upload = received(party, again.replace("0.9170,Bank,", "0.9170,Bank,Wrong line"), name="why.csv")
    upload = pipeline.upload_commit(upload=upload, user=party.keeper)
    assert upload.status == Upload.Status.COMMITTED, upload.message
    assert ExchangeRate.objects.count() == 4


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("GBP,,,2026-03-31,0.9,Bank,", "GBP: no company of All of us keeps its books in it"),
        ("USD,budget,,2026-03-31,0.9,Bank,", "'budget' is neither closing nor average"),
        ("USD,average,,2026-03-31,0.9,Bank,", "an average needs its first day"),
        ("USD,,,2026-03-31,0.9x,Bank,", "'0.9x' is not a number"),
        ("USD,,,2026-03-31,0,Bank,", "0 cannot be a rate"),
        ("USD,,,2026-03-31,0.12345678901,Bank,", "Round it to 10 decimals"),
        ("USD,,,2126-03-31,0.9,Bank,", "a rate is known once its day has come"),
        ("USD,,,2026-03-31,0.9,Bank,\nUSD,,,2026-03-31,0.8,Bank,", "Rows 2 and 3 are both the rate of USD"),
    ],
)
def test_a_row_that_is_no_rate_is_named(row: str, complaint: str, party: Party) -> None:
    upload = received(party, HEAD + row + "\n")
    assert upload.status == Upload.Status.REFUSED
    assert any(complaint in message for message in upload.issues.values_list("message", flat=True))


def test_an_unlikely_rate_is_warned_of(party: Party) -> None:
    party.closing(FEBRUARY_END, "0.92")
    upload = received(party, HEAD + "USD,,,2026-03-31,1.95,Bank,\n")
    assert upload.status == Upload.Status.CHECKED
    assert "Is it the right way round?" in upload.issues.get().message


def test_who_does_not_read_every_company_uploads_no_rates(party: Party) -> None:
    with pytest.raises(NotAllowed, match="read every company"):
        received(party, SHEET, party.parent["CONTROLLER"])
    assert not ExchangeRate.objects.exists()


def test_a_company_without_a_group_is_not_offered_the_sheet(party: Party) -> None:
    roles = frozenset({"CONTROLLER"})
    assert "exchange_rates" in {kind.code for kind in kinds_for(party.parent.entity, roles)}
    assert "exchange_rates" not in {kind.code for kind in kinds_for(party.abroad.entity, roles)}
    party.group.slug = "another"
    with pytest.raises(BadInput, match="keeps no such group"):
        received(party, SHEET)
