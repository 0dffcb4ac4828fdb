"""Takes evidence in and hands it out: as a download, or as a preview that can run nothing."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from core.middleware import record_refusal
from core.models import StoredFile
from core.words import Role
from writeoffs.proposals import services
from writeoffs.proposals.forms import EvidenceForm
from writeoffs.proposals.models import Evidence
from writeoffs.proposals.services.papers import PREVIEWED
from writeoffs.proposals.views.common import proposal_or_404
from writeoffs.proposals.views.detail import detail_context

# A picture needs nothing. A PDF is shown by the browser's own viewer, which a sandbox would switch off: it may load
# itself and nothing else.
_PICTURE_POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
_PDF_POLICY = (
    "default-src 'none'; object-src 'self'; img-src 'self' data:; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)


@require_POST
@for_entity(Role.PREPARER)
def evidence_add(request: EntityRequest, number: str) -> HttpResponse:
    proposal = proposal_or_404(request, number)
    form = EvidenceForm(request.POST, request.FILES)
    status = 400
    if form.is_valid():
        files = form.cleaned_data["papers"]
        try:
            services.evidence_add(
                proposal=proposal,
                user=request.user,
                kind=form.cleaned_data["kind"],
                papers=[_paper(file) for file in files],
            )
        except DomainError as error:
            record_refusal(request, error)
            form.add_error("papers", error.message)
            status = error.status
        else:
            messages.success(
                request, f"{proposal.number}: {len(files)} {'paper' if len(files) == 1 else 'papers'} attached."
            )
            return redirect(f"{proposal.get_absolute_url()}#evidence")
    context = {**detail_context(request, proposal), "evidence_form": form}
    return render(request, "proposals/detail.html", context, status=status)


def _paper(file: object) -> services.Paper:
    from django.core.files.uploadedfile import UploadedFile

    assert isinstance(file, UploadedFile)
    # One byte past the limit is enough to know that it is too large.
    return services.Paper(file.name or "file", file.read(StoredFile.MAX_BYTES + 1))


@require_POST
@for_entity(Role.PREPARER)
def evidence_remove(request: EntityRequest, number: str, evidence_id: int) -> HttpResponse:
    proposal = proposal_or_404(request, number)
    evidence = get_object_or_404(
        Evidence.objects.select_related("file", "proposal").defer("file__content"), proposal=proposal, pk=evidence_id
    )
    services.evidence_remove(evidence=evidence, user=request.user)
    messages.success(request, f"{evidence.file_name} is off {proposal.number}.")
    return redirect(f"{proposal.get_absolute_url()}#evidence")


@require_safe
@for_entity()
def evidence_view(request: EntityRequest, number: str, evidence_id: int) -> HttpResponse:
    """The file itself. ?preview=1 shows a picture or a PDF in place; everything else is a download."""
    proposal = proposal_or_404(request, number)
    evidence = get_object_or_404(Evidence.objects.select_related("file"), proposal=proposal, pk=evidence_id)
    file = evidence.file
    shown = bool(request.GET.get("preview")) and file.content_type in PREVIEWED
    response = HttpResponse(
        bytes(file.content), content_type=file.content_type if shown else "application/octet-stream"
    )
    disposition = content_disposition_header(as_attachment=not shown, filename=evidence.file_name)
    response["Content-Disposition"] = disposition or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = _PDF_POLICY if file.content_type == "application/pdf" else _PICTURE_POLICY
    response["Cache-Control"] = "private, no-store"
    return response
