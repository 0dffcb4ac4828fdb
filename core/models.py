"""Who works here, for which company, with which files: the records every room needs.

Invariants: a user is known by one verified e-mail; every business record belongs to one entity; a stored file never
changes and is known by its SHA-256; audit events are only ever added (the database refuses the rest, core/guards).
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from core.money import MoneyField, QuantityField, RateField, currency_exponent
from core.validators import known_currency, known_locale, known_time_zone
from core.words import Framework, Method, Role, TaxTiming


class UserManager(BaseUserManager["User"]):
    """Creates users known by e-mail; there is no user name."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person. Their rights are memberships (one per entity and role), never flags on the user."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField("e-mail", unique=True)
    full_name = models.CharField("name", max_length=120)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        ordering = ("full_name", "email")
        constraints = (
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique_any_case",
                violation_error_message="A person with this e-mail address exists already.",
            ),
        )

    def __str__(self) -> str:
        return self.full_name or self.email

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name.split(" ")[0] if self.full_name else self.email


# Written-off goods that stand longer than this await disposal overdue, where a company has not said otherwise.
QUARANTINE_DAYS = 60


class Entity(models.Model):
    """A legal company: the unit that owns stock, keeps books and closes periods. `slug` stands in its addresses."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    currency = models.CharField(
        max_length=3,
        validators=[RegexValidator(r"^[A-Z]{3}$", "Three capital letters, like EUR."), known_currency],
    )
    framework = models.CharField(max_length=10, choices=Framework.choices, default=Framework.IFRS)
    method = models.CharField(max_length=10, choices=Method.choices, default=Method.ALLOWANCE)
    fiscal_year_start = models.PositiveSmallIntegerField(
        "fiscal year starts in month", default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    tax_rate = RateField(default=Decimal("0.25"), help_text="As a fraction: 0.25 for 25 %.")
    tax_timing = models.CharField(
        "losses are deductible", max_length=12, choices=TaxTiming.choices, default=TaxTiming.RECOGNITION
    )
    time_zone = models.CharField(max_length=64, default="UTC", validators=[known_time_zone])
    locale = models.CharField(
        max_length=10,
        default="en",
        validators=[known_locale],
        help_text="How numbers and dates are written: en, de, fr.",
    )
    quarantine_days = models.PositiveSmallIntegerField(
        "quarantine is overdue after days", default=QUARANTINE_DAYS, editable=False
    )
    is_demo = models.BooleanField(default=False, editable=False)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="entities")

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "entities"
        constraints = (
            models.CheckConstraint(
                name="entity_fiscal_year_start_is_a_month",
                condition=Q(fiscal_year_start__gte=1, fiscal_year_start__lte=12),
                violation_error_message="The fiscal year starts in a month from 1 to 12.",
            ),
            models.CheckConstraint(
                name="entity_tax_rate_is_a_fraction",
                condition=Q(tax_rate__gte=Decimal(0), tax_rate__lte=Decimal(1)),
                violation_error_message="The tax rate is a fraction between 0 and 1: 0.25 for 25 %%.",
            ),
            models.CheckConstraint(
                name="entity_quarantine_days_are_some",
                condition=Q(quarantine_days__gte=1),
                violation_error_message="Goods in quarantine are overdue after one day at the earliest.",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("desk:home", args=[self.slug])

    @property
    def exponent(self) -> int:
        """Digits after the point of the entity's currency."""
        return currency_exponent(self.currency)

    def local_date(self, moment: dt.datetime | None = None) -> dt.date:
        """The calendar date at the entity's place."""
        return (moment or timezone.now()).astimezone(zoneinfo.ZoneInfo(self.time_zone)).date()

    def local_midnight(self, day: dt.date) -> dt.datetime:
        """The moment at which the day begins at the entity's place."""
        return dt.datetime.combine(day, dt.time(), tzinfo=zoneinfo.ZoneInfo(self.time_zone))


