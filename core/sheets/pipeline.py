"""The steps of an upload, each one service: receive, columns, check, commit, discard.

Invariant: the state changes by compare-and-set only; nothing but staging is written before the commit, and the commit
is one transaction that ends COMMITTED or leaves everything as it was. One audit event per document and step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from core import audit, jobs, refs
from core.errors import BadInput, SegregationOfDuties, WrongState
from core.files import FILE_COLUMNS, file_content
from core.idempotency import Answer, Asked, once
from core.jobs import Run
from core.models import Entity, Job, StoredFile, Upload, UploadIssue, User
from core.money import display_money
from core.records import Record
from core.sheets import check, kinds, staging
from core.sheets.formats import MARKS, ORDERS
from core.sheets.kinds import SheetKind
from core.sheets.mapping import (
    mapping_check,
    mapping_missing,
)
from core.sheets.reader import file_on_disk
from core.sheets.receive import read_head, refuse_duplicate, require
from core.sheets.receive import upload_receive as upload_receive
from core.words import Role

Status = Upload.Status
CHECK, COMMIT = "upload.check", "upload.commit"

# Which states a step may start from; everything else is refused (tested state by step).
MAY_CHANGE_COLUMNS = (Status.COLUMNS, Status.REFUSED, Status.CHECKED, Status.FAILED)
MAY_CHECK = MAY_CHANGE_COLUMNS
MAY_COMMIT = (Status.CHECKED,)
MAY_DISCARD = (Status.COLUMNS, Status.REFUSED, Status.CHECKED, Status.FAILED)


def _move(upload: Upload, allowed: Sequence[str], status: str, step: str, **changes: Any) -> None:
    """Compare-and-set of the state; WrongState where it is another one by now."""
    if Upload.objects.filter(pk=upload.pk, status__in=allowed).update(status=status, **changes) != 1:
        upload.refresh_from_db(fields=["status"])
        raise WrongState(
            f"{upload.file_name} cannot be {step}: it is now '{upload.get_status_display()}'. Reload the page."
        )
    upload.refresh_from_db()


def upload_is_mapped(upload: Upload) -> bool:
    """Whether every required column has found its place, so that the check can start without asking."""
    kind = kinds.kind(upload.kind)
    return not mapping_missing(kind, upload.mapping, upload.formats.get("constants", {}))


def upload_sheet_choose(*, upload: Upload, user: User, sheet: str) -> Upload:
    """Take another sheet of the workbook: its header is read and mapped afresh."""
    kind = kinds.kind(upload.kind)
    require(upload.entity, user, kind.upload_roles, "Choosing a sheet")
    if sheet not in upload.formats.get("sheets", []):
        raise BadInput(f"'{upload.file_name}' has no sheet '{sheet}'.")
    with file_on_disk(file_content(upload.file_id)) as path:
        read_head(upload, kind, path, sheet)
    if upload.status == Status.FAILED:
        raise BadInput(upload.message)
    _move(
        upload,
        MAY_CHANGE_COLUMNS,
        Status.COLUMNS,
        "changed",
        sheet_name=upload.sheet_name,
        header=upload.header,
        sample=upload.sample,
        mapping=upload.mapping,
        formats=upload.formats,
        message="",
    )
    return upload


def upload_columns_set(
    *,
    upload: Upload,
    user: User,
    mapping: Mapping[str, Sequence[int]],
    constants: Mapping[str, str] | None = None,
    decimal_mark: str = "",
    date_order: str = "",
) -> Upload:
    """Map by hand. mapping: our column -> the sheet's column numbers; an empty mark or order is left to the sheet."""
    kind = kinds.kind(upload.kind)
    require(upload.entity, user, kind.upload_roles, "Mapping columns")
    chosen = {name: list(numbers) for name, numbers in mapping.items() if numbers}
    fixed = {name: text.strip() for name, text in (constants or {}).items() if text.strip() and name not in chosen}
    mapping_check(kind=kind, names=upload.header, mapping=chosen, constants=fixed)
    formats = {**upload.formats, "constants": fixed, "mapped": "by hand", "decimal_how": "", "date_how": ""}
    if decimal_mark in MARKS:
        formats |= {"decimal_how": "chosen", "decimal_mark": decimal_mark}
    if date_order in ORDERS:
        formats |= {"date_how": "chosen", "date_order": date_order}
    with transaction.atomic():
        _move(upload, MAY_CHANGE_COLUMNS, Status.COLUMNS, "changed", mapping=chosen, formats=formats, message="")
        _forget_check(upload, kind)
    return upload


