"""What a close freezes: the period's reports, its journal and checklist, and the figures that papers are printed from.

Invariant: everything is made from one state of the books, inside the close; the PDFs are printed afterwards, by a job,
from the frozen figures alone, so that printing late or again gives the same figures whatever is posted meanwhile.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from core import jobs
from core.access import roles_in
from core.errors import BadInput, NotAllowed, WrongState
from core.idempotency import Answer, Asked, once
from core.models import Job, User
from core.words import Role
from writeoffs.ledger.exports import journal_csv
from writeoffs.ledger.models import JournalEntry, PeriodPack
from writeoffs.ledger.packs import Paper, pack_file_content, pack_print
from writeoffs.ledger.selectors import lines_found
from writeoffs.reports import made, selectors, typesetting
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.exports import report_xlsx
from writeoffs.reports.present import typeset_data
from writeoffs.reports.standing import standing_notices
from writeoffs.reports.statements.spans import PREVIOUS, compared_span, span_of
from writeoffs.reports.tables import Report

JOB = "period.pack"
FIGURES = "figures.json"
CSV, JSON, GZIP, PDF = "text/csv", "application/json", "application/gzip", "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A larger journal is packed, since a stored file has a limit.
PLAIN_BYTES = 20 * 1024 * 1024
# What the page says before the close.
CONTENTS = (
    "the write-off register, both roll-forwards and the financial impact as xlsx and PDF",
    "the period's journal, line by line, as csv",
    "the checklist as it stood",
    "the figures themselves, and the heads of the journal's and the audit trail's chains",
    "of a month before the books begin, the checklist and the heads alone: there are no figures to report",
)


def papers(pack: PeriodPack, checks: Sequence[tuple[str, int, str]]) -> Iterator[Paper]:
    """The frozen files of a pack, in the transaction of the close."""
    reports = _reports(pack) if _books_began(pack) else []
    for report in reports:
        yield Paper(f"{report.slug}.xlsx", XLSX, report_xlsx(report))
    yield _journal(pack)
    yield _checklist(checks)
    figures = {
        "entity": pack.entity.name,
        "period": pack.period.code,
        "starts_on": pack.period.starts_on.isoformat(),
        "ends_on": pack.period.ends_on.isoformat(),
        "version": pack.version,
        "closed_at": pack.closed_at.isoformat(),
        "closed_by": str(pack.closed_by),
        "entries": pack.entry_count,
        "heads": {
            "journal": {"sequence": pack.journal_sequence, "hash": pack.journal_hash},
            "audit": {"sequence": pack.audit_sequence, "hash": pack.audit_hash},
        },
        "checklist": [{"check": label, "open": count, "detail": detail} for label, count, detail in checks],
        "reports": {report.slug: typeset_data(report) for report in reports},
    }
    yield Paper(FIGURES, JSON, json.dumps(figures, ensure_ascii=False, indent=1).encode())


def _books_began(pack: PeriodPack) -> bool:
    """Whether anything is posted up to the period's end."""
    return JournalEntry.objects.filter(entity=pack.entity, sealed=True, posted_on__lte=pack.period.ends_on).exists()


def _reports(pack: PeriodPack) -> list[Report]:
    entity = pack.entity
    periods = selectors.periods_all(entity=entity)
    span = span_of(pack.period.code, periods, entity.locale)
    assert span is not None
    compared = compared_span(span, periods, PREVIOUS, entity.locale)
    plain = Frame(entity, span, standing=standing_notices(entity=entity, spans=[span]))
    beside = replace(plain, compared=compared, standing=standing_notices(entity=entity, spans=[span, compared]))
    lines = selectors.RegisterLines(entity=entity, span=span, narrow=selectors.RegisterFilter(), periods=periods)
    frozen = (
        f"Pack {pack.version} of {pack.period}, frozen when {pack.closed_by} closed the period. Journal of the company "
        f"up to place {pack.journal_sequence:,} of its chain, {pack.journal_hash[:16] or 'none'}…"
    )
    found = (made.register_of(plain, lines), made.rollforward_of(plain), made.impact_of(beside, periods))
    return [replace(report, notes=(*report.notes, frozen)) for report in found]


