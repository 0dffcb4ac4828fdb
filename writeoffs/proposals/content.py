"""What a proposal says: its lines as a document for posting, the digest that decisions bind to, and what changed
behind it.

Invariant: the digest covers everything an approver judges: lines, amounts, accounts, dates, reason, evidence. Lines
are read as raw tuples, so that ten thousand cost as many queries as one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from core.models import Entity
from core.money import MONEY_SCALE, QUANTITY_SCALE, display_money, from_raw, to_raw
from writeoffs.ledger.mapping import AccountResolver, resolver_of
from writeoffs.posting.book import Document, Instruction, entries_planned
from writeoffs.posting.charges import Charge
from writeoffs.posting.plans import Change, Part, PlannedEntry, parts_summed
from writeoffs.proposals.charges import charges_of, planned
from writeoffs.proposals.late import correction_of
from writeoffs.proposals.models import Evidence, Proposal, ProposalCharge

CHARGE_COLUMNS = (
    *("number", "kind", "amount", "settlement", "certainty", "cost_centre_id", "note"),
    *("location_id", "category_id", "commitment_id", "units"),
)
_COLUMNS = (
    "id, lot_id, quantity, new_carrying_amount, cost, allowance, write_down, loss, "
    "quarantine_id, cost_centre_id, line_number, note"
)
# What the digest covers: version 2 adds the lines' notes. The event of the step that binds a digest says its version.
VERSION = 2


class RawLine(NamedTuple):
    """A stored line, raw."""

    id: int
    lot_id: int
    quantity: int
    new_carrying_amount: int | None
    cost: int
    allowance: int
    write_down: int
    loss: int
    quarantine_id: int | None
    cost_centre_id: int | None
    line_number: int
    note: str


def lines_read(proposal: Proposal) -> list[RawLine]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {_COLUMNS} from proposals_proposalline where proposal_id = %s order by line_number", [proposal.pk]
        )
        return [RawLine(*row) for row in cursor.fetchall()]


def title_of(proposal: Proposal) -> str:
    """What stands in the entries: "WO-2026-0001, obsolescence"."""
    return f"{proposal.number}, {proposal.about}"


def document_of(proposal: Proposal, instructions: Sequence[Instruction], charges: Sequence[Charge] = ()) -> Document:
    return Document(
        proposal.entity,
        proposal.source_ref,
        proposal.kind,
        proposal.reason,
        proposal.posting_on,
        title_of(proposal),
        instructions,
        proposal.quarantine_goods,
        correction_of(proposal),
        charges=charges,
        adjustment=proposal.adjustment,
        second_approver=proposal.countersigned_by_id is not None,
    )


def instructions_of(lines: Sequence[RawLine]) -> list[Instruction]:
    return [
        Instruction(line.lot_id, line.quantity, line.new_carrying_amount, line.quarantine_id, line.cost_centre_id)
        for line in lines
    ]


def accounts_named(
    proposal: Proposal, mapping: AccountResolver | None = None, parts: Sequence[Part] | None = None
) -> list[list[str]]:
    """[role, account code] of every account that the lines post to, by the map given or as it is now; a role that leads
    to several accounts says of each line's location, category and reason which. Kept with the step that binds a digest,
    since accounts may be mapped anew later. Roles without an account are left out. parts: of the lines, where they are
    at hand."""
    mapping = mapping or resolver_of(entity=proposal.entity)
    by_role: dict[str, dict[tuple[int, int, str], str]] = {}
    for entry in journal_planned(proposal, parts):
        for line in entry.lines:
            rule = mapping.resolve(line.role, line.category_id, line.reason, line.location_id)
            if rule is not None:
                facts = (line.location_id or 0, line.category_id or 0, line.reason)
                by_role.setdefault(line.role, {})[facts] = rule.code
    named = _tax_named(proposal)
    for role, codes in sorted(by_role.items()):
        if len(set(codes.values())) == 1:
            named.append([role, *set(codes.values())])
            continue
        named += [[role, code, *map(str, facts)] for facts, code in sorted(codes.items())]
    return named


def _tax_named(proposal: Proposal) -> list[list[str]]:
    """The tax policy that a correction of an earlier year posts by: it is approved with the accounts."""
    correction = correction_of(proposal)
    if correction is None:
        return []
    return [["TAX_RATE", f"{correction.rate.normalize():f}" if correction.tax_role else "0"]]


def content_is(
    proposal: Proposal, lines: Sequence[RawLine], digest: str, accounts: Sequence[Sequence[str]] | None = None
) -> bool:
    """Whether the content as it stands is what was bound. A document that was on its way when a further version came
    keeps the one that it was submitted with."""
    named = accounts_named(proposal) if accounts is None else accounts
    return any(content_digest(proposal, lines, named, version) == digest for version in range(VERSION, 0, -1))


def content_digest(
    proposal: Proposal,
    lines: Sequence[RawLine],
    accounts: Sequence[Sequence[str]] | None = None,
    version: int = VERSION,
) -> str:
    """SHA-256 (hex) of the content as it stands, with the accounts as mapped now where none are given."""
    named = accounts_named(proposal) if accounts is None else accounts
    evidence = Evidence.objects.filter(proposal=proposal).values_list("file__sha256", "kind")
    charges = ProposalCharge.objects.filter(proposal=proposal).order_by("number")
    told = [charge_said(*row) for row in charges.values_list(*CHARGE_COLUMNS)]
    return digest_of(proposal, lines, accounts=named, evidence=list(evidence), charges=told, version=version)


def charge_said(
    number: int,
    kind: str,
    amount: Decimal,
    settlement: str,
    certainty: str,
    cost_centre_id: int | None,
    note: str,
    location_id: int | None = None,
    category_id: int | None = None,
    commitment_id: int | None = None,
    units: Decimal | None = None,
) -> list[object]:
    """What the digest covers of a charge; where it says no place or commitment, as it did before it could."""
    place = [location_id, category_id] if location_id or category_id or commitment_id else []
    provided = [commitment_id, to_raw(units or Decimal(0), QUANTITY_SCALE)] if commitment_id else []
    return [number, kind, to_raw(amount, MONEY_SCALE), settlement, certainty, cost_centre_id, note, *place, *provided]


def digest_of(
    proposal: Proposal,
    lines: Sequence[RawLine],
    *,
    accounts: Sequence[Sequence[str]],
    evidence: Sequence[tuple[str, str]],
    charges: Sequence[Sequence[object]] = (),
    version: int = VERSION,
) -> str:
    """SHA-256 (hex); of a loss found late, with what it was found to be. evidence: (SHA-256, kind) of each
    paper. charges: as charge_said; a proposal without any has the digest that it had before there were charges."""
    fields = [
        version,
        *(proposal.number, proposal.kind, proposal.reason, proposal.note, proposal.quarantine_goods),
        *(proposal.event_on.isoformat(), proposal.found_on.isoformat(), proposal.posting_on.isoformat()),
        sorted(map(list, accounts)),
        sorted(map(list, evidence)),
        [
            [
                *(line.line_number, line.lot_id, line.quantity, line.new_carrying_amount, line.cost),
                *(line.allowance, line.write_down, line.loss, line.quarantine_id, line.cost_centre_id),
                *([line.note] if version > 1 else []),
            ]
            for line in lines
        ],
        *([[proposal.finding, proposal.material, proposal.finding_why]] if proposal.finding else []),
    ]
    if charges:
        fields.append(["charges", *map(list, charges)])
    if proposal.adjustment:
        fields.append("adjustment period")
    if proposal.made_from:
        fields.append(["made from", proposal.made_from, *sorted(proposal.also_prepared_by)])
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def evidence_digests(proposal: Proposal) -> list[str]:
    return list(Evidence.objects.filter(proposal=proposal).order_by("id").values_list("file__sha256", flat=True))


def gross_of(change: Change) -> int:
    """What limits judge of one change: at cost, before allowance; of a write-down or its reversal its amount."""
    return max(abs(change.cost), abs(change.loss))


def differences(entity: Entity, lines: Sequence[RawLine], changes: Sequence[Change]) -> list[str]:
    """Where the lots as they stand give other amounts than the stored lines, a sentence each."""
    found = []
    for line, change in zip(lines, changes, strict=True):
        now = (change.quantity + change.standing, change.cost, change.allowance, change.write_down)
        if now != (line.quantity, line.cost, line.allowance, line.write_down):
            seen = display_money(from_raw(line.loss, MONEY_SCALE), entity.currency, entity.locale)
            is_now = display_money(from_raw(change.loss, MONEY_SCALE), entity.currency, entity.locale)
            found.append(
                f"line {line.line_number}, lot {change.lot.label}: net loss {seen} when prepared, {is_now} now"
                if change.loss != line.loss
                else f"line {line.line_number}, lot {change.lot.label}: cost and allowance share have changed"
            )
    return found


def parts_of(proposal: Proposal) -> list[Part]:
    """The stored lines, summed by the dimensions of a journal line, in one query however many they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select case when p.quantity > 0 then 1 else 0 end, l.location_id, i.category_id, p.cost_centre_id, "
            "sum(p.cost), sum(p.allowance) from proposals_proposalline p "
            "join inventory_lot l on l.id = p.lot_id join inventory_item i on i.id = l.item_id "
            "where p.proposal_id = %s group by 1, 2, 3, 4 order by 1, 2, 3, 4",
            [proposal.pk],
        )
        return [
            Part(proposal.reason, bool(inward), int(cost), int(allowance), location_id, category_id, centre_id)
            for inward, location_id, category_id, centre_id, cost, allowance in cursor.fetchall()
        ]


