"""The proofs of trial balances: each is what was uploaded, line by line, and each accepted difference was decided."""

from __future__ import annotations

from collections.abc import Iterator

from core import verify
from core.models import AuditEvent
from core.verify import Tally, rows
from writeoffs.ledger.models import TrialBalance
from writeoffs.ledger.trial_balance import content_digest, lines_content

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
        name = f"{balance.entity}: trial balance of {balance.period}, version {balance.version}"
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
    """Each is what a second person approved."""
    for name, key in rows(
        "select e.name, a.id from ledger_tieoutacceptance a join core_entity e on e.id = a.entity_id "
        "join core_changerequest c on c.id = a.change_id join ledger_trialbalance t on t.id = a.trial_balance_id "
        "where c.status <> 'APPROVED' or c.decided_by_id <> a.accepted_by_id or c.entity_id <> a.entity_id "
        f"or t.entity_id <> a.entity_id or c.kind <> 'tie_out.accept' order by a.id limit {LIMIT}"
    ):
        yield f"{name}: accepted difference {key} is not what a second person approved."


verify.register("trial balances", trial_balances)
verify.register("trial balance versions", versions)
verify.register("accepted differences", acceptances)
