"""What the upload pages show, each with a constant number of queries; file contents are never loaded for a page."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from core.models import Entity, Membership, Upload, UploadIssue, User
from core.sheets import kinds
from core.sheets.kinds import SheetKind
from core.words import Role

TITLES = {
    "not_a_number": "Not a number",
    "not_whole": "Not a whole number",
    "decimal_mark": "Another decimal mark than the rest",
    "date_order": "Another order of day and month than the rest",
    "not_a_date": "Not a date",
    "too_many_digits": "More than 15 significant digits",
    "too_many_decimals": "More decimals than can be kept",
    "too_large": "Too large",
    "negative": "Negative",
    "empty": "Empty cell",
    "formula_error": "Failed formula",
    "formula_text": "Looks like a formula",
    "too_long": "Text too long",
    "control_characters": "Invisible control characters",
    "numbers_as_codes": "Codes stored as numbers",
    "extra_cells": "More cells than columns",
    "formulas_not_calculated": "Formulas not calculated",
}
SHOWN = 5


@dataclass(slots=True)
class IssueGroup:
    """Complaints of one kind. count: how many there are; kept: how many of them can be opened."""

    level: str
    code: str
    count: int
    first: list[UploadIssue] = field(default_factory=list)

    @property
    def title(self) -> str:
        return TITLES.get(self.code) or self.code.replace("_", " ").capitalize()


def uploads_visible(*, entity: Entity, user: User, roles: frozenset[str]) -> QuerySet[Upload]:
    """The uploads this person may open: a counter without any other role sees only what they uploaded themselves."""
    uploads = Upload.objects.filter(entity=entity).select_related("created_by", "file", "job").defer("file__content")
    return uploads.filter(created_by=user) if roles <= {Role.COUNTER, Role.ADMIN} else uploads


def issue_groups(upload: Upload) -> list[IssueGroup]:
    """Errors before warnings, the most frequent first, each with its first few complaints."""
    groups = {(level, code): IssueGroup(level, code, count) for level, code, count in upload.summary.get("by_code", [])}
    place = Window(
        RowNumber(), partition_by=[F("level"), F("code")], order_by=[F("row").asc(nulls_first=True), F("id")]
    )
    for issue in UploadIssue.objects.filter(upload=upload).annotate(place=place).filter(place__lte=SHOWN):
        key = (issue.level, issue.code)
        groups.setdefault(key, IssueGroup(issue.level, issue.code, 0)).first.append(issue)
    return sorted(groups.values(), key=lambda group: (group.level, -group.count, group.code))


def kinds_of(entity: Entity, roles: frozenset[str]) -> list[SheetKind]:
    return kinds.kinds_for(entity, roles)


def who_may_commit(upload: Upload, kind: SheetKind) -> list[User]:
    """The people who may commit this upload, for the page of somebody who may not."""
    controller_only = upload.summary.get("needs_controller")
    roles = [Role.CONTROLLER] if controller_only else list(kind.commit_roles)
    people = User.objects.filter(
        pk__in=Membership.objects.filter(entity=upload.entity, role__in=roles).values("user"), is_active=True
    )
    return list((people.exclude(pk=upload.created_by_id) if controller_only else people)[:10])
