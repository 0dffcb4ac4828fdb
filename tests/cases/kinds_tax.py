"""Cases of tax, insurance and what happens after the reporting date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.cases.kinds_losses import reason_of
from tests.cases.run import Run, kind
from tests.cases.valuing import accepted, assessed, price
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.proposals import claims, services
from writeoffs.proposals.event_models import SubsequentEvent
from writeoffs.proposals.input_tax import input_tax_asked
from writeoffs.proposals.models import Proposal
from writeoffs.proposals.services import claims as claim_services
from writeoffs.proposals.services.events import EventInput, event_record
from writeoffs.proposals.services.papers import Paper, evidence_add
from writeoffs.proposals.services.tax import input_tax_add, tax_prepare
from writeoffs.proposals.tax_facts import bridge_of
from writeoffs.valuation.tax_rules import RuleAsked, rule_request, tax_terms

YEAR_END = dt.date(2026, 12, 31)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
# What a jurisdiction asks to see, by what it is about.
THEFT = ("police report", "count sheet before and after")
SCRAPPED = ("certificate of destruction", "scrap ticket", "photographs", "disposal approval")
OFFERED = ("dated price list or offer", "record of disposition")


def rule(run: Run, **asked: Any) -> None:
    """A tax rule, asked for by the controller and agreed on by a second person."""
    entity = run.company.entity
    given = RuleAsked(
        **{
            "jurisdiction": "Home",
            "timing": "NEVER",
            "rate": entity.tax_rate,
            "starts_on": dt.date(2026, 1, 1),
            **asked,
        }
    )
    change = rule_request(entity=entity, user=run.company["CONTROLLER"], asked=given, why="The law of the case.")
    run.company.agreed(change)


def attach(run: Run, proposal: Proposal, kinds: Sequence[str]) -> None:
    for place, code in enumerate(kinds, start=1):
        paper = Paper(f"paper-{place}.png", PNG + bytes([place]))
        evidence_add(proposal=proposal, user=run.company["PREPARER"], kind=code, papers=[paper])


@kind("vat")
def input_tax(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    reason = reason_of(inputs, "THEFT")
    if inputs["input_vat_deducted"]:
        asked = "REPAY" if inputs["state_requires_adjustment_on_theft"] else "UNLESS_PROVED"
        rule(run, reason=reason, input_tax=asked, input_rate=Decimal(inputs["vat_rate"]), evidence=THEFT)
    lot = run.one_lot(inputs["quantity"], inputs["unit_cost"])
    proposal = run.company.write_off(reason, run.today, (lot, Decimal(inputs["quantity"])))
    if inputs["duly_proved"]:
        attach(run, proposal, ("POLICE_REPORT", "COUNT_SHEET"))
    asked_for = input_tax_asked(proposal)
    if asked_for.amount:
        input_tax_add(proposal=proposal, user=run.company["PREPARER"])
    run.company.posted(Proposal.objects.get(pk=proposal.pk))
    charged = input_tax_asked(proposal)
    return {"tax": {"vat_adjustment": charged.charged, "evidence": [paper.words for paper in charged.papers]}}


@kind("insurance")
def insurance(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    lot = run.one_lot("1", inputs["loss"])
    loss = run.company.posted(run.company.write_off(reason_of(inputs, "FIRE"), run.today, (lot, Decimal(1))))
    words = {"virtually_certain": "CERTAIN", "probable": "PROBABLE", "possible": "FILED", "filed": "FILED"}
    status = "SETTLED" if inputs["settled"] else words.get(inputs["status"], inputs["status"].upper())
    claimed = Decimal(inputs["claim"])
    step = claim_services.StepInput(
        status, run.today, claimed, "The insurer's letter.", claimed if status == "SETTLED" else Decimal(0)
    )
    claim, document = claim_services.claim_open(
        proposal=loss, user=run.company["PREPARER"], insurer="Mutual", step=step
    )
    if document is not None:
        run.company.posted(document)
    return {"unrecognised_gain": claims.standing_of(claim).rule.unrecognised}


@kind("event_after")
def event_after(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    run.move_to(dt.date(2026, 12, 20))
    lot = run.one_lot("1", inputs["cost"])
    run.move_to(dt.date(2027, 1, 20))
    existed = bool(inputs["condition_existed_at_year_end"])
    made = event_record(
        entity=run.company.entity,
        user=run.company["PREPARER"],
        event=EventInput(
            reporting_on=YEAR_END,
            event_on=dt.date(2027, 1, 15),
            what="Sold below cost." if existed else "Burnt.",
            reason="PRICE_FALL" if existed else "FIRE",
            condition_existed=existed,
            why="The price had fallen in November." if existed else "The goods were sound on the reporting date.",
            lot=lot,
            proceeds=Decimal(inputs["sale_price_after"]),
            costs=Decimal(inputs["selling_cost"]),
            disclosure="" if existed else "The fire and its estimated effect.",
        ),
    )
    if made.document is not None:
        run.company.posted(made.document)
    return {"classification": SubsequentEvent.objects.get(pk=made.pk).classification.value}


def tax_of_month(run: Run, day: dt.date) -> None:
    """The tax entries of the month that the day lies in, where there are any."""
    period = FiscalPeriod.objects.get(
        entity=run.company.entity, starts_on__lte=day, ends_on__gte=day, number__lt=FiscalPeriod.ADJUSTMENT
    )
    run.company.posted(tax_prepare(entity=run.company.entity, user=run.company["PREPARER"], period=period))


def bridge(run: Run, year: int) -> dict[str, Any]:
    """The tax bridge of a year, in the case's words."""
    found = bridge_of(entity=run.company.entity, starts_on=dt.date(year, 1, 1), ends_on=dt.date(year, 12, 31))
    return {
        "book_loss": found.total("book_loss"),
        "deductible": found.total("deductible"),
        "temporary_difference": found.total("closing_difference"),
        "deferred_tax_asset": found.total("closing_asset"),
        "current_tax_saving": found.total("current"),
    }


