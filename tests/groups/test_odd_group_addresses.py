"""No address of a group and no odd value in it, or in its forms, ends as a server error."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from urllib.parse import quote

import pytest
from django.test import Client

from core.entity_groups import ExchangeRate
from tests.groups.parties import Party
from tests.test_odd_addresses import ODD

pytestmark = [pytest.mark.django_db, pytest.mark.database]
PLACES = ("", "rates/", "rates/enter/", "companies/", "rollforward/", "rollforward.csv", "rollforward.xlsx")
NAMES = ("page", "period", "from", "to", "currency", "kind")


@pytest.mark.parametrize("place", PLACES)
def test_an_odd_value_in_an_address_is_no_server_error(
    place: str, party: Party, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(party.keeper)
    for odd in ODD:
        for query in ("&".join(f"{name}={quote(odd)}" for name in NAMES), f"period=range&from={quote(odd)}"):
            assert client.get(f"/g/all/{place}?{query}").status_code in (200, 400, 404), (place, odd)


def test_an_odd_value_in_the_form_of_a_rate_is_no_server_error(party: Party, signed_in: Callable[..., Client]) -> None:
    client = signed_in(party.keeper)
    whole = {"currency": "USD", "kind": "AVERAGE", "starts_on": "2026-03-01", "ends_on": "2026-03-31", "source": "B"}
    for odd in (*ODD, "NaN", "Infinity", "-0", "1e-30", "1e30"):
        for name in (*whole, "rate"):
            status = client.post("/g/all/rates/enter/", {"rate": "1.1", **whole, name: odd}).status_code
            assert status in (302, 400, 403, 409), (name, odd)
    assert set(ExchangeRate.objects.values_list("rate", flat=True)) <= {Decimal("1.1")}
