"""Sign-ins, sign-outs and failed attempts, each an event of the sign-in chain (they belong to no entity)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from core import audit
from core.models import User


def connect() -> None:
    """Listen from now on; called once, when Django is ready."""
    user_logged_in.connect(_signed_in, dispatch_uid="audit.signed-in")
    user_logged_out.connect(_signed_out, dispatch_uid="audit.signed-out")
    user_login_failed.connect(_failed, dispatch_uid="audit.sign-in-failed")


def _signed_in(user: User, request: HttpRequest | None = None, **_: Any) -> None:
    _record("sign-in", user, f"{user} signed in.", request)


def _signed_out(user: User | None, request: HttpRequest | None = None, **_: Any) -> None:
    # Django sends the signal for a session without a user, too.
    if user is not None:
        _record("sign-out", user, f"{user} signed out.", request)


def _failed(credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    typed = str(credentials.get("email") or credentials.get("username") or credentials.get("login") or "")
    user = User.objects.filter(email__iexact=typed.strip()).first()
    # What was typed is kept only where it is somebody's address: people type their password into the wrong box.
    message = f"A sign-in as {user.email} failed." if user else "A sign-in with an address that nobody has failed."
    _record("sign-in-failed", user, message, request)


def _record(kind: str, user: User | None, message: str, request: HttpRequest | None) -> None:
    audit.record(
        entity=None,
        actor=None if kind == "sign-in-failed" else user,
        kind=kind,
        subject=f"user:{user.pk}" if user else "",
        message=message,
        data={"address": request.META.get("REMOTE_ADDR", "") if request else ""},
    )
