"""Master data and users in Django's admin; business records are to be read there and nowhere to be changed.

Invariants: the admin gives no business right (those are memberships); no business record can be added, changed or
deleted here, by anybody; each change of users, roles and master data is an audit event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from core import audit
from core.accounts import email_address_is_verified, email_address_set
from core.admin_records import record_change, record_form
from core.models import (
    AuditEvent,
    Category,
    ChainHead,
    ChangeRequest,
    CostCentre,
    Counter,
    Entity,
    Job,
    Location,
    Membership,
    StoredFile,
    Upload,
    UploadIssue,
    User,
)
from core.words import Role

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    ModelForm = forms.ModelForm[Any]
    BaseUserAdmin = DjangoUserAdmin[User]
    BaseUserChangeForm = DjangoUserChangeForm[User]
    BaseUserAddForm = AdminUserCreationForm[User]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline
    ModelForm = forms.ModelForm
    BaseUserAdmin = DjangoUserAdmin
    BaseUserChangeForm = DjangoUserChangeForm
    BaseUserAddForm = AdminUserCreationForm

admin.site.site_title = "Stock Write-offs"
admin.site.site_header = "Master data and users"
admin.site.index_title = "Master data and users"
# One way in: the sign-in page, with its throttling.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# Rights in the business are memberships; groups would suggest otherwise.
admin.site.unregister(Group)


class ReadOnlyAdmin(ModelAdmin):
    """A business record: to be looked at. Its own pages are where it is worked with."""

    list_per_page = 50
    show_full_result_count = False
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


# Rooms above say whether a company has books already; its framework, method and currency stay from then on.
_HAS_BOOKS: list[Callable[[Entity], bool]] = []


def register_books(has_books: Callable[[Entity], bool]) -> None:
    if has_books not in _HAS_BOOKS:
        _HAS_BOOKS.append(has_books)


class MasterDataForm(ModelForm):
    """Refuses a reference to another entity's record: Django's own choices know no entities."""

    def clean(self) -> dict[str, Any] | None:
        cleaned: dict[str, Any] = super().clean() or {}
        entity = cleaned.get("entity") or getattr(self.instance, "entity", None)
        for name, value in list(cleaned.items()):
            owner = getattr(value, "entity", None) if isinstance(value, models.Model) else None
            if entity and owner and owner != entity:
                self.add_error(name, f"{value} belongs to {owner}, not to {entity}. Choose one of {entity}.")
        return cleaned


class MasterDataAdmin(ModelAdmin):
    """Editable master data. The entity is set once: a record that moved would take its history to another company."""

    form = MasterDataForm
    list_per_page = 100
    list_filter: ClassVar[Any] = ("entity",)
    list_select_related: ClassVar[Any] = ("entity",)
    set_once: ClassVar[tuple[str, ...]] = ("entity",)

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), *(self.set_once if obj else ()))

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        record_form(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        record_change(request, obj, "deleted")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for record in queryset:
            record_change(request, record, "deleted")
        super().delete_queryset(request, queryset)


class UserAddForm(BaseUserAddForm):
    """A new person: address, name and perhaps a first password."""

    email_verified = forms.BooleanField(
        label="E-mail confirmed", required=False, help_text="Tick it where you know that the address is theirs."
    )

    class Meta:
        model = User
        fields = ("email", "full_name")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class UserChangeForm(BaseUserChangeForm):
    email_verified = forms.BooleanField(label="E-mail confirmed", required=False)

    class Meta:
        model = User
        fields = ("email", "full_name", "is_active", "is_staff", "is_superuser", "groups", "user_permissions")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["email_verified"].initial = email_address_is_verified(self.instance)

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class MembershipForm(MasterDataForm):
    """Nobody gives a role to themselves, a superuser neither: who could, would approve what they prepared."""

    # The one that is being answered; the admin makes a class of its own for each.
    request: HttpRequest

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        user = cleaned.get("user") or User.objects.filter(pk=self.instance.user_id).first()
        if user is None or user != self.request.user or not self.has_changed() or cleaned.get("DELETE"):
            return cleaned
        entity = cleaned.get("entity") or Entity.objects.filter(pk=self.instance.entity_id).first()
        role = Role(cleaned.get("role") or self.instance.role).label.lower()
        message = f"You cannot give the role {role} in {entity} to yourself. Ask another administrator to do it."
        audit.record_refusal(
            entity=entity, actor=user, message=message, subject=f"user:{user.pk}", rule="SegregationOfDuties"
        )
        raise forms.ValidationError(message)


class MembershipInline(TabularInline):
    model = Membership
    form = MembershipForm
    extra = 0
    fields = ("entity", "role", "since")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.form.request = request
        return formset


# What opens the admin itself, and how far.
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(BaseUserAdmin):
    """People. Nobody is deleted, since the books name them; switch an account off instead."""

    form = UserChangeForm
    add_form = UserAddForm
    inlines = (MembershipInline,)
    ordering = ("full_name",)
    list_display = ("full_name", "email", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "memberships__entity", "memberships__role")
    search_fields = ("full_name", "email")
    filter_horizontal = ("groups", "user_permissions")
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "email_verified", "full_name", "password")}),
        (
            "This administration",
            {
                "fields": ("is_active", *POWERS),
                "description": "Staff may open these pages and work with what their groups allow; only a superuser "
                "gives or takes that. What a person may do in a company are its roles, below.",
            },
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {"fields": ("email", "email_verified", "full_name", "usable_password", "password1", "password2")},
        ),
    )

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return self.inlines if obj else ()

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        own = super().get_readonly_fields(request, obj)
        return own if request.user.is_superuser else (*own, *POWERS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A superuser's password would open everything to whoever may set it."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        user = self.get_object(request, unquote(id))
        if request.method == "POST" and answer.status_code == 302 and user is not None:
            record_change(request, user, "changed", ["password"])
        return answer

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        email_address_set(user=obj, verified=bool(form.cleaned_data.get("email_verified")))
        record_form(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        gone = [(f.instance, "deleted") for f in formset.deleted_forms if f.instance.pk]
        for membership, verb in gone:
            record_change(request, membership, verb)
        super().save_formset(request, form, formset, change)
        for membership in formset.new_objects:
            record_change(request, membership, "added")
        changed = {id(membership) for membership, _ in formset.changed_objects}
        for row in formset.initial_forms:
            if id(row.instance) in changed:
                record_form(request, row.instance, row, change=True)


@admin.register(Entity)
class EntityAdmin(MasterDataAdmin):
    """Companies. Currency and address are set once: the books are kept in the one, links lead to the other."""

    list_display = ("name", "slug", "currency", "framework", "method", "fiscal_year_start", "time_zone")
    list_filter = ()
    list_select_related = ()
    search_fields = ("name", "slug")
    set_once = ("slug", "currency", "fiscal_year_start")
    # Entries and allowances of the one would stand beside those of the other.
    fixed_by_books = ("framework", "method")

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        fields = super().get_readonly_fields(request, obj)
        has_books = isinstance(obj, Entity) and any(found(obj) for found in _HAS_BOOKS)
        return (*fields, *self.fixed_by_books) if has_books else fields

    def has_delete_permission(self, request: HttpRequest, obj: Entity | None = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(MasterDataAdmin):
    form = MembershipForm
    list_display = ("user", "entity", "role", "since")
    list_filter = ("entity", "role")
    list_select_related = ("entity", "user")
    search_fields = ("user__full_name", "user__email")
    set_once = ("entity", "user")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.request = request
        return form


@admin.register(Category)
class CategoryAdmin(MasterDataAdmin):
    list_display = ("name", "entity")
    search_fields = ("name",)


@admin.register(Location)
class CodeAdmin(MasterDataAdmin):
    list_display = ("code", "name", "entity")
    search_fields = ("code", "name")


@admin.register(CostCentre)
class CostCentreAdmin(CodeAdmin):
    """Controllers keep them on their own page; posted lines stand under the code, so it stays."""

    set_once = ("entity", "code")


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ("file_name", "entity", "kind", "status", "as_of", "row_count", "created_by")
    list_filter = ("entity", "kind", "status")
    list_select_related = ("entity", "created_by")
    search_fields = ("file_name",)


@admin.register(UploadIssue)
class UploadIssueAdmin(ReadOnlyAdmin):
    list_display = ("message", "upload", "level", "row", "column")
    list_select_related = ("upload",)


@admin.register(StoredFile)
class StoredFileAdmin(ReadOnlyAdmin):
    list_display = ("name", "entity", "sha256", "size", "created_at")
    exclude = ("content",)
    search_fields = ("name", "sha256")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Fifty files of 25 MB would be read to list their names.
        return super().get_queryset(request).defer("content").select_related("entity")


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("kind", "entity", "status", "done", "total", "created_at", "heartbeat_at")
    list_filter = ("status",)
    list_select_related = ("entity",)


@admin.register(ChangeRequest)
class ChangeRequestAdmin(ReadOnlyAdmin):
    list_display = ("summary", "entity", "status", "requested_by", "requested_at", "decided_by")
    list_filter = ("entity", "status")
    list_select_related = ("entity", "requested_by", "decided_by")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("message", "kind", "at", "actor", "chain", "sequence")
    list_filter = ("entity", "kind")
    list_select_related = ("actor",)
    search_fields = ("message", "subject")
    ordering = ("-at",)


@admin.register(Counter)
class CounterAdmin(ReadOnlyAdmin):
    list_display = ("series", "entity", "last")
    list_select_related = ("entity",)


@admin.register(ChainHead)
class ChainHeadAdmin(ReadOnlyAdmin):
    list_display = ("chain", "sequence", "hash")
