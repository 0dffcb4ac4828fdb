"""The worked cases that write-off, write-down and count cover, posted through the product by three people: its journal,
carrying amounts and statement effects must be the case's."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from core.words import Reason
from inventory.models import Lot
from tests.conftest import Company, make_company
from tests.posting.stock import make_lot
from tests.proposals.documents import header, posted
from writeoffs.ledger.effects import effects
from writeoffs.ledger.models import FiscalPeriod, JournalEntry
from writeoffs.proposals import policy, services
from writeoffs.proposals.models import Finding, Kind, Proposal
from writeoffs.proposals.services import ChargeInput

CASES = {case["id"]: case for case in json.loads((Path(__file__).parent / "worked_examples.json").read_text())["cases"]}
type_lines = dict[tuple[str, str], Decimal]


def expected_entry(case: dict[str, Any], *, entries: tuple[int, ...] = (1,), period: str | None = None) -> type_lines:
    """(role, side) -> amount of some entries of the case."""
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in case["expected"]["journal"]:
        if line["entry"] in entries and (period is None or line.get("period") == period):
            side = "debit" if Decimal(line["debit"]) else "credit"
            sums[line["account"], side] += Decimal(line[side])
    return dict(sums)


def made_entry(proposal: Proposal) -> type_lines:
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in JournalEntry.objects.filter(source_ref=proposal.source_ref):
        for line in entry.lines.all():
            side = "debit" if line.amount > 0 else "credit"
            sums[line.role, side] += abs(line.amount)
    return dict(sums)


def company_of(case: dict[str, Any]) -> Company:
    method = case["inputs"].get("method", "allowance").upper()
    return make_company("case", framework=case["standard"], method=method)


def write_down(company: Company, targets: dict[str, tuple[Lot, str]]) -> Proposal:
    proposal = services.proposal_create(
        entity=company.entity,
        user=company["PREPARER"],
        header=header(kind=Kind.WRITE_DOWN, reason=Reason.PRICE_FALL),
    )
    for lot, target in targets.values():
        services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, new_carrying_amount=Decimal(target))
    return posted(company, proposal)


def write_off(
    company: Company, reason: str, *units: tuple[Lot, str], charges: tuple[ChargeInput, ...] = (), **dates: object
) -> Proposal:
    proposal = services.proposal_create(
        entity=company.entity, user=company["PREPARER"], header=header(reason=reason, **dates)
    )
    for lot, quantity in units:
        services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, quantity=Decimal(quantity))
    for charge in charges:
        services.charge_add(proposal=proposal, user=company["PREPARER"], charge=charge)
    return posted(company, proposal)


def carrying(company: Company) -> Decimal:
    return sum((lot.carrying_amount for lot in Lot.objects.filter(entity=company.entity)), Decimal(0))


def assert_statements(case: dict[str, Any], proposal: Proposal) -> None:
    made = effects(
        (role, amount if side == "debit" else -amount) for (role, side), amount in made_entry(proposal).items()
    )
    income, balance, cash = (case["expected"][name] for name in ("income_statement", "balance_sheet", "cash_flow"))
    assert made.gross_profit == Decimal(income["gross_profit_effect"])
    assert made.profit_before_tax == Decimal(income["profit_before_tax_effect"])
    assert made.net_inventory == Decimal(balance["net_inventory_change"])
    assert made.cash_flow.losses_added_back == Decimal(cash["add_back_inventory_losses"])
    assert made.cash_flow.cash == Decimal(cash["net_cash_change"])


# The new carrying amount of each lot is NRV x quantity, as the case's own "why" works it out.
WRITE_DOWNS = {
    "P01": {"LAMP-1": "3500.00"},
    "P02": {"CHAIR-7": "4420.00"},
    "P03": {"B-200": "2137.50", "C-300": "314.00"},
    "P04": {"T2": "1250.00", "S1": "880.00"},
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", WRITE_DOWNS)
def test_a_write_down_to_nrv_posts_the_journal_and_the_effects_of_the_case(name: str) -> None:
    case = CASES[name]
    company = company_of(case)
    allowance = case["inputs"].get("opening_allowance", "0")
    lots = {
        item["sku"]: make_lot(company.entity, item["sku"], item["quantity"], item["unit_cost"], allowance=allowance)
        for item in case["inputs"]["items"]
    }
    proposal = write_down(company, {sku: (lots[sku], target) for sku, target in WRITE_DOWNS[name].items()})
    assert made_entry(proposal) == expected_entry(case)
    assert carrying(company) == Decimal(case["expected"]["carrying_amount"])
    assert_statements(case, proposal)


def _p06(company: Company, case: dict[str, Any], *charges: ChargeInput) -> Proposal:
    lot = make_lot(company.entity, "PIPE", "60", "12.50")
    return write_off(company, Reason.ABNORMAL_DAMAGE, (lot, "60"), charges=charges)


def _p07(company: Company, case: dict[str, Any], *charges: ChargeInput) -> Proposal:
    lot = make_lot(company.entity, "MED", "480", "3.25", allowance="780.00")
    return write_off(company, Reason.EXPIRY, (lot, "480"), charges=charges)


def _p08(company: Company, case: dict[str, Any], *charges: ChargeInput) -> Proposal:
    return write_off(company, Reason.THEFT, (make_lot(company.entity, "BIKE", "20", "150.00"), "20"), charges=charges)


def _p18(company: Company, case: dict[str, Any], *charges: ChargeInput) -> Proposal:
    lot = make_lot(company.entity, "SCRAP", "100", "100.00", allowance="8500.00")
    return write_off(company, Reason.OBSOLESCENCE, (lot, "100"), charges=charges)


def _p20(company: Company, case: dict[str, Any], *charges: ChargeInput) -> Proposal:
    return write_off(company, Reason.FIRE, (make_lot(company.entity, "HALL", "250", "100.00"), "250"), charges=charges)


def _p23(company: Company, case: dict[str, Any], *charges: ChargeInput) -> Proposal:
    """First in, first out over three lots: all of K1 and ten of K2."""
    lots = [
        make_lot(company.entity, "LAYER", layer["quantity"], layer["unit_cost"], code=layer["lot"])
        for layer in case["inputs"]["layers"]
    ]
    return write_off(company, Reason.DAMAGE, (lots[0], "30"), (lots[1], "10"), charges=charges)


WRITE_OFFS: dict[str, Callable[..., Proposal]] = {
    "P06": _p06,
    "P07": _p07,
    "P08": _p08,
    "P18": _p18,
    "P20": _p20,
    "P21": _p20,
    "P23": _p23,
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", WRITE_OFFS)
def test_a_write_off_posts_the_first_leg_of_the_case_and_leaves_its_carrying_amount(name: str) -> None:
    case = CASES[name]
    company = company_of(case)
    proposal = WRITE_OFFS[name](company, case)
    assert made_entry(proposal) == expected_entry(case)
    assert carrying(company) == Decimal(case["expected"]["carrying_amount"])
    if {line["entry"] for line in case["expected"]["journal"]} == {1}:
        assert_statements(case, proposal)


# The legs beside the loss, as the case's inputs give them.
CHARGES: dict[str, Callable[[dict[str, Any]], list[ChargeInput]]] = {
    "P06": lambda i: [ChargeInput("DISPOSAL_COST", Decimal(i["destruction_cost"]), i["destruction_paid"].upper())],
    "P08": lambda i: [
        ChargeInput("INPUT_TAX", Decimal(i["quantity"]) * Decimal(i["unit_cost"]) * Decimal(i["vat_rate"]))
    ],
    "P18": lambda i: [
        ChargeInput("PROCEEDS", Decimal(i["scrap_proceeds"]), "ACCOUNT"),
        ChargeInput("DISPOSAL_COST", Decimal(i["destruction_cost"]), "ACCOUNT"),
    ],
    "P20": lambda i: [ChargeInput("INSURANCE", Decimal(i["claim"]), certainty="CERTAIN")],
    "P21": lambda i: [ChargeInput("INSURANCE", Decimal(i["loss"]), certainty="PROBABLE")],
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", CHARGES)
def test_every_leg_of_a_case_is_an_entry_of_its_own_and_its_statements_are_the_cases(name: str) -> None:
    case = CASES[name]
    company = company_of(case)
    charges = CHARGES[name](case["inputs"])
    proposal = WRITE_OFFS[name](company, case, *charges)
    numbers = tuple(sorted({line["entry"] for line in case["expected"]["journal"]}))
    assert made_entry(proposal) == expected_entry(case, entries=numbers)
    assert JournalEntry.objects.filter(source_ref=proposal.source_ref).count() == len(numbers)
    assert carrying(company) == Decimal(case["expected"]["carrying_amount"])
    assert_statements(case, proposal)


@pytest.mark.django_db
def test_the_claim_of_case_p21_above_the_loss_is_refused_and_told_how_much_of_it_waits() -> None:
    case = CASES["P21"]
    company = company_of(case)
    claim = ChargeInput("INSURANCE", Decimal(case["inputs"]["claim"]), certainty="PROBABLE")
    with pytest.raises(BadInput, match=r"up to the loss of 25,000\.00 EUR.*the other 3,000\.00 EUR wait"):
        _p20(company, case, claim)
    assert Decimal(case["expected"]["unrecognised_gain"]) == 3000


@pytest.mark.django_db
def test_a_specific_lot_is_written_off_at_its_own_cost_in_case_p23() -> None:
    case = CASES["P23"]
    company = company_of(case)
    lot = make_lot(company.entity, "LAYER", "20", "13.00", code="K3")
    proposal = write_off(company, Reason.DAMAGE, (lot, "20"))
    assert proposal.net_loss == Decimal(case["expected"]["by_formula"]["SPECIFIC_K3_20_units"])


@pytest.mark.django_db
def test_count_losses_and_gains_of_case_p16_are_two_entries_that_are_never_netted() -> None:
    case = CASES["P16"]
    company = company_of(case)
    proposal = services.proposal_create(
        entity=company.entity,
        user=company["PREPARER"],
        header=header(kind=Kind.COUNT_ADJUSTMENT, reason=Reason.COUNT_DIFFERENCE),
    )
    for line in case["inputs"]["lines"]:
        lot = make_lot(company.entity, line["sku"], line["book"], line["unit_cost"])
        difference = Decimal(line["count_2"] or line["count_1"]) - Decimal(line["book"])
        services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, quantity=difference)
    proposal = posted(company, proposal)
    assert made_entry(proposal) == expected_entry(case, entries=(1, 2, 3))
    legs = {
        entry.leg: sum(line.debit for line in entry.lines.all())
        for entry in JournalEntry.objects.filter(source_ref=proposal.source_ref)
    }
    assert legs == {
        "COUNT_LOSS": Decimal(case["expected"]["gross_shortage"]),
        "COUNT_GAIN": Decimal(case["expected"]["gross_overage"]),
    }
    assert proposal.net_loss == -Decimal(case["expected"]["net"])
    assert carrying(company) == Decimal(case["expected"]["carrying_amount"])
    assert_statements(case, proposal)


@pytest.mark.django_db
def test_damage_of_a_closed_month_in_case_p24_posts_on_the_found_date_and_keeps_its_event_date() -> None:
    case = CASES["P24"]
    company = company_of(case)
    FiscalPeriod.objects.filter(ends_on__lte=dt.date.fromisoformat(case["inputs"]["closed_through"])).update(
        status=FiscalPeriod.Status.CLOSED
    )
    found = dt.date.fromisoformat(case["inputs"]["found_date"])
    offered = policy.posting_date_default(entity=company.entity, found_on=found)
    assert offered == dt.date.fromisoformat(case["expected"]["posting_date"])
    proposal = write_off(
        company,
        Reason.ABNORMAL_DAMAGE,
        (make_lot(company.entity, "CRATE", "46", "40.00", opened=dt.date(2024, 12, 31)), "46"),
        event_on=dt.date.fromisoformat(case["inputs"]["event_date"]),
        found_on=found,
        posting_on=offered,
        finding=Finding.ERROR,
        material=case["inputs"]["material_error"],
        finding_why="The crates stood crushed behind the gate; nobody reported it in January.",
    )
    assert made_entry(proposal) == expected_entry(case)
    assert (
        JournalEntry.objects.get(source_ref=proposal.source_ref).period.code == case["expected"]["journal"][0]["period"]
    )
    assert proposal.event_on.isoformat() == case["expected"]["event_date_kept"]
    assert_statements(case, proposal)


@pytest.mark.django_db
def test_a_material_error_of_an_earlier_year_in_case_p25_goes_to_retained_earnings_net_of_tax() -> None:
    case = CASES["P25"]
    inputs = case["inputs"]
    company = make_company("case", tax_rate=Decimal(inputs["tax_rate"]), tax_timing="RECOGNITION")
    lot = make_lot(company.entity, "PRESS", "100", "400.00")
    proposal = write_off(
        company,
        Reason.OBSOLESCENCE,
        (lot, "100"),
        event_on=dt.date(2025, 11, 20),
        finding=Finding.ERROR,
        material=True,
        finding_why="The scrapping order of November 2025 lay in the file when the accounts were issued.",
    )
    assert made_entry(proposal) == expected_entry(case)
    [entry] = JournalEntry.objects.filter(source_ref=proposal.source_ref)
    assert (entry.leg, entry.period.code) == ("CORRECTION", "2026-03")
    assert carrying(company) == Decimal(case["expected"]["carrying_amount"])
    assert_statements(case, proposal)
    made = effects((line.role, line.amount) for line in entry.lines.all())
    cash = case["expected"]["cash_flow"]
    assert made.cash_flow.equity_only_items == Decimal(cash["equity_only_items"])
    assert made.cash_flow.change_in_other_balances == Decimal(cash["change_in_other_balances"])
