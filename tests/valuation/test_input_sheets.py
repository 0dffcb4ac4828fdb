"""Inputs by the sheet: what is taken, what is complained of row by row, and that nothing is given twice."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from core import audit
from core.errors import StaleContent
from core.models import Upload
from core.sheets import pipeline
from core.sheets.kinds import Issues, kinds_for
from core.sheets.kinds import kind as sheet_kind
from tests.conftest import Company
from tests.inventory.sheets import check, commit, upload_of
from tests.valuation.giving import MARCH_END, a_lot, a_price, an_item
from writeoffs.valuation import known
from writeoffs.valuation.inputs import Contract, Demand, Price
from writeoffs.valuation.verifiers import inputs_given, inputs_of_sheets

pytestmark = [pytest.mark.django_db, pytest.mark.database]
AS_OF = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)


def checked(company: Company, code: str, *rows: dict[str, Any]) -> tuple[Upload, Issues]:
    upload = upload_of(company, code, as_of=AS_OF, by=company["CONTROLLER"])
    return upload, check(upload, list(rows))[1]


def taken(company: Company, code: str, *rows: dict[str, Any]) -> Upload:
    """Checked, committed and told to the audit trail, as the pipeline does it."""
    upload, issues = checked(company, code, *rows)
    assert not issues.errors, issues.kept
    commit(upload, company["CONTROLLER"])
    return upload


def test_prices_are_given_with_the_file_as_their_evidence(company: Company) -> None:
    an_item(company)
    lot = a_lot(company)
    upload = taken(
        company,
        "prices",
        {"sku": "A-1", "selling_price": "12.5", "cost_to_sell": "1.25", "as_of": "2026-02-28", "source": "List 2"},
        {"sku": "A-1", "lot_code": "L1", "location": "WH1", "nrv": "9", "recovers_in_year": "yes"},
    )
    one, other = Price.objects.order_by("pk")
    assert (one.selling_price, one.net, one.source, one.as_of) == (
        Decimal("12.5"),
        Decimal("11.25"),
        "List 2",
        dt.date(2026, 2, 28),
    )
    assert (other.lot, other.as_of, other.source, other.recovers_in_year) == (lot, MARCH_END, upload.file_name, True)
    assert {one.evidence_id, other.evidence_id} == {upload.file_id}
    assert one.currency == "EUR"
    assert [row[5] for row in known.prices_as_of(entity=company.entity, as_of=dt.date(2026, 3, 1))] == [12_500_000]


def test_what_stands_stays_and_another_price_needs_its_reason(company: Company) -> None:
    a_price(company, price="12")
    same = {"sku": "A-1", "selling_price": "12"}
    _, issues = checked(company, "prices", same)
    assert not issues.errors
    other = {"sku": "A-1", "selling_price": "11"}
    _, issues = checked(company, "prices", other)
    [(_, code, row, *_, message)] = issues.kept
    assert (code, row) == ("needs_a_reason", 2)
    assert "Row 2: another figure stands as the price of A-1" in message
    taken(company, "prices", {**other, "reason": "Misread"})
    assert list(Price.objects.order_by("pk").values_list("version", "reason")) == [(1, ""), (2, "Misread")]


_PRICE = {"sku": "A-1", "selling_price": "5"}


@pytest.mark.parametrize(
    ("code", "rows", "complaint"),
    [
        ("prices", [{**_PRICE, "sku": "Z"}], "Row 2: no item has the SKU 'Z'"),
        ("prices", [_PRICE, {**_PRICE, "selling_price": "6"}], "Rows 2 and 3 both give the price of A-1"),
        ("prices", [{**_PRICE, "lot_code": "L9", "location": "WH1"}], "Row 2: lot 'L9' of A-1 at WH1 is not in the"),
        ("prices", [{**_PRICE, "nrv": "4"}], "not both"),
        ("prices", [{"sku": "A-1"}], "Row 2: nothing is said of A-1"),
        ("prices", [{**_PRICE, "currency": "XXQ"}], "'XXQ' is no currency"),
        ("prices", [{**_PRICE, "offered_on": "2926-01-01"}], "still to come"),
        ("prices", [{**_PRICE, "recovers_in_year": "maybe"}], "neither yes nor no"),
        (
            "contracts",
            [{"reference": "C", "sku": "A-1", "quantity": 0, "price": 1, "ends_on": "2026-06-30"}],
            "for nil",
        ),
        ("contracts", [{"reference": "C", "sku": "A-1", "quantity": 1, "price": 1, "ends_on": "2026-01-30"}], "before"),
        ("demand", [{"sku": "A-1", "month": "13/2026", "quantity": 1}], "'13/2026' is no month"),
        ("demand", [{"sku": "A-1", "month": "2099-12", "quantity": 1}], "still to come"),
        ("material_uses", [{"material": "A-1", "product": "A-1"}], "does not go into itself"),
        (
            "condition_marks",
            [{"sku": "A-1", "lot_code": "L1", "location": "WH1", "kind": "odd"}],
            "none of damaged, obsolete and pledged",
        ),
        ("sales_figures", [{"location": "X", "starts_on": "2026-01-01", "ends_on": "2026-01-31", "revenue": 1}], "'X'"),
        ("price_rates", [{"currency": "EUR", "rate": "1"}], "needs no rate"),
        ("price_rates", [{"currency": "USD", "rate": "0"}], "cannot be a rate"),
        ("price_rates", [{"currency": "USD", "rate": "zero"}], "is not a number"),
    ],
)
def test_a_row_that_cannot_be_is_named(code: str, rows: list[dict[str, Any]], complaint: str, company: Company) -> None:
    a_lot(company)
    _, issues = checked(company, code, *rows)
    assert issues.errors, "nothing was complained of"
    assert any(complaint in message for *_, message in issues.kept), issues.kept


def test_doubtful_rows_are_taken_with_a_warning(company: Company) -> None:
    a_lot(company, quantity=Decimal(400))
    for code, row, complaint in (
        ("prices", {"sku": "A-1", "selling_price": "1", "cost_to_sell": "3"}, "is -2, below nil"),
        ("prices", {"sku": "A-1", "nrv": "1", "currency": "usd", "as_of": "2026-03-01"}, "no rate from USD to EUR"),
        (
            "contracts",
            {"reference": "C", "sku": "A-1", "quantity": 600, "price": 52, "ends_on": "2026-06-30"},
            "come to 600 units, 400 are on hand",
        ),
    ):
        upload, issues = checked(company, code, row)
        assert not issues.errors
        assert any(complaint in message for *_, message in issues.kept), issues.kept
        commit(upload, company["CONTROLLER"])
    assert (Price.objects.count(), Contract.objects.get().quantity) == (2, Decimal(600))


def test_the_other_sheets_are_found_as_of_their_day(company: Company) -> None:
    lot = a_lot(company)
    an_item(company, "B")
    taken(
        company,
        "purchase_commitments",
        {"reference": "P", "sku": "B", "quantity": 5, "price": 2, "ends_on": "2026-12-31"},
    )
    taken(company, "material_uses", {"material": "A-1", "product": "B", "as_of": "2026-01-01"})
    taken(company, "condition_marks", {"sku": "A-1", "lot_code": "L1", "location": "WH1", "kind": "Damaged"})
    taken(
        company, "sales_figures", {"location": "WH1", "starts_on": "2026-03-01", "ends_on": "2026-03-31", "revenue": 9}
    )
    taken(company, "price_rates", {"currency": "usd", "rate": "0,9215"})
    months = ("2026-01", "02/2026", "2026-03-15")
    taken(company, "demand", *({"sku": "A-1", "month": month, "quantity": 10} for month in months))
    asked = {"entity": company.entity, "as_of": MARCH_END}
    assert [row[2] for row in known.commitments_as_of(**asked)] == ["P"]
    assert [row[1:3] for row in known.uses_as_of(**asked)] == [(lot.item_id, an_item(company, "B").pk)]
    assert [row[1:3] for row in known.conditions_as_of(**asked)] == [(lot.pk, "DAMAGED")]
    assert known.rates_as_of(**asked) == [("USD", 9_215_000_000, MARCH_END)]
    assert [row[:3] for row in known.demand_as_of(**asked)] == [(lot.item_id, 300_000, 3)]
    assert Demand.objects.filter(version=1).count() == 3


def test_a_sheet_is_checked_again_where_something_was_given_since(company: Company) -> None:
    a_price(company, price="12")
    upload, issues = checked(company, "prices", {"sku": "A-1", "selling_price": "12", "as_of": "2026-04-30"})
    assert not issues.errors
    a_price(company, price="13", reason="Misread")
    with pytest.raises(StaleContent, match="Since this sheet was checked, Price owner north gave prices"):
        sheet_kind("prices").commit(upload, company["CONTROLLER"])
    assert Price.objects.count() == 2


def test_through_the_pipeline_and_proved(company: Company) -> None:
    a_price(company, price="12")
    user = company["PRICE_OWNER"]
    text = "SKU,Valid from,Selling price,Why it replaces another\nA-1,2026-03-31,11,New list\n"
    upload = pipeline.upload_receive(
        entity=company.entity, kind="prices", name="p.csv", content=text.encode(), content_type="text/csv", as_of=AS_OF,
        user=user,
    )  # fmt: skip
    upload = pipeline.upload_commit(upload=pipeline.upload_check(upload=upload, user=user), user=user)
    assert upload.status == Upload.Status.COMMITTED, upload.message
    assert upload.message == "1 price given."
    tally: Counter[str] = Counter()
    assert [*inputs_given(tally), *inputs_of_sheets(tally)] == []
    assert tally["inputs"] == 2
    assert audit.chain_verify(audit.entity_chain(company.entity)).complaint == ""


def test_prices_are_uploaded_by_their_owner(company: Company) -> None:
    codes = {
        role: {kind.code for kind in kinds_for(company.entity, frozenset({role}))}
        for role in ("PREPARER", "PRICE_OWNER")
    }
    assert "prices" in codes["PRICE_OWNER"]
    assert "prices" not in codes["PREPARER"]
    assert {"contracts", "demand", "condition_marks"} <= codes["PREPARER"]
    assert "contracts" not in codes["PRICE_OWNER"]


def test_tampering_is_seen(company: Company) -> None:
    """Guards aside: a changed figure of a sheet, one by hand, one that is gone."""
    from core import guards

    one = a_price(company, price="12")
    an_item(company, "B")
    upload = taken(company, "prices", {"sku": "B", "nrv": "3"})
    audit.record(
        entity=company.entity, actor=company["CONTROLLER"], kind="upload.committed", subject=f"upload:{upload.pk}",
        message="", data={"inputs": {"kind": "price", "rows": 1, "digest": _digest(upload)}},
    )  # fmt: skip
    assert [*inputs_given(Counter()), *inputs_of_sheets(Counter())] == []
    connection.check_constraints()
    guards.drop()
    Price.objects.filter(pk=one.pk).update(source="Another")
    Price.objects.filter(upload=upload).update(nrv=Decimal(4))
    assert list(inputs_given(Counter())) == [
        f"The price {one.pk} is not what the audit trail says was given, or by whom."
    ]
    assert list(inputs_of_sheets(Counter())) == [
        f"The prices of upload {upload.pk} are not those that the audit trail says it gave."
    ]
    Price.objects.all().delete()
    assert len([*inputs_given(Counter()), *inputs_of_sheets(Counter())]) == 2


def _digest(upload: Upload) -> str:
    from writeoffs.valuation.kinds_of_input import KINDS
    from writeoffs.valuation.proofs import upload_digest

    return upload_digest(KINDS["price"], upload.pk)
