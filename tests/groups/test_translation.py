"""The translation itself, on any amounts and rates: rows add up to their closing, companies to the group."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.money import currency_exponent, is_whole_unit
from writeoffs.reports.statements.rollforward import ALLOWANCE_COLUMNS
from writeoffs.reports.statements.translation import MemberFacts, MonthFact, Rates, group_roll, translated

MONTHS = (dt.date(2026, 2, 1), dt.date(2026, 3, 1))
KINDS = ("OPENING", "WRITE_DOWN", "REVERSAL", "SALE", "WRITE_OFF", "EXCHANGE", "VOID")
amounts = st.integers(-(10**14), 10**14).map(lambda raw: Decimal(raw).scaleb(-4))
rates = st.integers(1, 10**13).map(lambda raw: Decimal(raw).scaleb(-10))
facts = st.builds(MonthFact, st.sampled_from((None, *MONTHS)), st.sampled_from(KINDS), amounts)


@st.composite
def members(draw: st.DrawFn) -> MemberFacts:
    averages = {month: draw(rates) for month in MONTHS}
    own = tuple(draw(st.lists(facts, max_size=5)))
    total = sum((fact.amount for fact in own), Decimal(0))
    return MemberFacts(1, "A", "USD", own, total, Rates(draw(rates), draw(rates), averages))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(members(), min_size=1, max_size=3), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_rows_add_up_to_their_closing_and_companies_to_the_group(companies: list[MemberFacts], currency: str) -> None:
    roll = group_roll(columns=ALLOWANCE_COLUMNS, members=companies, currency=currency)
    for row in (*roll.rows, roll.total):
        figures = (row.opening, *row.amounts, row.exchange)
        assert all(figure is not None and is_whole_unit(figure, currency) for figure in figures)
        assert sum(figure for figure in figures if figure is not None) == row.closing == row.ledger
        assert row.difference == 0
    for name in ("opening", "exchange", "closing", "ledger"):
        assert sum(getattr(row, name) for row in roll.rows) == getattr(roll.total, name)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(amounts, rates), max_size=6), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_a_figure_is_the_exact_sum_rounded_once(terms: list[tuple[Decimal, Decimal]], currency: str) -> None:
    exact = sum((Fraction(amount) * Fraction(rate) for amount, rate in terms), Fraction(0))
    unit = Fraction(1, 10 ** currency_exponent(currency))
    found = translated(terms, currency)
    assert found is not None
    off = Fraction(found) - exact
    assert abs(off) <= unit / 2
    if abs(off) == unit / 2:
        assert abs(Fraction(found)) > abs(exact), "a half is rounded away from zero"


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(members())
def test_without_a_rate_there_is_no_figure_and_none_that_needs_it(company: MemberFacts) -> None:
    bare = MemberFacts(1, "A", "USD", company.movements, company.ledger, Rates(None, company.rates.closing, {}))
    row = group_roll(columns=ALLOWANCE_COLUMNS, members=[bare], currency="EUR").rows[0]
    needed = row.own is not None and any(row.own[:-1])
    moved = any(fact.month is not None and fact.amount and fact.kind != "EXCHANGE" for fact in company.movements)
    if row.own is not None and row.own[0]:
        assert row.opening is None
    if needed and (row.opening is None or None in row.amounts):
        assert row.exchange is None
    if not moved:
        assert None not in row.amounts
