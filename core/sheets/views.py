"""The pages of an upload: file, columns, check, commit. Everything works by plain POST; htmx only saves reloads."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import jobs
from core.access import EntityRequest, for_entity, require_role
from core.errors import DomainError, KeyUsed
from core.files import file_content
from core.idempotency import key_of
from core.middleware import record_refusal
from core.models import Upload, UploadIssue
from core.sheets import downloads, kinds, pipeline, selectors
from core.sheets.forms import ColumnsForm, UploadForm
from core.sheets.kinds import SheetKind
from core.sheets.mapping import unused_names
from core.words import READERS, Role

PAGE = 50
Status = Upload.Status
opens_uploads = for_entity(*READERS, Role.COUNTER)


def _kind(code: str) -> SheetKind:
    try:
        return kinds.kind(code)
    except KeyError as error:
        raise Http404 from error


def _upload(request: EntityRequest, pk: int) -> Upload:
    visible = selectors.uploads_visible(entity=request.entity, user=request.user, roles=request.entity_roles)
    upload = get_object_or_404(visible, pk=pk)
    upload.entity = request.entity
    return upload


def _to(upload: Upload, name: str = "detail") -> HttpResponse:
    return redirect(f"uploads:{name}", upload.entity.slug, upload.pk)


@require_GET
@opens_uploads
def upload_list(request: EntityRequest) -> HttpResponse:
    visible = selectors.uploads_visible(entity=request.entity, user=request.user, roles=request.entity_roles)
    page = Paginator(visible, PAGE).get_page(request.GET.get("page"))
    for upload in page.object_list:
        upload.entity = request.entity
    titles = {k.code: k.title for k in kinds.kinds_all()}
    lines = [(upload, titles.get(upload.kind, upload.kind)) for upload in page.object_list]
    context = {"page": page, "lines": lines, "kinds": selectors.kinds_of(request.entity, request.entity_roles)}
    return render(request, "uploads/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@opens_uploads
def upload_new(request: EntityRequest, kind: str) -> HttpResponse:
    """Step 1. Goes on to the columns, or straight to the check where every column found its place by itself."""
    definition = _kind(kind)
    require_role(request, *definition.upload_roles, what=f"Uploading a {definition.title.lower()}")
    with timezone.override(zoneinfo.ZoneInfo(request.entity.time_zone)):
        form = UploadForm(
            request.POST or None,
            request.FILES or None,
            kind=definition,
            entity=request.entity,
            initial={"as_of": timezone.localtime().replace(second=0, microsecond=0)},
        )
        if request.method == "POST" and form.is_valid():
            upload = _received(request, definition, form)
            if upload:
                return _to(upload)
        context = {"form": form, "kind": definition}
        status = 400 if form.errors else 200
        return render(request, "uploads/new.html", context, status=KeyUsed.status if form.sent_before else status)


def _received(request: EntityRequest, kind: SheetKind, form: UploadForm) -> Upload | None:
    data = form.cleaned_data
    try:
        upload = pipeline.upload_receive(
            entity=request.entity,
            kind=kind.code,
            name=data["file"].name or "sheet",
            content=data["file"].read(),
            content_type=data["file"].content_type or "",
            as_of=data["as_of"],
            source_report=data["source_report"],
            control_total=data.get("control_total"),
            options=form.options(),
            user=request.user,
            key=key_of(request),
        )
    except DomainError as error:
        record_refusal(request, error)
        form.add_error("file", error.message)
        form.sent_before = isinstance(error, KeyUsed)
        return None
    if upload.status == Status.COLUMNS and pipeline.upload_is_mapped(upload):
        pipeline.upload_check(upload=upload, user=request.user)
    return upload


@require_GET
@opens_uploads
def detail(request: EntityRequest, pk: int) -> HttpResponse:
    """Where the upload stands, and the one thing to do now."""
    upload = _upload(request, pk)
    kind = _kind(upload.kind)
    may_change = bool(request.entity_roles & set(kind.upload_roles))
    if upload.status == Status.COLUMNS and may_change:
        return _to(upload, "columns")
    context = {
        **_context(upload, kind),
        **_progress(upload),
        "issue_groups": selectors.issue_groups(upload) if upload.status in (Status.CHECKED, Status.REFUSED) else [],
        "may_change": may_change,
        "mapped": _mapped(upload, kind),
        "unused": unused_names(upload.header, upload.mapping),
        "difference": pipeline.control_difference(upload),
    }
    if upload.status == Status.CHECKED:
        context |= _may_commit(request, upload, kind)
    return render(request, "uploads/detail.html", context)


def _context(upload: Upload, kind: SheetKind) -> dict[str, Any]:
    return {"upload": upload, "kind": kind, "summary": upload.summary, "step": _step(upload)}


def _step(upload: Upload) -> int:
    """Which of file, columns, check, commit is being done: 1 to 4; 5 when all are."""
    if upload.status == Status.FAILED and not upload.header:
        return 1
    return {Status.COLUMNS: 2, Status.CHECKED: 4, Status.COMMITTING: 4, Status.COMMITTED: 5}.get(
        Status(upload.status), 3
    )


def _mapped(upload: Upload, kind: SheetKind) -> list[tuple[str, str]]:
    constants = upload.formats.get("constants", {})
    lines = []
    for column in kind.columns:
        numbers = upload.mapping.get(column.name, [])
        if numbers:
            lines.append((column.label, " + ".join(upload.header[number] for number in numbers)))
        elif constants.get(column.name):
            lines.append((column.label, f"always “{constants[column.name]}”"))
    return lines


def _may_commit(request: EntityRequest, upload: Upload, kind: SheetKind) -> dict[str, Any]:
    try:
        pipeline.upload_may_commit(upload=upload, user=request.user)
    except DomainError as error:
        return {"may_commit": False, "why_not": error.message, "who": selectors.who_may_commit(upload, kind)}
    return {"may_commit": True}


@require_http_methods(["GET", "HEAD", "POST"])
@opens_uploads
def columns(request: EntityRequest, pk: int) -> HttpResponse:
    """Step 2: confirm or change the columns, then check every row."""
    upload = _upload(request, pk)
    kind = _kind(upload.kind)
    require_role(request, *kind.upload_roles, what="Mapping columns")
    if upload.status not in pipeline.MAY_CHANGE_COLUMNS or not upload.header:
        return _to(upload)
    form = ColumnsForm(request.POST or None, kind=kind, upload=upload)
    if request.method == "POST" and form.is_valid():
        try:
            pipeline.upload_columns_set(
                upload=upload,
                user=request.user,
                mapping=form.mapping(),
                constants=form.constants(),
                decimal_mark=form.cleaned_data["decimal_mark"],
                date_order=form.cleaned_data["date_order"],
            )
            pipeline.upload_check(upload=upload, user=request.user)
            return _to(upload)
        except DomainError as error:
            record_refusal(request, error)
            form.add_error(None, error.message)
    context = {**_context(upload, kind), "form": form, "step": 2, "sheets": upload.formats.get("sheets", [])}
    return render(request, "uploads/columns.html", context, status=400 if form.errors else 200)


@require_POST
@opens_uploads
def sheet(request: EntityRequest, pk: int) -> HttpResponse:
    """Take another sheet of the workbook."""
    upload = _upload(request, pk)
    try:
        pipeline.upload_sheet_choose(upload=upload, user=request.user, sheet=request.POST.get("sheet", ""))
    except DomainError as error:
        record_refusal(request, error)
        messages.error(request, error.message)
    return _to(upload)


@require_POST
@opens_uploads
def check(request: EntityRequest, pk: int) -> HttpResponse:
    """Check the same file once more: after items, periods or policy have changed."""
    upload = _upload(request, pk)
    pipeline.upload_check(upload=upload, user=request.user)
    return _to(upload)


@require_GET
@opens_uploads
def progress(request: EntityRequest, pk: int) -> HttpResponse:
    """How far it is: asked for every second by the page. When it is over the page loads itself again."""
    jobs.jobs_recover()
    upload = _upload(request, pk)
    response = render(request, "uploads/_progress.html", {"upload": upload, **_progress(upload)})
    if upload.status not in (Status.CHECKING, Status.COMMITTING):
        response["HX-Refresh"] = "true"
    return response


def _progress(upload: Upload) -> dict[str, Any]:
    """job, percent and seconds_left (None while unknown) of an upload that is being worked on."""
    job = upload.job
    if upload.status not in (Status.CHECKING, Status.COMMITTING) or job is None:
        return {}
    return jobs.progress_of(job)


@require_GET
@opens_uploads
def issues(request: EntityRequest, pk: int) -> HttpResponse:
    """Every kept complaint of one kind (level and code), or all of them."""
    upload = _upload(request, pk)
    found = UploadIssue.objects.filter(upload=upload).order_by("level", "row", "id")
    level, code = request.GET.get("level", ""), request.GET.get("code", "")
    if level:
        found = found.filter(level=level)
    if code:
        found = found.filter(code=code)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    group = selectors.IssueGroup(level, code, 0) if code else None
    context = {**_context(upload, _kind(upload.kind)), "page": page, "group": group}
    return render(request, "uploads/issues.html", context)


@require_POST
@opens_uploads
def commit(request: EntityRequest, pk: int) -> HttpResponse:
    upload = _upload(request, pk)
    try:
        pipeline.upload_commit(
            upload=upload,
            user=request.user,
            difference_confirmed=request.POST.get("difference") == "seen",
            key=key_of(request),
        )
    except KeyUsed:
        raise
    except DomainError as error:
        record_refusal(request, error)
        messages.error(request, error.message)
        return _to(upload)
    if upload.status == Status.COMMITTED:
        messages.success(request, upload.message)
    return _to(upload)


@require_POST
@opens_uploads
def discard(request: EntityRequest, pk: int) -> HttpResponse:
    upload = pipeline.upload_discard(upload=_upload(request, pk), user=request.user)
    messages.success(
        request, f"{upload.file_name} was set aside. Nothing of it was taken in; its file stays in the list."
    )
    return redirect("uploads:list", request.entity.slug)


def _download(content: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_GET
@opens_uploads
def complaints(request: EntityRequest, pk: int) -> HttpResponse:
    """The rows with complaints as a workbook."""
    upload = _upload(request, pk)
    if not upload.header:
        raise Http404
    stem = upload.file_name.rpartition(".")[0] or upload.file_name
    return _download(downloads.complaints_workbook(upload), f"{stem} - complaints.xlsx", downloads.XLSX)


@require_GET
@opens_uploads
def template(request: EntityRequest, kind: str) -> HttpResponse:
    return _download(downloads.template_workbook(_kind(kind)), f"{kind}.xlsx", downloads.XLSX)


@require_GET
@opens_uploads
def file(request: EntityRequest, pk: int) -> HttpResponse:
    """The file as it was uploaded; always as a download, whatever type it claims to be."""
    upload = _upload(request, pk)
    return _download(file_content(upload.file_id), upload.file_name, "application/octet-stream")
