"""What a proposal's page shows of journal and statements: the entries that it makes, and before -> after of the
figures that they move. Reads sums only; the effects themselves are the ledger's and the tax rule's pure functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum

from core.models import Entity
from writeoffs.ledger.mapping import AccountResolver, resolver_of
from writeoffs.ledger.models import JournalEntry, JournalLine, TrialBalance
from writeoffs.ledger.roles import ROLES, Section
from writeoffs.posting.lots import fiscal_year_of
from writeoffs.posting.plans import PlannedLine
from writeoffs.proposals import content
from writeoffs.proposals.company import figures_without
from writeoffs.proposals.late import restates
from writeoffs.proposals.models import Proposal, Status
from writeoffs.valuation.rules.tax import Impact, impact
from writeoffs.valuation.tax_rules import policy_at

ZERO = Decimal(0)
_BALANCE = frozenset({Section.ASSET, Section.LIABILITY, Section.EQUITY})


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One account of an entry; parts: how many journal lines (by location, category, cost centre) stand behind it.
    why: which rule of the map leads there, while the entry is planned; mapped: whether one does."""

    account: str
    why: str
    mapped: bool
    debit: Decimal
    credit: Decimal
    parts: int


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """One entry, planned or posted; entry is None while planned."""

    title: str
    entry: JournalEntry | None
    lines: list[ShownLine]
    total: Decimal


@dataclass(frozen=True, slots=True)
class ShownEffect:
    """One figure before, by this document, and after."""

    label: str
    before: Decimal
    change: Decimal

    @property
    def after(self) -> Decimal:
        return self.before + self.change


def journal_shown(proposal: Proposal) -> list[ShownEntry]:
    """The posted entries, the void's included; while there are none, those that posting would make."""
    if proposal.status in (Status.POSTED, Status.VOIDED):
        entries = (
            JournalEntry.objects.filter(entity=proposal.entity, source_ref=proposal.source_ref)
            .select_related("entity", "period", "reverses")
            .prefetch_related("lines__account")
            .order_by("chain_sequence")
        )
        return [
            _entry(
                entry.description,
                ((str(line.account), "", True, line.amount) for line in entry.lines.all()),
                entry,
            )
            for entry in entries
        ]
    mapping = resolver_of(entity=proposal.entity)
    return [
        _entry(plan.description, (_planned(mapping, line) for line in plan.lines))
        for plan in content.journal_planned(proposal)
    ]


def unmapped_said(proposal: Proposal, journal: Iterable[ShownEntry]) -> str:
    """Which accounts a draft lacks, so that it cannot be submitted; empty where it lacks none."""
    missing = sorted({line.account for shown in journal for line in shown.lines if not line.mapped})
    if not missing or proposal.status != Status.DRAFT:
        return ""
    return (
        f"{proposal.number} cannot be submitted yet: {proposal.entity} maps no account to {', '.join(missing)}. "
        "A controller maps it under Journal, Mapping."
    )


def _planned(mapping: AccountResolver, line: PlannedLine) -> tuple[str, str, bool, Decimal]:
    rule = mapping.resolve(line.role, line.category_id, line.reason, line.location_id)
    if rule is None:
        return ROLES[line.role].label, "", False, line.amount
    return rule.account, "" if rule.is_default else rule.why, True, line.amount


def _entry(
    title: str, lines: Iterable[tuple[str, str, bool, Decimal]], entry: JournalEntry | None = None
) -> ShownEntry:
    """Summed by account, rule and side, debits first."""
    sums: defaultdict[tuple[bool, str, str, bool], list[Decimal]] = defaultdict(list)
    for account, why, mapped, amount in lines:
        sums[amount < 0, account, why, mapped].append(amount)
    shown = [
        ShownLine(
            account,
            why,
            mapped,
            ZERO if credit else sum(amounts, ZERO),
            -sum(amounts, ZERO) if credit else ZERO,
            len(amounts),
        )
        for (credit, account, why, mapped), amounts in sorted(sums.items())
    ]
    return ShownEntry(title, entry, shown, sum((line.debit for line in shown), ZERO))


def effects_shown(proposal: Proposal, balance: TrialBalance | None = None) -> list[ShownEffect]:
    """Gross profit, profit before tax, tax and net profit of the fiscal year, inventory and cash at the posting date:
    without this document, what it does, and after it. Tax by the rule of its reason. balance: the ERP's trial balance
    that the figures stand on; without one they are those of our own books alone."""
    entity = proposal.entity
    tax = policy_at(entity=entity, day=proposal.posting_on, reason=proposal.reason)
    restating = restates(proposal)
    own = _figures(impact(_own(proposal), policy=tax), restates=restating)
    if balance is None:
        before = dict(_figures(impact(_books_without(proposal), policy=tax), restates=restating))
    else:
        before = figures_without(proposal, balance, tax, dict(own))
    return [ShownEffect(label, before[label], change) for label, change in own]


def _figures(of: Impact, *, restates: bool) -> list[tuple[str, Decimal]]:
    retained = [("Retained earnings", -dict(of.whole.by_role).get("RETAINED_EARNINGS", ZERO))] if restates else []
    return [
        ("Gross profit", of.whole.gross_profit),
        ("Profit before tax", of.whole.profit_before_tax),
        ("Tax", of.whole.tax),
        ("Net profit", of.whole.profit_after_tax),
        *retained,
        ("Inventory", of.whole.net_inventory),
        ("Cash", of.whole.cash),
    ]


def _own(proposal: Proposal) -> list[tuple[str, Decimal]]:
    if proposal.status == Status.POSTED:
        return _sums(proposal.entity, Q(entry__source_ref=proposal.source_ref))
    if proposal.status == Status.VOIDED:
        return []
    return [(line.role, line.amount) for entry in content.journal_planned(proposal) for line in entry.lines]


def _books_without(proposal: Proposal) -> list[tuple[str, Decimal]]:
    """Income of the fiscal year to the posting date, balances of all time, the document itself left out."""
    entity = proposal.entity
    year = fiscal_year_of(entity, proposal.posting_on)
    others = Q(entry__posted_on__lte=proposal.posting_on) & ~Q(entry__source_ref=proposal.source_ref)
    balance = [role for role, info in ROLES.items() if info.section in _BALANCE]
    income = Q(entry__fiscal_year=year) & ~Q(role__in=balance)
    return _sums(entity, others & (Q(role__in=balance) | income))


def _sums(entity: Entity, lines: Q) -> list[tuple[str, Decimal]]:
    rows = JournalLine.objects.filter(lines, entry__entity=entity).order_by().values_list("role")
    return list(rows.annotate(total=Sum("amount")))