def parts_at_hand(proposal: Proposal, lines: Sequence[RawLine], changes: Sequence[Change]) -> list[Part]:
    """The same of lines whose lots have been read already."""
    return parts_summed(
        (
            (change.lot, line.quantity > 0, line.cost, line.allowance, line.cost_centre_id)
            for line, change in zip(lines, changes, strict=True)
        ),
        reason=proposal.reason,
    )


def journal_planned(proposal: Proposal, parts: Sequence[Part] | None = None) -> list[PlannedEntry]:
    """The entries that posting the stored lines and charges will make."""
    parts = parts_of(proposal) if parts is None else parts
    charges = charges_planned(proposal, parts)
    return entries_planned(
        kind=proposal.kind,
        parts=parts,
        title=title_of(proposal),
        correction=correction_of(proposal),
        charges=charges,
    )


def charges_planned(proposal: Proposal, parts: Sequence[Part] | None = None) -> list[Charge]:
    """The charges as posting takes them. parts: those of the lines where they have been read already."""
    charges = charges_of(proposal)
    if not charges:
        return []
    found = parts_of(proposal) if parts is None else parts
    locations, categories = {part.location_id for part in found}, {part.category_id for part in found}
    return planned(
        charges,
        reason=proposal.reason,
        location_id=locations.pop() if len(locations) == 1 else None,
        category_id=categories.pop() if len(categories) == 1 else None,
    )


def money(raw: int) -> Decimal:
    return from_raw(raw, MONEY_SCALE)


def units(raw: int) -> Decimal:
    return from_raw(raw, QUANTITY_SCALE)


def amount_said(proposal: Proposal) -> str:
    """ "12,480.00 EUR": the gross amount, as buttons and sentences name it."""
    entity = proposal.entity
    return f"{display_money(proposal.gross_loss, entity.currency, entity.locale)} {entity.currency}"
