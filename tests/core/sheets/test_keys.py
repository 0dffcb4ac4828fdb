"""Receiving and committing by key."""

from __future__ import annotations

from collections.abc import Callable

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from core.keys import StepKey
from core.models import AuditEvent, Category, Upload, User
from tests.conftest import Company
from tests.core.sheets.conftest import ShelfKind
from tests.core.sheets.files import HEADER, ROW, xlsx

SignIn = Callable[[User], Client]
FILE, OTHER = xlsx(HEADER, ROW), xlsx(HEADER, ROW, ["A-2", "L2", "WH1", 3, 1.5, None])
NEW = "/e/north/uploads/new/shelf/"


def send(client: Client, content: bytes = FILE, **fields: str) -> HttpResponse:
    data = {"file": SimpleUploadedFile("shelf.xlsx", content), "as_of": "2026-03-31T18:00", **fields}
    return client.post(NEW, data)


def test_a_file_is_received_once_by_key(shelf: ShelfKind, company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["PREPARER"])
    first, second = (send(client, step_key="send-the-shelf") for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert Upload.objects.count() == 1
    assert AuditEvent.objects.filter(kind="upload.received").count() == 1


def test_the_same_key_with_another_file_or_moment_is_409(shelf: ShelfKind, company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["PREPARER"])
    send(client, step_key="send-the-shelf")
    for other in (
        send(client, OTHER, step_key="send-the-shelf"),
        send(client, step_key="send-the-shelf", as_of="2026-03-30T18:00"),
        send(client, step_key="send-the-shelf", option_scope="part"),
    ):
        assert other.status_code == 409
        assert "This form was sent before, by you" in other.content.decode()
    assert Upload.objects.count() == 1


def test_two_forms_are_two_uploads_and_without_a_key_the_same_is_one_while_on_its_way(
    shelf: ShelfKind, company: Company, signed_in: SignIn
) -> None:
    client = signed_in(company["PREPARER"])
    send(client, step_key="first-form")
    send(client, step_key="second-form")
    assert Upload.objects.count() == 2
    Upload.objects.all().update(status="DISCARDED")
    send(client)
    send(client)
    assert Upload.objects.count() == 3


def test_an_upload_is_committed_once_by_key(shelf: ShelfKind, company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["CONTROLLER"])
    send(signed_in(company["PREPARER"]))
    upload = Upload.objects.get()
    address = f"/e/north/uploads/{upload.pk}/commit/"
    for _ in range(2):
        answer = client.post(address, {"step_key": "commit-the-shelf"}, follow=True)
        assert "1 lot" in answer.content.decode()
    assert Category.objects.count() == 1
    assert AuditEvent.objects.filter(kind="upload.committed").count() == 1
    assert client.post(address, {"step_key": "commit-the-shelf", "difference": "seen"}).status_code == 409
    assert StepKey.objects.filter(action="upload.commit").count() == 1
