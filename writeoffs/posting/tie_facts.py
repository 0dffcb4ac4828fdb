"""Gathers a period's tie-out, with a constant number of queries whatever the data's size, and accepts a difference.

Invariant: a difference is accepted by a second person, for one version of the trial balance and one amount; where the
amount has changed between asking and deciding, the decision is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db.models import Max, Q, Sum
from django.urls import reverse

from core import audit, changes
from core.errors import BadInput, WrongState
from core.models import ChangeRequest, Entity, Upload, User
from core.money import display_money
from core.words import Role
from inventory.models import Movement, UnexplainedFall
from writeoffs.ledger.mapping import resolver_of
from writeoffs.ledger.models import Account, AccountMap, FiscalPeriod, JournalLine, TieOutAcceptance, TrialBalance
from writeoffs.ledger.roles import ROLES, TIED_ROLES
from writeoffs.ledger.trial_balance import ACCEPTED, trial_balance_of
from writeoffs.posting.erp_gap import (
    Piece,
    erp_after,
    lines_until,
    movements_until,
    not_taken,
    own_pieces,
    taken_early,
)
from writeoffs.posting.tie import Accepted, AccountTie, Explanation, Hint, TieOut, Why

ACCEPT = "tie_out.accept"
ZERO = Decimal(0)
STOCK_ROLES = ("INVENTORY", "INVENTORY_ALLOWANCE")


def tie_subject(period: FiscalPeriod, code: str) -> str:
    """tie-out:2026-03:1400."""
    return f"tie-out:{period.code}:{code}"


def tie_out_of(*, entity: Entity, period: FiscalPeriod, balance: TrialBalance | None = None) -> TieOut:
    """The tie-out to the trial balance that counts; BadInput where the period has none."""
    balance = balance or trial_balance_of(period=period)
    if balance is None:
        raise BadInput(f"{period} has no trial balance of the ERP yet. Upload it under Uploads, Trial balance.")
    return _tie_out(entity, period, balance)


def books_tied(*, entity: Entity, period: FiscalPeriod) -> TieOut:
    """Our stock and our ledger alone, where the ERP's side is not there."""
    return _tie_out(entity, period, None)


def _tie_out(entity: Entity, period: FiscalPeriod, balance: TrialBalance | None) -> TieOut:
    roles = _tied_accounts(entity, period)
    accounts = Account.objects.in_bulk(list(roles))
    codes = [account.code for account in accounts.values()]
    erp = dict(balance.lines.filter(code__in=codes).values_list("code", "balance")) if balance else {}
    ledger, stock_ledger = _ledger(entity, period, list(roles))
    stock, stock_total = _stock(entity, period, roles, ledger)
    explained: Mapping[int, list[Explanation]] = _explanations(entity, period, balance, set(roles)) if balance else {}
    accepted = _accepted(balance) if balance else {}
    waiting = _waiting(entity, period) if balance else set()
    hints = _hints(entity, period, balance) if balance else []
    ties = []
    for pk, account in sorted(accounts.items(), key=lambda item: item[1].code):
        tie = AccountTie(
            account_id=pk,
            code=account.code,
            name=account.name,
            roles=tuple(ROLES[role].label for role in TIED_ROLES if role in roles[pk]),
            erp=erp.get(account.code),
            ledger=ledger.get(pk, ZERO),
            stock=stock.get(pk),
            explanations=tuple(explained.get(pk, ())),
            hints=tuple(hints) if roles[pk] & set(STOCK_ROLES) else (),
            accepted=accepted.get(pk),
            waiting=account.code in waiting,
        )
        if tie.erp is not None or tie.ledger or tie.stock:
            ties.append(tie)
    return TieOut(tuple(ties), stock_total, stock_ledger)


