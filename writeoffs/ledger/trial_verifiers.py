"""The proofs of trial balances: each is what was uploaded, line by line, and each accepted difference was decided."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from core import verify
from core.models import AuditEvent
from core.verify import Tally, rows
from writeoffs.ledger.models import TieOutAcceptance, TrialBalance
from writeoffs.ledger.trial_balance import ACCEPTED, content_digest, lines_content

LIMIT = 100


def trial_balances(tally: Tally) -> Iterator[str]:
    """Fields and lines give the digest, and the audit event of the upload tells the same digest."""
    told = {
        data["trial_balance"]: data["digest"]
        for data in AuditEvent.objects.filter(kind="upload.committed", data__has_key="trial_balance").values_list(
            "data", flat=True
        )
    }
    for balance in TrialBalance.objects.select_related("entity", "period").order_by("pk").iterator(chunk_size=200):
        name = f"{balance.entity}: trial balance {balance.pk} of {balance.period}, version {balance.version}"
        lines, heard = lines_content(balance), told.pop(balance.pk, "")
        if content_digest(balance, lines) != balance.digest:
            yield f"{name}: its fields and {len(lines):,} lines are not what was committed ({balance.digest[:16]}…)."
        elif heard != balance.digest:
            yield f"{name}: the audit trail tells of no such commit."
    for key in sorted(told):
        yield f"Trial balance {key} is missing: it stands in the audit trail only."


def versions(tally: Tally) -> Iterator[str]:
    for name, code, count, last in rows(
        "select e.name, p.starts_on, count(*), max(t.version) from ledger_trialbalance t "
        "join core_entity e on e.id = t.entity_id join ledger_fiscalperiod p on p.id = t.period_id "
        f"group by e.name, p.id, p.starts_on having count(*) <> max(t.version) order by p.id limit {LIMIT}"
    ):
        yield f"{name}: of the period from {code}, {count:,} trial balances are stored, the last is version {last:,}."


def acceptances(tally: Tally) -> Iterator[str]:
    """Each is what a second person approved: of the balance, account and amount that were asked for."""
    told = {
        data["acceptance"]: data["record"]
        for data in AuditEvent.objects.filter(kind="tie_out.accepted").values_list("data", flat=True)
    }
    changed = set(ACCEPTED.differing(told, TieOutAcceptance.objects.all()))
    found = TieOutAcceptance.objects.select_related("entity", "change", "trial_balance").order_by("pk")
    for accepted in found.iterator(chunk_size=500):
        change, asked = accepted.change, accepted.change.details
        told.pop(accepted.pk, None)
        if (
            accepted.pk in changed
            or (change.kind, change.status) != ("tie_out.accept", change.Status.APPROVED)
            or change.decided_by_id != accepted.accepted_by_id
            or {change.entity_id, accepted.trial_balance.entity_id} != {accepted.entity_id}
            or (asked.get("trial_balance"), asked.get("account")) != (accepted.trial_balance_id, accepted.account_id)
            or Decimal(asked.get("amount", 0)) != accepted.amount
        ):
            yield f"{accepted.entity}: accepted difference {accepted.pk} is not what a second person approved."
    for key in sorted(told):
        yield f"Accepted difference {key} is missing: it stands in the audit trail only."


verify.register("trial balances", trial_balances)
verify.register("trial balance versions", versions)
verify.register("accepted differences", acceptances)