def _forget_check(upload: Upload, kind: SheetKind) -> None:
    UploadIssue.objects.filter(upload=upload).delete()
    staging.rows_clear(kind, upload.pk)
    Upload.objects.filter(pk=upload.pk).update(
        error_count=0, warning_count=0, summary={}, quantity_total=None, value_total=None
    )
    upload.refresh_from_db()


def upload_check(*, upload: Upload, user: User) -> Upload:
    """Start the check of every row, as a job. The upload comes back as it is then: CHECKING, or done where jobs run
    inline."""
    kind = kinds.kind(upload.kind)
    require(upload.entity, user, kind.upload_roles, "Checking a sheet")
    if not upload.header:
        raise WrongState(f"{upload.file_name} cannot be checked: {upload.message} Upload the mended file.")
    mapping_check(kind=kind, names=upload.header, mapping=upload.mapping, constants=upload.formats.get("constants", {}))
    with transaction.atomic():
        job = jobs.job_create(entity=upload.entity, kind=CHECK, user=user)
        _move(upload, MAY_CHECK, Status.CHECKING, "checked", job=job, message="")
    jobs.job_enqueue(job=job)
    upload.refresh_from_db()
    return upload


def control_difference(upload: Upload) -> Decimal | None:
    """Sheet less GL control total; None where there is none or both agree."""
    if upload.control_total is None or upload.value_total is None or upload.control_total == upload.value_total:
        return None
    difference: Decimal = upload.value_total - upload.control_total
    return difference


def upload_may_commit(*, upload: Upload, user: User) -> None:
    """NotAllowed or SegregationOfDuties with the reason, where this person may not commit this upload."""
    kind = kinds.kind(upload.kind)
    require(upload.entity, user, kind.commit_roles, f"Committing a {kind.title.lower()}")
    if upload.summary.get("needs_controller"):
        require(upload.entity, user, [Role.CONTROLLER], f"Committing {upload.file_name}, which releases allowance,")
        if user.pk == upload.created_by_id:
            raise SegregationOfDuties(
                f"{upload.file_name} releases allowance, and you uploaded it yourself: another controller has to "
                "commit it."
            )


def upload_commit(*, upload: Upload, user: User, difference_confirmed: bool = False, key: str = "") -> Upload:
    """Commit what was checked, as a job. BadInput where the GL control total differs and nobody said that it may.

    key: of the press; the same one starts nothing again and gives the upload as it is by now."""
    asked = Asked(
        "upload.commit",
        f"upload:{upload.pk}",
        {"difference_confirmed": difference_confirmed},
        done_already=Upload.objects.filter(pk=upload.pk, status__in=(Status.COMMITTING, Status.COMMITTED)).exists,
    )
    started: list[Job] = []

    def step() -> Answer:
        started.append(_commit_start(upload, user, difference_confirmed))
        return Answer(f"{upload.file_name} is being committed.", {"upload": upload.pk, "job": started[0].pk})

    once(entity=upload.entity, user=user, key=key, asked=asked, step=step)
    for job in started:
        jobs.job_enqueue(job=job)
    upload.refresh_from_db()
    return upload


def _commit_start(upload: Upload, user: User, difference_confirmed: bool) -> Job:
    upload.refresh_from_db()
    upload_may_commit(upload=upload, user=user)
    difference = control_difference(upload)
    if difference is not None and not difference_confirmed and upload.status in MAY_COMMIT:
        money = [display_money(v, upload.entity.currency, upload.entity.locale) for v in _totals(upload)]
        raise BadInput(
            f"The sheet adds up to {money[0]} {upload.entity.currency}, the GL control total is {money[1]}: they "
            "differ by "
            f"{money[2]}. Tick that you have seen the difference, or upload the list that agrees."
        )
    with transaction.atomic():
        job = jobs.job_create(entity=upload.entity, kind=COMMIT, user=user)
        _move(upload, MAY_COMMIT, Status.COMMITTING, "committed", job=job, message="")
    return job


