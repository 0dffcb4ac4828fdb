"""Cases of statements and control: cash flow, ratios, roll-forwards, approval limits."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from core import changes
from core.access import roles_in
from core.errors import DomainError
from core.models import Membership, User
from core.words import Role
from inventory.models import CountSheet, Lot
from tests.cases.given import Given, NotUnderstood
from tests.cases.run import Run, kind
from tests.ledger.trial import HEADER
from writeoffs.ledger.models import TrialBalance
from writeoffs.proposals import policy, services
from writeoffs.proposals.models import Proposal, Verb
from writeoffs.proposals.services.limits import BandInput, TitleInput, limits_request
from writeoffs.reports.erp import ErpStatements, erp_statements
from writeoffs.valuation.rules.tax import TaxPolicy

# The days of a year -> one that has so many.
YEARS = {365: 2026, 366: 2028}
COUNTED = "sku,lot_code,location,counted_quantity,recounted_quantity"
DUTIES = frozenset({"proposer!=approver", "approver!=poster", "proposer!=poster", "counter!=adjuster"})


def _before_after(run: Run, rows: list[str], write_down: Decimal, closing: str, year: int = 2026) -> ErpStatements:
    """The ERP's trial balance of the year comes in, a write-down is posted: the statements before and after."""
    run.move_to(dt.date(year, 12, 28))
    lot = run.one_lot("1", closing)
    run.move_to(dt.date(year, 12, 31))
    run.company.sheet("trial_balance", HEADER, rows, by="PREPARER", second="CONTROLLER")
    run.move_to(dt.date(year + 1, 1, 4))
    proposal = run.company.draft("WRITE_DOWN", "PRICE_FALL", dt.date(year, 12, 30))
    services.line_add(
        proposal=proposal,
        user=run.company["PREPARER"],
        lot=lot,
        new_carrying_amount=lot.carrying_amount - write_down,
    )
    run.company.posted(Proposal.objects.get(pk=proposal.pk))
    balance = TrialBalance.objects.select_related("entity", "period", "upload").get(entity=run.company.entity)
    entity = run.company.entity
    return erp_statements(balance=balance, policy=TaxPolicy(entity.tax_timing, entity.tax_rate, entity.currency))


@kind("cashflow")
def cash_flow(run: Run, inputs: Given) -> dict[str, Any]:
    # The ERP has not taken the write-down yet: its closing stock is before it.
    before = inputs.figure("closing_inventory_after_write_down") + inputs.figure("write_down")
    opening, profit = inputs.figure("opening_inventory"), inputs.figure("profit_before_tax_without_loss")
    rows = [
        f"4000,Revenue,{-profit},,,",
        f"1400,Inventory,{before},{opening},,",
        f"3000,Capital,{profit - before},,,",
    ]
    made = _before_after(run, rows, inputs.figure("write_down"), f"{before:f}").statement
    lines = {line.key: line for line in made.cash_flow}
    keys = {
        "profit_before_tax": "profit",
        "add_back": "add_back",
        "increase_in_inventories": "inventories",
        "operating_cash": "operating_cash",
    }
    return {
        f"presentation_{name}": {key: getattr(lines[mine], name) for key, mine in keys.items()}
        for name in ("gross", "net")
    }


@kind("ratios")
def ratios(run: Run, inputs: Given) -> dict[str, Any]:
    days = int(inputs.figure("days", default="365"))
    if days not in YEARS:
        raise NotUnderstood(f"inputs.days: {days}; the product counts the days of the year, 365 or 366")
    opening = inputs.text("inventory_open") if "inventory_open" in inputs else ""
    rows = [
        f"4000,Revenue,{-inputs.figure('revenue')},,,",
        f"5000,Cost of sales,{inputs.figure('cost_of_sales')},,,",
        f"1400,Inventory,{inputs.figure('inventory_close')},{opening},,",
        f"1200,Other current assets,{inputs.figure('other_current_assets')},,,quick",
        f"2000,Payables,{-inputs.figure('current_liabilities')},,,current",
    ]
    rest = sum((Decimal(row.split(",")[2]) for row in rows), Decimal(0))
    rows.append(f"3000,Capital,{-rest},,,")
    made = _before_after(run, rows, inputs.figure("write_down"), inputs.text("inventory_close"), YEARS[days]).statement
    keys = {
        "gross_margin_pct": "gross_margin",
        "current_ratio": "current",
        "quick_ratio": "quick",
        "inventory_turnover": "turnover",
        "dio_days": "days",
    }
    found = {ratio.key: ratio for ratio in made.ratios}
    return {name: {key: getattr(found[mine], name) for key, mine in keys.items()} for name in ("before", "after")}