def _journal(pack: PeriodPack) -> Paper:
    entries = JournalEntry.objects.filter(entity=pack.entity, period=pack.period, sealed=True)
    content = "".join(journal_csv(lines_found(entries).iterator(chunk_size=2000))).encode()
    if len(content) > PLAIN_BYTES:
        # Without a time in it, the same journal gives the same bytes.
        return Paper("journal.csv.gz", GZIP, gzip.compress(content, mtime=0))
    return Paper("journal.csv", CSV, content)


def _checklist(checks: Sequence[tuple[str, int, str]]) -> Paper:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("check", "left", "what_there_was"))
    writer.writerows(checks)
    return Paper("checklist.csv", CSV, out.getvalue().encode())


# --- printing -----------------------------------------------------------------------------------------------------


def print_later(pack: PeriodPack) -> None:
    """Have the PDFs printed once the close is kept; nothing to do where no report was frozen."""
    assert pack.closed_by is not None
    if _has_reports(pack):
        _queue(pack, pack.closed_by)


def _has_reports(pack: PeriodPack) -> bool:
    return pack.files.filter(content_type=XLSX).exists()


def _queue(pack: PeriodPack, user: User) -> Job:
    job = jobs.job_create(entity=pack.entity, kind=JOB, user=user, arguments={"pack": pack.pk})
    transaction.on_commit(lambda: jobs.job_enqueue(job=job))
    return job


def pack_print_again(*, pack: PeriodPack, user: User, key: str = "") -> Job:
    """Have the PDFs that are missing printed. key: of the press, so that it counts once. NotAllowed but for a
    CONTROLLER; WrongState where none is missing or they are being printed."""

    def step() -> Answer:
        job = _print_again(pack, user)
        return Answer(f"The papers of {pack.period} are being printed.", {"job": job.pk})

    asked = Asked("period.pack_print", f"period:{pack.period.code}", {"pack": pack.pk})
    answer = once(entity=pack.entity, user=user, key=key, asked=asked, step=step)
    return Job.objects.get(entity=pack.entity, pk=answer.result["job"])


@transaction.atomic
def _print_again(pack: PeriodPack, user: User) -> Job:
    if Role.CONTROLLER not in roles_in(pack.entity, user):
        raise NotAllowed(f"Printing the papers of {pack.period} needs the role controller in {pack.entity}.")
    PeriodPack.objects.select_for_update().get(pk=pack.pk)
    if not _has_reports(pack):
        raise WrongState(f"{pack.period} was closed before the books began; there is nothing to print.")
    last = job_of(pack)
    if last is not None and last.status in (Job.Status.QUEUED, Job.Status.RUNNING):
        raise WrongState(f"The papers of {pack.period} are being printed. Reload the page in a minute.")
    if pack.files.filter(printed=True).exists():
        raise WrongState(f"The papers of {pack.period} are printed; they are listed on its page.")
    return _queue(pack, user)


def job_of(pack: PeriodPack) -> Job | None:
    """The last job that prints a pack."""
    return Job.objects.filter(entity=pack.entity, kind=JOB, arguments__pack=pack.pk).order_by("pk").last()


def _print(run: jobs.Run) -> None:
    pack = PeriodPack.objects.select_related("entity", "period").get(pk=run.job.arguments["pack"])
    reports = _frozen_figures(pack)["reports"]
    run.progress(done=0, total=len(reports), stage="Printing")
    printed = []
    for place, (slug, data) in enumerate(reports.items(), start=1):
        try:
            printed.append(Paper(f"{slug}.pdf", PDF, typesetting.pdf(data)))
        except typesetting.TypesettingFailed as error:
            raise BadInput(f"{data['title']} could not be printed: {str(error)[:300]}") from error
        run.progress(done=place)
    pack_print(pack=pack, papers=printed, user=run.job.created_by)


def _frozen_figures(pack: PeriodPack) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(pack_file_content(pack.files.get(name=FIGURES)))
    return figures


def register_jobs() -> None:
    jobs.register(JOB, _print)
