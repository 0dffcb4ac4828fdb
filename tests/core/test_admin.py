"""The admin keeps master data and users, and gives no way to a business record."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.test import Client
from django.urls import reverse

from core.admin import ReadOnlyAdmin
from core.memberships import memberships, memberships_found
from core.models import AuditEvent, Category, Entity, Location, Membership, User
from core.verify import Tally
from inventory.models import Item
from tests.conftest import Company
from tests.posting.stock import make_lot

MASTER_DATA = {
    "core.User", "core.Entity", "core.Membership", "core.Category", "core.Location", "core.CostCentre",
    "inventory.Item",
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


@pytest.fixture
def administrator(company: Company, signed_in: Callable[[User], Client]) -> Client:
    """Who keeps people and roles: staff, of the group that each installation has, and no superuser."""
    user = company["ADMIN"]
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.groups.add(Group.objects.get(name="User administrators"))
    return signed_in(User.objects.get(pk=user.pk))


def person_form(user: User, **rows: Any) -> dict[str, Any]:
    rows = {f"memberships-0-{name}": value for name, value in rows.items()}
    return {
        "email": user.email, "full_name": user.full_name, "is_active": "on", "memberships-TOTAL_FORMS": len(rows) and 1,
        "memberships-INITIAL_FORMS": "0", **rows,
    }  # fmt: skip


@pytest.mark.parametrize("model", ["user", "entity", "membership", "category", "location", "costcentre"])
def test_a_user_administrator_keeps_people_roles_and_master_data(administrator: Client, model: str) -> None:
    assert administrator.get(reverse("admin:index")).status_code == 200
    assert administrator.get(reverse(f"admin:core_{model}_changelist")).status_code == 200
    assert administrator.get(reverse(f"admin:core_{model}_add")).status_code == 200


@pytest.mark.parametrize("page", ["ledger_account", "ledger_accountmap", "inventory_item", "core_storedfile"])
def test_a_user_administrator_keeps_nothing_else(administrator: Client, page: str) -> None:
    assert administrator.get(reverse(f"admin:{page}_changelist")).status_code == 403


def test_the_group_of_the_controllers_reads_the_chart_and_the_map(
    company: Company, signed_in: Callable[[User], Client]
) -> None:
    user = company["CONTROLLER"]
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.groups.add(Group.objects.get(name="Controllers' master data"))
    client = signed_in(User.objects.get(pk=user.pk))
    assert client.get(reverse("admin:ledger_accountmap_changelist")).status_code == 200
    assert client.get(reverse("admin:ledger_accountmap_add")).status_code == 403
    assert client.get(reverse("admin:core_user_changelist")).status_code == 403


def test_only_a_superuser_gives_powers_over_the_administration(
    administrator: Client, staff: Client, company: Company
) -> None:
    user = company["ADMIN"]
    group = Group.objects.get(name="Controllers' master data")
    powers = {"is_staff": "on", "is_superuser": "on", "groups": [group.pk]}
    address = reverse("admin:core_user_change", args=[company["AUDITOR"].pk])
    assert administrator.post(address, {**person_form(company["AUDITOR"]), **powers}).status_code == 302
    auditor = User.objects.get(pk=company["AUDITOR"].pk)
    assert (auditor.is_staff, auditor.is_superuser, auditor.groups.count()) == (False, False, 0)
    assert staff.post(address, {**person_form(auditor), **powers}).status_code == 302
    auditor.refresh_from_db()
    assert (auditor.is_staff, auditor.is_superuser, auditor.groups.get()) == (True, True, group)
    assert user.groups.get().name == "User administrators"
    event = AuditEvent.objects.get(kind="admin.changed", subject=f"user:{auditor.pk}")
    assert event.data["after"] == {"is_staff": "True", "is_superuser": "True", "groups": "Controllers' master data"}


def test_a_user_administrator_gets_no_hold_of_a_superuser(administrator: Client) -> None:
    root = User.objects.create_superuser("root@north.example", full_name="Root")
    password = {"usable_password": "true", "password1": "a long enough phrase", "password2": "a long enough phrase"}
    assert administrator.post(reverse("admin:core_user_change", args=[root.pk]), person_form(root)).status_code == 403
    answer = administrator.post(reverse("admin:auth_user_password_change", args=[root.pk]), password)
    assert answer.status_code == 403
    root.refresh_from_db()
    assert not root.has_usable_password()


def test_a_password_set_for_somebody_is_an_audit_event(administrator: Client, company: Company) -> None:
    password = {"usable_password": "true", "password1": "a long enough phrase", "password2": "a long enough phrase"}
    user = company["AUDITOR"]
    assert administrator.post(reverse("admin:auth_user_password_change", args=[user.pk]), password).status_code == 302
    event = AuditEvent.objects.get(subject=f"user:{user.pk}")
    assert (event.actor, event.data["fields"]) == (company["ADMIN"], ["password"])
    assert "phrase" not in str(event.data)


@pytest.mark.parametrize("who", ["administrator", "superuser"])
def test_nobody_gives_a_role_to_themselves(
    administrator: Client, company: Company, signed_in: Callable[[User], Client], who: str
) -> None:
    user, client = company["ADMIN"], administrator
    if who == "superuser":
        User.objects.filter(pk=user.pk).update(is_superuser=True)
        client = signed_in(User.objects.get(pk=user.pk))
    row = {"entity": company.entity.pk, "role": "APPROVER", "since": "2026-01-01"}
    added = client.post(reverse("admin:core_membership_add"), {"user": user.pk, **row})
    inline = client.post(reverse("admin:core_user_change", args=[user.pk]), person_form(user, **row))
    own = Membership.objects.get(user=user)
    changed = client.post(reverse("admin:core_membership_change", args=[own.pk]), {**row, "role": "CONTROLLER"})
    for answer, role in ((added, "approver"), (inline, "approver"), (changed, "controller")):
        assert answer.status_code == 200
        assert f"You cannot give the role {role} in North Trading to yourself." in answer.content.decode()
    assert list(Membership.objects.filter(user=user).values_list("role", flat=True)) == ["ADMIN"]
    refusals = AuditEvent.objects.filter(entity=company.entity, kind="refused", actor=user)
    assert refusals.count() == 3


def test_roles_given_changed_and_taken_here_are_true_to_the_audit_trail(
    administrator: Client, company: Company
) -> None:
    memberships_found()
    user = User.objects.create(email="extra@north.example", full_name="Extra")
    row = {"entity": company.entity.pk, "role": "AUDITOR", "since": "2026-01-01", "initial-since": "2026-01-01"}
    add = administrator.post(reverse("admin:core_membership_add"), {"user": user.pk, **row})
    assert add.status_code == 302, add.context["errors"]
    held = Membership.objects.get(user=user)
    change = {"role": "COUNTER", "since": "2026-02-01", "initial-since": "2026-01-01"}
    assert administrator.post(reverse("admin:core_membership_change", args=[held.pk]), change).status_code == 302
    assert list(memberships(Tally())) == []
    gone = Membership.objects.get(user=company["COUNTER"])
    delete = administrator.post(reverse("admin:core_membership_delete", args=[gone.pk]), {"post": "yes"})
    assert delete.status_code == 302
    assert list(memberships(Tally())) == []
    assert Membership.objects.filter(user=user).values_list("role", flat=True).get() == "COUNTER"


def test_a_changed_role_is_kept_with_what_it_was(administrator: Client, company: Company) -> None:
    held = Membership.objects.get(user=company["COUNTER"])
    since = held.since.isoformat()
    data = {"role": "PREPARER", "since": since, "initial-since": since}
    assert administrator.post(reverse("admin:core_membership_change", args=[held.pk]), data).status_code == 302
    event = AuditEvent.objects.get(entity=company.entity, kind="admin.changed")
    assert (event.data["before"], event.data["after"]) == ({"role": "COUNTER"}, {"role": "PREPARER"})


def entity_form(**fields: str) -> dict[str, str]:
    return {
        "name": "North", "framework": "IFRS", "method": "ALLOWANCE", "tax_rate": "0.25", "tax_timing": "RECOGNITION",
        "time_zone": "UTC", "locale": "en", **fields,
    }  # fmt: skip


def test_framework_and_method_stay_once_there_are_books(administrator: Client, company: Company) -> None:
    address = reverse("admin:core_entity_change", args=[company.entity.pk])
    assert administrator.post(address, entity_form(framework="US_GAAP", method="DIRECT")).status_code == 302
    assert Entity.objects.get().framework == "US_GAAP"
    make_lot(company.entity, quantity="10", unit_cost="4")
    changed = entity_form(framework="IFRS", method="ALLOWANCE", tax_rate="0.3")
    assert administrator.post(address, changed).status_code == 302
    entity = Entity.objects.get()
    assert (entity.framework, entity.method, entity.tax_rate) == ("US_GAAP", "DIRECT", Decimal("0.3"))
    event = AuditEvent.objects.filter(entity=entity, kind="admin.changed").latest("sequence")
    assert (event.data["before"], event.data["after"]) == ({"tax_rate": "0.250000"}, {"tax_rate": "0.3"})


def test_an_item_with_movements_keeps_its_category(staff: Client, company: Company) -> None:
    item = make_lot(company.entity, quantity="10", unit_cost="4").item
    tools = Category.objects.create(entity=company.entity, name="Tools")
    data = {"sku": item.sku, "description": "Renamed", "category": tools.pk, "unit_of_measure": "unit"}
    assert staff.post(reverse("admin:inventory_item_change", args=[item.pk]), data).status_code == 302
    kept = Item.objects.get()
    assert (kept.description, kept.category) == ("Renamed", item.category)
    kept.category = tools
    with pytest.raises(ValidationError, match=r"has movements in .*, so its category stays"):
        kept.full_clean()


def test_the_admin_pages_carry_the_strict_policy(staff: Client, company: Company) -> None:
    for path in (reverse("admin:index"), reverse("admin:core_user_changelist"), reverse("admin:core_user_add")):
        response = staff.get(path)
        assert "script-src 'self';" in response["Content-Security-Policy"] + ";"
        assert "<script>" not in response.content.decode()
        assert " style=" not in response.content.decode()
