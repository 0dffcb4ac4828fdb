"""The steps of an upload: what each one needs, changes and refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from core.errors import (
    BadInput,
    DuplicateUpload,
    NotAllowed,
    OutdatedList,
    SegregationOfDuties,
    WrongState,
)
from core.models import AuditEvent, Category, Job, StoredFile, Upload
from core.sheets import pipeline
from tests.conftest import Company
from tests.core.sheets.conftest import AS_OF, staged_rows
from tests.core.sheets.files import HEADER, ROW, csv, xlsx

Send = Callable[..., Upload]
GOOD = xlsx(HEADER, ROW)
Status = Upload.Status


def events() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("kind", flat=True))


def test_a_sheet_goes_from_file_to_records_with_one_event_for_each_step(checked: Send, company: Company) -> None:
    upload = checked(GOOD)
    assert (upload.status, upload.error_count, upload.summary["commit_label"]) == (Status.CHECKED, 0, "Add 1 lots")
    assert not Category.objects.exists()
    upload = pipeline.upload_commit(upload=upload, user=company["CONTROLLER"])
    assert (upload.status, upload.message) == (Status.COMMITTED, "Added 1 lots.")
    assert (upload.committed_by, upload.summary["url"]) == (company["CONTROLLER"], "/made/")
    assert [category.name for category in Category.objects.all()] == ["A-1 L1"]
    assert staged_rows() == 0
    assert events() == ["upload.received", "upload.committed"]


def test_the_same_kind_moment_and_file_is_refused_a_second_time(checked: Send, receive: Send, company: Company) -> None:
    twin = checked(GOOD)
    pipeline.upload_commit(upload=checked(GOOD), user=company["PREPARER"])
    with pytest.raises(DuplicateUpload, match="was committed on"):
        receive(GOOD, "renamed.xlsx")
    late = pipeline.upload_commit(upload=twin, user=company["PREPARER"])
    assert late.status == Status.CHECKED
    assert "Nothing was taken in again" in late.message
    assert Category.objects.count() == 1
    assert receive(GOOD, as_of=AS_OF + dt.timedelta(days=1)).status == Status.COLUMNS


def test_what_the_kind_refuses_as_a_whole_is_not_kept(receive: Send) -> None:
    with pytest.raises(OutdatedList):
        receive(GOOD, as_of=dt.datetime(1999, 1, 1, tzinfo=dt.UTC))
    assert not Upload.objects.exists()
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize(("content", "words"), [(b"", "is empty"), (b"x" * (25 * 2**20 + 1), "the limit is 25 MB")])
def test_an_empty_or_oversized_file_is_not_kept(receive: Send, content: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        receive(content)
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize("role", ["AUDITOR", "APPROVER", "ADMIN", "COUNTER", "PRICE_OWNER"])
def test_a_role_that_does_not_upload_is_refused_at_every_step(checked: Send, company: Company, role: str) -> None:
    upload, user = checked(GOOD), company[role]
    for step in (
        lambda: pipeline.upload_check(upload=upload, user=user),
        lambda: pipeline.upload_commit(upload=upload, user=user),
        lambda: pipeline.upload_discard(upload=upload, user=user),
        lambda: pipeline.upload_columns_set(upload=upload, user=user, mapping={}),
    ):
        with pytest.raises(NotAllowed):
            step()
    with pytest.raises(NotAllowed):
        checked(GOOD, user=user)


STEPS = ("columns", "check", "commit", "discard")
ALLOWED = {
    Status.COLUMNS: ("columns", "check", "discard"),
    Status.CHECKING: (),
    Status.REFUSED: ("columns", "check", "discard"),
    Status.CHECKED: ("columns", "check", "commit", "discard"),
    Status.COMMITTING: (),
    Status.COMMITTED: (),
    Status.FAILED: ("columns", "check", "discard"),
    Status.DISCARDED: (),
}


@pytest.mark.parametrize("status", ALLOWED)
@pytest.mark.parametrize("step", STEPS)
def test_each_state_allows_its_own_steps_only(checked: Send, company: Company, status: str, step: str) -> None:
    upload, user = checked(GOOD), company["PREPARER"]
    Upload.objects.filter(pk=upload.pk).update(status=status)
    upload.refresh_from_db()

    def do() -> None:
        if step == "columns":
            pipeline.upload_columns_set(upload=upload, user=user, mapping=upload.mapping)
        elif step == "check":
            pipeline.upload_check(upload=upload, user=user)
        elif step == "commit":
            pipeline.upload_commit(upload=upload, user=user)
        else:
            pipeline.upload_discard(upload=upload, user=user)

    if step in ALLOWED[Status(status)]:
        do()
        return
    with pytest.raises(WrongState, match="Reload the page"):
        do()
    upload.refresh_from_db()
    assert upload.status == status


def test_a_stale_page_commits_nothing_more(checked: Send, company: Company) -> None:
    upload = checked(GOOD)
    stale = Upload.objects.get(pk=upload.pk)
    pipeline.upload_commit(upload=upload, user=company["PREPARER"])
    with pytest.raises(WrongState):
        pipeline.upload_commit(upload=stale, user=company["PREPARER"])
    assert Category.objects.count() == 1


def test_a_refused_commit_leaves_everything_as_it_was_and_says_why(checked: Send, company: Company) -> None:
    upload = pipeline.upload_commit(upload=checked(GOOD, "refused.xlsx"), user=company["PREPARER"])
    assert (upload.status, upload.message) == (
        Status.CHECKED,
        "Period 2026-03 is closed. Open it, or take a later date.",
    )
    assert not Category.objects.exists()
    assert staged_rows() == 1
    assert Job.objects.get(pk=upload.job_id).status == Job.Status.FAILED
    assert events()[-1] == "refused"


def test_released_allowance_needs_a_controller_who_did_not_upload_it(checked: Send, company: Company) -> None:
    upload = checked(GOOD, "release.xlsx")
    with pytest.raises(NotAllowed, match="needs the role controller"):
        pipeline.upload_commit(upload=upload, user=company["PREPARER"])
    own = checked(GOOD, "release.xlsx", user=company["CONTROLLER"])
    with pytest.raises(SegregationOfDuties, match="another controller"):
        pipeline.upload_commit(upload=own, user=company["CONTROLLER"])
    done = pipeline.upload_commit(upload=upload, user=company["CONTROLLER"])
    assert done.status == Status.COMMITTED


def test_a_difference_from_the_gl_control_total_has_to_be_seen(checked: Send, company: Company) -> None:
    upload = checked(GOOD, control_total=Decimal("5.00"))
    assert pipeline.control_difference(upload) == Decimal(-2)
    with pytest.raises(
        BadInput, match=r"adds up to 3\.00 EUR, the GL control total is 5\.00: they differ by \(2\.00\)"
    ):
        pipeline.upload_commit(upload=upload, user=company["PREPARER"])
    done = pipeline.upload_commit(upload=upload, user=company["PREPARER"], difference_confirmed=True)
    assert done.status == Status.COMMITTED
    assert AuditEvent.objects.get(kind="upload.committed").data["control_total"] == "5.0000"


def test_an_agreeing_control_total_asks_nothing(checked: Send, company: Company) -> None:
    upload = checked(GOOD, control_total=Decimal(3))
    assert pipeline.upload_commit(upload=upload, user=company["PREPARER"]).status == Status.COMMITTED


def test_a_discarded_upload_keeps_its_file_and_loses_its_rows(checked: Send, company: Company) -> None:
    upload = pipeline.upload_discard(upload=checked(GOOD), user=company["PREPARER"])
    assert (upload.status, staged_rows()) == (Status.DISCARDED, 0)
    assert StoredFile.objects.count() == 1


class TestColumns:
    SHEET = csv(
        ("Item", "shelf", "bin", "qty", "price"),
        ("A-1", "A", 1, "1.234,5", "2"),
        ("A-2", "", 7, "3", "4"),
        delimiter=";",
    )

    def test_names_map_in_any_case_and_by_alias(self, receive: Send) -> None:
        upload = receive(csv(("ITEM", "Lot Code", "on_hand", "unit-cost", "remark"), ("A-1", "L1", 3, 1, "x")), "a.csv")
        assert upload.mapping == {"sku": [0], "lot_code": [1], "quantity": [2], "unit_cost": [3]}
        assert pipeline.upload_is_mapped(upload)

    def test_the_columns_own_name_goes_before_an_alias(self, receive: Send) -> None:
        upload = receive(csv(("on hand", "quantity", "sku", "lot_code"), (1, 2, "A-1", "L1")), "a.csv")
        assert upload.mapping["quantity"] == [1]

    def test_columns_are_joined_mapped_by_hand_and_remembered(self, receive: Send, company: Company) -> None:
        upload = receive(self.SHEET, "a.csv")
        assert not pipeline.upload_is_mapped(upload)
        user = company["PREPARER"]
        with pytest.raises(BadInput, match="Lot, Quantity: choose the sheet's column"):
            pipeline.upload_check(upload=upload, user=user)
        by_hand = {"sku": [0], "lot_code": [1, 2], "quantity": [3]}
        upload = pipeline.upload_columns_set(upload=upload, user=user, mapping=by_hand, constants={"location": "WH9"})
        upload = pipeline.upload_check(upload=upload, user=user)
        assert (upload.status, upload.quantity_total) == (Status.CHECKED, Decimal("1237.5"))
        assert (upload.formats["decimal_mark"], upload.formats["decimal_how"]) == (",", "seen")
        assert upload.summary["left_out"] == ["price"]
        pipeline.upload_commit(upload=upload, user=user)
        assert {category.name for category in Category.objects.all()} == {"A-1 A-1", "A-2 7"}
        again = receive(self.SHEET, "b.csv", as_of=AS_OF + dt.timedelta(days=7))
        assert (again.mapping, again.formats["constants"]) == (by_hand, {"location": "WH9"})
        assert again.formats["mapped"] == "as last time"

    def test_another_header_is_not_taken_for_the_remembered_one(
        self, checked: Send, receive: Send, company: Company
    ) -> None:
        pipeline.upload_commit(upload=checked(GOOD), user=company["PREPARER"])
        upload = receive(csv((*HEADER[::-1],), ROW[::-1]), "a.csv")
        assert (upload.mapping["sku"], upload.formats["mapped"]) == ([5], "by name")

    def test_what_is_wrong_with_a_mapping_is_said_all_at_once(self, receive: Send, company: Company) -> None:
        upload = receive(self.SHEET, "a.csv")
        with pytest.raises(BadInput) as caught:
            pipeline.upload_columns_set(
                upload=upload, user=company["PREPARER"], mapping={"sku": [0, 1], "lot_code": [1], "unit_cost": [99]}
            )
        for words in (
            "Quantity: choose",
            "SKU: only one column",
            "'shelf' is chosen for SKU and for Lot",
            "no such column",
        ):
            assert words in caught.value.message

    def test_a_chosen_decimal_mark_and_order_of_dates_is_kept_to(self, receive: Send, company: Company) -> None:
        content = csv((*HEADER,), ("A-1", "L1", "WH1", '"1,234"', 1, "03/04/2026"))
        upload, user = receive(content, "a.csv"), company["PREPARER"]
        upload = pipeline.upload_check(upload=upload, user=user)
        assert (upload.formats["decimal_how"], upload.quantity_total) == ("assumed", Decimal(1234))
        assert upload.formats["date_how"] == "assumed"
        upload = pipeline.upload_columns_set(
            upload=upload, user=user, mapping=upload.mapping, decimal_mark=",", date_order="MDY"
        )
        assert staged_rows() == 0
        upload = pipeline.upload_check(upload=upload, user=user)
        assert upload.quantity_total == Decimal("1.234")
        assert (upload.formats["decimal_how"], upload.formats["date_order"]) == ("chosen", "MDY")


def test_a_mended_file_is_taken_after_the_refused_one(checked: Send, company: Company) -> None:
    assert checked(xlsx(HEADER, ["A-1", "L1", "WH1", "x", 1, ""])).status == Status.REFUSED
    upload = checked(GOOD)
    assert pipeline.upload_commit(upload=upload, user=company["PREPARER"]).status == Status.COMMITTED
    assert events() == ["upload.received", "upload.refused", "upload.received", "upload.committed"]


@pytest.mark.parametrize(("minutes", "words"), [(10, "has not come yet: it is"), (-60 * 24 * 366 * 50, "before 1990")])
def test_a_sheet_speaks_of_no_moment_to_come_and_of_none_before_1990(
    receive: Callable[..., Upload], minutes: int, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        receive(GOOD, as_of=timezone.now() + dt.timedelta(minutes=minutes))
    assert not Upload.objects.exists()


def test_a_clock_that_is_a_little_ahead_is_forgiven(receive: Callable[..., Upload]) -> None:
    assert receive(GOOD, as_of=timezone.now() + dt.timedelta(minutes=3)).status == Status.COLUMNS
