"""The check of an upload: every row read, converted, checked by its room and staged, and every complaint kept.

Invariant: nothing but staging rows is written before the end; the end writes complaints, figures and the new state in
one transaction. An attempt that was taken over by another worker cannot stage another row (see core.jobs).
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from core import audit
from core.errors import BadInput, DomainError
from core.files import file_content
from core.jobs import Run
from core.models import Upload, UploadIssue
from core.money import MONEY_SCALE, QUANTITY_SCALE, from_raw
from core.sheets import kinds, staging
from core.sheets.cells import Converter
from core.sheets.formats import formats_complete
from core.sheets.kinds import Chunk, Issues, SheetKind, Summary
from core.sheets.mapping import mapping_check, unused_names
from core.sheets.reader import BadSheet, Ending, file_on_disk, rows_read

MAX_ISSUES = 20_000


@dataclass(frozen=True, slots=True)
class _Source:
    """Where one of our columns comes from: places in the child's answer, or a constant."""

    converter: Converter
    places: tuple[int, ...]
    constant: str


def check(run: Run) -> None:
    """The job behind `upload_check`. What is wrong with the file ends as the upload's state, not as the job's
    failure."""
    upload = Upload.objects.select_related("entity", "created_by", "file").defer("file__content").get(job=run.job)
    kind = kinds.kind(upload.kind)
    staging.rows_clear(kind, upload.pk)
    try:
        kind.precheck(upload)
        mapping_check(
            kind=kind, names=upload.header, mapping=upload.mapping, constants=upload.formats.get("constants", {})
        )
        summary, issues = _read(run, upload, kind)
    except BadSheet as error:
        upload_refuse(upload=upload, kind=kind, status=Upload.Status.FAILED, message=error.message)
    except DomainError as error:
        upload_refuse(upload=upload, kind=kind, status=Upload.Status.REFUSED, message=error.message)
    else:
        _keep(run, upload, kind, summary, issues)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Rows are plain tuples and free themselves; looking for cycles among millions of them would cost a tenth."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _read(run: Run, upload: Upload, kind: SheetKind) -> tuple[Summary, Issues]:
    issues, ending, done = Issues(), Ending(), 0
    wanted = sorted({number for numbers in upload.mapping.values() for number in numbers})
    sources: dict[str, _Source] = {}
    with file_on_disk(file_content(upload.file_id)) as path, _no_collection():
        chunks = rows_read(
            path,
            upload.file_name,
            sheet=upload.sheet_name,
            header_row=upload.formats["header_row"],
            width=len(upload.header),
            columns=wanted,
            ending=ending,
        )
        context = kind.begin(upload)
        for rows, columns in chunks:
            if not sources:
                upload.formats = formats_complete(upload, kind, dict(zip(wanted, columns, strict=True)))
                sources = _sources(upload, kind, wanted, issues)
            staged = kind.check_chunk(context, _converted(sources, rows, columns), issues)
            done += len(rows)
            with transaction.atomic():
                staging.rows_stage(kind, upload.pk, staged)
                run.progress(done=done, total=max(ending.total, done), stage="Checking rows")
    if not done:
        raise BadInput(f"'{upload.file_name}' has a header and no rows below it. Add the rows and upload it again.")
    _complain_of_sheet(ending, issues)
    upload.row_count = done
    return kind.finish(context, upload, issues), issues


def _sources(upload: Upload, kind: SheetKind, wanted: Sequence[int], issues: Issues) -> dict[str, _Source]:
    places = {number: place for place, number in enumerate(wanted)}
    constants = upload.formats.get("constants", {})
    sources = {}
    for column in kind.columns:
        numbers = upload.mapping.get(column.name, [])
        constant = "" if numbers else constants.get(column.name, "")
        if not numbers and not constant:
            continue
        heading = " + ".join(upload.header[number] for number in numbers) or column.label
        converter = Converter(column, heading, upload.formats["decimal_mark"], upload.formats["date_order"], issues)
        sources[column.name] = _Source(converter, tuple(places[number] for number in numbers), constant)
    return sources


