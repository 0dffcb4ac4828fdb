"""Cost centres as a sheet: code, name, active. Those that are not on it stay as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.urls import reverse

from core import audit
from core.models import CostCentre, Entity, Upload, User
from core.sheets.kinds import Cell, Chunk, Column, Committed, Issues, SheetKind, Summary
from core.words import Role
from writeoffs.ledger.kinds.words import active_of
from writeoffs.ledger.models import StagedCostCentre

COLUMNS = (
    Column(
        "code",
        "Cost centre",
        Cell.TEXT,
        required=True,
        filled=True,
        max_length=30,
        aliases=("cost centre", "cost center", "number", "no", "kostenstelle", "centre de coûts"),
        example="K100",
    ),
    Column(
        "name",
        "Name",
        Cell.TEXT,
        max_length=120,
        aliases=("description", "title", "bezeichnung", "libellé"),
        example="Central warehouse",
    ),
    Column(
        "active",
        "Active",
        Cell.TEXT,
        max_length=20,
        aliases=("is active", "status", "in use", "aktiv", "actif"),
        help="Yes or no. A retired cost centre takes no new line. Empty: as it is.",
        example="yes",
    ),
)


@dataclass(slots=True)
class CentreCheck:
    """known: code -> (name, active). seen: code -> row."""

    known: dict[str, tuple[str, bool]]
    seen: dict[str, int] = field(default_factory=dict)
    new: int = 0
    changed: int = 0
    unchanged: int = 0


class CostCentreKind(SheetKind):
    code = "cost_centres"
    title = "Cost centre list"
    lead = "Who bears a loss inside the company. A line of a proposal names one; the journal carries it."
    columns = COLUMNS
    upload_roles = (Role.CONTROLLER,)
    commit_roles = (Role.CONTROLLER,)
    asks_control_total = False
    staging_table = StagedCostCentre._meta.db_table
    staging_columns = ("row", "code", "name", "active")

    def begin(self, upload: Upload) -> CentreCheck:
        return CentreCheck(_known(upload.entity))

    def check_chunk(self, context: CentreCheck, chunk: Chunk, issues: Issues) -> list[tuple[Any, ...]]:
        named = "name" in chunk.columns
        empty = [""] * len(chunk.rows)
        cells = (chunk.columns.get(column, empty) for column in ("code", "name", "active"))
        staged = []
        for place, (row, code, name, active) in enumerate(zip(chunk.rows, *cells, strict=True)):
            if place in chunk.bad:
                continue
            known = context.known.get(code)
            found = _row(context, issues, row, code, name if named else (known[0] if known else ""), active)
            if found is not None:
                staged.append(found)
        return staged

    def finish(self, context: CentreCheck, upload: Upload, issues: Issues) -> Summary:
        figures = [("New", context.new), ("Changed", context.changed), ("Unchanged", context.unchanged)]
        gone = len(context.known.keys() - context.seen.keys())
        return Summary(
            rows=len(context.seen),
            figures=[*((label, str(count)) for label, count in figures), ("Not on the sheet: they stay", str(gone))],
            commit_label=f"Take in the cost centres: {context.new} new, {context.changed} changed",
        )

    @transaction.atomic
    def commit(self, upload: Upload, user: User) -> Committed:
        entity = Entity.objects.select_for_update(no_key=True).get(pk=upload.entity_id)
        known = _known(entity)
        staged = list(StagedCostCentre.objects.filter(upload_id=upload.pk).order_by("row"))
        new = [row for row in staged if row.code not in known]
        changed = [row for row in staged if row.code in known and known[row.code] != (row.name, row.active)]
        CostCentre.objects.bulk_create(
            [CostCentre(entity=entity, code=row.code, name=row.name, active=row.active) for row in new], batch_size=500
        )
        centres = {centre.code: centre for centre in CostCentre.objects.filter(entity=entity)}
        for row in changed:
            centres[row.code].name, centres[row.code].active = row.name, row.active
        CostCentre.objects.bulk_update([centres[row.code] for row in changed], ["name", "active"], batch_size=500)
        message = f"{len(new)} cost centres are new, {len(changed)} changed."
        audit.record(
            entity=entity,
            actor=user,
            kind="cost_centres.uploaded",
            subject=f"upload:{upload.pk}",
            message=f"{user} took in {upload.file_name}. {message}",
            data={
                "new": [row.code for row in new],
                "changed": [
                    {"code": row.code, "before": list(known[row.code]), "after": [row.name, row.active]}
                    for row in changed
                ],
            },
        )
        return Committed(message=message, url=reverse("ledger:cost_centres", args=[entity.slug]))


def _known(entity: Entity) -> dict[str, tuple[str, bool]]:
    found = CostCentre.objects.filter(entity=entity).values_list("code", "name", "active")
    return {code: (name, active) for code, name, active in found}


def _row(
    check: CentreCheck, issues: Issues, row: int, code: str, name: str, active_text: str
) -> tuple[Any, ...] | None:
    known = check.known.get(code)
    first = check.seen.setdefault(code, row)
    active = active_of(active_text) if active_text else (known[1] if known else True)
    if first != row:
        issues.error(
            "cost_centre_twice", row, "code", code,
            f"Rows {first} and {row} are both cost centre {code}. It stands once on the sheet: keep one of them.",
        )  # fmt: skip
    if active is None:
        issues.error(
            "unknown_active", row, "active", active_text,
            f"Row {row}, active: '{active_text}' is neither yes nor no. Expected yes, no or an empty cell.",
        )  # fmt: skip
    if first != row or active is None:
        return None
    if known is None:
        check.new += 1
    elif known == (name, active):
        check.unchanged += 1
    else:
        check.changed += 1
    return row, code, name, active
