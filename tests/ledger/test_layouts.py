"""The journal in the import layouts of ERPs: what each row says, and what is missing before one is written."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

import pytest

from core.changes import change_decide
from core.errors import BadInput, NotAllowed, SegregationOfDuties, WrongState
from core.models import AuditEvent
from tests.conftest import Company, make_company
from tests.ledger.books import post
from writeoffs.ledger.export_models import ExportSetting
from writeoffs.ledger.layouts import LAYOUTS
from writeoffs.ledger.layouts.settings import settings_of, settings_request
from writeoffs.ledger.period_journal import FORMATS, Span, text_of

SETTINGS = {
    "business-central": {"template": "GENERAL", "batch": "WRITEOFFS"},
    "dynamics-365-finance": {"journal": "GenJrn", "separator": "-"},
    "netsuite": {"currency": "Euro", "dates": "MM/DD/YYYY"},
    "oracle-fusion": {
        "ledger": "300000046975971",
        "source": "Write-offs",
        "category": "Inventory",
        "segments": "101, {cost_centre}, {account}, 000",
        "no_centre": "0000",
        "batch": "Write-offs",
        "group": "7",
    },
}
# Layout -> (document, debit less credit) of a row.
READ: dict[str, Callable[[dict[str, str]], tuple[str, Decimal]]] = {
    "business-central": lambda row: (row["Document No."], Decimal(row["Amount"])),
    "dynamics-365-finance": lambda row: (
        row["VOUCHER"],
        Decimal(row["DEBITAMOUNT"] or 0) - Decimal(row["CREDITAMOUNT"] or 0),
    ),
    "netsuite": lambda row: (
        row["External ID"],
        Decimal(row["Journal Entry - Line: Debit"] or 0) - Decimal(row["Journal Entry - Line: Credit"] or 0),
    ),
    "oracle-fusion": lambda row: (
        row["REFERENCE4"],
        Decimal(row["ENTERED_DR"] or 0) - Decimal(row["ENTERED_CR"] or 0),
    ),
}


def setting(company: Company, layout: str) -> None:
    change = settings_request(
        entity=company.entity,
        layout=LAYOUTS[layout],
        options=SETTINGS[layout],
        user=company["CONTROLLER"],
        why="As the ERP is set up",
    )
    change_decide(change=change, user=company["APPROVER"], approve=True)


def rows(company: Company, code: str) -> list[dict[str, str]]:
    text = "".join(text_of(entity=company.entity, span=Span(), form=FORMATS[code]))
    layout = LAYOUTS[code]
    return list(csv.DictReader(io.StringIO(text), None if layout.has_header else layout.header))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.django_db
def test_each_entry_is_one_balanced_document(company: Company, layout: str) -> None:
    numbers = {post(company, amount=Decimal("12.50"), ref=f"proposal:WO-{n}").number for n in (1, 2)}
    setting(company, layout)
    documents: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows(company, layout):
        document, amount = READ[layout](row)
        documents[document] += amount
        assert abs(amount) == Decimal("12.50")
    assert dict(documents) == dict.fromkeys(numbers, Decimal(0))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.django_db
def test_what_is_not_set_is_said_by_name(company: Company, layout: str) -> None:
    post(company)
    with pytest.raises(BadInput, match="has not set") as refused:
        rows(company, layout)
    for field in LAYOUTS[layout].fields:
        assert (field.label in refused.value.message) == field.required


@pytest.mark.django_db
def test_rows_are_as_each_erp_wants_them(company: Company) -> None:
    entry = post(company, description="=HYPERLINK(1)")
    for layout in LAYOUTS:
        setting(company, layout)
    central, finance, suite, _ = (rows(company, layout)[0] for layout in LAYOUTS)
    day = entry.posted_on
    assert (central["Line No."], central["Posting Date"], central["Account Type"]) == (
        "10000",
        day.isoformat(),
        "G/L Account",
    )
    assert central["Description"] == "'=HYPERLINK(1)"
    assert (finance["JOURNALNAME"], finance["LINENUMBER"], finance["ACCOUNTTYPE"]) == ("GenJrn", "1", "Ledger")
    assert finance["ACCOUNTDISPLAYVALUE"].endswith("-")
    assert (suite["Date"], suite["Currency"]) == (day.strftime("%m/%d/%Y"), "Euro")


@pytest.mark.django_db
def test_an_erp_that_would_round_is_refused() -> None:
    company = make_company(currency="KWD")
    post(company, amount=Decimal("1.125"))
    setting(company, "netsuite")
    setting(company, "business-central")
    with pytest.raises(BadInput, match="takes 2 decimals, KWD has 3"):
        rows(company, "netsuite")
    assert {abs(Decimal(row["Amount"])) for row in rows(company, "business-central")} == {Decimal("1.125")}


@pytest.mark.django_db
def test_settings_are_changed_by_two_people_and_told(company: Company) -> None:
    setting(company, "netsuite")
    assert settings_of(entity=company.entity, layout="netsuite") == SETTINGS["netsuite"]
    event = AuditEvent.objects.get(kind="export.settings_changed")
    assert (event.data["before"], event.data["after"]) == ({}, SETTINGS["netsuite"])
    with pytest.raises(BadInput, match="so already"):
        setting(company, "netsuite")
    asked = {"entity": company.entity, "layout": LAYOUTS["netsuite"], "why": "x"}
    with pytest.raises(BadInput, match="Currency's name must not be empty"):
        settings_request(options={"dates": "YYYY-MM-DD"}, user=company["CONTROLLER"], **asked)
    other = {**SETTINGS["netsuite"], "locations": "yes"}
    with pytest.raises(NotAllowed):
        settings_request(options=other, user=company["PREPARER"], **asked)
    change = settings_request(options=other, user=company["CONTROLLER"], **asked)
    with pytest.raises(SegregationOfDuties):
        change_decide(change=change, user=company["CONTROLLER"], approve=True)
    ExportSetting.objects.update(options={})
    with pytest.raises(WrongState, match="changed since"):
        change_decide(change=change, user=company["APPROVER"], approve=True)


@pytest.mark.django_db
def test_oracles_columns_are_known_by_their_place(company: Company) -> None:
    """The places as GL_INTERFACE's import template counts them, from 1; it has no row of names."""
    entry = post(company, amount=Decimal("12.50"))
    setting(company, "oracle-fusion")
    text = "".join(text_of(entity=company.entity, span=Span(), form=FORMATS["oracle-fusion"]))
    debit, credit = csv.reader(io.StringIO(text))
    assert len(debit) == 67
    day = entry.posted_on.strftime("%Y/%m/%d")
    assert debit[:6] == ["NEW", "300000046975971", day, "Write-offs", "Inventory", "EUR"]
    assert (debit[7], debit[8:13]) == ("A", ["101", "0000", entry.lines.all()[0].account.code, "000", ""])
    assert [(row[38], row[39]) for row in (debit, credit)] == [("12.5", ""), ("", "12.5")]
    assert (debit[42], debit[45], debit[66]) == ("Write-offs", entry.number, "7")
    assert debit[51] == entry.description


@pytest.mark.parametrize(
    ("options", "message"),
    [({"segments": "101,5100"}, "cannot be"), ({"ledger": "Vision"}, "is no number"), ({"group": "A"}, "is no number")],
)
@pytest.mark.django_db
def test_oracle_settings_that_cannot_be_are_refused(company: Company, options: dict[str, str], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        settings_request(
            entity=company.entity,
            layout=LAYOUTS["oracle-fusion"],
            options={**SETTINGS["oracle-fusion"], **options},
            user=company["CONTROLLER"],
            why="x",
        )
