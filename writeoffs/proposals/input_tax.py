"""What the tax rules ask of a document: input tax to repay on goods that are gone, and papers that prove the loss."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from core.errors import BadInput
from core.money import MONEY_SCALE, display_money, from_raw, plain
from writeoffs.proposals.models import LEAVING, ChargeKind, Kind, Proposal
from writeoffs.proposals.tax_papers import Wanted, complete, wanted
from writeoffs.valuation.rules.tax_terms import Terms, input_tax
from writeoffs.valuation.tax_rules import tax_terms

ZERO = Decimal(0)
_ASKED = LEAVING | {Kind.COUNT_ADJUSTMENT.value}


@dataclass(frozen=True, slots=True)
class Asked:
    """amount: input tax by the rules; why: by which, in a sentence. papers: what the rules name, attached or not.
    charged: what the document has of it; named: the rules that hold."""

    amount: Decimal
    why: str
    papers: tuple[Wanted, ...]
    charged: Decimal
    named: tuple[str, ...]

    @property
    def is_missing(self) -> bool:
        return bool(self.amount) and not self.charged

    @property
    def differs(self) -> bool:
        return bool(self.amount) and self.charged != self.amount


def input_tax_asked(proposal: Proposal) -> Asked:
    """By the rules of the document's reason at each place, on the original cost of the units that leave, or that a
    count misses; what it found in excess takes nothing off, and goods that stood in quarantine were judged when they
    were written off. Four queries, one where no rule stands."""
    terms = tax_terms(entity=proposal.entity)
    if not terms.rules:
        return Asked(ZERO, "", (), ZERO, ())
    attached = list(proposal.evidence.values_list("kind", flat=True))
    by_terms: defaultdict[Terms, Decimal] = defaultdict(lambda: ZERO)
    for location_id, cost in _costs(proposal):
        found = terms.of(reason=proposal.reason, location_id=location_id, day=proposal.posting_on)
        by_terms[found] += cost
    held = [one for one in by_terms if one is not terms.default]
    papers = list(dict.fromkeys(paper for one in held for paper in one.evidence))
    currency, amount, whys = proposal.entity.currency, ZERO, []
    if proposal.kind in _ASKED:
        for one in held:
            tax = input_tax(
                one,
                cost=by_terms[one],
                proved=complete(one.evidence, attached) and bool(one.evidence),
                currency=currency,
            )
            if tax:
                amount += tax
                whys.append(f"{one.jurisdiction}: {plain(one.input_rate * 100)} % of {plain(by_terms[one])}")
    charged = sum(proposal.charges.filter(kind=ChargeKind.INPUT_TAX).values_list("amount", flat=True), ZERO)
    return Asked(amount, "; ".join(whys), tuple(wanted(papers, attached)), charged, tuple(one.named for one in held))


def _costs(proposal: Proposal) -> list[tuple[int, Decimal]]:
    """Location -> original cost of the units that leave there: under the direct method a write-down is in it again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select o.location_id, sum(case when l.quantity < 0 and l.quarantine_id is null "
            "then -(l.cost + l.write_down - l.allowance) else 0 end) from proposals_proposalline l "
            "join inventory_lot o on o.id = l.lot_id where l.proposal_id = %s group by o.location_id",
            [proposal.pk],
        )
        return [(location_id, from_raw(int(cost), MONEY_SCALE)) for location_id, cost in cursor.fetchall()]


def refuse_missing(proposal: Proposal) -> None:
    """BadInput where a rule has input tax repaid and the document has no such charge."""
    if proposal.kind not in _ASKED:
        return
    asked = input_tax_asked(proposal)
    if asked.is_missing:
        entity = proposal.entity
        raise BadInput(
            f"{proposal.number}: input tax of {display_money(asked.amount, entity.currency, entity.locale)} "
            f"{entity.currency} has to be repaid ({asked.why}), and no charge says so. Add it under charges, then "
            "submit it."
        )
