"""The chart of accounts as a sheet: what it makes and changes, and what an account in use keeps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from core.errors import SegregationOfDuties, StaleContent
from core.models import AuditEvent, Upload, User
from core.sheets.kinds import Issues, Summary
from tests.conftest import Company
from tests.inventory.sheets import check, commit, upload_of
from tests.ledger.books import post
from writeoffs.ledger.kinds.words import active_of, section_of
from writeoffs.ledger.models import Account, AccountMap, StagedAccount
from writeoffs.ledger.roles import Section

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def row(code: str, name: str = "Account", section: str = "OTHER", active: str = "") -> dict[str, Any]:
    return {"code": code, "name": name, "section": section, "active": active}


def checked(company: Company, *rows: dict[str, Any], **options: str) -> tuple[Upload, Summary, Issues]:
    upload = upload_of(company, "chart", by=company["CONTROLLER"], options=options)
    return upload, *check(upload, list(rows))


def figures(summary: Summary) -> dict[str, str]:
    return dict(summary.figures)


def test_a_sheet_tells_new_changed_unchanged_and_gone_accounts_and_takes_them_in(company: Company) -> None:
    upload, summary, issues = checked(
        company,
        row("1400", "Inventory", "Aktiva"),
        row("5100", "Write-downs of stock", "Cost of sales"),
        row("6990", "Sundry losses", "Aufwand"),
    )
    assert not issues.errors
    total = Account.objects.count()
    told = figures(summary)
    assert (told["New"], told["Changed"], told["Unchanged"]) == ("1", "1", "1")
    assert told["Not on the sheet"] == f"{total - 2}, of which {total - 2} are mapped or have lines"
    assert summary.commit_label == "Take in the chart: 1 new, 1 changed"
    commit(upload, company["CONTROLLER"])
    assert Account.objects.get(code="5100").name == "Write-downs of stock"
    assert Account.objects.get(code="6990").section == "OTHER"
    assert Account.objects.count() == total + 1
    event = AuditEvent.objects.get(kind="accounts.uploaded")
    assert event.data["new"] == ["6990"]
    assert event.data["changed"] == [
        {
            "code": "5100",
            "before": ["Inventory write-downs", "COST_OF_SALES", True, ""],
            "after": ["Write-downs of stock", "COST_OF_SALES", True, ""],
        }
    ]


def test_an_account_with_lines_or_a_role_keeps_its_section_and_is_named(company: Company) -> None:
    post(company)
    _, _, issues = checked(company, row("1400", section="OTHER"), row("5000", section="OTHER"))
    messages = [kept[5] for kept in issues.kept if kept[0] == "ERROR"]
    assert "Row 2: account 1400 Inventory has lines, so its section stays ASSET; the sheet says OTHER." in messages[0]
    assert "Row 3: account 5000 Cost of goods sold is mapped to a role, so its section stays" in messages[1]


def test_a_free_account_changes_its_section_by_another_controller_only(company: Company) -> None:
    Account.objects.create(entity=company.entity, code="7000", name="Sundry", section="OTHER")
    upload, summary, issues = checked(company, row("7000", "Sundry", "Tax"))
    assert not issues.errors
    assert summary.needs_controller
    with pytest.raises(SegregationOfDuties, match="changes the section of account 7000"):
        commit(upload, company["CONTROLLER"])
    commit(upload, company["APPROVER"])
    assert Account.objects.get(code="7000").section == "TAX"


def test_an_account_that_came_into_use_since_the_check_makes_the_sheet_stale(company: Company) -> None:
    free = Account.objects.create(entity=company.entity, code="7000", name="Sundry", section="OTHER")
    upload, _, _ = checked(company, row("7000", "Sundry", "Tax"), row("7001", "New"))
    AccountMap.objects.filter(role="COGS").update(account=free)
    with pytest.raises(StaleContent, match="account 7000 Sundry is mapped to a role"):
        commit(upload, company["APPROVER"])
    assert not Account.objects.filter(code="7001").exists()


def test_what_is_gone_is_retired_only_where_that_is_asked_and_nothing_needs_it(company: Company) -> None:
    for code in ("7000", "7001"):
        Account.objects.create(entity=company.entity, code=code, name="Free", section="OTHER")
    keep, _, _ = checked(company, row("7001", "Free"))
    commit(keep, company["CONTROLLER"])
    assert Account.objects.filter(active=False).count() == 0
    retire, summary, issues = checked(company, row("7001", "Free"), gone="retire")
    assert figures(summary)["Retired by this sheet"] == "1"
    warned = [kept[4] for kept in issues.kept if kept[1] == "gone_but_needed"]
    assert "1400" in warned
    assert "7000" not in warned
    commit(retire, company["CONTROLLER"])
    assert list(Account.objects.filter(active=False).values_list("code", flat=True)) == ["7000"]


def test_a_mapped_account_is_not_retired_and_a_free_one_comes_back(company: Company) -> None:
    Account.objects.create(entity=company.entity, code="7000", name="Free", section="OTHER", active=False)
    _, _, issues = checked(company, row("1400", "Inventory", "Asset", "no"))
    assert "is mapped to a role, so it cannot be retired" in issues.kept[0][5]
    StagedAccount.objects.all().delete()
    upload, _, _ = checked(company, row("7000", "Free", "Other", "ja"))
    commit(upload, company["CONTROLLER"])
    assert Account.objects.get(code="7000").active


def test_every_complaint_of_a_sheet_comes_at_once(company: Company) -> None:
    _, _, issues = checked(
        company, row("7000"), row("7000"), row("7001", section="Sonstwo"), row("7002", active="maybe")
    )
    assert [kept[5] for kept in issues.kept if kept[0] == "ERROR"] == [
        "Rows 2 and 3 are both account 7000. An account stands once on a chart: keep one of them.",
        "Row 4, section: 'Sonstwo' is not known. Expected one of ASSET, LIABILITY, EQUITY, REVENUE, COST_OF_SALES, "
        "OTHER, TAX.",
        "Row 5, active: 'maybe' is neither yes nor no. Expected yes, no or an empty cell.",
    ]


@pytest.mark.parametrize(
    ("word", "section"),
    [
        ("ASSET", Section.ASSET), (" Current  Assets", Section.ASSET), ("Vermögen", Section.ASSET),
        ("VERMOGEN", Section.ASSET), ("Actif", Section.ASSET), ("Rückstellungen", Section.LIABILITY),
        ("Capitaux propres", Section.EQUITY), ("Chiffre d’affaires", Section.REVENUE), ("COGS", Section.COST_OF_SALES),
        ("cost_of_sales", Section.COST_OF_SALES), ("Coût des ventes", Section.COST_OF_SALES),
        ("Aufwendungen", Section.OTHER), ("Impôts", Section.TAX), ("", None), ("whatever", None),
    ],
)  # fmt: skip
def test_common_words_of_three_languages_are_read_as_sections(word: str, section: Section | None) -> None:
    assert section_of(word) == section


def test_yes_and_no_are_read_in_three_languages() -> None:
    assert [active_of(word) for word in ("Ja", "oui", "X", "nein", "Gesperrt", "perhaps")] == [
        True, True, True, False, False, None,
    ]  # fmt: skip


def test_a_sheet_says_how_soon_an_account_turns_into_money(company: Company) -> None:
    upload, summary, issues = checked(
        company,
        {**row("1400", "Inventory", "ASSET"), "liquidity": "current"},
        {**row("0700", "Machines", "ASSET"), "liquidity": "Anlagevermögen"},
    )
    assert not issues.errors
    assert figures(summary)["Changed"] == "1"
    commit(upload, company["CONTROLLER"])
    assert dict(Account.objects.filter(code__in=["1400", "0700"]).values_list("code", "liquidity")) == {
        "1400": "CURRENT",
        "0700": "NON_CURRENT",
    }
    _, _, issues = checked(company, {**row("1400", "Inventory", "ASSET"), "liquidity": "soon"})
    assert [kept[1] for kept in issues.kept if kept[0] == "ERROR"] == ["unknown_liquidity"]


def test_another_entitys_accounts_are_not_touched(company: Company, other_company: Company) -> None:
    upload, _, _ = checked(company, row("5100", "Renamed", "COST_OF_SALES"), gone="retire")
    commit(upload, company["CONTROLLER"])
    assert Account.objects.get(entity=other_company.entity, code="5100").name == "Inventory write-downs"
    assert not Account.objects.filter(entity=other_company.entity, active=False).exists()


def test_a_controller_takes_a_chart_through_the_pages_and_nobody_else_does(company: Company, signed_in: SignIn) -> None:
    def file() -> SimpleUploadedFile:
        return SimpleUploadedFile("chart.csv", b"Konto;Bezeichnung;Kontoart\n7100;Schwund;Aufwand\n")

    form = {"as_of": dt.datetime(2026, 3, 1, 12).isoformat(timespec="minutes")}
    address, controller = "/e/north/uploads/new/chart/", signed_in(company["CONTROLLER"])
    assert signed_in(company["PREPARER"]).post(address, {**form, "file": file()}).status_code == 403
    controller.post(address, {**form, "file": file()})
    upload = Upload.objects.get()
    page = f"/e/north/uploads/{upload.pk}/"
    columns = {"map_code_0": "0", "map_name_0": "1", "map_section_0": "2"}
    controller.post(f"{page}columns/", columns, follow=True)
    text = controller.get(page).content.decode()
    assert "Take in the chart: 1 new, 0 changed" in text
    controller.post(f"{page}commit/")
    assert Account.objects.get(code="7100").name == "Schwund"
    template = controller.get(reverse("uploads:template", args=["north", "chart"]))
    assert template.status_code == 200


@pytest.mark.database
@pytest.mark.parametrize(
    "sql",
    [
        "update ledger_account set code = '1401' where code = '1400'",
        "update ledger_account set section = 'OTHER' where code = '1400'",
        "update ledger_account set entity_id = entity_id + 1 where code = '1400'",
    ],
)
def test_the_database_keeps_code_and_section_of_an_account_with_lines(company: Company, sql: str) -> None:
    post(company)
    refused = pytest.raises(IntegrityError, match="an account with journal lines keeps its entity, code and section")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    with connection.cursor() as cursor:
        cursor.execute("update ledger_account set name = 'Stock' where code = '1400'")
        cursor.execute("update ledger_account set code = '5001' where code = '5000'")


@pytest.mark.database
def test_sqlites_replace_does_not_move_an_account_with_lines(company: Company) -> None:
    if connection.vendor != "sqlite":
        return
    post(company)
    refused = pytest.raises(IntegrityError, match="an account with journal lines keeps its entity, code and section")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "replace into ledger_account (id, entity_id, code, name, section, active) "
            "select id, entity_id, '1401', name, section, active from ledger_account where code = '1400'"
        )
