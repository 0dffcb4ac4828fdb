"""A rate is entered by the parent's controllers, stands as it is, and is replaced only by a version that says why."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from core import guards
from core.entity_groups import ExchangeRate
from core.errors import BadInput, NotAllowed, WrongState
from core.exchange import CLOSING, Missing, RateBook, RateGiven, rate_enter
from core.exchange_proof import exchange_rates
from core.models import AuditEvent
from tests.groups.parties import FEBRUARY_END, MARCH, MARCH_END, Party

pytestmark = [pytest.mark.django_db, pytest.mark.database]
FORM = {"currency": "USD", "kind": "CLOSING", "ends_on": "2026-03-31", "source": "Central bank"}


def test_a_rate_keeps_ten_decimals(party: Party) -> None:
    party.closing(MARCH_END, "0.0061234567")
    assert ExchangeRate.objects.get().rate == Decimal("0.0061234567")
    event = AuditEvent.objects.get(kind="rate.entered")
    assert (event.entity, event.actor, event.data["value"]) == (party.parent.entity, party.keeper, "0.0061234567")


def test_another_value_for_the_same_days_needs_a_reason_and_both_stay(party: Party) -> None:
    party.closing(MARCH_END, "1.15")
    with pytest.raises(BadInput, match=r"is 1\.15 already, from Central bank\. Say why"):
        party.closing(MARCH_END, "1.16")
    with pytest.raises(WrongState, match=r"1\.15 stands already"):
        party.closing(MARCH_END, "1.15", reason="Again")
    party.closing(MARCH_END, "1.16", reason="Read from the wrong line")
    assert list(ExchangeRate.objects.order_by("version").values_list("version", "rate")) == [
        (1, Decimal("1.15")),
        (2, Decimal("1.16")),
    ]
    found = RateBook(party.group).closing("USD", MARCH_END)
    assert isinstance(found, ExchangeRate)
    assert found.rate == Decimal("1.16")
    assert "It was 1.15: Read from the wrong line." in AuditEvent.objects.filter(kind="rate.entered").last().message


def test_a_withdrawn_rate_counts_no_more(party: Party) -> None:
    with pytest.raises(WrongState, match="no rate to withdraw"):
        party.closing(MARCH_END, "")
    party.closing(MARCH_END, "1.15")
    party.closing(MARCH_END, "", reason="Of another day")
    found = RateBook(party.group).closing("USD", MARCH_END)
    assert isinstance(found, Missing)
    assert found.sentence == "There is no closing rate from USD to EUR as of 2026-03-31."


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"rate": "0"}, "0 cannot be a rate"),
        ({"rate": "-1.1"}, "-1.1 cannot be a rate"),
        ({"rate": "100000.1"}, r"100000.1 cannot be a rate. Expected more than nil and at most 100,000"),
        ({"rate": "1.00000000001"}, "Round it to 10 decimals"),
        ({"currency": "GBP"}, "GBP: no company of All of us keeps its books in it. Currencies to enter: USD."),
        ({"currency": "EUR"}, "no company"),
        ({"source": " "}, "say who published the rate"),
        ({"kind": "BUDGET"}, "'BUDGET' is no kind of rate"),
        ({"starts_on": dt.date(2026, 3, 30)}, "A closing rate is of one day"),
        ({"starts_on": dt.date(2126, 1, 1), "ends_on": dt.date(2126, 1, 1)}, "a rate is known once its day has come"),
        ({"kind": "AVERAGE", "starts_on": dt.date(2025, 1, 1)}, "an average is of a year at most"),
        ({"kind": "AVERAGE", "ends_on": dt.date(2026, 3, 30)}, "is before 2026-03-31"),
    ],
)
def test_what_cannot_be_a_rate_is_refused_with_a_sentence(
    fields: dict[str, object], complaint: str, party: Party
) -> None:
    rate = Decimal(str(fields.pop("rate", "1.15")))
    given = {"currency": "USD", "kind": CLOSING, "starts_on": MARCH_END, "ends_on": MARCH_END, "source": "Bank"}
    with pytest.raises(BadInput, match=complaint):
        rate_enter(group=party.group, user=party.keeper, given=RateGiven(**{**given, "rate": rate, **fields}))
    assert not ExchangeRate.objects.exists()


def test_a_rate_typed_the_wrong_way_round_is_asked_about(party: Party) -> None:
    party.closing(FEBRUARY_END, "0.0061")
    with pytest.raises(BadInput, match=r"163\.9 is far from 0\.0061, the rate as of 2026-02-28"):
        party.closing(MARCH_END, "163.9")
    party.closing(MARCH_END, "163.9", sure=True)


def test_only_a_controller_of_the_parent_enters_a_rate(party: Party, signed_in: Callable[..., Client]) -> None:
    address = reverse("groups:rate", args=[party.group.slug])
    given = RateGiven("USD", CLOSING, MARCH_END, MARCH_END, Decimal("1.15"), "Bank")
    for user in (party.reader, party.second, party.parent["CONTROLLER"], party.abroad["CONTROLLER"]):
        with pytest.raises(NotAllowed, match="needs the role controller in North Trading"):
            rate_enter(group=party.group, user=user, given=given)
    assert signed_in(party.reader).post(address, {**FORM, "rate": "1.15"}).status_code == 403
    assert signed_in(party.parent["CONTROLLER"]).get(address).status_code == 404
    assert not ExchangeRate.objects.exists()


def test_the_form_keeps_what_was_typed_and_says_what_is_wrong(party: Party, signed_in: Callable[..., Client]) -> None:
    client, address = signed_in(party.keeper), reverse("groups:rate", args=[party.group.slug])
    response = client.post(address, {**FORM, "rate": "abc"})
    assert response.status_code == 400
    assert "Error:" in response.content.decode()
    assert "abc" in response.content.decode()
    response = client.post(address, {**FORM, "rate": "1.15", "kind": "AVERAGE"})
    assert "An average needs its first day." in response.content.decode()
    response = client.post(address, {**FORM, "rate": ""})
    assert "Give the rate, or withdraw the one that stands." in response.content.decode()
    response = client.post(address, {**FORM, "rate": "1.15"}, follow=True)
    assert "Closing rate USD/EUR, as of 2026-03-31: 1.15. It counts from now on." in response.content.decode()
    response = client.post(address, {**FORM, "rate": "1.16"})
    assert response.status_code == 400
    assert "Say why another one replaces it" in " ".join(response.content.decode().split())
    refusal = AuditEvent.objects.filter(kind="refused").last()
    assert refusal is not None
    assert refusal.entity == party.parent.entity


def test_the_same_press_twice_enters_one_rate(party: Party, signed_in: Callable[..., Client]) -> None:
    client, address = signed_in(party.keeper), reverse("groups:rate", args=[party.group.slug])
    sent = {**FORM, "rate": "1.15", "step_key": "0b9f3a52-6f0e-4c55-9d0c-3c0b8f0f8f61"}
    assert client.post(address, sent).status_code == 302
    assert client.post(address, sent).status_code == 302
    assert client.post(address, {**sent, "rate": "1.16"}).status_code == 409
    assert ExchangeRate.objects.count() == 1


def test_the_pages_name_the_version_that_counts(party: Party, signed_in: Callable[..., Client]) -> None:
    party.closing(MARCH_END, "1.15")
    party.closing(MARCH_END, "1.16", reason="Wrong line")
    text = signed_in(party.reader).get(reverse("groups:rates", args=[party.group.slug])).content.decode()
    assert text.index("1.1600") < text.index("1.1500")
    assert text.index("Counts") < text.index("Replaced")
    assert "Wrong line" in text
    assert "Enter a rate" not in text


@pytest.mark.parametrize(
    "sql",
    [
        "update core_exchangerate set rate = rate + 1",
        "delete from core_exchangerate",
        "update core_exchangerate set version = 2, reason = 'x'",
    ],
)
def test_the_database_refuses_another_rate_in_the_place_of_one(sql: str, party: Party) -> None:
    party.closing(MARCH_END, "1.15")
    with pytest.raises(IntegrityError, match="an exchange rate is never"), transaction.atomic():
        connection.cursor().execute(sql)


def test_the_database_refuses_to_put_or_empty_over_a_rate(party: Party) -> None:
    party.closing(MARCH_END, "1.15")
    if connection.vendor == "sqlite":
        columns = ", ".join(field.column for field in ExchangeRate._meta.concrete_fields)
        sql = f"insert or replace into core_exchangerate ({columns}) select {columns} from core_exchangerate"
    else:
        connection.check_constraints()
        sql = "truncate core_exchangerate"
    with pytest.raises(IntegrityError, match="an exchange rate is never"), transaction.atomic():
        connection.cursor().execute(sql)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"rate": Decimal(0)}, "exchange_rate_is_positive"),
        ({"to_currency": "USD"}, "exchange_rate_between_two_currencies"),
        ({"starts_on": FEBRUARY_END}, "exchange_rate_days_in_order"),
        ({"version": 2}, "exchange_rate_replaced_with_a_reason"),
        ({"rate": None}, "exchange_rate_replaced_with_a_reason"),
    ],
)
def test_the_database_refuses_a_row_that_is_no_rate(fields: dict[str, object], constraint: str, party: Party) -> None:
    whole = {
        "group": party.group,
        "currency": "USD",
        "to_currency": "EUR",
        "kind": "CLOSING",
        "starts_on": MARCH_END,
        "ends_on": MARCH_END,
        "rate": Decimal("1.1"),
        "source": "Bank",
        "entered_by": party.keeper,
        **fields,
    }
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ExchangeRate.objects.create(**whole)


@pytest.mark.parametrize(
    "sql",
    [
        "update core_exchangerate set rate = rate + 1",
        "update core_exchangerate set source = 'Somebody'",
        "update core_exchangerate set ends_on = '2026-04-01', starts_on = '2026-04-01'",
        "update core_exchangerate set entered_by_id = (select min(id) from core_user)",
        "delete from core_exchangerate",
    ],
)
def test_verify_names_a_rate_that_is_not_what_was_entered(sql: str, party: Party) -> None:
    party.closing(MARCH_END, "1.15")
    party.average(MARCH, "1.14")
    assert list(exchange_rates(Counter())) == []
    with guards.suspended("a test tampers with a rate"), connection.cursor() as cursor:
        cursor.execute(sql)
    complaints = list(exchange_rates(Counter()))
    assert complaints
    assert "xchange rate" in complaints[0]
