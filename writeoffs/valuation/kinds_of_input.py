"""The kinds of input that an assessment knows, and what makes two of one kind the same.

`subject` names what a figure is about and for which day: versions are counted for it. `values` are what it says; a
figure with the same values as the one that stands is not given again. Both are columns of the table.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.words import Role
from writeoffs.valuation.inputs import (
    ConditionMark,
    Contract,
    Demand,
    Input,
    MaterialUse,
    Price,
    PriceRate,
    PurchaseCommitment,
    SalesFigure,
)


@dataclass(frozen=True, slots=True)
class InputKind:
    """code: of its source_ref and address; noun, plural: in sentences; day: the column of the subject by which a sheet
    is compared with what stands, "" where all of it is."""

    code: str
    model: type[Input]
    noun: str
    plural: str
    subject: tuple[str, ...]
    values: tuple[str, ...]
    day: str = ""
    roles: tuple[Role, ...] = (Role.PREPARER, Role.CONTROLLER)

    @property
    def singular(self) -> str:
        """What a button asks for: "month of demand" where the noun counts no pieces."""
        return self.plural.replace("months", "month") if self.plural.startswith("months") else self.noun

    @property
    def givers(self) -> str:
        """ "a price owner or a controller"."""
        return " or ".join(f"a {role.label.lower()}" for role in self.roles)

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.subject, *self.values)


_PRICE_VALUES = (
    *("currency", "selling_price", "cost_to_complete", "cost_to_sell", "nrv", "replacement_cost", "normal_profit"),
    *("excess_recoverable", "offered_on", "recovers_in_year"),
)
_AGREED = ("quantity", "price", "currency", "starts_on", "ends_on")

KINDS: dict[str, InputKind] = {
    kind.code: kind
    for kind in (
        InputKind(
            *("price", Price, "price", "prices", ("item_id", "lot_id", "as_of"), _PRICE_VALUES, "as_of"),
            roles=(Role.PRICE_OWNER, Role.CONTROLLER),
        ),
        InputKind(
            *("contract", Contract, "contract", "contracts", ("reference", "item_id")),
            ("customer", *_AGREED, "cost_to_complete", "cost_to_sell"),
        ),
        InputKind(
            *("commitment", PurchaseCommitment, "purchase commitment", "purchase commitments"),
            *(("reference", "item_id"), ("supplier", *_AGREED)),
        ),
        InputKind(
            *("use", MaterialUse, "material use", "material uses", ("material_id", "product_id", "as_of"), (), "as_of"),
        ),
        InputKind("demand", Demand, "demand", "months of demand", ("item_id", "month"), ("quantity",), "month"),
        InputKind(
            *("condition", ConditionMark, "condition mark", "condition marks", ("lot_id", "as_of", "kind")),
            *(("lifted", "note"), "as_of"),
        ),
        InputKind(
            *("sales", SalesFigure, "sales figure", "sales figures"),
            *(("location_id", "category_id", "starts_on", "ends_on"), ("revenue",), "ends_on"),
        ),
        InputKind("rate", PriceRate, "rate", "rates", ("currency", "as_of"), ("rate",), "as_of"),
    )
}
KIND_OF: dict[type[Input], InputKind] = {kind.model: kind for kind in KINDS.values()}