def _totals(upload: Upload) -> tuple[Decimal, Decimal, Decimal]:
    value, control = upload.value_total or Decimal(0), upload.control_total or Decimal(0)
    return value, control, value - control


@transaction.atomic
def _commit(run: Run) -> None:
    """The job behind `upload_commit`: one transaction. A second attempt finds either nothing done or everything."""
    upload = (
        Upload.objects.select_for_update(of=("self",))
        .select_related("entity", "file")
        .defer("file__content")
        .get(job=run.job)
    )
    if upload.status != Status.COMMITTING:
        return
    # One commit at a time per entity: two uploads of one file must not both find that the other is not there yet.
    Entity.objects.select_for_update(no_key=True).get(pk=upload.entity_id)
    kind, user = kinds.kind(upload.kind), run.job.created_by
    refuse_duplicate(upload)
    kind.precheck(upload)
    committed = kind.commit(upload, user)
    summary = {**upload.summary, "url": committed.url}
    _move(
        upload,
        (Status.COMMITTING,),
        Status.COMMITTED,
        "committed",
        message=committed.message,
        summary=summary,
        committed_at=timezone.now(),
        committed_by=user,
    )
    staging.rows_clear(kind, upload.pk)
    audit.record(
        entity=upload.entity,
        actor=user,
        kind="upload.committed",
        subject=f"upload:{upload.pk}",
        message=f"{user} committed {upload.file_name}: {committed.message}",
        data={
            "sha256": upload.file.sha256,
            "rows": upload.row_count,
            "quantity": upload.quantity_total,
            "value": upload.value_total,
            "control_total": upload.control_total,
            "record": UPLOADED.digest(*uploaded_rows(upload)),
            **committed.told,
        },
    )


def upload_discard(*, upload: Upload, user: User) -> Upload:
    """Set it aside: its file stays, its rows go."""
    kind = kinds.kind(upload.kind)
    require(upload.entity, user, kind.upload_roles, "Discarding an upload")
    with transaction.atomic():
        _move(upload, MAY_DISCARD, Status.DISCARDED, "discarded")
        staging.rows_clear(kind, upload.pk)
        audit.record(
            entity=upload.entity,
            actor=user,
            kind="upload.discarded",
            subject=f"upload:{upload.pk}",
            message=f"{user} discarded {upload.file_name}.",
            data={"sha256": upload.file.sha256},
        )
    return upload


def _check_failed(job: Job, message: str) -> None:
    found = Upload.objects.filter(job=job).select_related("entity", "created_by", "file").defer("file__content")
    for upload in found:
        check.upload_refuse(upload=upload, kind=kinds.kind(upload.kind), status=Status.FAILED, message=message)


# A committed upload and how its file was kept; `record` of its audit event.
UPLOADED = Record(
    (Upload, StoredFile),
    [
        (
            "as_of committed_at committed_by_id control_total created_at created_by_id entity_id error_count file_id "
            "file_name formats header job_id kind mapping message options quantity_total row_count sample sheet_name "
            "source_report status summary value_total warning_count",
            FILE_COLUMNS,
        )
    ],
    left_out=("", "content"),
)


def uploaded_rows(upload: Upload) -> tuple[QuerySet[Upload], QuerySet[StoredFile]]:
    return Upload.objects.filter(pk=upload.pk), StoredFile.objects.filter(pk=upload.file_id)


def _commit_failed(job: Job, message: str) -> None:
    for upload in Upload.objects.filter(job=job, status=Status.COMMITTING).select_related("entity"):
        _move(upload, (Status.COMMITTING,), Status.CHECKED, "put back", message=message)
        audit.record_refusal(
            entity=upload.entity,
            actor=job.created_by,
            message=f"Committing {upload.file_name}: {message}",
            subject=f"upload:{upload.pk}",
            rule="commit",
        )


def _url(entity: Entity, rest: str) -> str:
    return reverse("uploads:detail", args=[entity.slug, rest])


def connect() -> None:
    """Called once, when the app is ready."""
    refs.register("upload", _url)
    jobs.register(CHECK, check.check, _check_failed)
    jobs.register(COMMIT, _commit, _commit_failed)
