"""Trial balances for tests, taken in by the product's own steps from a csv file as an ERP writes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from core.models import Upload
from core.sheets import pipeline
from tests.conftest import Company
from writeoffs.ledger.models import TrialBalance

MARCH_END = dt.datetime(2026, 3, 31, 20, tzinfo=dt.UTC)
HEADER = "account_code,account_name,balance,opening,section,liquidity"


def sheet(rows: Sequence[str], header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


def checked(
    company: Company,
    rows: Sequence[str],
    *,
    as_of: dt.datetime = MARCH_END,
    header: str = HEADER,
    options: dict[str, str] | None = None,
    name: str = "trial-balance.csv",
) -> Upload:
    """Uploaded by the preparer and checked."""
    upload = pipeline.upload_receive(
        entity=company.entity,
        kind="trial_balance",
        name=name,
        content=sheet(rows, header),
        as_of=as_of,
        options=options,
        user=company["PREPARER"],
    )
    return pipeline.upload_check(upload=upload, user=company["PREPARER"])


def taken_in(company: Company, rows: Sequence[str], **how: object) -> TrialBalance:
    """Committed by the controller."""
    upload = checked(company, rows, **how)  # type: ignore[arg-type]
    assert upload.status == Upload.Status.CHECKED, (upload.message, list(upload.issues.values_list("message")))
    upload = pipeline.upload_commit(upload=upload, user=company["CONTROLLER"])
    assert upload.status == Upload.Status.COMMITTED, upload.message
    return TrialBalance.objects.get(upload=upload)


def complaints(upload: Upload) -> list[tuple[str, int | None]]:
    """(code, row) of every error and warning."""
    return list(upload.issues.order_by("row", "id").values_list("code", "row"))