def _tied_accounts(entity: Entity, period: FiscalPeriod) -> dict[int, set[str]]:
    """Account -> tied roles that lead to it now, or led to it when a line was posted."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    mapped = AccountMap.objects.filter(entity=entity, role__in=TIED_ROLES).values_list("account_id", "role")
    posted = JournalLine.objects.filter(lines_until(entity=entity, period=period), role__in=TIED_ROLES)
    for account, role in (*mapped, *posted.order_by().values_list("account_id", "role").distinct()):
        found[account].add(role)
    return dict(found)


def _ledger(entity: Entity, period: FiscalPeriod, accounts: list[int]) -> tuple[dict[int, Decimal], Decimal]:
    """Account -> what the tied roles have on it at the end of the period; and what the roles of stock have in all."""
    lines = JournalLine.objects.filter(
        lines_until(entity=entity, period=period), role__in=TIED_ROLES, account_id__in=accounts
    )
    found: defaultdict[int, Decimal] = defaultdict(Decimal)
    of_stock = ZERO
    for account, role, total in lines.order_by().values_list("account_id", "role").annotate(total=Sum("amount")):
        found[account] += total
        of_stock += total if role in STOCK_ROLES else ZERO
    return dict(found), of_stock


def _stock(
    entity: Entity, period: FiscalPeriod, roles: dict[int, set[str]], ledger: dict[int, Decimal]
) -> tuple[dict[int, Decimal], Decimal]:
    """Account -> what the lots held at the end of the period by their movements, signed as the ledger has it; and in
    all. A role that leads to one account brings all of its stock there; otherwise each class and location goes where
    the map sends it, and accounts that do not agree then are left out: the map was another one when they were
    posted."""
    sums = (
        Movement.objects.filter(movements_until(entity=entity, period=period))
        .order_by()
        .values_list("lot__item__category_id", "lot__location_id")
        .annotate(cost=Sum("cost"), allowance=Sum("allowance"))
    )
    of_role = {role: [account for account, own in roles.items() if role in own] for role in STOCK_ROLES}
    resolver = resolver_of(entity=entity)
    found: defaultdict[int, Decimal] = defaultdict(Decimal)
    total = ZERO
    for category, location, cost, allowance in sums:
        total += cost - allowance
        for role, amount in zip(STOCK_ROLES, (cost, -allowance), strict=True):
            rule = resolver.resolve(role, category, "", location) if len(of_role[role]) != 1 else None
            account = rule.account_id if rule else (of_role[role] or [0])[0]
            found[account] += amount
    several = {account for accounts in of_role.values() if len(accounts) > 1 for account in accounts}
    stock = {account for accounts in of_role.values() for account in accounts}
    if any(found[account] != ledger.get(account, ZERO) for account in several):
        stock -= several
    return {account: found[account] for account in stock}, total


def _explanations(
    entity: Entity, period: FiscalPeriod, balance: TrialBalance, accounts: set[int]
) -> Mapping[int, list[Explanation]]:
    """Account -> what makes the ERP's balance another one, oldest entry first. Four queries."""
    until = lines_until(entity=entity, period=period) & Q(account_id__in=accounts)
    found: defaultdict[int, list[Explanation]] = defaultdict(list)

    def add(pieces: Iterable[Piece], why: Why, sign: int, *, tied: bool = True) -> None:
        for piece in pieces:
            if (piece.role in TIED_ROLES) is tied and piece.account_id in accounts:
                cause = Why.VOID_NOT_TAKEN if why is Why.NOT_TAKEN and piece.void else why
                found[piece.account_id].append(
                    Explanation(cause, sign * piece.amount, piece.source_ref, piece.number, piece.posted_on)
                )

    missing = not_taken(entity=entity, received_at=balance.received_at, lines=until)
    add(missing, Why.NOT_TAKEN, -1)
    add(erp_after(entity=entity, as_of=balance.as_of, lines=until), Why.AFTER_AS_OF, -1)
    add(taken_early(entity=entity, as_of=balance.as_of, period=period), Why.LATER_PERIOD, 1)
    add(_other_roles(entity, until, missing), Why.OTHER_ROLE, 1, tied=False)
    return {account: _without_undone(lines) for account, lines in found.items()}