class Membership(models.Model):
    """One role of one person in one entity."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)
    since = models.DateField(default=dt.date.today)

    class Meta:
        ordering = ("entity", "user", "role")
        constraints = (
            models.UniqueConstraint(
                fields=("entity", "user", "role"),
                name="membership_once_per_role",
                violation_error_message="This person has the role in this entity already.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()} of {self.entity}"


class Counter(models.Model):
    """The last number handed out in one series of one entity; gapless, since it moves in the user's transaction."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    series = models.CharField(max_length=40)
    last = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("entity", "series"), name="counter_once_per_series"),)

    def __str__(self) -> str:
        return f"{self.series}: {self.last}"


class StoredFile(models.Model):
    """The bytes of an uploaded file, kept once per entity and SHA-256; never changed."""

    MAX_BYTES = 25 * 1024 * 1024

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    content = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("entity", "sha256"), name="stored_file_once"),)

    def __str__(self) -> str:
        return self.name


class Job(models.Model):
    """Background work that a person waits for: rows done, of how many, and a heartbeat by which a dead worker shows."""

    class Status(models.TextChoices):
        QUEUED = "QUEUED", "Waiting"
        RUNNING = "RUNNING", "Running"
        DONE = "DONE", "Done"
        FAILED = "FAILED", "Failed"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=60)
    arguments = models.JSONField(default=dict, help_text="What the kind of work needs to know.")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    stage = models.CharField(max_length=60, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=("status", "heartbeat_at"), name="job_status_heartbeat"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}: {self.get_status_display()}"


class Upload(models.Model):
    """One sheet on its way in: file, columns, check, commit. Its file stays, whatever becomes of it."""

    class Status(models.TextChoices):
        COLUMNS = "COLUMNS", "Columns to confirm"
        CHECKING = "CHECKING", "Being checked"
        REFUSED = "REFUSED", "Has errors"
        CHECKED = "CHECKED", "Ready to commit"
        COMMITTING = "COMMITTING", "Being committed"
        COMMITTED = "COMMITTED", "Committed"
        FAILED = "FAILED", "Could not be read"
        DISCARDED = "DISCARDED", "Discarded"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="uploads")
    kind = models.CharField(max_length=40)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.COLUMNS)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=255)
    sheet_name = models.CharField(max_length=100, blank=True)
    as_of = models.DateTimeField("as of", help_text="The moment that the list or count speaks of.")
    source_report = models.CharField("ERP report", max_length=120, blank=True)
    control_total = MoneyField("GL control total", null=True, blank=True)
    options = models.JSONField(default=dict, help_text="What the kind asked beside the file, e.g. a count's location.")
    header = models.JSONField(default=list, help_text="The sheet's own column names, in order.")
    sample = models.JSONField(default=list, help_text="The first rows, as text, for the columns page.")
    mapping = models.JSONField(default=dict, help_text="Our column -> list of the sheet's column numbers.")
    formats = models.JSONField(default=dict, help_text="Date order and decimal mark, as seen or as chosen.")
    row_count = models.PositiveIntegerField(default=0)
    error_count = models.PositiveIntegerField(default=0)
    warning_count = models.PositiveIntegerField(default=0)
    summary = models.JSONField(default=dict, help_text="What the check found, for the preview page.")
    quantity_total = QuantityField(null=True)
    value_total = MoneyField(null=True)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    message = models.TextField(blank=True, help_text="What happened, in a sentence for the uploader.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    committed_at = models.DateTimeField(null=True)
    committed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("entity", "kind", "status"), name="upload_kind_status"),)

    def __str__(self) -> str:
        return f"{self.file_name} ({self.get_status_display()})"

    def get_absolute_url(self) -> str:
        return reverse("uploads:detail", args=[self.entity.slug, self.pk])


