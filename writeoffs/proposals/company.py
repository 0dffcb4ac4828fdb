"""The whole company's figures behind a proposal, by the ERP's trial balance: what its page shows as before.

Invariant: the document counts once, whether it is planned, posted, or in the ERP already: a posted one is in the trial
balance or among what the ERP lacked, and is taken off.
"""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Q

from writeoffs.ledger.models import AccountMap, TrialBalance
from writeoffs.ledger.position import Item, Place, position
from writeoffs.ledger.trial_balance import trial_balance_before
from writeoffs.posting.erp_books import erp_books, of_role
from writeoffs.posting.lots import fiscal_year_of
from writeoffs.proposals.models import Proposal, Status
from writeoffs.valuation.rules.tax import TaxPolicy, impact


def balance_behind(proposal: Proposal) -> TrialBalance | None:
    """The trial balance of the period of the posting date, else the last one of its fiscal year before it."""
    entity, day = proposal.entity, proposal.posting_on
    return trial_balance_before(entity=entity, day=day, fiscal_year=fiscal_year_of(entity, day))


def figures_without(
    proposal: Proposal, balance: TrialBalance, policy: TaxPolicy, own: dict[str, Decimal]
) -> dict[str, Decimal]:
    """Label -> figure without the document: the ERP's, and ours that it lacked by the posting date, with tax by policy
    on these. own: what the document does, under the same labels."""
    last = max(proposal.posting_on, balance.period.ends_on)
    until = Q(entry__posted_on__lte=last) | Q(entry__source_ref=proposal.source_ref)
    books = erp_books(balance=balance, until=Q(entry__entity=proposal.entity) & until)
    pairs = [(item.role, item.amount) for item in books.missing if item.place is not Place.EQUITY]
    taxed = [of_role(role, amount, computed=True) for role, amount in impact(pairs, policy=policy).tax.lines]
    whole = position(books.trial, books.missing, taxed)
    after = {
        "Gross profit": whole.gross_profit,
        "Profit before tax": whole.profit_before_tax,
        "Tax": whole.tax,
        "Net profit": whole.net_profit,
        "Inventory": whole.inventory,
        "Cash": whole.cash,
    }
    if "Retained earnings" in own:
        after["Retained earnings"] = _retained(balance, (*books.trial, *books.missing))
    if proposal.status == Status.POSTED:
        return {label: amount - own[label] for label, amount in after.items()}
    return after


def _retained(balance: TrialBalance, items: tuple[Item, ...]) -> Decimal:
    """Credit +."""
    mapped = AccountMap.objects.filter(entity_id=balance.entity_id, role="RETAINED_EARNINGS")
    codes = set(mapped.values_list("account__code", flat=True))
    return Decimal(0) - sum((item.amount for item in items if item.code in codes), Decimal(0))
