"""How people get in: accounts are made by an administrator, never by signing up.

Invariant: a person is known by the e-mail address that an administrator gave; nobody changes it for themselves, since
every decision in the books is signed with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from core.errors import NotAllowed
from core.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth as this product uses it: no registration, and sentences of our own."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The e-mail address and the password do not belong together. Check both; "
        "after five wrong passwords the account is closed for 15 minutes.",
        "too_many_login_attempts": "Too many wrong passwords. Wait 15 minutes, or set a new password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def attempted_address(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """The address that a sign-in was tried with, in small letters: what wrong passwords are counted by."""
    given = credentials or request.POST
    for name in ("email", "login", "username"):
        if given.get(name):
            return str(given[name]).strip().lower()[:255]
    return ""


@login_required
def closed_to_people(request: HttpRequest) -> HttpResponse:
    """Where the sign-in library lets people change their address."""
    raise NotAllowed("An e-mail address is changed by an administrator, because decisions are signed with it.")


@transaction.atomic
def email_address_set(*, user: User, verified: bool) -> None:
    """Make the user's address the only one that the sign-in knows, confirmed or not."""
    EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": verified, "primary": True})


def email_address_is_verified(user: User) -> bool:
    return bool(EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists())