class UploadIssue(models.Model):
    """One complaint about one cell or row of a sheet."""

    class Level(models.TextChoices):
        ERROR = "ERROR", "Error"
        WARNING = "WARNING", "Warning"

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="issues")
    level = models.CharField(max_length=7, choices=Level.choices)
    code = models.CharField(max_length=40, help_text="Groups complaints of one kind.")
    row = models.PositiveIntegerField(null=True, help_text="The sheet's row number; empty for the sheet as a whole.")
    column = models.CharField(max_length=100, blank=True)
    value = models.CharField(max_length=200, blank=True)
    message = models.CharField(max_length=500)

    class Meta:
        indexes = (models.Index(fields=("upload", "level", "code"), name="upload_issue_group"),)

    def __str__(self) -> str:
        return self.message


class ChangeRequest(models.Model):
    """A change that needs a second person: re-opening a period, voiding a posted document, later policy and roles."""

    class Status(models.TextChoices):
        OPEN = "OPEN", "Waiting for a second person"
        APPROVED = "APPROVED", "Approved"
        REFUSED = "REFUSED", "Refused"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="change_requests")
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=120, help_text="What it is about, as source_ref: period:2026-03.")
    summary = models.CharField(max_length=200)
    details = models.JSONField(default=dict)
    reason = models.TextField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    seconded_at = models.DateTimeField(null=True)
    seconded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The first of two who agree, where two are asked for.",
    )
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                name="change_request_third_person",
                condition=Q(seconded_by__isnull=True)
                | (
                    ~Q(seconded_by=models.F("requested_by"))
                    & (Q(decided_by__isnull=True) | Q(status="REFUSED") | ~Q(seconded_by=models.F("decided_by")))
                ),
                violation_error_message="Two who agree to a change are two people, and neither asked for it.",
            ),
            models.CheckConstraint(
                name="change_request_second_person",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("requested_by")),
                violation_error_message="A change is decided by a second person, not by the one who asked for it.",
            ),
            models.UniqueConstraint(
                fields=("entity", "kind", "subject"),
                condition=Q(status="OPEN"),
                name="change_request_open_once",
                violation_error_message="The same change waits for a second person already.",
            ),
        )

    def __str__(self) -> str:
        return self.summary


class ChainHead(models.Model):
    """The last link of one hash chain; whoever appends locks its head first."""

    chain = models.CharField(max_length=60, primary_key=True)
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.chain}: {self.sequence}"


class AuditEvent(models.Model):
    """What happened, who did it, and the hash that ties it to what happened before. Append-only."""

    chain = models.CharField(max_length=60, help_text="entity:<id>, or sign-in.")
    sequence = models.BigIntegerField()
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, null=True, related_name="audit_events")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=60, help_text="Dotted: proposal.approved, upload.committed, refused.")
    subject = models.CharField(max_length=120, blank=True, help_text="The record, as source_ref.")
    message = models.TextField(help_text="One sentence a person can read.")
    data = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash_version = models.PositiveSmallIntegerField(default=1, help_text="What the hash covers (core/audit.py).")
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("chain", "sequence")
        constraints = (models.UniqueConstraint(fields=("chain", "sequence"), name="audit_event_once_per_place"),)
        indexes = (
            models.Index(fields=("entity", "subject"), name="audit_event_subject"),
            models.Index(fields=("entity", "-at"), name="audit_event_time"),
        )

    def __str__(self) -> str:
        return self.message


# Models of core like the others; each stands in a file of its own.
from core.entity_groups import EntityGroup as EntityGroup  # noqa: E402
from core.entity_groups import EntityGroupMember as EntityGroupMember  # noqa: E402
from core.entity_groups import ExchangeRate as ExchangeRate  # noqa: E402
from core.entity_groups import StagedRate as StagedRate  # noqa: E402
from core.keys import StepKey as StepKey  # noqa: E402
from core.master_data import Category as Category  # noqa: E402
from core.master_data import CostCentre as CostCentre  # noqa: E402
from core.master_data import Location as Location  # noqa: E402
