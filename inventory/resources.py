"""Master data in and out by import-export: categories, locations, items; lots outwards only, since stock is the books'.

Invariant: a resource serves one entity; it finds and makes records of that entity alone, and figures keep every digit.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import QuerySet
from import_export import fields, resources, widgets

from core.models import Category, Entity, Location
from core.money import ScaledField, plain, to_raw
from inventory.models import Item, Lot


class ExactWidget(widgets.Widget):  # type: ignore[misc]
    """A scaled figure as plain text and back; the stock widget of import-export turns 7.5 into 7."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal | None:
        if value in (None, ""):
            return None
        try:
            # A float comes from a sheet's cell; its shortest text is what the person typed.
            number = Decimal(f"{value:.15g}" if isinstance(value, float) else str(value).strip())
            to_raw(number, self.scale)
        except (InvalidOperation, ValueError, OverflowError) as error:
            raise ValueError(f"'{value}' is not a number with at most {self.scale} decimals, like 7.5.") from error
        return number

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else plain(value)


class CategoryWidget(widgets.Widget):  # type: ignore[misc]
    """A category by its name; the names of the entity are loaded once, not row by row."""

    def __init__(self, entity: Entity) -> None:
        super().__init__()
        self.entity = entity
        self.by_name: dict[str, Category] | None = None

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Category:
        if self.by_name is None:
            self.by_name = {category.name: category for category in Category.objects.filter(entity=self.entity)}
        name = str(value or "").strip() or Category.UNCATEGORISED
        if name not in self.by_name:
            raise ValueError(f"'{name}' is not a category of {self.entity}. Make it first, or correct the name.")
        return self.by_name[name]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.name if value else ""


class EntityResource(resources.ModelResource):  # type: ignore[misc]
    """Base: all of one entity, nothing of another."""

    def __init__(self, *, entity: Entity, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entity = entity

    @classmethod
    def widget_from_django_field(cls, field: Any, default: Any = widgets.Widget) -> Any:
        if isinstance(field, ScaledField):
            return lambda **_: ExactWidget(field.scale)
        return super().widget_from_django_field(field, default)

    def get_queryset(self) -> QuerySet[Any]:
        own: QuerySet[Any] = super().get_queryset().filter(entity=self.entity)
        return own

    def init_instance(self, row: Any = None) -> Any:
        return self._meta.model(entity=self.entity)

    def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        instance.entity = self.entity


class CategoryResource(EntityResource):
    class Meta:
        model = Category
        fields = ("name",)
        import_id_fields = ("name",)
        skip_unchanged = True


class LocationResource(EntityResource):
    class Meta:
        model = Location
        fields = ("code", "name")
        import_id_fields = ("code",)
        skip_unchanged = True


class ItemResource(EntityResource):
    category = fields.Field(attribute="category", column_name="category")

    class Meta:
        model = Item
        fields = ("sku", "description", "category", "unit_of_measure")
        import_id_fields = ("sku",)
        skip_unchanged = True
        # The model's own rules speak: an item with movements keeps its category.
        clean_model_instances = True

    def __init__(self, *, entity: Entity, **kwargs: Any) -> None:
        super().__init__(entity=entity, **kwargs)
        self.fields["category"].widget = CategoryWidget(entity)

    def get_queryset(self) -> QuerySet[Item]:
        items: QuerySet[Item] = super().get_queryset().select_related("category")
        return items


class LotResource(EntityResource):
    """Outwards only, in the stock list's own columns."""

    sku = fields.Field(attribute="item__sku", readonly=True)
    lot_code = fields.Field(attribute="code", readonly=True)
    location = fields.Field(attribute="location__code", readonly=True)

    class Meta:
        model = Lot
        fields = ("sku", "lot_code", "location", "quantity", "unit_cost", "cost", "allowance")
        export_order = fields

    def get_queryset(self) -> QuerySet[Lot]:
        lots: QuerySet[Lot] = super().get_queryset().select_related("item", "location").order_by("item__sku", "code")
        return lots

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        raise ValueError("Lots are not imported here: upload a stock list, so that the books follow.")
