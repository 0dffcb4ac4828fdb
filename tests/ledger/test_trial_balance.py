"""The ERP's trial balance on its way in: what is refused, what is kept, and which one counts."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core import verify
from core.errors import BadInput, DuplicateUpload, NotAllowed, OutdatedList
from core.models import Upload
from core.sheets import pipeline
from tests.conftest import Company
from tests.ledger.trial import MARCH_END, checked, complaints, sheet, taken_in
from writeoffs.ledger.models import Account, FiscalPeriod, TrialBalance, TrialBalanceLine
from writeoffs.ledger.trial_balance import trial_balance_of

pytestmark = [pytest.mark.django_db, pytest.mark.database]
GOOD = ["1400,Inventory,7000,6000,,", '1490,Allowance,(500.00),"(200.00)",,', "3000,Equity,-6500,-5800,,"]


def period(company: Company, month: int = 3) -> FiscalPeriod:
    return FiscalPeriod.objects.get(entity=company.entity, fiscal_year=2026, number=month)


def test_a_balance_is_kept_with_its_lines_signed_as_the_ledger_signs(company: Company) -> None:
    balance = taken_in(company, GOOD)
    lines = {line.code: (line.balance, line.opening, line.section) for line in balance.lines.all()}
    assert lines == {
        "1400": (7000, 6000, "ASSET"),
        "1490": (-500, -200, "ASSET"),
        "3000": (-6500, -5800, "EQUITY"),
    }
    assert (balance.period, balance.version, balance.debit, balance.line_count) == (period(company), 1, 7000, 3)
    assert balance.committed_by == company["CONTROLLER"]
    assert list(verify.complaints(verify.Tally())) == []


def test_debit_and_credit_columns_are_as_good_as_one_signed_balance(company: Company) -> None:
    balance = taken_in(company, ["1400,7000,0", "1490,,500", "3000,0,6500"], header="Konto,Soll,Haben")
    assert dict(balance.lines.values_list("code", "balance")) == {"1400": 7000, "1490": -500, "3000": -6500}


def test_a_sheet_that_does_not_balance_is_refused_with_the_difference(company: Company) -> None:
    upload = checked(company, ["1400,Inventory,7000,,,", "1490,A,-500,,,", "3000,Equity,-6499.99,,,"])
    assert upload.status == Upload.Status.REFUSED
    message = upload.issues.get(code="does_not_balance").message
    assert "The debits are 0.01 EUR more than the credits" in message
    assert not TrialBalance.objects.exists()


def test_an_account_that_stands_twice_is_an_error_with_both_rows(company: Company) -> None:
    upload = checked(company, ["1400,Inventory,7000,,,", "3000,Equity,-7000,,,", "1400,Inventory,5,,,"])
    issue = upload.issues.get(level="ERROR")
    assert (issue.row, issue.code) == (4, "account_twice")
    assert "Rows 2 and 4 are both account 1400" in issue.message


def test_every_bad_row_is_told_at_once(company: Company) -> None:
    upload = checked(
        company,
        ["1400,Inventory,x,,,", "1490,A,1.005,,,", "9998,New,5,,planet,", "9999,New,5,,asset,soon", ",None,1,,,"],
    )
    assert upload.status == Upload.Status.REFUSED
    assert {code for code, _ in complaints(upload)} >= {
        "not_a_number",
        "too_many_decimals",
        "unknown_section",
        "unknown_liquidity",
        "empty",
    }


def test_without_a_balance_column_the_sheet_says_what_to_choose(company: Company) -> None:
    upload = checked(company, ["1400,Inventory", "3000,Equity"], header="account_code,account_name")
    assert upload.status == Upload.Status.REFUSED
    assert "choose its balance column, or both debit and credit" in upload.message


def test_an_account_with_a_section_is_taken_into_the_chart_and_one_without_is_warned_of(company: Company) -> None:
    balance = taken_in(company, ["1400,Inventory,10,,,", "0700,Machines,90,,asset,non-current", "0999,Odd,-100,,,"])
    machines = Account.objects.get(entity=company.entity, code="0700")
    assert (machines.section, machines.liquidity, machines.name) == ("ASSET", "NON_CURRENT", "Machines")
    assert not Account.objects.filter(entity=company.entity, code="0999").exists()
    codes = [code for code, _ in complaints(balance.upload)]
    assert "account_not_in_chart" in codes
    assert balance.lines.get(code="0999").account is None
    assert balance.lines.get(code="0700").account == machines


def test_the_chart_stays_as_it_is_where_that_was_chosen(company: Company) -> None:
    before = Account.objects.count()
    balance = taken_in(
        company, ["1400,Inventory,10,,,", "0700,Machines,-10,,asset,non-current"], options={"unknown": "leave"}
    )
    assert Account.objects.count() == before
    assert balance.lines.get(code="0700").section == "ASSET"


def test_a_stock_account_that_the_sheet_leaves_out_is_warned_of(company: Company) -> None:
    upload = checked(company, ["1000,Cash,10,,,", "3000,Equity,-10,,,"])
    messages = " ".join(upload.issues.filter(code="account_missing").values_list("message", flat=True))
    assert "Account 1400 Inventory" in messages


def test_a_newer_one_takes_the_place_and_the_older_is_kept(company: Company) -> None:
    first = taken_in(company, GOOD)
    second = taken_in(company, [GOOD[0].replace("7000", "7500"), GOOD[1], "3000,Equity,-7000,,,"])
    assert (first.version, second.version) == (1, 2)
    assert trial_balance_of(period=period(company)) == second
    assert first.lines.get(code="1400").balance == 7000


def test_an_older_one_is_refused(company: Company) -> None:
    taken_in(company, GOOD)
    with pytest.raises(OutdatedList, match="newer than this one"):
        checked(company, [*GOOD[:2], "3000,E,-6500,,,"], as_of=MARCH_END - dt.timedelta(days=1))


def test_the_same_file_twice_is_refused(company: Company) -> None:
    taken_in(company, GOOD)
    with pytest.raises(DuplicateUpload):
        checked(company, GOOD)


def test_a_period_that_does_not_contain_the_moment_is_refused(company: Company) -> None:
    with pytest.raises(BadInput, match="which is no day of February 2026"):
        checked(company, GOOD, options={"period": "2026-02"})
    with pytest.raises(BadInput, match="no fiscal period 2031-01"):
        checked(company, GOOD, options={"period": "2031-01"})


def test_the_moment_is_judged_at_the_companys_place(company: Company) -> None:
    company.entity.time_zone = "America/Chicago"
    company.entity.save()
    balance = taken_in(company, GOOD, as_of=dt.datetime(2026, 4, 1, 3, tzinfo=dt.UTC))
    assert balance.period == period(company, 3)


def test_only_a_controller_commits(company: Company) -> None:
    upload = checked(company, GOOD)
    with pytest.raises(NotAllowed):
        pipeline.upload_commit(upload=upload, user=company["PREPARER"])


def test_through_the_pages_with_the_period_chosen(company: Company, signed_in: Callable[..., Client]) -> None:
    client, slug = signed_in(company["CONTROLLER"]), company.entity.slug
    with time_machine.travel(dt.datetime(2026, 4, 2, 9, tzinfo=dt.UTC)):
        page = client.get(f"/e/{slug}/uploads/new/trial_balance/").content.decode()
        assert '<option value="2026-03">March 2026, open</option>' in page
        assert '<option value="2026-05"' not in page
        response = client.post(
            f"/e/{slug}/uploads/new/trial_balance/",
            {
                "file": SimpleUploadedFile("tb.csv", sheet(GOOD)),
                "as_of": "2026-03-31T18:00",
                "option_period": "2026-03",
            },
        )
        upload = Upload.objects.get()
        assert response.status_code == 302, response.content.decode()[:2000]
        shown = client.get(response.url).content.decode()
        assert "Keep 3 accounts as the trial balance of March 2026" in shown
        client.post(f"/e/{slug}/uploads/{upload.pk}/commit/")
    balance = TrialBalance.objects.get()
    shown = client.get(f"/e/{slug}/ledger/trial-balances/{balance.pk}/").content.decode()
    for words in ("Trial balance of March 2026", "7,000.00", balance.digest):
        assert words in shown
    narrowed = client.get(f"/e/{slug}/ledger/trial-balances/{balance.pk}/?account=1400").content.decode()
    assert "7,000.00" in narrowed
    assert "6,500.00" not in narrowed


def test_the_wrong_moment_is_said_on_the_form_and_nothing_is_kept(
    company: Company, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(company["CONTROLLER"])
    response = client.post(
        f"/e/{company.entity.slug}/uploads/new/trial_balance/",
        {"file": SimpleUploadedFile("tb.csv", sheet(GOOD)), "as_of": "2026-03-31T18:00", "option_period": "2026-02"},
    )
    assert response.status_code == 400
    assert "which is no day of February 2026" in response.content.decode()
    assert not Upload.objects.exists()


def test_its_page_is_for_the_companys_readers(
    company: Company, other_company: Company, signed_in: Callable[..., Client], client: Client
) -> None:
    balance = taken_in(company, GOOD)
    path = f"/e/{company.entity.slug}/ledger/trial-balances/{balance.pk}/"
    assert client.get(path).status_code == 302
    assert signed_in(company["COUNTER"]).get(path).status_code == 403
    assert signed_in(company["AUDITOR"]).get(path).status_code == 200
    other = signed_in(other_company["AUDITOR"])
    assert other.get(f"/e/{other_company.entity.slug}/ledger/trial-balances/{balance.pk}/").status_code == 404


def raw(sql: str, *params: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.mark.parametrize(
    ("table", "column"),
    [("ledger_trialbalance", "debit"), ("ledger_trialbalanceline", "balance")],
)
def test_what_was_taken_in_never_changes(company: Company, table: str, column: str) -> None:
    balance = taken_in(company, GOOD)
    key = balance.pk if table == "ledger_trialbalance" else balance.lines.get(code="1400").pk
    for sql in (f"update {table} set {column} = 1 where id = %s", f"delete from {table} where id = %s"):
        with pytest.raises(IntegrityError, match="trial balance is never"):
            raw(sql, key)
    if connection.vendor == "postgresql":
        # Keys that wait for the commit would refuse it first.
        connection.check_constraints()
        with pytest.raises(IntegrityError, match="trial balance is never"):
            raw(f"truncate {table} cascade")


def test_a_line_added_behind_the_products_back_is_named(company: Company) -> None:
    balance = taken_in(company, GOOD)
    TrialBalanceLine.objects.create(trial_balance=balance, row=9, code="9", balance=Decimal(1))
    [complaint] = list(verify.complaints(verify.Tally()))
    assert f"trial balance {balance.pk} of March 2026, version 1" in complaint


def test_a_workbook_is_read_as_well_as_text(company: Company) -> None:
    book = openpyxl.Workbook()
    for row in (["Account", "Name", "Balance"], ["1400", "Inventory", 12.5], ["3000", "Equity", -12.5]):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    upload = pipeline.upload_receive(
        entity=company.entity,
        kind="trial_balance",
        name="tb.xlsx",
        content=file.getvalue(),
        as_of=MARCH_END,
        user=company["CONTROLLER"],
    )
    upload = pipeline.upload_check(upload=upload, user=company["CONTROLLER"])
    upload = pipeline.upload_commit(upload=upload, user=company["CONTROLLER"])
    assert TrialBalance.objects.get().lines.get(code="1400").balance == Decimal("12.50")
