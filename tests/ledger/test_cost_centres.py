"""Cost centres: kept by controllers, never renumbered, and the default of the lines that they bear."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from core.errors import BadInput, NotAllowed
from core.models import AuditEvent, Category, CostCentre, Location, User
from inventory.models import Lot
from tests.conftest import Company
from tests.inventory.sheets import check, commit, upload_of
from tests.posting.stock import make_lot
from tests.proposals.documents import header, posted
from writeoffs.ledger.cost_centres import cost_centre_save
from writeoffs.ledger.models import JournalLine
from writeoffs.proposals import services

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
PAGE = "/e/north/ledger/cost-centres/"


def save(company: Company, code: str = "K100", **fields: object) -> CostCentre:
    given = {"name": "Warehouse", **fields}
    return cost_centre_save(entity=company.entity, user=company["CONTROLLER"], code=code, **given)


def test_a_cost_centre_is_made_renamed_and_retired_with_its_history(company: Company) -> None:
    centre = save(company)
    save(company, centre=centre, name="Central warehouse")
    save(company, centre=centre, name="Central warehouse", active=False)
    told = AuditEvent.objects.filter(kind="cost_centre.saved").order_by("sequence")
    assert [(event.data["after"]["name"], event.data["after"]["active"]) for event in told] == [
        ("Warehouse", True), ("Central warehouse", True), ("Central warehouse", False),
    ]  # fmt: skip
    assert told[1].data["before"]["name"] == "Warehouse"


def test_what_cannot_be_is_refused(company: Company) -> None:
    centre = save(company)
    place = Location.objects.create(entity=company.entity, code="MAIN")
    with pytest.raises(BadInput, match="has a cost centre K100 already"):
        save(company)
    with pytest.raises(BadInput, match="keeps its code"):
        save(company, "K200", centre=centre)
    with pytest.raises(BadInput, match="to be retired"):
        save(company, centre=centre, active=False, locations=[place])
    with pytest.raises(BadInput, match="Enter the code"):
        save(company, " ")
    with pytest.raises(NotAllowed, match="kept by a controller"):
        cost_centre_save(entity=company.entity, user=company["PREPARER"], code="K1", name="")


def two_lots(company: Company) -> tuple[Lot, Lot]:
    return make_lot(company.entity, "LAMP"), make_lot(company.entity, "MILK", location="COLD", category="Food")


def test_a_line_gets_the_cost_centre_of_its_location_else_of_its_category(company: Company) -> None:
    lamp, milk = two_lots(company)
    nuts = make_lot(company.entity, "NUTS", location="DRY", category="Nuts")
    goods = Category.objects.filter(entity=company.entity, name__in=("Goods", "Food"))
    save(company, "K1", locations=Location.objects.filter(code="COLD"))
    save(company, "K2", categories=goods)
    proposal, _ = services.proposal_create_from_stock(
        entity=company.entity,
        user=company["PREPARER"],
        header=header(),
        lots=Lot.objects.filter(pk__in=[lamp.pk, milk.pk, nuts.pk]),
    )
    centres = dict(proposal.lines.values_list("lot__item__sku", "cost_centre__code"))
    assert centres == {"LAMP": "K2", "MILK": "K1", "NUTS": None}
    posted(company, proposal)
    assert set(JournalLine.objects.values_list("cost_centre__code", flat=True)) == {"K1", "K2", None}


def test_the_form_of_a_line_offers_the_default_and_leaves_a_retired_one_out(
    company: Company, signed_in: SignIn
) -> None:
    lamp, _ = two_lots(company)
    mine = save(company, "K1", locations=Location.objects.filter(code="MAIN"))
    save(company, "K9", name="Old", active=False)
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=header())
    client = signed_in(company["PREPARER"])
    address = f"/e/north/proposals/{proposal.number}/lines/add/"
    text = client.get(address, {"lot": lamp.pk}).content.decode()
    assert f'<option value="{mine.pk}" selected>K1</option>' in text
    assert "K9" not in text
    client.post(address, {"lot": lamp.pk, "quantity": "1", "cost_centre": ""})
    assert proposal.lines.get().cost_centre is None
    assert proposal.lines.get().quantity == Decimal(-1)


def test_a_list_of_cost_centres_is_taken_in(company: Company) -> None:
    save(company, "K1")
    save(company, "K2")
    upload = upload_of(company, "cost_centres", by=company["CONTROLLER"])
    summary, issues = check(
        upload,
        [{"code": "K1", "name": "Shop", "active": ""}, {"code": "K3", "name": "Yard", "active": "nein"}],
    )
    assert not issues.errors
    assert dict(summary.figures) == {"New": "1", "Changed": "1", "Unchanged": "0", "Not on the sheet: they stay": "1"}
    commit(upload, company["CONTROLLER"])
    assert list(CostCentre.objects.values_list("code", "name", "active")) == [
        ("K1", "Shop", True), ("K2", "Warehouse", True), ("K3", "Yard", False),
    ]  # fmt: skip


def test_a_code_twice_and_an_unknown_word_are_complained_of(company: Company) -> None:
    upload = upload_of(company, "cost_centres", by=company["CONTROLLER"])
    _, issues = check(upload, [{"code": "K1"}, {"code": "K1"}, {"code": "K2", "active": "hm"}])
    assert [kept[1] for kept in issues.kept] == ["cost_centre_twice", "unknown_active"]


def test_the_pages_are_for_readers_and_keeping_is_for_controllers(
    company: Company, other_company: Company, signed_in: SignIn
) -> None:
    place = Location.objects.create(entity=company.entity, code="MAIN")
    controller, auditor = signed_in(company["CONTROLLER"]), signed_in(company["AUDITOR"])
    assert "No cost centres yet" in auditor.get(PAGE).content.decode()
    assert auditor.get(f"{PAGE}new/").status_code == 403
    form = {"code": "K100", "name": "Warehouse", "active": "on", "locations": [place.pk]}
    assert "Cost centre K100 is saved" in controller.post(f"{PAGE}new/", form, follow=True).content.decode()
    assert controller.post(f"{PAGE}new/", form).status_code == 400
    for field in ("locations", "categories"):
        assert controller.post(f"{PAGE}new/", {**form, "code": "K9", field: ["9" * 30]}).status_code == 400
    centre = CostCentre.objects.get()
    assert list(centre.locations.all()) == [place]
    edit = f"{PAGE}{centre.pk}/"
    assert controller.get(edit).status_code == 200
    controller.post(edit, {"name": "Central", "active": "on"})
    centre.refresh_from_db()
    assert (centre.code, centre.name, centre.locations.count()) == ("K100", "Central", 0)
    assert "Central" in auditor.get(PAGE).content.decode()
    stranger = signed_in(other_company["CONTROLLER"])
    assert stranger.get(PAGE).status_code == 404
    assert stranger.get(f"/e/south/ledger/cost-centres/{centre.pk}/").status_code == 404


@pytest.mark.parametrize("count", [1, 40])
def test_the_list_takes_the_same_number_of_queries_for_any_number_of_them(
    company: Company, signed_in: SignIn, count: int, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(count):
        place = Location.objects.create(entity=company.entity, code=f"P{number}")
        save(company, f"K{number}", locations=[place])
    client = signed_in(company["AUDITOR"])
    client.get(PAGE)
    with django_assert_max_num_queries(9):
        client.get(PAGE)
