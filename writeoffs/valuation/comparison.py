"""What the choices of measurement would come to, side by side: the cost formulas for so many units of an item, and the
three levels of comparison for a whole assessment. A constant number of queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.db.models import Count, Sum

from core.models import Entity, Location
from core.money import MONEY_SCALE, QUANTITY_SCALE, RAW_LIMIT, from_raw, to_raw
from core.words import Framework
from inventory.models import Item, Lot
from writeoffs.valuation.assessment_selectors import by_level
from writeoffs.valuation.cost_formulas import formulas_compared, layers_of
from writeoffs.valuation.explained import LEVEL_RULE
from writeoffs.valuation.in_force import policies_as_of, policy_for
from writeoffs.valuation.models import Assessment, CostFormula, Level, ValuationPolicy

ZERO = Decimal(0)
# So many runs are offered, and so many items where none is named.
RUNS, ITEMS = 24, 5
FINISHED = (Assessment.Status.DONE, Assessment.Status.PROPOSED, Assessment.Status.RECORDED)


@dataclass(frozen=True, slots=True)
class FormulaLine:
    """What one formula lets leave and stay. more: than under the policy's formula; None where no policy says one or it
    is not compared."""

    code: str
    label: str
    leaves: Decimal
    stays: Decimal
    in_force: bool
    more: Decimal | None


@dataclass(frozen=True, slots=True)
class Formulas:
    """item None: nobody named one that exists. held: units on hand. lines: empty where fewer are on hand than asked."""

    item: Item | None
    held: Decimal = ZERO
    short: bool = False
    lots: Sequence[Lot] = ()
    policy: ValuationPolicy | None = None
    lines: Sequence[FormulaLine] = ()

    @property
    def has_policy(self) -> bool:
        """Whether the policy's own formula is among those compared."""
        return any(line.in_force for line in self.lines)


@dataclass(frozen=True, slots=True)
class LevelLine:
    """What one level would require. more: than item by item. rule: the paragraph that permits it, or forbids it."""

    label: str
    carrying: Decimal
    write_down: Decimal
    more: Decimal
    in_force: bool
    permitted: bool
    rule: str


def quantity_of(text: str) -> Decimal | None:
    """A quantity as typed; None where it cannot be one."""
    field = forms.DecimalField(
        decimal_places=QUANTITY_SCALE, min_value=Decimal("0.0001"), max_value=from_raw(RAW_LIMIT, QUANTITY_SCALE)
    )
    try:
        number = field.clean(text.strip())
    except forms.ValidationError:
        return None
    return number if isinstance(number, Decimal) else None


def formulas_of(*, entity: Entity, sku: str, quantity: str, location_id: int | None = None) -> Formulas:
    """What each formula would take of the item, where item and quantity can be read. Four queries."""
    item = Item.objects.select_related("category").filter(entity=entity, sku=sku.strip()).first()
    number = quantity_of(quantity)
    if item is None or number is None:
        return Formulas(item)
    layers = layers_of(item=item, location_id=location_id)
    held, leaving = from_raw(layers.quantity, QUANTITY_SCALE), to_raw(number, QUANTITY_SCALE)
    if leaving > layers.quantity:
        return Formulas(item, held, short=True)
    policy = policy_for(entity=entity, category=item.category, as_of=entity.local_date())
    found = formulas_compared(entity=entity, layers=layers, quantity=leaving, policy=policy)
    own = next((one.cost for one in found if policy is not None and one.formula == policy.cost_formula), None)
    lines = [
        FormulaLine(
            one.formula,
            str(CostFormula(one.formula).label),
            from_raw(one.cost, MONEY_SCALE),
            from_raw(one.stays, MONEY_SCALE),
            policy is not None and one.formula == policy.cost_formula,
            None if own is None else from_raw(one.cost - own, MONEY_SCALE),
        )
        for one in found
    ]
    return Formulas(item, held, lots=layers.lots, policy=policy, lines=lines)


def levels_of(assessment: Assessment) -> list[LevelLine]:
    """The three levels of a run, with what its framework says of each. Two queries."""
    figures = by_level(assessment)
    by_item = next((one.write_down for one in figures if one.code == Level.ITEM), ZERO)
    policies = policies_as_of(entity=assessment.entity, as_of=assessment.as_of, basis=assessment.basis)
    in_force = {policy.level for policy in policies.values()} or {Level.ITEM.value}
    return [
        LevelLine(
            one.label,
            one.carrying,
            one.write_down,
            one.write_down - by_item,
            one.code in in_force,
            (assessment.framework, one.code) in LEVEL_RULE,
            LEVEL_RULE.get(
                (Framework(assessment.framework), Level(one.code)),
                "Not permitted: stock is not written down by class or in all (IAS 2.29).",
            ),
        )
        for one in figures
    ]


def runs_of(entity: Entity) -> list[Assessment]:
    """Finished runs, the newest first."""
    found = Assessment.objects.filter(entity=entity, status__in=FINISHED).select_related("entity")
    return list(found.order_by("-as_of", "-pk")[:RUNS])


def items_worth_comparing(entity: Entity) -> list[tuple[str, str, int, Decimal]]:
    """SKU, description, lots and cost of the items with several layers that hold the most."""
    rows = (
        Lot.objects.filter(entity=entity, quantity__gt=0)
        .order_by()
        .values_list("item__sku", "item__description")
        .annotate(layers=Count("pk"), held=Sum("cost"))
        .filter(layers__gt=1)
        .order_by("-held", "item__sku")
    )
    return list(rows[:ITEMS])


class ComparisonForm(forms.Form):
    """What is compared; it stands in the address."""

    assessment = forms.ChoiceField(label="Assessment", required=False)
    sku = forms.CharField(label="SKU", max_length=60, required=False)
    quantity = forms.CharField(
        label="Units that leave", required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    location = forms.ModelChoiceField(
        label="Layers at", queryset=Location.objects.none(), required=False, empty_label="All locations"
    )

    def __init__(self, data: object, *, entity: Entity, runs: Sequence[Assessment]) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.entity = entity
        assessment, location = self.fields["assessment"], self.fields["location"]
        assert isinstance(assessment, forms.ChoiceField)
        assert isinstance(location, forms.ModelChoiceField)
        assessment.choices = [
            ("", "The last one"),
            *((run.number, f"{run.number}, {run.as_of.isoformat()}, {run.get_basis_display()}") for run in runs),
        ]
        location.queryset = Location.objects.filter(entity=entity).order_by("code")
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-select" if name in ("assessment", "location") else "form-control"

    def clean_sku(self) -> str:
        sku: str = self.cleaned_data["sku"].strip()
        if sku and not Item.objects.filter(entity=self.entity, sku=sku).exists():
            raise forms.ValidationError(f"No item has the SKU '{sku}'. Check it against the stock list.")
        return sku

    def clean_quantity(self) -> str:
        text: str = self.cleaned_data["quantity"]
        if text and quantity_of(text) is None:
            raise forms.ValidationError(f"'{text}' is no number of units. Write something like 12.5, above nil.")
        return text
