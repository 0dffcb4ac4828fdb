"""No address that can be typed ends as a server error: every route that a GET reaches, with every odd value.

The routes come from the resolver, so that a new page is asked the same questions as the old ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client, override_settings
from django.urls import URLResolver, get_resolver
from django.utils.functional import cached_property

from core.models import User
from inventory.models import Lot
from tests.conftest import Company, make_company
from tests.inventory.sheets import lot_row, take_in
from tests.proposals import documents

# Not for the coverage: only that an answer comes is proved here, and each room's own tests say which.
pytestmark = [pytest.mark.database, pytest.mark.no_cover]

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
# The kinds of odd that a name of its own can be, and a range: the rest of ODD is one of them to whoever reads it.
ODD_ALONE = ("abc", "-1", "9" * 400, "٣", "a\x00b", "💥")
ODD_DAYS = ("abc", "9999-99", "0001-01-01", "9999-12-31", "a\x00b")
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


class Watched(QueryDict):
    """A query that notes by which names it is asked; who goes through it as a whole (links to the next page) is met by
    the query of all names."""

    asked: ClassVar[set[str]] = set()

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    def getlist(self, key: str, default: Any = None) -> list[Any]:
        self.asked.add(key)
        return super().getlist(key, default)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that pages have asked of their address since the test began."""

    def watched(request: WSGIRequest) -> Watched:
        return Watched(request.META.get("QUERY_STRING", ""), encoding=request.encoding)

    watching = cached_property(watched)
    watching.__set_name__(WSGIRequest, "GET")
    monkeypatch.setattr(WSGIRequest, "GET", watching)
    names: set[str] = set()
    monkeypatch.setattr(Watched, "asked", names)
    return names


@pytest.fixture(scope="module")
def shop(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Company, dict[str, object]]]:
    """One company for all addresses, and arguments behind which there is a record, so that the pages themselves are
    reached. What a test adds is taken back at its end, within the transaction that takes back the company."""
    with django_db_blocker.unblock(), override_settings(JOBS_INLINE=True), transaction.atomic():
        company = make_company()
        upload = take_in(company, [lot_row(quantity="7", cost="3")])
        lot = Lot.objects.get()
        proposal = documents.submitted(company, documents.draft(company, lot, "2"))
        yield company, {
            "slug": "north", "code": "2026-03", "kind": "stock-list", "extension": "csv", "form": "csv",
            "uploads/<pk>": upload.pk, "lots/<pk>": lot.pk, "proposals/<number>": proposal.number,
        }  # fmt: skip
        transaction.set_rollback(True)


@pytest.fixture
def known(shop: tuple[Company, dict[str, object]]) -> dict[str, object]:
    return shop[1]


@pytest.fixture
def clients(shop: tuple[Company, dict[str, object]], db: None, signed_in: Callable[[User], Client]) -> list[Client]:
    found = [signed_in(shop[0][role]) for role in ("CONTROLLER", "PREPARER")]
    for client in found:
        client.raise_request_exception = False
    return found


# The other forms of a report are asked by the very forms of its page, and take long to be made.
OTHER_FORMS = re.compile(r"reports/.*(print/|\.(pdf|xlsx|csv))$")


def queries(odds: tuple[str, ...], asked: set[str]) -> Iterator[dict[str, str]]:
    """All names at once; then what that spoils, of the names that the page asks for."""
    yield from (dict.fromkeys(NAMES, odd) for odd in odds)
    if asked & {"period", "from", "to", "compare"}:
        for day in (odd for odd in ODD_DAYS if odd in odds):
            yield {"period": "range", "from": day, "to": "2026-01-31", "compare": "previous"}
            yield {"period": "range", "from": day, "to": day, "compare": "year"}
    yield from ({name: odd} for odd in ODD_ALONE if odd in odds for name in ALONE if name in asked)


@pytest.mark.parametrize("route", ROUTES)
def test_an_odd_query_is_answered(clients: list[Client], known: dict[str, object], asked: set[str], route: str) -> None:
    address = filled(route, known)
    plain = [client.get(address).status_code for client in clients]
    assert max(plain) < 500
    client = clients[0] if plain[0] == 200 else clients[1]
    odds = ODD if connection.vendor == "sqlite" else ODD_TO_A_DATABASE
    odds = () if max(plain) >= 400 or OTHER_FORMS.search(route) else odds
    broken = [query for query in queries(odds, asked) if client.get(address, query).status_code >= 500]
    assert not broken


def test_what_a_page_asks_of_its_address_is_noticed(clients: list[Client], asked: set[str]) -> None:
    clients[0].get("/e/north/proposals/")
    assert {"q", "page", "status"} <= asked
    asked.clear()
    clients[0].get("/e/north/reports/register/")
    assert {"period", "from", "to"} <= asked


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
