"""Documents without lots: their charges are all that they post. Tax of a period, shrinkage accrued between counts, what
becomes of an insurance claim, a loss that is estimated since its records are gone, a loss on purchase commitments.

Invariant: such a document has charges and no lines; what limits judge of it is the sum of its charges, and what profit
bears is theirs by the roles that each kind debits and credits.
"""

from __future__ import annotations

from writeoffs.ledger.roles import ROLES, Section
from writeoffs.posting.charges import LEGS
from writeoffs.proposals.models import ChargeKind, Kind, Proposal

_BALANCE = frozenset({Section.ASSET, Section.LIABILITY, Section.EQUITY})
# Kind of document -> the charges that it may hold, in the order in which a page offers them.
CHARGES: dict[str, tuple[ChargeKind, ...]] = {
    Kind.TAX: (ChargeKind.TAX, ChargeKind.TAX_DUE, ChargeKind.DEFERRED_TAX, ChargeKind.DEFERRED_TAX_UNWOUND),
    Kind.ACCRUAL: (ChargeKind.SHRINKAGE_ACCRUAL, ChargeKind.SHRINKAGE_RELEASE),
    Kind.CLAIM: (ChargeKind.INSURANCE, ChargeKind.INSURANCE_DENIED, ChargeKind.INSURANCE_SETTLED),
    Kind.ESTIMATE: (ChargeKind.ESTIMATED_LOSS, ChargeKind.ESTIMATE_RELEASE),
    Kind.PROVISION: (ChargeKind.PROVISION, ChargeKind.PROVISION_REVERSED),
}
# What the tax of a period is for is every reason at once; the journal line then carries none.
WITHOUT_REASON = frozenset({Kind.TAX.value})


def is_entry_only(proposal: Proposal) -> bool:
    return proposal.kind in CHARGES


def borne(kind: str) -> int:
    """What profit bears of a charge of the kind: 1 an expense, -1 income, 0 neither (one asset becomes another)."""
    leg = LEGS[kind]
    debits, credits = (
        {ROLES[role].section not in _BALANCE for role in side.values()} for side in (leg.debit, leg.credit)
    )
    return int(debits == {True}) - int(credits == {True})


def borne_sql(column: str = "kind") -> str:
    """The same as an SQL expression over a column that holds the kind."""
    cases = " ".join(f"when '{kind.value}' then {borne(kind)}" for kind in ChargeKind)
    return f"case {column} {cases} else 0 end"


def kinds_sql() -> str:
    """'TAX', 'ACCRUAL', ..: the kinds of such documents, for a condition."""
    return ", ".join(f"'{kind}'" for kind in CHARGES)
