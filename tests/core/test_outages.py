"""Which errors of a database are an outage, and what their page says and keeps."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from django.db import IntegrityError, InterfaceError, OperationalError
from django.test import RequestFactory

from core import outages
from core.outages import BUSY, FULL, GONE, Outage, answer, outage_of


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (OperationalError("database is locked"), BUSY),
        (sqlite3.OperationalError("database is locked"), BUSY),
        (OperationalError("database or disk is full"), FULL),
        (OperationalError("disk I/O error"), GONE),
        (OperationalError("connection refused"), GONE),
        (InterfaceError("connection already closed"), GONE),
        (psycopg.OperationalError("server closed the connection unexpectedly"), GONE),
        (psycopg.errors.DiskFull("could not extend file"), FULL),
        (caused(OperationalError("could not extend file"), psycopg.errors.DiskFull("x")), FULL),
        (caused(OperationalError("deadlock detected"), psycopg.errors.DeadlockDetected("x")), BUSY),
        (caused(OperationalError("terminating connection"), psycopg.errors.AdminShutdown("x")), GONE),
        (IntegrityError("duplicate"), None),
        (ValueError("locked"), None),
        (None, None),
    ],
)
def test_an_error_is_an_outage_or_none(error: Exception | None, outage: Outage | None) -> None:
    assert outage_of(error) is outage


def test_the_form_goes_along_with_its_key_but_not_with_its_old_token() -> None:
    typed = {"comment": "<b>Typed</b>", "step_key": "press-number-one", "csrfmiddlewaretoken": "old-token"}
    page = answer(RequestFactory().post("/e/north/x/?tab=1", typed), BUSY)
    text = page.content.decode()
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert 'action="/e/north/x/?tab=1"' in text
    assert 'name="comment" value="&lt;b&gt;Typed&lt;/b&gt;"' in text
    assert 'name="step_key" value="press-number-one"' in text
    assert "old-token" not in text
    assert "Send it again" in text


def test_a_file_has_to_be_chosen_again(rf: RequestFactory) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    text = answer(rf.post("/e/north/uploads/", {"file": SimpleUploadedFile("stock.csv", b"x")}), GONE).content.decode()
    assert "choose stock.csv again" in text
    assert "<form" not in text


def test_what_was_typed_to_sign_in_is_not_shown_again(rf: RequestFactory) -> None:
    typed = {"login": "a@north.example", "password": "secret-secret"}
    assert b"secret-secret" not in answer(rf.post("/accounts/login/", typed), outages.GONE).content
