"""The journal as a file: choose the span and the format, see what it adds up to, take it; and the ERPs' settings."""

from __future__ import annotations

import hashlib
import tempfile
from typing import IO, Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from core import audit
from core.access import EntityRequest, for_entity, require_role
from core.errors import BadInput, WrongState
from core.idempotency import key_of
from core.middleware import record_refusal
from core.models import ChangeRequest
from core.words import Role
from writeoffs.ledger import period_journal
from writeoffs.ledger.export_forms import ExportForm, settings_form
from writeoffs.ledger.layouts import LAYOUTS
from writeoffs.ledger.layouts.settings import KIND, PREFIX, layout_missing, settings_of, settings_request
from writeoffs.ledger.period_journal import Format, Span


@require_safe
@for_entity()
def export(request: EntityRequest) -> HttpResponse:
    """The choice stands in the address; the totals are those of the file that it gives."""
    form = ExportForm(request.GET or None, entity=request.entity)
    context: dict[str, Any] = {"form": form, "layouts": list(LAYOUTS.values())}
    status = 200
    if form.is_bound and not form.is_valid():
        status = 400
    elif form.is_bound:
        span, chosen = form.span(), form.chosen()
        entries = period_journal.entries_of(entity=request.entity, span=span, form=chosen)
        layout = LAYOUTS.get(chosen.code)
        context |= {
            "span": span,
            "chosen": chosen,
            "layout": layout,
            "missing": layout_missing(entity=request.entity, layout=layout) if layout else "",
            "totals": period_journal.totals_of(entries),
            "left_out": period_journal.left_out(entity=request.entity, span=span, form=chosen),
        }
    return render(request, "ledger/export.html", context, status=status)


@require_GET
@for_entity()
def export_file(request: EntityRequest) -> HttpResponseBase:
    """The file, written to disk first, so that its digest is told before a byte leaves."""
    form = ExportForm(request.GET, entity=request.entity)
    if not form.is_valid():
        raise BadInput("Choose a period or days, and a format, on the export page.")
    span, chosen = form.span(), form.chosen()
    file, digest = _written(request, span, chosen)
    name = f"journal-{request.entity.slug}-{span.said}-{chosen.code}.{chosen.suffix}"
    totals = period_journal.totals_of(period_journal.entries_of(entity=request.entity, span=span, form=chosen))
    audit.record(
        entity=request.entity,
        actor=request.user,
        kind="journal.exported",
        subject=f"period:{span.period.code}" if span.period else "",
        message=f"{request.user} took {name}: {totals.entries} entries, {totals.lines} lines.",
        data={"sha256": digest, "format": chosen.code, "span": span.said, "debit": str(totals.debit)},
    )
    return FileResponse(file, as_attachment=True, filename=name, content_type=chosen.content_type)


def _written(request: EntityRequest, span: Span, chosen: Format) -> tuple[IO[bytes], str]:
    """An open file at its start, and its SHA-256."""
    # What is missing for the format is said here, before there is a file.
    pieces = period_journal.text_of(entity=request.entity, span=span, form=chosen)
    # Closed by the response that streams it.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    digest = hashlib.sha256()
    for piece in pieces:
        content = piece.encode()
        digest.update(content)
        file.write(content)
    file.seek(0)
    return file, digest.hexdigest()


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity()
def export_settings(request: EntityRequest, layout: str) -> HttpResponse:
    """What an ERP needs beside our entries."""
    found = LAYOUTS.get(layout)
    if found is None:
        raise Http404
    require_role(request, Role.CONTROLLER, what="Changing the export settings")
    given = settings_of(entity=request.entity, layout=layout)
    form = settings_form(found, request.POST if request.method == "POST" else None, initial=given)
    if form.is_bound and form.is_valid():
        options = dict(form.cleaned_data)
        why = options.pop("why")
        try:
            change = settings_request(
                entity=request.entity, layout=found, options=options, user=request.user, why=why, key=key_of(request)
            )
        except (BadInput, WrongState) as error:
            record_refusal(request, error)
            form.add_error(None, error.message)
        else:
            messages.success(request, f"Asked: {change.summary}. A second person decides under Changes.")
            return redirect("ledger:export", request.entity.slug)
    waiting = ChangeRequest.objects.filter(entity=request.entity, kind=KIND, status=ChangeRequest.Status.OPEN)
    context = {
        "form": form,
        "layout": found,
        "waiting": waiting.filter(subject=f"{PREFIX}:{layout}").select_related("requested_by").first(),
    }
    return render(request, "ledger/export_settings.html", context, status=400 if form.errors else 200)
