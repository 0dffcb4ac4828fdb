"""Who gets in, who is kept out, and what they are told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from core.accounts import email_address_set
from core.models import User
from tests.conftest import Company

PASSWORD = "a long enough sentence"


@pytest.fixture(autouse=True)
def no_attempts_from_other_tests(settings) -> None:
    # A quick hash: the strength of the real one is Django's to test, and forty tries at it take half a minute.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


@pytest.fixture
def person(company: Company) -> User:
    user = company["PREPARER"]
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, email: str, password: str, path: str = "account_login"):
    return client.post(reverse(path), {"login": email, "password": password})


def test_the_right_password_leads_to_the_inbox_of_the_only_company(
    client: Client, person: User, company: Company
) -> None:
    response = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD}, follow=True)
    assert response.redirect_chain[-1][0] == company.entity.get_absolute_url()
    assert response.status_code == 200


def test_the_address_may_be_typed_in_capitals(client: Client, person: User) -> None:
    assert sign_in(client, person.email.upper(), PASSWORD).status_code == 302


def test_a_page_asked_for_before_signing_in_comes_after_it(client: Client, person: User, company: Company) -> None:
    page = company.entity.get_absolute_url()
    asked = client.get(page)
    assert asked.status_code == 302
    response = client.post(asked["location"], {"login": person.email, "password": PASSWORD, "next": page})
    assert response["location"] == page


def test_sign_in_leads_to_no_strange_host(client: Client, person: User) -> None:
    data = {"login": person.email, "password": PASSWORD, "next": "https://elsewhere.example/"}
    assert client.post(reverse("account_login"), data)["location"] == "/"


def test_a_wrong_password_says_so_without_saying_which_half_is_wrong(client: Client, person: User) -> None:
    known = sign_in(client, person.email, "wrong password")
    unknown = sign_in(client, "nobody@north.example", "wrong password")
    for response in (known, unknown):
        assert response.status_code == 200
        text = response.content.decode()
        assert "do not belong together" in text
        assert "<title>Error: Sign in" in text


def test_the_sixth_wrong_password_is_refused_with_a_sentence(client: Client, person: User) -> None:
    for _ in range(5):
        sign_in(client, person.email, "wrong password")
    response = sign_in(client, person.email, "wrong password")
    assert response.status_code == 429
    assert "closed to sign-ins from here for 15 minutes" in response.content.decode()


def test_once_locked_the_right_password_does_not_help(client: Client, person: User) -> None:
    for _ in range(5):
        sign_in(client, person.email, "wrong password")
    assert sign_in(client, person.email, PASSWORD).status_code == 429
    assert "_auth_user_id" not in client.session


def test_wrong_passwords_are_counted_whatever_the_capitals(client: Client, person: User) -> None:
    for attempt in range(5):
        sign_in(client, person.email.upper() if attempt % 2 else person.email, "wrong password")
    assert sign_in(client, person.email, PASSWORD).status_code == 429


def test_wrong_passwords_for_one_address_lock_no_other(client: Client, person: User, company: Company) -> None:
    for _ in range(5):
        sign_in(client, "nobody@north.example", "wrong password")
    assert sign_in(client, person.email, PASSWORD).status_code == 302


def test_many_addresses_from_one_place_meet_the_coarser_limit(client: Client, company: Company) -> None:
    texts = [sign_in(client, f"guess{n}@north.example", "wrong password").content.decode() for n in range(32)]
    assert "Too many wrong passwords" in texts[-1]


def test_there_is_no_registration(client: Client, db: None) -> None:
    response = client.post(
        reverse("account_signup"), {"email": "new@north.example", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert "no registration" in response.content.decode().lower()
    assert not User.objects.filter(email="new@north.example").exists()


def test_signing_out_takes_a_press_of_the_button(person: User, signed_in: Callable[[User], Client]) -> None:
    client = signed_in(person)
    assert client.get(reverse("account_logout")).status_code == 200
    assert "_auth_user_id" in client.session
    assert client.post(reverse("account_logout")).status_code == 302
    assert "_auth_user_id" not in client.session


def test_an_account_switched_off_is_kept_out(client: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    sign_in(client, person.email, PASSWORD)
    assert "_auth_user_id" not in client.session


def test_an_unconfirmed_address_is_kept_out_where_mail_can_be_sent(client: Client, person: User, settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    email_address_set(user=person, verified=False)
    response = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD}, follow=True)
    assert "has to be confirmed" in response.content.decode()
    assert "_auth_user_id" not in client.session
    assert [message.to for message in mail.outbox] == [[person.email]]


def test_a_confirmed_address_gets_in_where_mail_can_be_sent(client: Client, person: User, settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    email_address_set(user=person, verified=True)
    assert sign_in(client, person.email, PASSWORD)["location"] == "/"


def test_a_user_keeps_one_address_when_an_administrator_changes_it(person: User) -> None:
    email_address_set(user=person, verified=True)
    person.email = "renamed@north.example"
    person.save()
    email_address_set(user=person, verified=True)
    assert list(EmailAddress.objects.filter(user=person).values_list("email", "primary")) == [
        ("renamed@north.example", True)
    ]


def test_people_do_not_change_their_own_address(person: User, signed_in: Callable[[User], Client]) -> None:
    response = signed_in(person).post("/accounts/email/", {"action_add": "", "email": "other@north.example"})
    assert response.status_code == 403
    assert "changed by an administrator" in response.content.decode()
    assert not EmailAddress.objects.filter(email="other@north.example").exists()


def test_a_forgotten_password_is_set_anew_by_the_link_in_the_mail(client: Client, person: User) -> None:
    done = client.post(reverse("account_reset_password"), {"email": person.email}, follow=True)
    assert "Look into your mail" in done.content.decode()
    (message,) = mail.outbox
    link = next(word for word in str(message.body).split() if "/password/reset/key/" in word)
    page = client.get(link, follow=True)
    assert "Set a new password" in page.content.decode()
    new = "another long sentence"
    client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert sign_in(client, person.email, new).status_code == 302


def test_a_forgotten_password_tells_nobody_who_has_an_account(client: Client, person: User) -> None:
    known = client.post(reverse("account_reset_password"), {"email": person.email}, follow=True)
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@north.example"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    assert [message.to for message in mail.outbox] == [[person.email]]


def test_a_short_password_is_refused_in_words(person: User, signed_in: Callable[[User], Client]) -> None:
    data = {"oldpassword": PASSWORD, "password1": "short one", "password2": "short one"}
    text = signed_in(person).post(reverse("account_change_password"), data).content.decode()
    assert "at least 12 characters" in text
    assert "error-summary" in text


@pytest.mark.parametrize(
    "name", ["account_login", "account_reset_password", "account_reset_password_done", "account_signup"]
)
def test_a_page_before_sign_in_stands(client: Client, db: None, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert "Stock Write-offs</title>" in response.content.decode()


def test_a_used_reset_link_says_how_to_get_a_new_one(client: Client, db: None) -> None:
    response = client.get(reverse("account_reset_password_from_key", args=["1", "set-password"]))
    assert "Ask for a new link" in response.content.decode()