def papers_of(run: Run) -> list[str]:
    terms = tax_terms(entity=run.company.entity)
    return [paper for one in terms.rules for paper in one.terms.evidence]


@kind("tax_us")
def allowance_first_scrapping_next_year(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    at_recognition = not inputs["year_1_still_offered_at_normal_price"]
    rule(run, timing="RECOGNITION" if at_recognition else "DISPOSAL", evidence=SCRAPPED)
    run.move_to(YEAR_END)
    run.one_lot("1", inputs["cost"])
    price(run, "GOODS", nrv=inputs["nrv"])
    accepted(run, assessed(run))
    tax_of_month(run, YEAR_END)
    run.move_to(dt.date(2027, 12, 31))
    if inputs["year_2_scrapped"]:
        scrap = Decimal(inputs["scrap_proceeds"])
        charges = [services.ChargeInput("PROCEEDS", scrap, "CASH")] if scrap else []
        proposal = run.company.write_off(
            "OBSOLESCENCE", run.today, (run.lot(), Decimal(1)), kind="DISPOSAL", charges=charges
        )
        attach(run, proposal, ("CERTIFICATE", "SCRAP_TICKET", "PHOTOGRAPH", "OTHER"))
        run.company.posted(proposal)
        tax_of_month(run, run.today)
    run.name_periods(lambda code: "Y1" if code.startswith("2026") else "Y2")
    years = {"year_1": bridge(run, 2026), "year_2": bridge(run, 2027)}
    return {"tax": {"rate": run.company.entity.tax_rate, **years, "evidence": papers_of(run)}}


@kind("tax_subnormal")
def offered_at_a_cut_price(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    rule(run, timing="EVIDENCE", offer_days=30, evidence=OFFERED)
    run.move_to(YEAR_END)
    run.one_lot("1", inputs["cost"])
    offered = YEAR_END + dt.timedelta(days=int(inputs["offered_within_days"]))
    run.move_to(offered + dt.timedelta(days=5))
    price(
        run,
        "GOODS",
        day=YEAR_END,
        offered=offered,
        selling_price=inputs["bona_fide_price"],
        cost_to_sell=inputs["direct_disposal_cost"],
    )
    accepted(run, assessed(run, YEAR_END), YEAR_END, papers=("PRICE_SOURCE", "OTHER"))
    tax_of_month(run, YEAR_END)
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
