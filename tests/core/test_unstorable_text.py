"""A character that no record can hold is refused in words at every address, before a database sees it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core import audit
from core.models import AuditEvent, User
from tests.conftest import Company

SignIn = Callable[[User], Client]
pytestmark = pytest.mark.database


@pytest.mark.parametrize(
    "address",
    [
        "stock/?q=a%00b", "proposals/?q=%00", "reports/impact/?proposal=%00", "audit/?kind=a%00", "counts/%00/",
        "ledger/accounts/%00/lines/", "?%00=1",
    ],
)  # fmt: skip
def test_a_nul_in_an_address_is_refused_with_a_sentence(company: Company, signed_in: SignIn, address: str) -> None:
    answer = signed_in(company["CONTROLLER"]).get(f"/e/north/{address}")
    assert answer.status_code == 400
    assert "holds a character that cannot be stored" in answer.content.decode()


@pytest.mark.parametrize("reason", ["a\x00b", "\x00"])
def test_a_nul_in_a_field_is_refused_naming_the_field_and_kept_as_a_refusal(
    company: Company, signed_in: SignIn, reason: str
) -> None:
    client = signed_in(company["CONTROLLER"])
    papers = SimpleUploadedFile("a.txt", b"\x00 is welcome in a file")
    answer = client.post("/e/north/periods/2025-01/reopen/", {"reason": reason, "papers": papers})
    assert answer.status_code == 400
    assert "The field &#x27;reason&#x27; holds a character" in answer.content.decode()
    [event] = AuditEvent.objects.filter(kind="refused")
    assert (event.actor, event.subject) == (company["CONTROLLER"], "/e/north/periods/2025-01/reopen/")


def test_half_a_character_is_refused(company: Company, signed_in: SignIn) -> None:
    # UTF-7 is the one encoding of a form in which half a surrogate pair survives the decoding.
    body = b'--x\r\nContent-Disposition: form-data; name="reason"\r\n\r\n+2AA-\r\n--x--\r\n'
    address, kind = "/e/north/periods/2025-01/reopen/", "multipart/form-data; boundary=x; charset=utf-7"
    answer = signed_in(company["CONTROLLER"]).generic("POST", address, body, content_type=kind)
    assert answer.status_code == 400


def test_a_file_may_hold_any_byte(company: Company, signed_in: SignIn) -> None:
    answer = signed_in(company["CONTROLLER"]).post(
        "/e/north/periods/open-year/", {"fiscal_year": "2028", "file": SimpleUploadedFile("a.bin", b"\x00")}
    )
    assert answer.status_code == 302


def test_a_stranger_is_refused_too_and_leaves_no_event(client: Client, db: None) -> None:
    answer = client.post("/accounts/login/", {"login": "a\x00b@north.example", "password": "x"})
    assert answer.status_code == 400
    assert "kept in the audit trail" not in answer.content.decode()
    assert not AuditEvent.objects.exists()


def test_an_event_that_quotes_such_a_character_is_kept_and_proven(company: Company) -> None:
    event = audit.record(
        entity=company.entity, actor=None, kind="test", message="a\x00b", subject="\ud800", data={"x": ["\x00", 1]}
    )
    kept = AuditEvent.objects.get(pk=event.pk)
    assert (kept.message, kept.subject, kept.data) == ("a\ufffdb", "\ufffd", {"x": ["\ufffd", 1]})
    assert audit.chain_verify(event.chain).complaint == ""