def _converted(sources: dict[str, _Source], rows: list[int], columns: list[list[Any]]) -> Chunk:
    chunk = Chunk(rows=rows, columns={})
    for name, source in sources.items():
        if source.constant:
            cells: list[Any] = [source.constant] * len(rows)
        elif len(source.places) == 1:
            cells = columns[source.places[0]]
        else:
            cells = _joined([columns[place] for place in source.places])
        chunk.columns[name] = source.converter.convert(cells, rows, chunk.bad)
    return chunk


def _joined(columns: list[list[Any]]) -> list[str]:
    """Shelf A and bin 1.0 are "A-1"; empty parts are left out."""
    texts = [[f"{v:.15g}" if type(v) is float else str(v).strip() for v in column] for column in columns]
    return ["-".join(part for part in parts if part) for parts in zip(*texts, strict=True)]


def _complain_of_sheet(ending: Ending, issues: Issues) -> None:
    for row, cells in ending.ragged:
        issues.error(
            "extra_cells",
            row,
            "",
            cells,
            f"Row {row} has {cells} cells, more than the header names. A delimiter or quotation mark inside a text is "
            "the usual "
            "cause: put the text in quotation marks.",
        )
    if ending.formulas_not_calculated:
        issues.warning(
            "formulas_not_calculated",
            None,
            "",
            "",
            "The sheet has formulas that no spreadsheet program has calculated yet; they may read as 0 or empty. Open "
            "it, "
            "save it and upload it again.",
        )


def _keep(run: Run, upload: Upload, kind: SheetKind, summary: Summary, issues: Issues) -> None:
    """The outcome: state, figures and complaints at once, with the compare-and-set of the attempt as the last word."""
    refused = issues.errors > 0
    left_out = unused_names(upload.header, upload.mapping)
    with transaction.atomic():
        changed = Upload.objects.filter(pk=upload.pk, status=Upload.Status.CHECKING).update(
            status=Upload.Status.REFUSED if refused else Upload.Status.CHECKED,
            row_count=upload.row_count,
            error_count=issues.errors,
            warning_count=issues.warnings,
            formats=upload.formats,
            quantity_total=None if summary.quantity is None else from_raw(summary.quantity, QUANTITY_SCALE),
            value_total=None if summary.value is None else from_raw(summary.value, MONEY_SCALE),
            summary={
                **asdict(summary),
                "left_out": left_out,
                "by_code": [[level, code, count] for (level, code), count in issues.by_code.items()],
            },
            message="",
        )
        if changed != 1:
            return  # Discarded meanwhile.
        issues_keep(upload, issues)
        if refused:
            staging.rows_clear(kind, upload.pk)
            audit.record(
                entity=upload.entity,
                actor=upload.created_by,
                kind="upload.refused",
                subject=f"upload:{upload.pk}",
                message=(
                    f"{upload.file_name}: {issues.errors:,} errors in {upload.row_count:,} rows; nothing was saved."
                ),
                data={"sha256": upload.file.sha256, "errors": issues.errors, "warnings": issues.warnings},
            )
        run.progress(done=upload.row_count, total=upload.row_count, stage="Checked")


def issues_keep(upload: Upload, issues: Issues) -> None:
    """Replace the upload's complaints; errors go before warnings where there are too many to keep."""
    UploadIssue.objects.filter(upload=upload).delete()
    kept = sorted(issues.kept, key=lambda issue: issue[0])[:MAX_ISSUES]
    UploadIssue.objects.bulk_create(
        [
            UploadIssue(upload=upload, level=level, code=code, row=row, column=column, value=value, message=message)
            for level, code, row, column, value, message in kept
        ],
        batch_size=1000,
    )


def upload_refuse(*, upload: Upload, kind: SheetKind, status: str, message: str) -> None:
    """Keep the upload with its sentence, without rows; one audit event. Only an upload that is being checked
    changes."""
    with transaction.atomic():
        changed = Upload.objects.filter(pk=upload.pk, status=Upload.Status.CHECKING).update(
            status=status,
            message=message,
            error_count=0,
            warning_count=0,
            summary={},
            value_total=None,
            quantity_total=None,
        )
        if changed != 1:
            return
        UploadIssue.objects.filter(upload=upload).delete()
        staging.rows_clear(kind, upload.pk)
        audit.record(
            entity=upload.entity,
            actor=upload.created_by,
            kind="upload.refused",
            subject=f"upload:{upload.pk}",
            message=f"{upload.file_name} was refused: {message}",
            data={"sha256": upload.file.sha256},
        )
