"""The charges of a recorded basis are what the event of its record told."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core import guards
from core.models import AuditEvent
from core.verify import Tally
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.valuation.assessed import finished
from writeoffs.valuation.bases import basis_record
from writeoffs.valuation.basis_proofs import charges_told
from writeoffs.valuation.models import Basis, BasisCharge


@pytest.mark.django_db
def test_verify_sees_a_charge_that_was_changed_around_the_guards(company: Company) -> None:
    lot = make_lot(company.entity)
    made = basis_record(assessment=finished(company, (lot, "250"), basis=Basis.TAX), user=company["CONTROLLER"])
    event = AuditEvent.objects.get(kind="assessment.recorded")
    assert list(charges_told(Tally())) == []
    guards.drop()
    BasisCharge.objects.update(amount=Decimal(251))
    assert list(charges_told(Tally())) == [
        f"{made}: the charges that were recorded of it are not those of the audit trail."
    ]
    # Of one that was recorded before its charges were told, as many are there.
    AuditEvent.objects.filter(pk=event.pk).update(data={"rows": 1})
    assert list(charges_told(Tally())) == []
    AuditEvent.objects.filter(pk=event.pk).update(data={"rows": 1, "charges": "9:x"})
    assert len(list(charges_told(Tally()))) == 1
    AuditEvent.objects.filter(pk=event.pk).update(kind="other")
    assert [said.partition(" ")[2] for said in charges_told(Tally())] == [
        "is recorded or has charges, but no event tells of its record."
    ]
    guards.install()
