"""What a posting brings along beside the stock itself: each charge is a leg, a balanced entry of its own. Pure.

Disposal cost, scrap proceeds, input tax repaid, insurance and income tax are never netted against the loss or each
other (IAS 1.32; IAS 37.53 by analogy for insurance). Only the first two and the insurer's payment move cash at once.
Some legs stand on documents without lots alone: deferred tax, shrinkage accrued between counts, the end of a claim,
a loss that is estimated since its records are gone, a provision for purchase commitments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.money import MONEY_SCALE, from_raw
from writeoffs.ledger.journal import PlannedEntry, PlannedLine

CASH, ACCOUNT = "CASH", "ACCOUNT"


@dataclass(frozen=True, slots=True)
class Leg:
    """debit, credit: roles; by settlement where it decides the other side ("" where nothing is settled)."""

    title: str
    debit: dict[str, str]
    credit: dict[str, str]


def _either(cash: str, account: str) -> dict[str, str]:
    return {CASH: cash, ACCOUNT: account}


def _always(role: str) -> dict[str, str]:
    return {CASH: role, ACCOUNT: role, "": role}


LEGS: dict[str, Leg] = {
    "DISPOSAL_COST": Leg("Disposal cost", _always("DISPOSAL_COST"), _either("CASH", "PAYABLE")),
    "PROCEEDS": Leg("Scrap proceeds", _either("CASH", "RECEIVABLE"), _always("SCRAP_PROCEEDS")),
    "INPUT_TAX": Leg("Input tax repaid", _always("VAT_ADJUSTMENT_EXPENSE"), _always("VAT_PAYABLE")),
    "INSURANCE": Leg("Insurance claim", _always("INSURANCE_RECEIVABLE"), _always("INSURANCE_RECOVERY")),
    "TAX": Leg("Income tax saved", _always("CURRENT_TAX_PAYABLE"), _always("CURRENT_TAX_EXPENSE")),
    "TAX_DUE": Leg("Income tax due", _always("CURRENT_TAX_EXPENSE"), _always("CURRENT_TAX_PAYABLE")),
    "DEFERRED_TAX": Leg("Deferred tax", _always("DEFERRED_TAX_ASSET"), _always("DEFERRED_TAX_EXPENSE")),
    "DEFERRED_TAX_UNWOUND": Leg("Deferred tax unwound", _always("DEFERRED_TAX_EXPENSE"), _always("DEFERRED_TAX_ASSET")),
    "SHRINKAGE_ACCRUAL": Leg("Shrinkage accrued", _always("SHRINKAGE_EXPENSE"), _always("SHRINKAGE_ACCRUAL")),
    "SHRINKAGE_RELEASE": Leg("Shrinkage accrual released", _always("SHRINKAGE_ACCRUAL"), _always("SHRINKAGE_EXPENSE")),
    "ESTIMATED_LOSS": Leg("Estimated loss", _always("ABNORMAL_LOSS"), _always("ESTIMATED_LOSSES")),
    "ESTIMATE_RELEASE": Leg("Estimated loss released", _always("ESTIMATED_LOSSES"), _always("ABNORMAL_LOSS")),
    "PROVISION": Leg("Loss on purchase commitments", _always("COMMITMENT_LOSS"), _always("COMMITMENT_PROVISION")),
    "PROVISION_REVERSED": Leg("Provision reversed", _always("COMMITMENT_PROVISION"), _always("COMMITMENT_LOSS")),
    "PROVISION_USED": Leg("Provision used", _always("COMMITMENT_PROVISION"), _always("WRITE_DOWN_EXPENSE")),
    "INSURANCE_DENIED": Leg("Insurance claim denied", _always("INSURANCE_RECOVERY"), _always("INSURANCE_RECEIVABLE")),
    "INSURANCE_SETTLED": Leg("Insurance received", _always("CASH"), _always("INSURANCE_RECEIVABLE")),
}
SETTLED = frozenset(code for code, leg in LEGS.items() if "" not in leg.debit or "" not in leg.credit)


@dataclass(frozen=True, slots=True)
class Charge:
    """One charge of a document. amount: raw money, above nil. location_id, category_id: those of the goods where all of
    them share one, so that the map's overrides reach it."""

    kind: str
    amount: int
    settlement: str = ""
    reason: str = ""
    location_id: int | None = None
    category_id: int | None = None
    cost_centre_id: int | None = None


def charge_entries(charges: Iterable[Charge], *, title: str) -> list[PlannedEntry]:
    """One entry a kind of charge, in the order of LEGS, debits before credits."""
    by_kind: defaultdict[str, list[Charge]] = defaultdict(list)
    for charge in charges:
        by_kind[charge.kind].append(charge)
    return [
        PlannedEntry(code, "OWN", f"{leg.title}: {title}"[:200], _lines(leg, by_kind[code]))
        for code, leg in LEGS.items()
        if by_kind[code]
    ]


def _lines(leg: Leg, charges: Sequence[Charge]) -> list[PlannedLine]:
    """Summed as a journal line is: by role, location, category, cost centre and reason."""
    sums: defaultdict[tuple[int, str, int | None, int | None, int | None, str], int] = defaultdict(int)
    for charge in charges:
        dimensions = (charge.location_id, charge.category_id, charge.cost_centre_id, charge.reason)
        sums[1, leg.debit[charge.settlement], *dimensions] += charge.amount
        sums[-1, leg.credit[charge.settlement], *dimensions] -= charge.amount
    return [
        PlannedLine(role, from_raw(amount, MONEY_SCALE), location, category, centre, reason)
        for (_, role, location, category, centre, reason), amount in sorted(
            sums.items(), key=lambda item: (-item[0][0], *(str(part or "") for part in item[0][1:]))
        )
    ]