@kind("approval")
def approval(run: Run, inputs: Given) -> dict[str, Any]:
    """Titles and limits by two people; each proposal to approval and posting, by the people whom the case names."""
    company, entity = run.company, run.company.entity
    given = inputs["proposals"]
    people = {name: _person(run, name) for one in given for name in (one["proposer"], one["approver"], one["poster"])}
    held: dict[str, list[User]] = {limit["role"]: [] for limit in inputs["limits"]}
    unknown = {str(rule).replace(" ", "") for rule in inputs.get("sod", [])} - DUTIES
    if unknown:
        raise NotUnderstood(f"inputs.sod: {', '.join(sorted(unknown))} is none of {', '.join(sorted(DUTIES))}")
    for one in given:
        if one["approver_role"] not in held:
            raise NotUnderstood(f"{one.path}.approver_role: {one['approver_role']!r} has no limit")
        if people[one["approver"]] not in held[one["approver_role"]]:
            held[one["approver_role"]].append(people[one["approver"]])
    change = limits_request(
        entity=entity,
        user=company["CONTROLLER"],
        titles=[TitleInput(role, holders or [company["APPROVER"]]) for role, holders in held.items()],
        bands=[
            BandInput(limit["role"], limit.figure("up_to") if "up_to" in limit else None) for limit in inputs["limits"]
        ],
        starts_on=entity.local_date(),
        why="The matrix of the case.",
    )
    changes.change_decide(change=change, user=_person(run, "second"), approve=True)
    lots = run.stock(
        "sku,lot_code,location,category,quantity,unit_cost",
        *(f"GOODS-{one['id']},{one['id']},WH1,Goods,1,{one.text('amount')}" for one in given),
    )
    return {
        "decision": {
            one["id"]: _decided(
                _prepared(run, one, lots[one["id"]], people[one["proposer"]]),
                people[one["proposer"]],
                people[one["approver"]],
                people[one["poster"]],
            )
            for one in given
        }
    }


def _prepared(run: Run, given: Given, lot: Lot, proposer: User) -> Proposal:
    """A write-off of the lot; where the case names a counter, what that person's count did not find."""
    entity = run.company.entity
    if "counter" in given:
        by = _person(run, given["counter"])
        row = f"{lot.item.sku},{lot.code},WH1,0,"
        run.company.sheet("count", COUNTED, [row], by=by.email, second=by.email)
        sheet = CountSheet.objects.filter(entity=entity).latest("pk")
        proposal = services.proposal_create_from_count(entity=entity, user=proposer, sheet=sheet)
    else:
        header = services.Header("WRITE_OFF", "DAMAGE", run.today, run.today, run.today)
        proposal = services.proposal_create(entity=entity, user=proposer, header=header)
        services.line_add(proposal=proposal, user=proposer, lot=lot, quantity=Decimal(1))
    return Proposal.objects.get(pk=proposal.pk)


def _person(run: Run, name: str) -> User:
    """Somebody with every role of business: only limits and duties can stand in the way."""
    email = f"{name}@{run.company.entity.slug}.example"
    user, new = User.objects.get_or_create(email=email, defaults={"full_name": name})
    if new:
        for role in (Role.COUNTER, Role.PREPARER, Role.APPROVER, Role.CONTROLLER):
            Membership.objects.create(entity=run.company.entity, user=user, role=role)
        run.company.company.people[email] = user
    return user


def _decided(proposal: Proposal, proposer: User, approver: User, poster: User) -> str:
    """ACCEPT, or REJECT_ and the code of the rule that stood in the way. Posting is asked for, not done."""
    try:
        proposal = services.proposal_submit(proposal=proposal, user=proposer)
        proposal = services.proposal_approve(proposal=proposal, user=approver, digest=proposal.digest)
        refused = policy.refusal(proposal, user=poster, roles=roles_in(proposal.entity, poster), verb=Verb.POST)
        if refused is not None:
            raise refused
    except DomainError as error:
        return f"REJECT_{error.code}"
    return "ACCEPT"
