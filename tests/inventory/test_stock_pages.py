"""The stock list and what leads off it: filters, totals, exports, a lot's history, quarantine and falls."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from core.errors import BadInput
from core.models import AuditEvent, Membership, User
from inventory.models import Lot, QuarantineEntry, UnexplainedFall
from inventory.movements import MovementRow, movements_append
from inventory.selectors import QuarantineTotals, lot_totals, lots_filtered
from tests.conftest import Company
from tests.inventory.sheets import MARCH, lot_row, take_in

SignIn = Callable[[User], Client]
TODAY = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def stocked(company: Company) -> Company:
    take_in(
        company,
        [
            lot_row("A", "L1", "WH1", 10, 2, description="Flange", received_on="2024-01-01", expires_on="2026-03-09"),
            lot_row("A", "L2", "WH2", 5, 2, expires_on="2026-03-10", end_of_sale_on="2026-03-01"),
            lot_row("B", "L1", "WH1", 0, 3, category="Food", expires_on="2026-05-01", end_of_sale_on="2026-12-31"),
            lot_row("C", "L1", "WH1", 7, 0, category="Food", received_on="2026-02-01"),
            lot_row("D", "L1", "WH2", -2, 4),
        ],
    )
    return company


def found(company: Company, query: str) -> list[str]:
    with time_machine.travel(TODAY, tick=False):
        lots = lots_filtered(entity=company.entity, params=QueryDict(query))
        return [f"{lot.item.sku}/{lot.code}" for lot in lots]


@pytest.mark.parametrize(
    ("query", "lots"),
    [
        ("", ["A/L1", "A/L2", "B/L1", "C/L1", "D/L1"]),
        ("q=flan", ["A/L1", "A/L2"]),
        ("q=l2", ["A/L2"]),
        ("expiry=expired", ["A/L1"]),
        ("expiry=30", ["A/L2"]),
        ("expiry=90", ["A/L2", "B/L1"]),
        ("expiry=none", ["C/L1", "D/L1"]),
        ("expires_before=2026-04-01", ["A/L1", "A/L2"]),
        ("sale=passed", ["A/L2"]),
        ("sale=ahead", ["B/L1"]),
        ("age=365", ["A/L1"]),
        ("stock=on_hand", ["A/L1", "A/L2", "C/L1"]),
        ("stock=nil", ["B/L1"]),
        ("stock=negative", ["D/L1"]),
        ("cost=zero", ["C/L1"]),
        ("stock=on_hand&expiry=expired", ["A/L1"]),
        ("sort=-quantity", ["A/L1", "C/L1", "A/L2", "B/L1", "D/L1"]),
        ("sort=-sku", ["D/L1", "C/L1", "B/L1", "A/L2", "A/L1"]),
        ("sort=nonsense", ["A/L1", "A/L2", "B/L1", "C/L1", "D/L1"]),
    ],
)
def test_a_filter_finds_its_lots(stocked: Company, query: str, lots: list[str]) -> None:
    assert found(stocked, query) == lots


def test_location_and_category_filter_by_their_records(stocked: Company) -> None:
    lot = Lot.objects.select_related("item").get(item__sku="B")

    assert found(stocked, f"category={lot.item.category_id}") == ["B/L1", "C/L1"]
    assert found(stocked, f"location={lot.location_id}&category={lot.item.category_id}") == ["B/L1", "C/L1"]


def test_ticked_lots_narrow_the_filter_and_never_leave_the_entity(stocked: Company, other_company: Company) -> None:
    take_in(other_company, [lot_row("X")])
    own, foreign = Lot.objects.get(item__sku="C"), Lot.objects.get(item__sku="X")

    assert found(stocked, f"lot={own.pk}&lot={foreign.pk}") == ["C/L1"]


@pytest.mark.parametrize("query", ["expiry=sometime", "location=999999", "lot=abc", "expires_before=soon", "age=1"])
def test_a_filter_that_cannot_be_used_is_refused_and_never_means_everything(stocked: Company, query: str) -> None:
    with pytest.raises(BadInput):
        found(stocked, query)


def test_today_is_the_entitys_own_day(stocked: Company) -> None:
    stocked.entity.time_zone = "Pacific/Auckland"
    # 12:00 UTC on 10 March is 1 o'clock on 11 March in Auckland.
    assert found(stocked, "expiry=expired") == ["A/L1", "A/L2"]


def test_the_totals_are_those_of_the_filter(stocked: Company) -> None:
    totals = lot_totals(lots=lots_filtered(entity=stocked.entity, params=QueryDict("stock=on_hand")))

    assert (totals.lots, totals.quantity, totals.cost, totals.allowance, totals.carrying) == (
        3,
        D(22),
        D(30),
        D(0),
        D(30),
    )


def stock(company: Company, client: Client, query: str = "") -> Any:
    with time_machine.travel(TODAY, tick=False):
        return client.get(reverse("stock:list", args=[company.entity.slug]) + query)


def test_the_page_shows_one_line_a_lot_and_the_totals(stocked: Company, signed_in: SignIn) -> None:
    response = stock(stocked, signed_in(stocked["AUDITOR"]), "?stock=on_hand")

    assert response.status_code == 200
    assert len(response.context["page_obj"]) == 3
    assert response.context["totals"].cost == D(30)
    assert b"Expired" in response.content
    assert b"data-select-row" not in response.content


def test_a_preparer_can_tick_lots_and_propose_all_in_the_filter(stocked: Company, signed_in: SignIn) -> None:
    html = stock(stocked, signed_in(stocked["PREPARER"]), "?stock=on_hand").content.decode()

    assert html.count("data-select-row") == 3
    assert f"{reverse('proposals:from_stock', args=[stocked.entity.slug])}?stock=on_hand" in html
    assert 'data-total-count="3"' in html
    assert "Propose all 3 lots in this filter" in html


def test_an_empty_stock_says_the_next_step(company: Company, signed_in: SignIn) -> None:
    assert b"No stock yet" in stock(company, signed_in(company["PREPARER"])).content


def test_a_filter_without_lots_offers_to_clear_it(stocked: Company, signed_in: SignIn) -> None:
    assert b"No lot fits this filter" in stock(stocked, signed_in(stocked["PREPARER"]), "?q=nothing").content


def test_a_filter_that_cannot_be_used_is_said_on_the_page(stocked: Company, signed_in: SignIn) -> None:
    response = stock(stocked, signed_in(stocked["PREPARER"]), "?expiry=sometime")

    assert response.status_code == 400
    assert b"cannot be filtered" in response.content
    assert response.context["totals"].lots == 0


@pytest.mark.parametrize("name", ["stock:list", "stock:quarantine", "stock:falls"])
def test_stock_pages_answer_by_role_and_entity(
    stocked: Company, other_company: Company, signed_in: SignIn, name: str
) -> None:
    address = reverse(name, args=[stocked.entity.slug])

    assert Client().get(address).status_code == 302
    assert signed_in(other_company["PREPARER"]).get(address).status_code == 404
    assert signed_in(stocked["COUNTER"]).get(address).status_code == 403
    assert signed_in(stocked["AUDITOR"]).get(address).status_code == 200


def test_another_entitys_lot_answers_404_under_ones_own_address(
    stocked: Company, other_company: Company, signed_in: SignIn
) -> None:
    lot = Lot.objects.filter(entity=stocked.entity).first()
    assert lot
    Membership.objects.create(entity=other_company.entity, user=stocked["PREPARER"], role="PREPARER")
    client = signed_in(stocked["PREPARER"])

    assert client.get(reverse("stock:lot", args=[other_company.entity.slug, lot.pk])).status_code == 404
    assert client.get(reverse("stock:lot", args=[stocked.entity.slug, lot.pk])).status_code == 200


def test_the_page_asks_the_same_number_of_times_whatever_its_size(
    company: Company, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    take_in(company, [lot_row(f"S{n}", f"L{n}", f"WH{n % 7}", category=f"C{n % 5}") for n in range(120)])
    client = signed_in(company["PREPARER"])
    with django_assert_max_num_queries(12):
        response = stock(company, client)
    assert len(response.context["page_obj"]) == 50


def exported(company: Company, client: Client, extension: str, query: str = "") -> bytes:
    with time_machine.travel(TODAY, tick=False):
        response = client.get(reverse("stock:export", args=[company.entity.slug, extension]) + query)
        assert response.status_code == 200
        return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_what_is_filtered_is_what_is_exported(stocked: Company, signed_in: SignIn) -> None:
    text = exported(stocked, signed_in(stocked["AUDITOR"]), "csv", "?stock=on_hand").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))

    assert [(row["sku"], row["lot_code"], row["quantity"], row["unit_cost"]) for row in rows] == [
        ("A", "L1", "10", "2"),
        ("A", "L2", "5", "2"),
        ("C", "L1", "7", "0"),
    ]
    assert list(rows[0])[:11] == [
        "sku",
        "description",
        "category",
        "lot_code",
        "location",
        "quantity",
        "unit_cost",
        "unit_of_measure",
        "received_on",
        "expires_on",
        "end_of_sale_on",
    ]
    assert rows[0]["expires_on"] == "2026-03-09"


def test_the_workbook_holds_figures_as_figures_and_formulas_as_text(company: Company, signed_in: SignIn) -> None:
    take_in(company, [lot_row("A", "L1", quantity="7.5", cost="1.234567", description="=1+1", expires_on="2026-09-30")])
    sheet = CalamineWorkbook.from_filelike(
        io.BytesIO(exported(company, signed_in(company["AUDITOR"]), "xlsx"))
    ).get_sheet_by_index(0)

    row = dict(zip(*sheet.to_python()[:2], strict=True))
    assert (row["quantity"], row["unit_cost"], row["description"]) == (7.5, 1.234567, "=1+1")
    assert row["expires_on"] == dt.date(2026, 9, 30)


def test_a_formula_is_escaped_in_csv(company: Company, signed_in: SignIn) -> None:
    take_in(company, [lot_row("A", "L1", description="=cmd|' /C calc'!A0")])
    assert b"'=cmd|" in exported(company, signed_in(company["AUDITOR"]), "csv")


def test_a_lots_page_shows_its_movements_with_running_balances(stocked: Company, signed_in: SignIn) -> None:
    lot = Lot.objects.get(item__sku="A", code="L1")
    with transaction.atomic():
        movements_append(
            entity=stocked.entity,
            posted_on=dt.date(2026, 3, 5),
            source_ref="proposal:WO-2026-0001",
            rows=[MovementRow(lot.pk, "WRITE_OFF", -40_000, -80_000)],
        )
    response = signed_in(stocked["AUDITOR"]).get(lot.get_absolute_url())

    assert [(row.movement.kind, row.quantity, row.cost) for row in response.context["history"]] == [
        ("OPENING", D(10), D(20)),
        ("WRITE_OFF", D(6), D(12)),
    ]
    assert b"Opening stock" in response.content


def test_the_quarantine_register_shows_what_awaits_disposal(stocked: Company, signed_in: SignIn) -> None:
    lot = Lot.objects.get(item__sku="A", code="L1")
    for status, ref in (("STANDING", "proposal:WO-2026-0001"), ("DISPOSED", "proposal:WO-2026-0002")):
        QuarantineEntry.objects.create(
            entity=stocked.entity,
            lot=lot,
            source_ref=ref,
            reason="EXPIRY",
            since=dt.date(2026, 3, 5),
            quantity=D(4),
            cost=D(8),
            quantity_left=D(4),
            status=status,
        )
    client = signed_in(stocked["PREPARER"])
    address = reverse("stock:quarantine", args=[stocked.entity.slug])

    standing = client.get(address)
    assert standing.context["totals"] == QuarantineTotals(entries=1, cost=D(8), allowance=D(0))
    assert standing.content.count(b"data-select-row") == 1
    assert client.get(address + "?status=all").context["totals"].entries == 2


@pytest.fixture
def fall(stocked: Company) -> UnexplainedFall:
    rows = [lot_row("A", "L1", "WH1", 4, 2), lot_row("A", "L2", "WH2", 5, 2), lot_row("C", "L1", "WH1", 7, 0)]
    take_in(stocked, [*rows, lot_row("D", "L1", "WH2", -2, 4)], as_of=MARCH + dt.timedelta(days=7))
    return UnexplainedFall.objects.get()


def explain(company: Company, client: Client, fall: UnexplainedFall, **data: str) -> Any:
    return client.post(reverse("stock:fall-explain", args=[company.entity.slug, fall.pk]), data, follow=True)


def test_a_fall_is_explained_once_and_the_explanation_stays(
    stocked: Company, fall: UnexplainedFall, signed_in: SignIn
) -> None:
    client = signed_in(stocked["PREPARER"])
    assert b"(6)" in client.get(reverse("stock:falls", args=[stocked.entity.slug])).content
    response = explain(stocked, client, fall, explanation="SALE", note="till of 5 March")

    assert b"Nothing to explain" in response.content
    fall.refresh_from_db()
    assert (fall.explanation, fall.note, fall.explained_by) == ("SALE", "till of 5 March", stocked["PREPARER"])
    assert AuditEvent.objects.get(kind="fall.explained").message.endswith("fall of 6 of A / L1: sale.")
    again = explain(stocked, client, fall, explanation="LOSS")
    assert again.status_code == 409
    fall.refresh_from_db()
    assert fall.explanation == "SALE"


def test_an_explanation_must_be_chosen(stocked: Company, fall: UnexplainedFall, signed_in: SignIn) -> None:
    response = explain(stocked, signed_in(stocked["PREPARER"]), fall, explanation="")

    assert b"Choose what happened" in response.content
    fall.refresh_from_db()
    assert fall.explanation == ""


def test_who_may_not_explain_is_told_so(
    stocked: Company, other_company: Company, fall: UnexplainedFall, signed_in: SignIn
) -> None:
    assert explain(stocked, signed_in(stocked["AUDITOR"]), fall, explanation="SALE").status_code == 403
    assert explain(other_company, signed_in(other_company["PREPARER"]), fall, explanation="SALE").status_code == 404
