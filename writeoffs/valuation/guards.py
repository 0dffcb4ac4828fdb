"""The guards of the room: what was given for a valuation, and how it was decided to value, is only ever added to.

A figure that says something else is a higher version; so the figure that an assessment used stands for good. What an
assessment found stands as well: a line is worked out once, and a person's override stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from core import guards
from core.guards import Guard, SQLite, append_only, kept, refused_update


def _never_replaced(table: str, noun: str, *keys: Sequence[str]) -> Guard:
    """SQLite's REPLACE would delete the row in the way without asking its delete guard. "-lot_id" in a key: that
    column is empty; each key has its index, or the guard would cost more than the row."""
    message = f"{noun} is never replaced; it is corrected by a new one"
    clash = " or ".join(
        f"exists (select 1 from {table} r where {' and '.join(map(_same, key))})" for key in (("id",), *keys)
    )
    label = table.split("_", 1)[1]
    return Guard(
        f"{label}_replace",
        table,
        message,
        sqlite=SQLite("before insert", f"select raise(abort, '{message}');", when=clash),
    )


def _same(column: str) -> str:
    name = column.lstrip("-")
    return f"new.{name} is null and r.{name} is null" if column != name else f"r.{name} = new.{name}"


_OF_POLICY = ("entity_id", "basis", "starts_on", "version")
_OF_SALES = ("entity_id", "starts_on", "ends_on", "version")
# table -> a row of it in words, and what names one version of it.
KEPT: dict[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
    "valuation_price": (
        "a price",
        (("-lot_id", "item_id", "as_of", "version"), ("lot_id", "as_of", "version")),
    ),
    "valuation_contract": ("a contract", (("entity_id", "reference", "item_id", "version"),)),
    "valuation_purchasecommitment": ("a commitment", (("entity_id", "reference", "item_id", "version"),)),
    "valuation_materialuse": ("a use of a material", (("material_id", "product_id", "as_of", "version"),)),
    "valuation_demand": ("a month of demand", (("item_id", "month", "version"),)),
    "valuation_conditionmark": ("a condition mark", (("lot_id", "as_of", "kind", "version"),)),
    "valuation_salesfigure": (
        "a sales figure",
        tuple((*_OF_SALES, f"{place}location_id", f"{group}category_id") for place in ("", "-") for group in ("", "-")),
    ),
    "valuation_pricerate": ("a rate for prices", (("entity_id", "currency", "as_of", "version"),)),
    "valuation_basischarge": ("a charge of a basis", (("assessment_id", "lot_id", "fiscal_year"),)),
    "valuation_valuationpolicy": (
        "a valuation policy",
        ((*_OF_POLICY, "category_id"), (*_OF_POLICY, "-category_id")),
    ),
    "valuation_taxrule": (
        "a tax rule",
        tuple(("entity_id", "reason", f"{place}location_id", "starts_on", "version") for place in ("", "-")),
    ),
    "valuation_ageingband": ("an ageing band", (("policy_id", "from_days"),)),
}

for _table, (_noun, _keys) in KEPT.items():
    guards.register(*append_only(_table, noun=_noun, keys=None), _never_replaced(_table, _noun, *_keys))

# What a run writes; an override and the proposal made of a line are added by people.
_FOUND = (
    *("assessment_id", "lot_id", "policy_id", "price_id", "outcome", "governs", "reason", "level", "cost_formula"),
    *("quantity", "cost", "carried", "nrv_unit", "market_unit", "contract_quantity", "contract_value", "nrv_value"),
    *("age_days", "ageing_need", "excess_quantity", "excess_need", "expiry_need", "nrv_need", "required", "flag"),
    *("change", "change_amount", "change_why"),
)
_RUN = ("entity_id", "number", "as_of", "basis", "scope", "created_by_id", "created_at")
_TOTALS = ("line_count", "untested_count", "cost", "carried", "required", "by_level", "assumptions", "previous_id")

guards.register(
    *(
        guard
        for guard in kept("valuation_assessmentline", noun="a line of an assessment", fixed=_FOUND)
        if not guard.name.endswith("_replace")
    ),
    # Instead of looking for a line in the way, which 100,000 would feel: what is finished takes no further line.
    Guard(
        "assessmentline_replace",
        "valuation_assessmentline",
        "a finished assessment takes no line more, nor is one replaced",
        sqlite=SQLite(
            "before insert",
            "select raise(abort, 'a finished assessment takes no line more, nor is one replaced');",
            when="(select a.finished_at from valuation_assessment a where a.id = new.assessment_id) is not null "
            "or exists (select 1 from valuation_assessmentline r where r.id = new.id)",
        ),
    ),
    *append_only(
        "valuation_commitmentline",
        noun="what an assessment says of a commitment",
        keys=(("assessment_id", "commitment_id"),),
    ),
    *append_only(
        "valuation_provisionmovement",
        noun="a movement of a provision",
        keys=(("entity_id", "source_ref", "commitment_id", "kind"),),
    ),
    *kept("valuation_assessment", noun="an assessment", fixed=_RUN, keys=(("entity_id", "number"),)),
    refused_update(
        "assessment_totals",
        "valuation_assessment",
        columns=_TOTALS,
        condition="old.finished_at is not null",
        message="a finished assessment keeps its figures; another run says something else",
    ),
)
