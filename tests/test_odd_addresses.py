"""No address that can be typed ends as a server error: every route that a GET reaches, with every odd value.

The routes come from the resolver, so that a new page is asked the same questions as the old ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLResolver, get_resolver

from core.models import User
from inventory.models import Lot
from tests.conftest import Company
from tests.inventory.sheets import lot_row, take_in
from tests.proposals import documents

pytestmark = pytest.mark.database

# What our pages read from their address, here or there; each page gets them all.
NAMES = (
    "page", "sort", "q", "period", "lot", "location", "category", "compare", "from", "to", "status", "kind", "reason",
    "origin", "leg", "role", "account", "source", "proposal", "expiry", "expires_before", "sale", "age", "stock",
    "cost", "show", "tab", "person", "starts_on", "ends_on", "level", "code", "entry", "lines", "preview", "since",
)  # fmt: skip
# Alone as well: what the others spoil for a whole form would hide these.
ALONE = ("page", "q", "lot", "proposal")
ODD = (
    "abc", "-1", "9999999999999999999", "9" * 400, "9" * 5000, "9999-99", "²", "٣", "1e400",
    "0001-01-01", "9999-12-31", "x" * 5000, "a\x00b", "%", "1,2", "💥",
)  # fmt: skip
# What reaches a database and may be taken otherwise by another one; the rest is refused by our own forms, on SQLite.
ODD_TO_A_DATABASE = ("9999999999999999999", "9" * 400, "1e400", "0001-01-01", "9999-12-31", "a\x00b", "💥")
IN_THE_PATH = ("abc", "0", "9999999999999999999", "9" * 400, "²", "9999-99", "a\x00b", "💥", "x" * 300)


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """Every pattern of the product's own pages as text, its arguments written <name>."""
    for pattern in resolver.url_patterns:
        text = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, text) if not text.startswith(("admin/", "accounts/")) else ()
        else:
            plain = re.sub(r"\(\?P<(\w+)>[^()]*\)|<(?:\w+:)?(\w+)>", lambda m: f"<{m[1] or m[2]}>", text)
            yield plain.replace("^", "").replace("$", "").replace("\\.", ".")


ROUTES = sorted(set(routes(get_resolver())))
WITH_ARGUMENTS = [route for route in ROUTES if "<" in route.replace("<slug>", "")]


def filled(route: str, values: dict[str, object], other: str = "1") -> str:
    """The address of a route: `values` by what stands before an argument and its name, or by its name; else `other`."""

    def value(match: re.Match[str]) -> str:
        return quote(str(values.get(match[0], values.get(match[2], other))), safe="")

    return "/" + re.sub(r"(\w*/)?<(\w+)>", lambda m: (m[1] or "") + value(m), route)


@pytest.fixture
def known(company: Company) -> dict[str, object]:
    """Arguments behind which there is a record, so that the pages themselves are reached."""
    upload = take_in(company, [lot_row(quantity="7", cost="3")])
    lot = Lot.objects.get()
    proposal = documents.submitted(company, documents.draft(company, lot, "2"))
    return {
        "slug": "north", "code": "2026-03", "kind": "stock-list", "extension": "csv", "form": "csv",
        "uploads/<pk>": upload.pk, "lots/<pk>": lot.pk, "proposals/<number>": proposal.number,
    }  # fmt: skip


@pytest.fixture
def clients(company: Company, signed_in: Callable[[User], Client]) -> list[Client]:
    found = [signed_in(company[role]) for role in ("CONTROLLER", "PREPARER")]
    for client in found:
        client.raise_request_exception = False
    return found


# The other forms of a report are asked by the very forms of its page, and take long to be made.
OTHER_FORMS = re.compile(r"reports/.*(print/|\.(pdf|xlsx|csv))$")


def queries(odd: str) -> Iterator[dict[str, str]]:
    yield dict.fromkeys(NAMES, odd)
    yield {"period": "range", "from": odd, "to": "2026-01-31", "compare": "previous"}
    yield {"period": "range", "from": odd, "to": odd, "compare": "year"}
    yield from ({name: odd} for name in ALONE)


@pytest.mark.parametrize("route", ROUTES)
def test_an_odd_query_is_answered(clients: list[Client], known: dict[str, object], route: str) -> None:
    address = filled(route, known)
    plain = [client.get(address).status_code for client in clients]
    assert max(plain) < 500
    client = clients[0] if plain[0] == 200 else clients[1]
    odds = ODD if connection.vendor == "sqlite" else ODD_TO_A_DATABASE
    odds = () if max(plain) >= 400 or OTHER_FORMS.search(route) else odds
    asked = [query for odd in odds for query in queries(odd)]
    broken = [query for query in asked if client.get(address, query).status_code >= 500]
    assert not broken


@pytest.mark.parametrize("route", WITH_ARGUMENTS)
def test_an_odd_argument_is_answered(clients: list[Client], route: str) -> None:
    addresses = [filled(route, {"slug": "north"}, odd) for odd in IN_THE_PATH]
    assert not [address[:80] for address in addresses if clients[0].get(address).status_code >= 500]


def test_the_routes_are_all_there() -> None:
    assert {
        "",
        "e/<slug>/stock/",
        "e/<slug>/proposals/<number>/",
        "e/<slug>/counts/<number>/export.<extension>",
    } <= set(ROUTES)
