"""The packs of a period on its page: what was frozen, file by file, to download."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from core.idempotency import key_of
from core.middleware import record_refusal
from core.models import Job
from writeoffs.desk import packs
from writeoffs.ledger.models import FiscalPeriod, PeriodPack, PeriodPackFile
from writeoffs.ledger.packs import pack_file_content


def packs_context(period: FiscalPeriod) -> dict[str, Any]:
    """What desk/_packs.html wants. Three queries, however many packs."""
    found = list(PeriodPack.objects.filter(period=period).select_related("closed_by").prefetch_related("files"))
    jobs: dict[int, Job] = {}
    if found:
        of_packs = Job.objects.filter(
            entity=period.entity, kind=packs.JOB, arguments__pack__in=[pack.pk for pack in found]
        )
        jobs = {job.arguments["pack"]: job for job in of_packs.order_by("pk")}
    rows = []
    for pack in found:
        files = list(pack.files.all())
        job = None if any(file.printed for file in files) else jobs.get(pack.pk)
        rows.append((pack, files, job, job is not None and job.status == Job.Status.FAILED))
    return {"packs": rows, "freezes": packs.CONTENTS}


def _pack(request: EntityRequest, code: str, version: int) -> PeriodPack:
    year, _, number = code.partition("-")
    known = PeriodPack.objects.select_related("period", "closed_by").filter(entity=request.entity)
    found = get_object_or_404(known, version=version, **_numbers(year, number))
    found.entity = found.period.entity = request.entity
    return found


def _numbers(year: str, number: str) -> dict[str, int]:
    plain = all(text.isascii() and text.isdecimal() and len(text) <= 4 for text in (year, number))
    return {"period__fiscal_year": int(year), "period__number": int(number)} if plain else {"pk": 0}


@require_GET
@for_entity()
def pack_file(request: EntityRequest, code: str, version: int, name: str) -> HttpResponse:
    """One file, as it was frozen: named after the company, the period and the pack."""
    pack = _pack(request, code, version)
    row = get_object_or_404(PeriodPackFile, pack=pack, name=name)
    response = HttpResponse(pack_file_content(row), content_type=row.content_type)
    file_name = f"{request.entity.slug}-{pack.period.code}-pack{pack.version}-{row.name}"
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


@require_POST
@for_entity()
def pack_print(request: EntityRequest, code: str, version: int) -> HttpResponse:
    pack = _pack(request, code, version)
    try:
        packs.pack_print_again(pack=pack, user=request.user, key=key_of(request))
    except DomainError as error:
        record_refusal(request, error)
        messages.error(request, error.message)
    else:
        messages.success(request, f"The papers of {pack.period} are being printed from its frozen figures.")
    return redirect("desk:period", request.entity.slug, pack.period.code)
