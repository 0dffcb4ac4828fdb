"""The proofs of what a proposal says: state, people and content as its hash-chained audit events tell them, the entries
made of it, and the goods that it put into quarantine or took out.

Proposals, lines and papers are read as streams in one order; of the audit trail one small record a proposal is kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField
from django.db.models.functions import Cast

from core.models import AuditEvent, User
from core.money import MONEY_SCALE, from_raw, plain
from core.verify import Tally, quantity_said, rows
from writeoffs.posting.shrinkage import RELEASES
from writeoffs.proposals import content
from writeoffs.proposals.models import ChargeKind, Evidence, Proposal, ProposalCharge, ProposalLine, Status, Verb
from writeoffs.proposals.states import TRANSITIONS

LIMIT = 100
VERB_OF_EVENT: dict[str, Verb] = {
    "proposal.submitted": Verb.SUBMIT,
    "proposal.withdrawn": Verb.WITHDRAW,
    "proposal.returned": Verb.RETURN,
    "proposal.rejected": Verb.REJECT,
    "proposal.discarded": Verb.DISCARD,
    "proposal.approved": Verb.APPROVE,
    "proposal.countersigned": Verb.SECOND,
    "proposal.posted": Verb.POST,
    "proposal.partly_voided": Verb.VOID,
    "proposal.voided": Verb.VOID,
}
_CREATED, _PARTLY = "proposal.created", "proposal.partly_voided"
_PAPERS = ("proposal.evidence_added", "proposal.evidence_removed")
_LEADS_TO = {verb: to for (_, verb), to in TRANSITIONS.items()}
_RAW = ("quantity", "new_carrying_amount", "cost", "allowance", "write_down", "loss")


@dataclass(slots=True)
class Heard:
    """Where the audit trail leaves one proposal. accounts: those of the digest, as mapped when it was bound; version:
    of the digest."""

    status: str = Status.DRAFT
    created_by: int | None = None
    approved_by: int | None = None
    countersigned_by: int | None = None
    posted_by: int | None = None
    digest: str = ""
    accounts: list[list[str]] | None = None
    version: int = 1

    def take(self, kind: str, actor: int | None, data: dict[str, Any]) -> None:
        if kind == _CREATED:
            self.created_by = actor
            return
        if "accounts" in data:
            self.digest, self.accounts, self.version = data["digest"], data["accounts"], data.get("content", 1)
        # Lines of it are voided; the document stays posted until the last one is.
        if kind in _PAPERS or kind == _PARTLY:
            return
        self.status = _LEADS_TO[VERB_OF_EVENT[kind]]
        if self.status == Status.DRAFT:
            self.approved_by, self.countersigned_by, self.digest = None, None, ""
        elif kind == "proposal.countersigned":
            self.countersigned_by = actor
        elif self.status == Status.APPROVED:
            self.approved_by = actor
        elif self.status == Status.POSTED:
            self.posted_by = actor


def _heard() -> dict[tuple[int | None, str], Heard]:
    found: dict[tuple[int | None, str], Heard] = {}
    for entity_id, subject, kind, actor, data in (
        AuditEvent.objects.filter(kind__in=(_CREATED, *_PAPERS, *VERB_OF_EVENT))
        .order_by("chain", "sequence")
        .values_list("entity_id", "subject", "kind", "actor_id", "data")
        .iterator(chunk_size=2000)
    ):
        found.setdefault((entity_id, subject.partition(":")[2]), Heard()).take(kind, actor, data)
    return found


class _Groups:
    """Rows in ascending order of their first value, handed out by it; what nobody asks for is passed over."""

    def __init__(self, ordered: Iterable[tuple[Any, ...]]) -> None:
        self._groups = itertools.groupby(ordered, key=itemgetter(0))
        self._key: int | None = None
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self._pass()

    def of(self, key: int) -> list[tuple[Any, ...]]:
        while self._key is not None and self._key < key:
            self._pass()
        return [row[1:] for row in self._rows] if self._key == key else []

    def _pass(self) -> None:
        self._key, self._rows = next(self._groups, (None, iter(())))


def proposals(tally: Tally) -> Iterator[str]:
    """State, people and digest as the audit trail tells them; the content gives the digest that was decided on."""
    heard, people = _heard(), _People()
    lines, papers, charges = _Groups(_lines()), _Groups(_papers()), _Groups(_charges())
    for proposal in Proposal.objects.order_by("pk").iterator(chunk_size=1000):
        own = heard.pop((proposal.entity_id, proposal.number), None)
        if own is None:
            yield f"Proposal {proposal.number}: there is no audit event of it."
            continue
        yield from _state_complaints(proposal, own, people)
        if own.digest and own.accounts is not None:
            digest = content.digest_of(
                proposal,
                [content.RawLine(*line) for line in lines.of(proposal.pk)],
                accounts=own.accounts,
                evidence=papers.of(proposal.pk),
                charges=[content.charge_said(*charge) for charge in charges.of(proposal.pk)],
                version=own.version,
            )
            if digest != own.digest:
                yield (
                    f"Proposal {proposal.number}: it is not what was {_step(own.status)}: its lines, dates, reason, "
                    f"note and papers give the digest {digest[:16]}…, the audit trail says {own.digest[:16]}…."
                )
    for _, number in sorted(heard, key=str):
        yield f"Proposal {number} is missing: it stands in the audit trail only."


def _lines() -> Iterator[tuple[Any, ...]]:
    raw = {f"raw_{name}": Cast(name, BigIntegerField()) for name in _RAW}
    columns = ("pk", "lot_id", *raw, "quarantine_id", "cost_centre_id", "line_number", "note")
    found = ProposalLine.objects.annotate(**raw).order_by("proposal_id", "line_number")
    return found.values_list("proposal_id", *columns).iterator(chunk_size=5000)


def _papers() -> Iterator[tuple[Any, ...]]:
    found = Evidence.objects.order_by("proposal_id", "pk")
    return found.values_list("proposal_id", "file__sha256", "kind").iterator(chunk_size=2000)


def _charges() -> Iterator[tuple[Any, ...]]:
    found = ProposalCharge.objects.order_by("proposal_id", "number")
    return found.values_list("proposal_id", *content.CHARGE_COLUMNS).iterator(chunk_size=2000)


class _People(dict[int | None, str]):
    """Names by key, read one by one: only complaints ask."""

    def __missing__(self, key: int | None) -> str:
        return str(User.objects.filter(pk=key).first() or "nobody") if key else "nobody"


def _step(status: str) -> str:
    return {Status.APPROVED: "approved", Status.POSTED: "posted", Status.VOIDED: "posted"}.get(
        Status(status), "submitted"
    )


def _state_complaints(proposal: Proposal, heard: Heard, people: _People) -> Iterator[str]:
    name = f"Proposal {proposal.number}"
    if proposal.status != heard.status:
        yield (
            f"{name}: it is stored as {Status(proposal.status).label.lower()}, but the last step in the audit trail "
            f"left it {Status(heard.status).label.lower()}."
        )
    if proposal.digest != heard.digest:
        yield (
            f"{name}: its digest is {proposal.digest[:16] or 'none'}…, the audit trail says "
            f"{heard.digest[:16] or 'none'}…."
        )
    for word, stored, told in (
        ("prepared", proposal.created_by_id, heard.created_by),
        ("approved", proposal.approved_by_id, heard.approved_by),
        ("approved a second time", proposal.countersigned_by_id, heard.countersigned_by),
        ("posted", proposal.posted_by_id, heard.posted_by),
    ):
        if stored != told:
            yield f"{name}: {people[stored]} is stored as who {word} it, the audit trail says {people[told]}."


_ENTRY = (
    "proposals_proposal p join ledger_journalentry e on e.entity_id = p.entity_id "
    "and e.source_ref = 'proposal:' || p.number and e.reverses_id is null and p.status in ('POSTED', 'VOIDED')"
)


def entries(tally: Tally) -> Iterator[str]:
    """What is posted carries the people, date, reason and papers of its proposal, and no others."""
    for number, year, sequence in rows(
        f"select p.number, e.fiscal_year, e.sequence from {_ENTRY} where e.posted_on <> p.posting_on "
        "or e.prepared_by_id is null or e.prepared_by_id <> p.created_by_id or e.approved_by_id is null "
        "or e.approved_by_id <> p.approved_by_id or e.posted_by_id <> p.posted_by_id "
        "or exists (select 1 from ledger_journalline l where l.entry_id = e.id and l.reason not in ('', p.reason)) "
        f"order by e.id limit {LIMIT}"
    ):
        yield f"Proposal {number}: its date, reason or people are not those of its entry {year}-{sequence:06d}."
    hashes = "json_each(e.evidence) j"
    if connection.vendor == "postgresql":
        hashes = "jsonb_array_elements_text(e.evidence) j(value)"
    for number, name in rows(
        f"select p.number, v.file_name from {_ENTRY} join proposals_evidence v on v.proposal_id = p.id "
        f"join core_storedfile f on f.id = v.file_id where not exists (select 1 from {hashes} "
        f"where j.value = f.sha256) order by v.id limit {LIMIT}"
    ):
        yield f"Proposal {number}: its paper '{name}' is none of those that its entry was posted with."
    for number, sha256 in rows(
        f"select p.number, j.value from {_ENTRY} cross join {hashes} where not exists (select 1 from "
        "proposals_evidence v join core_storedfile f on f.id = v.file_id where v.proposal_id = p.id "
        f"and f.sha256 = j.value) order by e.id limit {LIMIT}"
    ):
        yield f"Proposal {number}: the paper {sha256[:16]}… that its entry was posted with is not attached to it."


def charges(tally: Tally) -> Iterator[str]:
    """The charges of a posted proposal are its legs: kind by kind the same amount, and no leg without a charge."""
    kinds = ", ".join(f"'{kind.value}'" for kind in ChargeKind)
    # What a loss used of an accrual stands in the entry of the loss.
    absorbed = "".join(
        f" union all select p.id, '{release}', 0, l.amount from {_ENTRY} join ledger_journalline l "
        f"on l.entry_id = e.id and l.amount > 0 and e.leg in ('COUNT_LOSS', 'WRITE_DOWN') and l.role = '{role}'"
        for role, release in RELEASES.items()
    )
    for number, kind, charged, posted in rows(
        "select p.number, u.kind, sum(u.charged), sum(u.posted) from (select c.proposal_id as id, c.kind, "
        "c.amount as charged, 0 as posted from proposals_proposalcharge c union all select p.id, e.leg, 0, l.amount "
        f"from {_ENTRY} join ledger_journalline l on l.entry_id = e.id and l.amount > 0 and e.leg in ({kinds}) "
        f"{absorbed}) u "
        "join proposals_proposal p on p.id = u.id and p.status in ('POSTED', 'VOIDED') "
        f"group by p.id, p.number, u.kind having sum(u.charged) <> sum(u.posted) order by p.id limit {LIMIT}"
    ):
        yield (
            f"Proposal {number}: its charges of kind {ChargeKind(kind).label.lower()} add up to {_amount(charged)}, "
            f"its entries of that leg to {_amount(posted)}."
        )


def _amount(raw: int) -> str:
    return plain(from_raw(int(raw), MONEY_SCALE))


def lot_sees(name: str) -> str:
    """A line's column as its lot's movement has it: of goods disposed of out of quarantine the lot has no units."""
    standing = "l.quarantine_id is not null and l.quantity < 0"
    return f"case when {standing} then 0 else l.quantity end" if name == "quantity" else f"l.{name}"


def quarantine(tally: Tally) -> Iterator[str]:
    """Written-off goods that stay are in the register, with what posted recoveries and disposals have left of them."""
    for number, code in rows(
        "select p.number, o.code from proposals_proposalline l join proposals_proposal p on p.id = l.proposal_id "
        "join inventory_lot o on o.id = l.lot_id left join inventory_quarantineentry q on q.lot_id = l.lot_id "
        "and q.entity_id = p.entity_id and q.source_ref = 'proposal:' || p.number "
        "where p.kind = 'WRITE_OFF' and p.quarantine_goods and p.status in ('POSTED', 'VOIDED') and q.id is null "
        f"order by l.id limit {LIMIT}"
    ):
        yield f"Proposal {number}, lot {code}: its goods stay in quarantine, but the register does not have them."
    for ref, code in rows(
        "select q.source_ref, o.code from inventory_quarantineentry q join inventory_lot o on o.id = q.lot_id "
        "join proposals_proposal p on p.entity_id = q.entity_id and 'proposal:' || p.number = q.source_ref "
        f"where q.reason <> p.reason or q.since <> p.posting_on order by q.id limit {LIMIT}"
    ):
        yield f"Quarantine of lot {code} ({ref}): its reason or its day is not that of its write-off."
    gone = "exists (select 1 from proposals_voidedline v join proposals_proposalline l on l.id = v.line_id "
    gone += "where l.proposal_id = p.id and l.lot_id = q.lot_id)"
    left = f"case when {gone} then 0 else q.quantity - coalesce(r.quantity, 0) end"
    taken = "from proposals_proposalline l join proposals_proposal x on x.id = l.proposal_id "
    taken += "left join proposals_voidedline v on v.line_id = l.id where x.status = 'POSTED' and v.id is null and "
    last = f"(select x.kind {taken} l.quarantine_id = q.id order by x.posted_at desc, x.id desc limit 1)"
    due = f"case when {gone} then 'VOIDED' when {left} <> 0 then 'STANDING' "
    due += f"when {last} = 'DISPOSAL' then 'DISPOSED' else 'RECOVERED' end"
    for ref, code, status, stored, should_be, should in rows(
        f"select q.source_ref, o.code, q.status, q.quantity_left, {due}, {left} from inventory_quarantineentry q "
        "join inventory_lot o on o.id = q.lot_id left join proposals_proposal p on p.entity_id = q.entity_id "
        "and 'proposal:' || p.number = q.source_ref left join (select l.quarantine_id, "
        "sum(abs(l.quantity)) as quantity "
        f"{taken} l.quarantine_id is not null group by l.quarantine_id) r on r.quarantine_id = q.id "
        f"where q.quantity_left <> {left} or q.status <> {due} order by q.id limit {LIMIT}"
    ):
        yield (
            f"Quarantine of lot {code} ({ref}): {quantity_said(stored)} units are left and it is stored as "
            f"{status.lower()}; what was taken out leaves {quantity_said(should)}, {should_be.lower()}."
        )
