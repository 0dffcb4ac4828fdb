"""The company that a measurement fills: every role mapped, all periods open, one person for each step.

python -m bench.company        makes it in the database of the environment, which must be migrated and empty
"""

from __future__ import annotations

import datetime as dt
import os

SLUG = "bench"
PASSWORD = "measure-the-floor-first"  # noqa: S105
PEOPLE = {"preparer": "PREPARER", "approver": "APPROVER", "controller": "CONTROLLER"}
# As make_data.py has it: the newest receipt is of 2025-12-27, the count of 2026-03-31.
LIST_AS_OF = dt.datetime(2025, 12, 31, 22, tzinfo=dt.UTC)
COUNT_AS_OF = dt.datetime(2026, 3, 31, 18, tzinfo=dt.UTC)
POSTING_ON = dt.date(2026, 3, 31)


def email(key: str) -> str:
    return f"{key}@bench.example"


def company_create() -> None:
    from allauth.account.models import EmailAddress

    from core.models import Entity, Membership, User
    from writeoffs.ledger.calendar import fiscal_year_open
    from writeoffs.ledger.chart import chart_create

    entity = Entity.objects.create(slug=SLUG, name="Bench Ltd", currency="EUR")
    for key, role in PEOPLE.items():
        user = User.objects.create_user(email(key), PASSWORD, full_name=key.capitalize())
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        Membership.objects.create(entity=entity, user=user, role=role)
    chart_create(entity=entity)
    for year in (2025, 2026):
        fiscal_year_open(entity=entity, fiscal_year=year)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "writeoffs.settings")
    import django

    django.setup()
    company_create()
