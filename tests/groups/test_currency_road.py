"""The whole road of a company in yen and of one in dinars: list, write-down, write-off, count, void, reports, files."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from core.errors import BadInput
from core.models import Upload
from core.money import is_whole_unit
from core.sheets import pipeline
from core.words import Reason
from inventory.models import Lot, Movement
from tests.conftest import Company, make_company
from tests.proposals.documents import draft, posted, write_down_draft
from tests.reports.books import count_adjustment, void, write_off
from tests.reports.conftest import pdf_text, rows_of_csv
from writeoffs.ledger.models import JournalLine
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal

pytestmark = [pytest.mark.django_db, pytest.mark.database]
OPENING = dt.datetime(2026, 1, 1, 0, 30, tzinfo=dt.UTC)
COSTS = {"JPY": "333.333333", "KWD": "3.333333"}
# 7 x 333.333333 yen is 2,333; 7 x 3.333333 dinars 23.333.
WORTH = {"JPY": Decimal(2333), "KWD": Decimal("23.333")}
SHOWN = {"JPY": "2,333", "KWD": "23.333"}
TOO_FINE = {"JPY": "12.5", "KWD": "1.2345"}


@pytest.fixture(params=["JPY", "KWD"])
def abroad(request: pytest.FixtureRequest, db: None) -> Company:
    return make_company("abroad", currency=request.param)


def listed(company: Company) -> None:
    cost = COSTS[company.entity.currency]
    text = (
        "sku,description,category,location,lot,quantity,unit_cost\n"
        f"LAMP,Lamp,Lamps,MAIN,L1,7,{cost}\nBULB,Bulb,Lamps,MAIN,L1,31,{cost}\nDESK,Desk,Desks,MAIN,L1,11,{cost}\n"
    )
    upload = pipeline.upload_receive(
        entity=company.entity,
        kind="stock_list",
        name="list.csv",
        content=text.encode(),
        content_type="text/csv",
        as_of=OPENING,
        user=company["PREPARER"],
    )
    upload = pipeline.upload_check(upload=upload, user=company["PREPARER"])
    assert upload.status == Upload.Status.CHECKED, list(upload.issues.values_list("message", flat=True))
    upload = pipeline.upload_commit(upload=upload, user=company["CONTROLLER"])
    assert upload.status == Upload.Status.COMMITTED, upload.message


def lot(company: Company, sku: str) -> Lot:
    return Lot.objects.get(entity=company.entity, item__sku=sku)


@pytest.fixture
def walked(abroad: Company) -> Company:
    """March: a third of LAMP written off and voided in April, DESK written down, BULB counted."""
    listed(abroad)
    lost = write_off(abroad, lot(abroad, "LAMP"), "2")
    posted(abroad, write_down_draft(abroad, lot(abroad, "DESK"), {"JPY": "1001", "KWD": "10.001"}[_code(abroad)]))
    write_off(abroad, lot(abroad, "DESK"), "3", reason=Reason.EXPIRY)
    count_adjustment(abroad, (lot(abroad, "BULB"), "-7"))
    void(abroad, lost, dt.date(2026, 4, 2))
    return abroad


def _code(company: Company) -> str:
    return company.entity.currency


def test_every_amount_of_the_road_is_whole_in_the_currency(walked: Company) -> None:
    code = _code(walked)
    assert lot(walked, "LAMP").cost == WORTH[code]
    for movement in Movement.objects.filter(entity=walked.entity):
        assert is_whole_unit(movement.cost, code), movement
        assert is_whole_unit(movement.allowance, code), movement
    amounts = list(JournalLine.objects.filter(entry__entity=walked.entity).values_list("amount", flat=True))
    assert len(amounts) > 10
    assert all(is_whole_unit(amount, code) for amount in amounts)
    call_command("verify", stdout=io.StringIO())


PAGES = [
    ("desk:home", ""), ("stock:list", ""), ("proposals:list", "?status=POSTED"), ("postings:list", ""),
    ("ledger:entries", ""), ("ledger:accounts", ""), ("desk:periods", ""), ("uploads:list", ""),
    ("reports:index", "?period=2026-03"), ("reports:register", "?period=2026-03"),
    ("reports:rollforward", "?period=2026-03"), ("reports:impact", "?period=2026-03"),
    ("reports:movements", ""), ("reports:lines", ""), ("reports:impact_print", "?period=2026-03"),
]  # fmt: skip


def test_every_page_shows_amounts_in_the_currencys_own_decimals(
    walked: Company, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(walked["CONTROLLER"])
    addresses = [reverse(name, args=["abroad"]) + query for name, query in PAGES]
    addresses += [
        reverse("proposals:detail", args=["abroad", each.number])
        for each in Proposal.objects.filter(entity=walked.entity)
    ]
    addresses += [reverse("stock:lot", args=["abroad", each.pk]) for each in Lot.objects.filter(entity=walked.entity)]
    addresses.append(Upload.objects.get(entity=walked.entity).get_absolute_url())
    wrong = {each: _wrong_figures(client.get(each).content.decode(), _code(walked)) for each in addresses}
    assert {address: figures for address, figures in wrong.items() if figures} == {}


def _wrong_figures(html: str, code: str) -> list[str]:
    """Cells and tiles of money with another number of decimals; unit costs have up to six and percentages one."""
    figures = re.findall(r'class="num[^"]*"[^>]*>(?:<a [^>]*>)?\s*([(\d][\d,.()]*)\s*(?:[A-Z]{3})?\s*<', html)
    figures += re.findall(rf"([(\d][\d,.()]*) {code}", html)
    own = {"JPY": (), "KWD": (3,)}[code]
    costs = {f"{Decimal(cost):,f}" for cost in COSTS.values()}
    return [
        figure
        for figure in (each.strip("()") for each in figures)
        if "." in figure and figure not in costs and len(figure.rpartition(".")[2]) not in (*own, 1)
    ]


def test_a_button_names_the_amount_in_the_currency(abroad: Company, signed_in: Callable[..., Client]) -> None:
    listed(abroad)
    proposal = services.proposal_submit(proposal=draft(abroad, lot(abroad, "LAMP"), "7"), user=abroad["PREPARER"])
    address = reverse("proposals:detail", args=["abroad", proposal.number])
    text = signed_in(abroad["APPROVER"]).get(address).content.decode()
    assert f"Approve {SHOWN[_code(abroad)]} {_code(abroad)}" in text


def test_files_of_the_reports_have_the_currencys_number_format(
    walked: Company, signed_in: Callable[..., Client]
) -> None:
    client, code = signed_in(walked["CONTROLLER"]), _code(walked)
    for report in ("register", "rollforward", "impact"):
        response = client.get(reverse(f"reports:{report}_xlsx", args=["abroad"]) + "?period=2026-03")
        _money_formats(response.content, {"JPY": "#,##0;", "KWD": "#,##0.000;"}[code], f", {code}")
        assert not re.search({"JPY": r"\.", "KWD": r"\.\d{4}"}[code], _csv(client, report))


def _money_formats(content: bytes, wanted: str, ending: str) -> None:
    """Every figure under a heading that ends so has the format; there is one at least."""
    found = 0
    for sheet in openpyxl.load_workbook(io.BytesIO(content)):
        heads = {cell.column for cell in sheet[5] if str(cell.value or "").endswith(ending)}
        unit = {cell.column for cell in sheet[5] if "Unit cost" in str(cell.value or "")}
        for row in sheet.iter_rows(min_row=6):
            for cell in row:
                if cell.column in heads - unit and isinstance(cell.value, int | float):
                    assert cell.number_format.startswith(wanted), (sheet.title, cell.coordinate, cell.number_format)
                    found += 1
    assert found


def _csv(client: Client, report: str) -> str:
    rows = rows_of_csv(client.get(reverse(f"reports:{report}_csv", args=["abroad"]) + "?period=2026-03"))
    costs = set(COSTS.values())
    return " ".join(value for row in rows for value in row if re.fullmatch(r"-?[\d.]+", value) and value not in costs)


def test_the_paper_shows_the_currencys_decimals(walked: Company, signed_in: Callable[..., Client]) -> None:
    client = signed_in(walked["CONTROLLER"])
    text = pdf_text(client.get(reverse("reports:rollforward_pdf", args=["abroad"]) + "?period=2026-03"))
    assert SHOWN[_code(walked)] in text or "2,333" in text


def test_the_journals_workbook_has_the_currencys_number_format(
    walked: Company, signed_in: Callable[..., Client]
) -> None:
    response = signed_in(walked["CONTROLLER"]).get(reverse("ledger:entries_export", args=["abroad", "xlsx"]))
    content = b"".join(response.streaming_content)
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Journal"]
    heads = [cell.value for cell in sheet[1]]
    formats = {
        row[heads.index(name)].number_format
        for row in sheet.iter_rows(min_row=2)
        for name in ("debit", "credit")
        if row[heads.index(name)].value is not None
    }
    assert formats == {{"JPY": "#,##0", "KWD": "#,##0.000"}[_code(walked)]}


def test_a_write_down_finer_than_the_currency_is_refused_with_a_sentence(
    abroad: Company, signed_in: Callable[..., Client]
) -> None:
    listed(abroad)
    code = _code(abroad)
    nearest = {"JPY": "Enter 12 or 13.", "KWD": "Enter 1.234 or 1.235."}[code]
    with pytest.raises(BadInput, match=rf"{TOO_FINE[code]} is finer than the currency.*{nearest}"):
        write_down_draft(abroad, lot(abroad, "LAMP"), TOO_FINE[code])
    proposal = write_down_draft(abroad, lot(abroad, "LAMP"), "2")
    address = reverse("proposals:line_add", args=["abroad", proposal.number])
    data: dict[str, Any] = {"lot": lot(abroad, "DESK").pk, "new_carrying_amount": TOO_FINE[code]}
    response = signed_in(abroad["PREPARER"]).post(address, data)
    text = " ".join(response.content.decode().split())
    assert response.status_code in (400, 409), text[:500]
    assert nearest in text
    assert proposal.lines.count() == 1


def test_a_control_total_finer_than_the_currency_is_refused_with_a_sentence(
    abroad: Company, signed_in: Callable[..., Client]
) -> None:
    address, code = reverse("uploads:new", args=["abroad", "stock_list"]), _code(abroad)
    file = io.BytesIO(b"sku,location,lot,quantity,unit_cost\nA,M,L,1,1\n")
    file.name = "list.csv"
    data = {"file": file, "as_of": "2026-01-01T00:30", "control_total": TOO_FINE[code]}
    response = signed_in(abroad["PREPARER"]).post(address, data)
    assert response.status_code in (200, 400)
    assert f"{TOO_FINE[code]} {code}" in response.content.decode()
    assert not Upload.objects.exists()
