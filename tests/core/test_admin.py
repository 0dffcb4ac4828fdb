"""The admin keeps master data and users, and gives no way to a business record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from core.admin import ReadOnlyAdmin
from core.models import AuditEvent, Category, Entity, Location, Membership, User
from inventory.models import Item
from tests.conftest import Company

MASTER_DATA = {
    "core.User", "core.Entity", "core.Membership", "core.Category", "core.Location", "core.CostCentre",
    "inventory.Item", "ledger.Account", "ledger.AccountMap",
}  # fmt: skip
OURS = ("core", "inventory", "ledger", "posting", "proposals", "valuation", "reports", "desk")
BUSINESS = [
    model for model in apps.get_models() if model._meta.app_label in OURS and model._meta.label not in MASTER_DATA
]
SHOWN = [model for model in BUSINESS if admin.site.is_registered(model)]


@pytest.fixture
def staff(company: Company, signed_in: Callable[[User], Client]) -> Client:
    """The most powerful account there is."""
    return signed_in(User.objects.create_superuser("root@north.example", full_name="Root"))


def address(model: type[models.Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", SHOWN, ids=lambda model: model._meta.label)
def test_a_business_record_is_refused_to_be_added_changed_or_deleted(staff: Client, model: type[models.Model]) -> None:
    assert isinstance(admin.site.get_model_admin(model), ReadOnlyAdmin)
    assert staff.get(address(model, "changelist")).status_code == 200
    assert staff.get(address(model, "add")).status_code == 403
    assert staff.post(address(model, "add"), {"entity": 1}).status_code == 403
    record = model._default_manager.first()
    if record is not None:
        before = model._default_manager.filter(pk=record.pk).values().get()
        assert staff.get(address(model, "change", record.pk)).status_code == 200
        assert staff.post(address(model, "change", record.pk), {"_save": "Save"}).status_code == 403
        assert staff.post(address(model, "delete", record.pk), {"post": "yes"}).status_code == 403
        assert model._default_manager.filter(pk=record.pk).values().get() == before
    else:
        assert staff.post(address(model, "delete", 1), {"post": "yes"}).status_code in (302, 403, 404)


@pytest.mark.parametrize("model", SHOWN, ids=lambda model: model._meta.label)
def test_no_bulk_action_reaches_a_business_record(staff: Client, model: type[models.Model]) -> None:
    count = model._default_manager.count()
    staff.post(address(model, "changelist"), {"action": "delete_selected", "_selected_action": "1", "post": "yes"})
    # Opening pages may write audit events and their head; nothing may be gone.
    assert model._default_manager.count() >= count


def test_no_list_is_editable() -> None:
    for model, model_admin in admin.site._registry.items():
        assert not model_admin.list_editable, model


def test_a_business_model_is_never_registered_with_an_editable_admin() -> None:
    editable = {
        model._meta.label
        for model, model_admin in admin.site._registry.items()
        if model._meta.app_label in OURS and not isinstance(model_admin, ReadOnlyAdmin)
    }
    assert editable == MASTER_DATA


@pytest.mark.parametrize("role", ["CONTROLLER", "ADMIN"])
def test_a_role_in_a_company_opens_no_admin(company: Company, signed_in: Callable[[User], Client], role: str) -> None:
    assert signed_in(company[role]).get(reverse("admin:index")).status_code in (302, 403)


def test_the_admin_gives_no_way_into_a_company(staff: Client, company: Company) -> None:
    assert staff.get(company.entity.get_absolute_url()).status_code == 404


def test_an_anonymous_person_is_sent_to_the_one_sign_in_page(client: Client, db: None) -> None:
    response = client.get(reverse("admin:login"))
    assert response.status_code == 302
    assert response["location"].startswith(reverse("account_login"))


def test_a_person_is_added_with_a_confirmed_address(staff: Client) -> None:
    data = {
        "email": "New.Person@North.example", "full_name": "New Person", "email_verified": "on",
        "usable_password": "true", "password1": "a long enough sentence", "password2": "a long enough sentence",
    }  # fmt: skip
    assert staff.post(reverse("admin:core_user_add"), data).status_code == 302
    user = User.objects.get(full_name="New Person")
    assert user.email == "new.person@north.example"
    assert not user.is_staff
    assert EmailAddress.objects.get(user=user).verified
    assert AuditEvent.objects.filter(kind="admin.added", subject=f"user:{user.pk}").count() == 1


def test_a_person_cannot_be_deleted(staff: Client, company: Company) -> None:
    response = staff.post(reverse("admin:core_user_delete", args=[company["PREPARER"].pk]), {"post": "yes"})
    assert response.status_code == 403


def test_a_role_given_with_a_person_is_an_audit_event_of_the_company(staff: Client, company: Company) -> None:
    user = User.objects.create_user("extra@north.example", full_name="Extra")
    data = {
        "email": user.email, "full_name": "Extra", "is_active": "on",
        "memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "0",
        "memberships-0-entity": company.entity.pk, "memberships-0-role": "AUDITOR", "memberships-0-since": "2026-01-01",
    }  # fmt: skip
    response = staff.post(reverse("admin:core_user_change", args=[user.pk]), data)
    assert response.status_code == 302, response.context["errors"]
    assert Membership.objects.filter(user=user, role="AUDITOR", entity=company.entity).exists()
    event = AuditEvent.objects.get(entity=company.entity, kind="admin.added")
    assert event.message == "Root added membership Extra: Auditor of North Trading."


def test_an_item_takes_no_category_of_another_company(staff: Client, company: Company, other_company: Company) -> None:
    strange = Category.objects.create(entity=other_company.entity, name="Strange")
    data = {
        "entity": company.entity.pk,
        "sku": "A-1",
        "description": "",
        "category": strange.pk,
        "unit_of_measure": "unit",
    }
    response = staff.post(reverse("admin:inventory_item_add"), data)
    assert response.status_code == 200
    assert "belongs to South Trading, not to North Trading" in response.content.decode()
    assert not Item.objects.exists()


def test_master_data_is_added_with_an_audit_event(staff: Client, company: Company) -> None:
    data = {"entity": company.entity.pk, "code": "B-1", "name": "Berlin"}
    assert staff.post(reverse("admin:core_location_add"), data).status_code == 302
    location = Location.objects.get(code="B-1")
    assert AuditEvent.objects.filter(entity=company.entity, subject=f"location:{location.pk}").exists()


def test_a_record_stays_with_its_company_and_a_company_with_its_currency(
    staff: Client, company: Company, other_company: Company
) -> None:
    location = Location.objects.create(entity=company.entity, code="B-1")
    staff.post(
        reverse("admin:core_location_change", args=[location.pk]),
        {"entity": other_company.entity.pk, "code": "B-2", "name": ""},
    )
    location.refresh_from_db()
    assert (location.entity, location.code) == (company.entity, "B-2")
    entity = company.entity
    data = {
        "name": "Renamed", "slug": "renamed", "currency": "USD", "framework": "IFRS", "method": "DIRECT",
        "fiscal_year_start": 4, "tax_rate": "0.25", "tax_timing": "RECOGNITION", "time_zone": "UTC", "locale": "en",
    }  # fmt: skip
    assert staff.post(reverse("admin:core_entity_change", args=[entity.pk]), data).status_code == 302
    entity = Entity.objects.get(pk=entity.pk)
    assert (entity.name, entity.slug, entity.currency, entity.fiscal_year_start) == ("Renamed", "north", "EUR", 1)


def test_the_admin_pages_carry_the_strict_policy(staff: Client, company: Company) -> None:
    for path in (reverse("admin:index"), reverse("admin:core_user_changelist"), reverse("admin:core_user_add")):
        response = staff.get(path)
        assert "script-src 'self';" in response["Content-Security-Policy"] + ";"
        assert "<script>" not in response.content.decode()
        assert " style=" not in response.content.decode()
