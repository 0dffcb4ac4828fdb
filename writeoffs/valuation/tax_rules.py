"""Tax rules: read as the pure rules take them, and changed by two people.

Invariant: a rule is never changed; another version with a later day, or of the same day, takes its place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Max

from core import audit
from core.changes import ChangeKind, change_request
from core.changes import register as register_change
from core.errors import BadInput
from core.models import ChangeRequest, Entity, Location, User
from core.told import row_record, rows_told
from core.verify import Tally
from core.words import Reason, Role
from writeoffs.valuation.rules.tax import TaxPolicy
from writeoffs.valuation.rules.tax_terms import Rule, Terms, Timing, terms_of
from writeoffs.valuation.tax_models import TaxRule

KIND = "tax.rule"
ONE = Decimal(1)
PAPERS = 12


@dataclass(frozen=True, slots=True)
class RuleAsked:
    """A rule as somebody wants it. Rates are fractions."""

    jurisdiction: str
    timing: str
    rate: Decimal
    starts_on: dt.date
    reason: str = ""
    location: Location | None = None
    recoverable: Decimal = ONE
    offer_days: int | None = None
    input_tax: str = "NONE"
    input_rate: Decimal = Decimal(0)
    evidence: Sequence[str] = ()

    @property
    def said(self) -> str:
        what = Reason(self.reason).label.lower() if self.reason else "all reasons"
        where = f" at {self.location.code}" if self.location else ""
        return f"{self.jurisdiction}, {what}{where}"


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """All rules of an entity, read once."""

    rules: Sequence[Rule]
    default: Terms

    def of(self, *, reason: str, location_id: int | None, day: dt.date) -> Terms:
        return terms_of(self.rules, self.default, reason=reason, location_id=location_id, day=day)


def tax_terms(*, entity: Entity) -> TaxTerms:
    """One query."""
    rules = [
        Rule(
            rule.reason,
            rule.location_id,
            rule.starts_on,
            rule.pk,
            Terms(
                rule.timing,
                rule.rate,
                rule.recoverable,
                rule.input_tax,
                rule.input_rate,
                tuple(rule.evidence),
                rule.offer_days,
                rule.jurisdiction,
                str(rule),
            ),
        )
        for rule in TaxRule.objects.filter(entity=entity)
    ]
    return TaxTerms(rules, Terms(entity.tax_timing, entity.tax_rate))


def policy_at(*, entity: Entity, day: dt.date, reason: str = "", location_id: int | None = None) -> TaxPolicy:
    """How statements compute tax on a day: by the rule that holds for the reason and place, for all of them where
    none is named. What papers decide waits for the disposal there."""
    terms = tax_terms(entity=entity).of(reason=reason, location_id=location_id, day=day)
    timing = Timing.DISPOSAL if terms.timing == Timing.EVIDENCE else terms.timing
    return TaxPolicy(str(timing), terms.rate, entity.currency)


def rule_request(*, entity: Entity, user: User, asked: RuleAsked, why: str) -> ChangeRequest:
    """Ask for a rule. NotAllowed but for a controller; BadInput for what cannot be."""
    _check(entity, asked)
    details = {
        "jurisdiction": asked.jurisdiction.strip(),
        "reason": asked.reason,
        "location": asked.location.pk if asked.location else None,
        "starts_on": asked.starts_on.isoformat(),
        "timing": asked.timing,
        "rate": str(asked.rate),
        "recoverable": str(asked.recoverable),
        "offer_days": asked.offer_days,
        "input_tax": asked.input_tax,
        "input_rate": str(asked.input_rate),
        "evidence": [paper.strip() for paper in asked.evidence if paper.strip()],
    }
    place = asked.location.pk if asked.location else 0
    return change_request(
        entity=entity,
        kind=KIND,
        subject=f"tax_rule:{asked.reason}/{place}/{asked.starts_on.isoformat()}",
        summary=f"Tax rule {asked.said} from {asked.starts_on.isoformat()}: deductible "
        f"{TaxRule.Timing(asked.timing).label.lower()}",
        reason=why,
        user=user,
        details=details,
    )


def _check(entity: Entity, asked: RuleAsked) -> None:
    if not asked.jurisdiction.strip():
        raise BadInput("Say which jurisdiction the rule is of: Germany, Illinois.")
    if asked.timing not in TaxRule.Timing.values or asked.input_tax not in TaxRule.InputTax.values:
        raise BadInput(f"'{asked.timing}' and '{asked.input_tax}' are no timing and input tax. Choose from the lists.")
    if asked.reason and asked.reason not in Reason.values:
        raise BadInput(f"'{asked.reason}' is no reason. Choose one from the list.")
    if asked.location is not None and asked.location.entity_id != entity.pk:
        raise BadInput(f"{asked.location} is no location of {entity}. Choose one from the list.")
    for name, rate in (("tax", asked.rate), ("recoverable", asked.recoverable), ("input tax", asked.input_rate)):
        if not 0 <= rate <= 1:
            raise BadInput(f"The {name} rate {rate * 100} % is not between 0 and 100. Correct it.")
    if asked.input_tax != "NONE" and not asked.input_rate:
        raise BadInput("Say at which rate input tax is repaid.")
    papers = [paper for paper in asked.evidence if paper.strip()]
    if len(papers) > PAPERS or any(len(paper) > 100 for paper in papers):
        raise BadInput(f"Name at most {PAPERS} papers of at most 100 letters each.")
    if asked.timing == TaxRule.Timing.EVIDENCE and not papers and asked.offer_days is None:
        raise BadInput("Name the papers that prove the loss, or in how many days the goods have to be offered.")


def _apply(change: ChangeRequest, decider: User) -> None:
    entity, told = change.entity, change.details
    location = Location.objects.get(entity=entity, pk=told["location"]) if told["location"] else None
    starts_on = dt.date.fromisoformat(told["starts_on"])
    same = TaxRule.objects.filter(entity=entity, reason=told["reason"], location=location, starts_on=starts_on)
    rule = TaxRule.objects.create(
        entity=entity,
        jurisdiction=told["jurisdiction"],
        reason=told["reason"],
        location=location,
        starts_on=starts_on,
        version=(same.aggregate(last=Max("version"))["last"] or 0) + 1,
        timing=told["timing"],
        rate=Decimal(told["rate"]),
        recoverable=Decimal(told["recoverable"]),
        offer_days=told["offer_days"],
        input_tax=told["input_tax"],
        input_rate=Decimal(told["input_rate"]),
        evidence=told["evidence"],
        why=change.reason[:300],
        change=change,
        asked_by=change.requested_by,
        decided_by=decider,
    )
    audit.record(
        entity=entity,
        actor=decider,
        kind="tax.rule_set",
        subject=f"tax_rule:{rule.pk}",
        message=f"{decider} agreed with {change.requested_by}: {change.summary}.",
        data={"rule": rule.pk, "record": row_record(rule), "change": change.pk},
    )


def rules_told(tally: Tally) -> Iterator[str]:
    """Every tax rule is what two people agreed on."""
    yield from rows_told(TaxRule, "tax.rule_set", key="rule")


def register() -> None:
    """Called once, when the app is ready."""
    register_change(
        ChangeKind(
            code=KIND,
            label="Set a tax rule",
            requested_by=frozenset({Role.CONTROLLER}),
            decided_by=frozenset({Role.CONTROLLER, Role.APPROVER}),
            apply=_apply,
        )
    )
