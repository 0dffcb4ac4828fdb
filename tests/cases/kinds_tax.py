"""Cases of tax, insurance and what happens after the reporting date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.cases.given import Given, NotUnderstood
from tests.cases.kinds_losses import money_of, reason_of
from tests.cases.run import Run, kind, quarter_of, year_of
from tests.cases.taxing import bridged, tax_of_month
from tests.cases.valuing import accepted, assessed, price
from writeoffs.proposals import claims
from writeoffs.proposals.event_models import SubsequentEvent
from writeoffs.proposals.input_tax import input_tax_asked
from writeoffs.proposals.models import Proposal
from writeoffs.proposals.services import claims as claim_services
from writeoffs.proposals.services.events import EventInput, event_record
from writeoffs.proposals.services.papers import Paper, evidence_add
from writeoffs.proposals.services.tax import input_tax_add
from writeoffs.proposals.tax_papers import kind_of
from writeoffs.valuation.tax_rules import RuleAsked, rule_request, tax_terms

YEAR_END = dt.date(2026, 12, 31)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
# What a jurisdiction asks to see, by what it is about, where a case does not say it.
THEFT = ("police report", "count sheet before and after")
SCRAPPED = ("certificate of destruction", "scrap ticket", "photographs", "disposal approval")
OFFERED = ("dated price list or offer", "record of disposition")


def rule(run: Run, **asked: Any) -> None:
    """A tax rule, asked for by the controller and agreed on by a second person."""
    entity = run.company.entity
    given = RuleAsked(
        **{
            "jurisdiction": "Home",
            "timing": entity.tax_timing,
            "rate": entity.tax_rate,
            "starts_on": dt.date(2026, 1, 1),
            **asked,
        }
    )
    change = rule_request(entity=entity, user=run.company["CONTROLLER"], asked=given, why="The law of the case.")
    run.company.agreed(change)


def asked_for(run: Run, usual: Sequence[str]) -> Sequence[str]:
    """The papers that the law of the case asks for. A case tells them where it says what the product has to name."""
    given = run.case.expected.get("tax", {}).get("evidence")
    return [str(paper) for paper in given] if isinstance(given, list) else usual


def attach(run: Run, proposal: Proposal, papers: Sequence[str]) -> None:
    """A file for each paper."""
    for place, words in enumerate(papers, start=1):
        paper = Paper(f"paper-{place}.png", PNG + bytes([place]))
        evidence_add(proposal=proposal, user=run.company["PREPARER"], kind=kind_of(words) or "OTHER", papers=[paper])


@kind("vat")
def input_tax(run: Run, inputs: Given) -> dict[str, Any]:
    reason = reason_of(inputs, "THEFT")
    papers = asked_for(run, THEFT if reason == "THEFT" else SCRAPPED)
    rate, on_theft = inputs.figure("vat_rate"), inputs.is_true("state_requires_adjustment_on_theft")
    if inputs.is_true("input_vat_deducted", default=True):
        # What a state asks of theft says nothing of other losses (VAT Directive, art. 185(2)).
        asked = "REPAY" if on_theft and reason == "THEFT" else "UNLESS_PROVED"
        rule(run, reason=reason, input_tax=asked, input_rate=rate, evidence=papers)
    quantity = inputs.text("quantity")
    lot = run.one_lot(quantity, inputs.text("unit_cost"))
    proposal = run.company.write_off(reason, run.today, (lot, Decimal(quantity)))
    if inputs.is_true("duly_proved"):
        attach(run, proposal, papers)
    if input_tax_asked(proposal).amount:
        input_tax_add(proposal=proposal, user=run.company["PREPARER"])
    run.company.posted(Proposal.objects.get(pk=proposal.pk))
    charged = input_tax_asked(proposal)
    return {"tax": {"vat_adjustment": charged.charged, "evidence": [paper.words for paper in charged.papers]}}


CLAIMS = {
    **dict.fromkeys(("VIRTUALLY_CERTAIN", "CERTAIN", "CONFIRMED", "ACCEPTED"), "CERTAIN"),
    **dict.fromkeys(("PROBABLE", "LIKELY"), "PROBABLE"),
    **dict.fromkeys(("POSSIBLE", "REASONABLY_POSSIBLE", "FILED", "REMOTE", "CONTINGENT"), "FILED"),
    **dict.fromkeys(("SETTLED", "PAID", "RECEIVED"), "SETTLED"),
    **dict.fromkeys(("DENIED", "REJECTED", "REFUSED"), "DENIED"),
}


@kind("insurance")
def insurance(run: Run, inputs: Given) -> dict[str, Any]:
    lot = run.one_lot("1", inputs.text("loss"))
    loss = run.company.posted(run.company.write_off(reason_of(inputs, "FIRE"), run.today, (lot, Decimal(1))))
    status = inputs.word("status", CLAIMS)
    status = "SETTLED" if inputs.is_true("settled") else status
    claimed = inputs.figure("claim")
    paid = inputs.figure("amount_received", "settlement", default=str(claimed))
    step = claim_services.StepInput(
        status, run.today, claimed, "The insurer's letter.", paid if status == "SETTLED" else Decimal(0)
    )
    claim, document = claim_services.claim_open(
        proposal=loss, user=run.company["PREPARER"], insurer="Mutual", step=step
    )
    if document is not None:
        run.company.posted(document)
    return {"unrecognised_gain": claims.standing_of(claim).rule.unrecognised}


@kind("event_after")
def event_after(run: Run, inputs: Given) -> dict[str, Any]:
    run.move_to(dt.date(2026, 12, 20))
    lot = run.one_lot("1", inputs.text("cost"), allowance=inputs.text("allowance", "opening_allowance", default="0"))
    run.move_to(dt.date(2027, 1, 20))
    existed = inputs.is_true("condition_existed_at_year_end")
    made = event_record(
        entity=run.company.entity,
        user=run.company["PREPARER"],
        event=EventInput(
            reporting_on=YEAR_END,
            event_on=dt.date(2027, 1, 15),
            what="Sold below cost." if existed else "Burnt.",
            reason=reason_of(inputs, "PRICE_FALL" if existed else "FIRE"),
            condition_existed=existed,
            why="The price had fallen in November." if existed else "The goods were sound on the reporting date.",
            lot=lot,
            proceeds=inputs.figure("sale_price_after", default="0"),
            costs=inputs.figure("selling_cost", default="0"),
            disclosure="" if existed else "The fire and its estimated effect.",
        ),
    )
    if made.document is not None:
        run.company.posted(made.document)
    return {"classification": SubsequentEvent.objects.get(pk=made.pk).classification.value}


def bridge(run: Run, year: int) -> dict[str, Any]:
    return bridged(run.company, dt.date(year, 1, 1), dt.date(year, 12, 31))


def papers_of(run: Run) -> list[str]:
    terms = tax_terms(entity=run.company.entity)
    return [paper for one in terms.rules for paper in one.terms.evidence]


@kind("tax_us", taxed=True)
def allowance_first_scrapping_next_year(run: Run, inputs: Given) -> dict[str, Any]:
    waits = inputs.is_true("year_1_still_offered_at_normal_price", default=True)
    papers = asked_for(run, SCRAPPED)
    rule(run, timing="DISPOSAL" if waits else "RECOGNITION", evidence=papers)
    run.move_to(YEAR_END)
    run.one_lot("1", inputs.text("cost"))
    price(run, "GOODS", nrv=inputs.text("nrv"))
    accepted(run, assessed(run))
    tax_of_month(run.company, YEAR_END)
    run.move_to(dt.date(2027, 12, 31))
    charges = money_of(inputs)
    if inputs.is_true("year_2_scrapped", default=True):
        proposal = run.company.write_off(
            "OBSOLESCENCE", run.today, (run.lot(), Decimal(1)), kind="DISPOSAL", charges=charges
        )
        attach(run, proposal, papers)
        run.company.posted(proposal)
        tax_of_month(run.company, run.today)
    run.name_periods(year_of, quarter_of)
    years = {"year_1": bridge(run, 2026), "year_2": bridge(run, 2027)}
    return {"tax": {"rate": run.company.entity.tax_rate, **years, "evidence": papers_of(run)}}


@kind("tax_subnormal", taxed=True)
def offered_at_a_cut_price(run: Run, inputs: Given) -> dict[str, Any]:
    if not inputs.is_true("finished_goods", default=True):
        raise NotUnderstood("inputs.finished_goods: false; an offer within 30 days is asked of finished goods")
    papers = asked_for(run, OFFERED)
    rule(run, timing="EVIDENCE", offer_days=30, evidence=papers)
    run.move_to(YEAR_END)
    run.one_lot("1", inputs.text("cost"))
    offered = YEAR_END + dt.timedelta(days=int(inputs.figure("offered_within_days")))
    run.move_to(offered + dt.timedelta(days=5))
    price(
        run,
        "GOODS",
        day=YEAR_END,
        offered=offered,
        selling_price=inputs.text("bona_fide_price"),
        cost_to_sell=inputs.text("direct_disposal_cost", default="0"),
    )
    accepted(run, assessed(run, YEAR_END), YEAR_END, papers=[kind_of(words) or "OTHER" for words in papers])
    tax_of_month(run.company, YEAR_END)
    found = bridge(run, 2026)
    return {
        "tax": {
            "rate": run.company.entity.tax_rate,
            "deductible_now": found["deductible"],
            "current_tax_saving": found["current_tax_saving"],
            "deferred_tax_asset": found["deferred_tax_asset"],
            "evidence": papers_of(run),
        }
    }
