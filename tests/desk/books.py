"""Books for the tests of verify, and ways to run it and to change rows behind the program's back."""

from __future__ import annotations

import io
from decimal import Decimal

from django.core.management import call_command
from django.db import connection, transaction

from core import guards
from inventory.models import Lot
from tests.conftest import Company
from tests.posting.stock import OPENED
from writeoffs.ledger import journal
from writeoffs.ledger.journal import PlannedEntry, PlannedLine


def open_books(company: Company) -> None:
    """The ERP's opening entry for what make_lot put on the shelf."""
    lot = Lot.objects.filter(entity=company.entity).select_related("item")[0]
    where = {"location_id": lot.location_id, "category_id": lot.item.category_id}
    with transaction.atomic():
        journal.entries_write(
            entity=company.entity,
            period=journal.period_lock(entity=company.entity, posted_on=OPENED),
            posted_on=OPENED,
            source_ref="upload:0",
            entries=[
                PlannedEntry(
                    "OPENING",
                    "ERP",
                    "Opening stock",
                    [
                        PlannedLine("INVENTORY", Decimal("5000"), **where),
                        PlannedLine("INVENTORY_ALLOWANCE", Decimal("-250"), **where),
                        PlannedLine("STOCK_CLEARING", Decimal("-4750")),
                    ],
                )
            ],
            posted_by=company["CONTROLLER"],
        )


def run(*options: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("verify", *options, stdout=out, stderr=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def alter(statements: str) -> None:
    """Change rows as someone with the database's password would: guards and deferred checks out of the way."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            statements = statements.replace("sha256::bytea", "cast(sha256 as blob)")
        else:
            cursor.execute("set constraints all immediate")
        guards.drop()
        for statement in statements.split("; "):
            cursor.execute(statement.replace("%%", "%"))
            assert cursor.rowcount > 0
        if connection.vendor == "postgresql":
            cursor.execute("set constraints all immediate")
        guards.install()