def _without_undone(lines: list[Explanation]) -> list[Explanation]:
    """A document that was voided before the ERP had either makes no difference, so it explains none."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.source_ref] += line.amount
    undone = {line.source_ref for line in lines if line.why is Why.VOID_NOT_TAKEN and not sums[line.source_ref]}
    return [line for line in lines if line.source_ref not in undone]


def _other_roles(entity: Entity, until: Q, missing: list[Piece]) -> list[Piece]:
    """Own lines on a tied account by a role that is none of stock, which the ERP has taken there."""
    gone = {(piece.number, piece.account_id, piece.role) for piece in missing}
    own = own_pieces(entity=entity, lines=until & ~Q(role__in=TIED_ROLES))
    return [piece for piece in own if (piece.number, piece.account_id, piece.role) not in gone]


def _accepted(balance: TrialBalance) -> dict[int, Accepted]:
    """Account -> the last acceptance for this trial balance."""
    rows = (
        TieOutAcceptance.objects.filter(trial_balance=balance)
        .select_related("change__requested_by", "accepted_by")
        .order_by("pk")
    )
    return {
        row.account_id: Accepted(
            row.amount, row.change.reason, str(row.change.requested_by), str(row.accepted_by), row.accepted_at
        )
        for row in rows
    }


def _waiting(entity: Entity, period: FiscalPeriod) -> set[str]:
    """Codes of the accounts whose difference waits for a second person."""
    prefix = tie_subject(period, "")
    found = ChangeRequest.objects.filter(
        entity=entity, kind=ACCEPT, status=ChangeRequest.Status.OPEN, subject__startswith=prefix
    )
    return {subject.removeprefix(prefix) for subject in found.values_list("subject", flat=True)}


def _hints(entity: Entity, period: FiscalPeriod, balance: TrialBalance) -> list[Hint]:
    hints = []
    falls = UnexplainedFall.objects.filter(
        entity=entity, explanation="", movement__posted_on__lte=period.ends_on
    ).aggregate(cost=Sum("movement__cost"))["cost"]
    if falls:
        hints.append(
            Hint(
                "Falls in quantity that nobody has explained: the ERP may have booked them elsewhere, or not at all.",
                reverse("stock:falls", args=[entity.slug]),
                falls,
            )
        )
    last = Upload.objects.filter(
        entity=entity, kind="stock_list", status=Upload.Status.COMMITTED, as_of__lte=balance.as_of
    ).aggregate(last=Max("as_of"))["last"]
    if last is None or entity.local_date(last) < entity.local_date(balance.as_of):
        since = f"since {entity.local_date(last).isoformat()}" if last else "yet"
        hints.append(
            Hint(
                f"No stock list was taken in {since}: what moved in the ERP until the trial balance is not in our "
                "stock.",
                reverse("uploads:list", args=[entity.slug]),
            )
        )
    return hints


def accept_request(*, period: FiscalPeriod, code: str, reason: str, user: User) -> ChangeRequest:
    """Ask a second person to accept what is left of an account's difference. WrongState where nothing is."""
    entity = period.entity
    balance = trial_balance_of(period=period)
    tie = _tie(entity, period, code)
    if balance is None or not tie.unexplained or tie.is_accepted:
        raise WrongState(
            f"{tie.code} {tie.name} has no unexplained difference in {period}; there is nothing to accept."
        )
    said = display_money(tie.unexplained, entity.currency, entity.locale)
    return changes.change_request(
        entity=entity,
        kind=ACCEPT,
        subject=tie_subject(period, code),
        summary=f"Accept {said} {entity.currency} of {tie.code} {tie.name[:60]} in {period}",
        details={"trial_balance": balance.pk, "account": tie.account_id, "amount": str(tie.unexplained)},
        reason=reason,
        user=user,
    )


def _tie(entity: Entity, period: FiscalPeriod, code: str) -> AccountTie:
    for tie in tie_out_of(entity=entity, period=period).accounts:
        if tie.code == code:
            return tie
    raise BadInput(f"Account '{code[:30]}' is not part of the tie-out of {period}.")


def _accept(change: ChangeRequest, decider: User) -> None:
    """Carried out by core.changes, in the transaction of the second person's decision."""
    balance = (
        TrialBalance.objects.select_related("period", "entity")
        .filter(entity=change.entity, pk=change.details["trial_balance"])
        .first()
    )
    latest = trial_balance_of(period=balance.period) if balance else None
    if balance is None or latest is None or latest.pk != balance.pk:
        raise WrongState(f"{change.summary}: a newer trial balance was taken in since. Refuse this request.")
    amount = Decimal(change.details["amount"])
    ties = tie_out_of(entity=change.entity, period=balance.period, balance=balance).accounts
    now = next((tie.unexplained for tie in ties if tie.account_id == change.details["account"]), ZERO)
    if now != amount:
        said = display_money(now, change.entity.currency, change.entity.locale)
        raise WrongState(
            f"{change.summary}: {said} {change.entity.currency} is unexplained by now. Refuse this request; another "
            "one can be made for what is left."
        )
    accepted = TieOutAcceptance.objects.create(
        entity=change.entity,
        trial_balance=balance,
        account_id=change.details["account"],
        amount=amount,
        change=change,
        accepted_by=decider,
    )
    audit.record(
        entity=change.entity,
        actor=decider,
        kind="tie_out.accepted",
        subject=change.subject,
        message=f"{decider} agreed with {change.requested_by}: {change.summary}.",
        data={
            "acceptance": accepted.pk,
            "change": change.pk,
            "record": ACCEPTED.digest(TieOutAcceptance.objects.filter(pk=accepted.pk)),
        },
    )


def register_changes() -> None:
    changes.register(
        changes.ChangeKind(
            code=ACCEPT,
            label="Accepting a difference of the tie-out",
            requested_by=frozenset({Role.CONTROLLER, Role.PREPARER}),
            decided_by=frozenset({Role.CONTROLLER, Role.APPROVER}),
            apply=_accept,
        )
    )
