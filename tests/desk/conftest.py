"""Books in which everything has happened once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from core.changes import change_decide
from core.files import file_store
from core.models import Upload
from core.sheets import pipeline
from inventory.models import QuarantineEntry
from tests.conftest import Company
from tests.desk.books import open_books
from tests.posting.stock import make_lot
from tests.proposals import documents
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.ledger.periods import period_close, period_reopen_request
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal


@pytest.fixture
def books(company: Company) -> dict[str, Proposal]:
    """Two lots, a write-off posted, a write-down posted and voided, a write-off waiting for approval, a file."""
    lamp = make_lot(company.entity, "LAMP", "100", "40")
    desk = make_lot(company.entity, "DESK", "10", "100", allowance="250")
    open_books(company)
    off = documents.draft(company, lamp, "10")
    report = services.Paper("report.pdf", b"%PDF-1.7 ten lamps, broken")
    services.evidence_add(proposal=off, user=company["PREPARER"], kind="SCRAP_TICKET", papers=[report])
    off = documents.posted(company, off)
    down = documents.posted(company, documents.write_down_draft(company, desk, "600"))
    change = services.void_request(
        proposal=down, user=company["CONTROLLER"], reason="Wrong price", posted_on=dt.date(2026, 3, 20)
    )
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    lamp.refresh_from_db()
    waiting = documents.submitted(company, documents.draft(company, lamp, "5"))
    file_store(entity=company.entity, name="a.csv", content=b"abc", content_type="text/csv", user=company["PREPARER"])
    return {"off": off, "down": down, "waiting": waiting}


@pytest.fixture
def recovered(company: Company, books: dict[str, Proposal]) -> Proposal:
    """Four of the ten lamps written off are in good order after all."""
    goods = QuarantineEntry.objects.get()
    header = documents.header(kind="RECOVERY", reason=goods.reason)
    found = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=header)
    found = services.line_add(
        proposal=found, user=company["PREPARER"], lot=goods.lot, quantity=Decimal(4), quarantine=goods
    )
    return documents.posted(company, found)


@pytest.fixture
def closed(company: Company, books: dict[str, Proposal]) -> None:
    january, february = FiscalPeriod.objects.filter(entity=company.entity).order_by("starts_on")[:2]
    for period in (january, february):
        period_close(period=period, user=company["CONTROLLER"])
    february.refresh_from_db()
    change = period_reopen_request(period=february, user=company["CONTROLLER"], reason="A late invoice")
    change_decide(change=change, user=company["APPROVER"], approve=True, comment="Seen")


@pytest.fixture
def counted(company: Company, books: dict[str, Proposal]) -> Upload:
    """One lamp short, the desks as in the books."""
    rows = b"SKU,Lot,Location,Counted quantity,Note\nLAMP,L1,MAIN,89,one short\nDESK,L1,MAIN,10,\n"
    upload = pipeline.upload_receive(
        entity=company.entity,
        kind="count",
        name="count.csv",
        content=rows,
        content_type="text/csv",
        as_of=dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC),
        user=company["COUNTER"],
    )
    upload = pipeline.upload_check(upload=upload, user=company["COUNTER"])
    upload = pipeline.upload_commit(upload=upload, user=company["COUNTER"])
    assert upload.status == Upload.Status.COMMITTED, upload.message
    return upload
