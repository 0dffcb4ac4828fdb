"""Master data goes in and out of one entity without losing a digit."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
import tablib

from core.models import Category, Location
from core.money import QUANTITY_SCALE
from inventory.models import Item
from inventory.resources import CategoryResource, ExactWidget, ItemResource, LocationResource, LotResource
from tests.conftest import Company
from tests.inventory.sheets import lot_row, take_in

pytestmark = pytest.mark.django_db


def test_figures_keep_every_digit_both_ways(company: Company) -> None:
    take_in(company, [lot_row(quantity="7.5", cost="1.234567")])
    (row,) = LotResource(entity=company.entity).export().dict

    assert (row["sku"], row["quantity"], row["unit_cost"], row["cost"]) == ("A", "7.5", "1.234567", "9.26")
    assert ExactWidget(QUANTITY_SCALE).clean("7.5") == D("7.5")
    assert ExactWidget(QUANTITY_SCALE).clean(7.1) == D("7.1")
    with pytest.raises(ValueError, match="at most 4 decimals"):
        ExactWidget(QUANTITY_SCALE).clean("7.12345")


def test_items_are_made_and_changed_by_their_sku_within_the_entity(company: Company, other_company: Company) -> None:
    Category.objects.create(entity=company.entity, name="Tools")
    take_in(other_company, [lot_row("A", description="theirs")])
    sheet = tablib.Dataset(
        ("A", "Flange", "Tools", "unit"), headers=("sku", "description", "category", "unit_of_measure")
    )
    result = ItemResource(entity=company.entity).import_data(sheet, raise_errors=True)

    assert result.totals["new"] == 1
    assert Item.objects.get(entity=company.entity).description == "Flange"
    assert Item.objects.get(entity=other_company.entity).description == "theirs"
    again = ItemResource(entity=company.entity).import_data(
        tablib.Dataset(("A", "Gasket", "Tools", "unit"), headers=sheet.headers), raise_errors=True
    )
    assert again.totals["update"] == 1
    assert Item.objects.get(entity=company.entity).description == "Gasket"


def test_an_unknown_category_is_refused_by_name(company: Company) -> None:
    sheet = tablib.Dataset(
        ("A", "Flange", "Toolz", "unit"), headers=("sku", "description", "category", "unit_of_measure")
    )
    result = ItemResource(entity=company.entity).import_data(sheet)

    assert "'Toolz' is not a category of" in str(result.invalid_rows[0].error)
    assert not Item.objects.exists()


def test_an_item_with_movements_keeps_its_category(company: Company) -> None:
    Category.objects.create(entity=company.entity, name="Toys")
    take_in(company, [lot_row("A", category="Tools")])
    sheet = tablib.Dataset(("A", "Flange", "Toys"), headers=("sku", "description", "category"))
    result = ItemResource(entity=company.entity).import_data(sheet)

    assert "A has movements in Tools, so its category stays" in str(result.invalid_rows[0].error)
    assert Item.objects.get().category.name == "Tools"


def test_categories_and_locations_come_in_by_name_and_code(company: Company) -> None:
    CategoryResource(entity=company.entity).import_data(
        tablib.Dataset(("Tools",), headers=("name",)), raise_errors=True
    )
    LocationResource(entity=company.entity).import_data(
        tablib.Dataset(("WH1", "Main"), headers=("code", "name")), raise_errors=True
    )

    assert Category.objects.get(entity=company.entity).name == "Tools"
    assert Location.objects.get(entity=company.entity, code="WH1").name == "Main"


def test_lots_are_never_imported(company: Company) -> None:
    sheet = tablib.Dataset(("A", 1), headers=("sku", "quantity"))
    with pytest.raises(Exception, match="upload a stock list"):
        LotResource(entity=company.entity).import_data(sheet, raise_errors=True)
