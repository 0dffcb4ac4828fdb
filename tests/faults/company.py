"""A company whose books are true from the first lot: its stock came by an uploaded list, so that `verify` is clean."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from core.memberships import memberships_found
from core.models import Entity, Membership, Upload, User
from core.sheets import pipeline
from core.words import Role
from inventory.models import Lot
from tests.conftest import Company, make_company
from tests.proposals import documents
from writeoffs.proposals.models import Proposal

LOTS = 24
OPENED = dt.datetime(2026, 1, 1, 8, 0, tzinfo=dt.UTC)
HEADER = "sku,lot_code,location,category,quantity,unit_cost,expires_on\n"
MORE = {"APPROVER": 2, "CONTROLLER": 2, "PREPARER": 1}


def stock_list(lots: int = LOTS, quantity: int = 100) -> bytes:
    """SKU-001 / L001 and so on, 100 units of 40.00 each, in two locations and three categories."""
    rows = (
        f"SKU-{n:03},L{n:03},WH{n % 2 + 1},{('Food', 'Lamps', 'Toys')[n % 3]},{quantity},40,2026-03-{n % 27 + 1:02}\n"
        for n in range(1, lots + 1)
    )
    return (HEADER + "".join(rows)).encode()


def build(**fields: Any) -> Company:
    """The company with its stock, and several people for the duties that the tests need more than one of."""
    company = make_company(years=(2025, 2026), **fields)
    for role, count in MORE.items():
        for number in range(count):
            user = User.objects.create(email=f"{role.lower()}{number}@north.example", full_name=f"{role} {number}")
            Membership.objects.create(entity=company.entity, user=user, role=Role(role))
    memberships_found()
    receive(company, stock_list(), OPENED, commit=True)
    return company


def receive(company: Company, content: bytes, as_of: dt.datetime, *, commit: bool) -> Upload:
    """Upload a stock list and check it, and commit it where asked."""
    upload = pipeline.upload_receive(
        entity=company.entity,
        kind="stock_list",
        name="stock.csv",
        content=content,
        as_of=as_of,
        user=company["PREPARER"],
    )
    upload = pipeline.upload_check(upload=upload, user=company["PREPARER"])
    assert upload.status == "CHECKED", (upload.message, list(upload.issues.values_list("message", flat=True)))
    if commit:
        upload = pipeline.upload_commit(upload=upload, user=company["CONTROLLER"])
        assert upload.status == "COMMITTED", upload.message
    return upload


def found() -> Company:
    """The company of a database that `build` made."""
    entity = Entity.objects.get(slug="north")
    return Company(entity, {role: User.objects.get(email=f"{role.lower()}@north.example") for role in Role.values})


def person(role: str, number: int) -> User:
    return User.objects.get(email=f"{role.lower()}{number}@north.example")


def lot(number: int) -> Lot:
    return Lot.objects.get(entity__slug="north", code=f"L{number:03}")


def approved(company: Company, number: int, quantity: str = "10") -> Proposal:
    return documents.approved(company, documents.draft(company, lot(number), quantity))


@dataclass(frozen=True)
class Expected:
    """What a lot of 100 units at 40.00 holds after `gone` units were written off."""

    gone: int

    def holds(self, number: int) -> bool:
        found = lot(number)
        return (found.quantity, found.cost) == (100 - self.gone, 40 * (100 - self.gone))
