"""The map is policy: a controller asks for a rule, a second person decides; the audit trail has before and after."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from core.changes import change_decide
from core.errors import BadInput, NotAllowed, SegregationOfDuties, WrongState
from core.models import AuditEvent, Category, ChangeRequest, Location, User
from tests.conftest import Company
from tests.ledger.books import post
from writeoffs.ledger.chart import chart_create
from writeoffs.ledger.mapping import resolver_of
from writeoffs.ledger.mapping_changes import RuleAsked, rule_request
from writeoffs.ledger.models import Account, AccountMap

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
MAPPING = "/e/north/ledger/accounts/mapping/"
RULE = f"{MAPPING}rule/"
EXPENSE = "WRITE_DOWN_EXPENSE"


@pytest.fixture
def food(company: Company) -> Category:
    return Category.objects.create(entity=company.entity, name="Food")


@pytest.fixture
def own(company: Company) -> Account:
    return Account.objects.create(entity=company.entity, code="5101", name="Food write-offs", section="COST_OF_SALES")


def ask(company: Company, asked: RuleAsked, why: str = "The group's chart tells food apart.") -> ChangeRequest:
    return rule_request(entity=company.entity, user=company["CONTROLLER"], asked=asked, why=why)


def agreed(company: Company, asked: RuleAsked) -> ChangeRequest:
    return change_decide(change=ask(company, asked), user=company["APPROVER"], approve=True)


def goes_to(company: Company, category: Category | None) -> str:
    rule = resolver_of(entity=company.entity).resolve(EXPENSE, category.pk if category else None)
    assert rule is not None
    return rule.code


def test_an_override_counts_once_a_second_person_agreed(company: Company, food: Category, own: Account) -> None:
    change = ask(company, RuleAsked(EXPENSE, own, category=food))
    assert change.summary == "Map Write-downs of inventory, category Food to 5101 Food write-offs"
    assert goes_to(company, food) == "5100"
    with pytest.raises(SegregationOfDuties):
        change_decide(change=change, user=company["CONTROLLER"], approve=True)
    change_decide(change=change, user=company["APPROVER"], approve=True)
    assert (goes_to(company, food), goes_to(company, None)) == ("5101", "5100")
    event = AuditEvent.objects.get(kind="accounts.mapped")
    assert (event.actor, event.data["before"], event.data["after"]) == (company["APPROVER"], "", "5101")
    assert event.data["rule"] == {"role": EXPENSE, "for": "category Food"}


def test_a_refused_change_changes_nothing(company: Company, food: Category, own: Account) -> None:
    change_decide(change=ask(company, RuleAsked(EXPENSE, own, category=food)), user=company["APPROVER"], approve=False)
    assert goes_to(company, food) == "5100"


def test_an_override_is_changed_and_removed_again_with_its_history(
    company: Company, food: Category, own: Account
) -> None:
    agreed(company, RuleAsked(EXPENSE, own, category=food))
    agreed(company, RuleAsked(EXPENSE, Account.objects.get(code="6500"), category=food))
    assert goes_to(company, food) == "6500"
    agreed(company, RuleAsked(EXPENSE, None, category=food))
    assert goes_to(company, food) == "5100"
    told = AuditEvent.objects.filter(kind="accounts.mapped").order_by("sequence")
    assert [(event.data["before"], event.data["after"]) for event in told] == [
        ("", "5101"), ("5101", "6500"), ("6500", ""),
    ]  # fmt: skip


def test_a_default_is_changed_by_two_people_as_well(company: Company, own: Account) -> None:
    agreed(company, RuleAsked(EXPENSE, own))
    assert goes_to(company, None) == "5101"
    assert AccountMap.objects.filter(role=EXPENSE).count() == 1


@pytest.mark.parametrize(
    ("role", "code", "conditions", "message"),
    [
        (EXPENSE, "5100", (), "leads to 5100 Inventory write-downs already"),
        (EXPENSE, "1400", (), "belongs to the income statement, 1400 Inventory to the balance sheet"),
        ("INVENTORY", "5100", ("category",), "belongs to the balance sheet"),
        ("INVENTORY", "1490", ("reason",), "has no rule by reason"),
        (EXPENSE, "", (), "keeps its default"),
        (EXPENSE, "", ("category",), "no such override"),
        (EXPENSE, "5199", ("category",), "is retired"),
        ("NOTHING", "5100", (), "is no role"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_when_it_is_asked_for(
    company: Company, food: Category, role: str, code: str, conditions: tuple[str, ...], message: str
) -> None:
    Account.objects.create(entity=company.entity, code="5199", name="Old", section="COST_OF_SALES", active=False)
    account = Account.objects.get(code=code) if code else None
    given = {"category": food} if "category" in conditions else {}
    if "reason" in conditions:
        given["reason"] = "FIRE"
    with pytest.raises(BadInput, match=message):
        ask(company, RuleAsked(role, account, **given))
    assert not ChangeRequest.objects.exists()


def test_another_entitys_location_and_account_are_refused(company: Company, other_company: Company) -> None:
    there = Location.objects.create(entity=other_company.entity, code="THERE")
    theirs = Account.objects.filter(entity=other_company.entity, code="5200").get()
    mine = Account.objects.get(entity=company.entity, code="5200")
    for asked in (RuleAsked(EXPENSE, mine, location=there), RuleAsked(EXPENSE, theirs)):
        with pytest.raises(BadInput, match="own"):
            ask(company, asked)


def test_the_same_rule_waits_once_and_only_a_controller_asks(company: Company, food: Category, own: Account) -> None:
    asked = RuleAsked(EXPENSE, own, category=food)
    ask(company, asked)
    with pytest.raises(WrongState, match="waits for a second person already"):
        ask(company, asked)
    with pytest.raises(NotAllowed, match="controller"):
        rule_request(entity=company.entity, user=company["PREPARER"], asked=RuleAsked(EXPENSE, own), why="Because")


def test_a_change_that_was_overtaken_is_refused_at_the_decision(company: Company, own: Account) -> None:
    change = ask(company, RuleAsked(EXPENSE, own))
    AccountMap.objects.filter(role=EXPENSE).update(account=Account.objects.get(code="6500"))
    with pytest.raises(WrongState, match="leads to 6500 by now, not to 5100"):
        change_decide(change=change, user=company["APPROVER"], approve=True)
    assert goes_to(company, None) == "6500"


def test_what_was_posted_to_is_not_filled_in_by_one_person(company: Company) -> None:
    """A role without lines may be given its proposed account at the first set-up; one with lines is policy."""
    post(company)
    AccountMap.objects.filter(role__in=[EXPENSE, "COGS"]).delete()
    made = chart_create(entity=company.entity, user=company["CONTROLLER"])
    assert [rule.role for rule in made] == ["COGS"]


def test_the_page_shows_the_rules_and_which_one_wins(company: Company, signed_in: SignIn, own: Account) -> None:
    food = Category.objects.create(entity=company.entity, name="Food")
    AccountMap.objects.create(entity=company.entity, role=EXPENSE, category=food, account=own)
    auditor = signed_in(company["AUDITOR"])
    text = auditor.get(MAPPING).content.decode()
    assert "category Food" in text
    assert "Add an override" not in text
    text = auditor.get(f"{MAPPING}?role={EXPENSE}&category={food.pk}").content.decode()
    assert ": <strong>5101 Food write-offs</strong>. Override for category Food." in text
    text = auditor.get(f"{MAPPING}?role={EXPENSE}&reason=FIRE").content.decode()
    assert ": <strong>5100 Inventory write-downs</strong>. Default of the role." in text


def test_a_role_without_account_shows_as_missing_on_the_page(company: Company, signed_in: SignIn) -> None:
    AccountMap.objects.filter(role="COGS").delete()
    text = signed_in(company["AUDITOR"]).get(f"{MAPPING}?role=COGS").content.decode()
    assert text.count("No account mapped") == 2


def test_a_controller_asks_on_the_page_and_an_approver_decides_under_changes(
    company: Company, signed_in: SignIn, own: Account, food: Category
) -> None:
    form = {"role": EXPENSE, "category": food.pk, "account": own.pk, "why": "The group's chart."}
    controller, approver = signed_in(company["CONTROLLER"]), signed_in(company["APPROVER"])
    assert signed_in(company["PREPARER"]).post(RULE, form).status_code == 403
    answer = controller.post(RULE, form, follow=True)
    assert "A second person decides under Changes" in answer.content.decode()
    assert "Waiting for a second person" in answer.content.decode()
    change = ChangeRequest.objects.get()
    assert change.summary in approver.get("/e/north/changes/").content.decode()
    approver.post(f"/e/north/changes/{change.pk}/decide/", {"decision": "approve"})
    assert goes_to(company, food) == "5101"


def test_a_form_that_cannot_be_comes_back_with_the_reason(company: Company, signed_in: SignIn) -> None:
    controller = signed_in(company["CONTROLLER"])
    assert controller.post(RULE, {"role": EXPENSE, "account": "no-number", "why": ""}).status_code == 400
    expense = Account.objects.get(code="5100")
    answer = controller.post(RULE, {"role": EXPENSE, "account": expense.pk, "why": "Because"})
    assert answer.status_code == 400
    assert "leads to 5100 Inventory write-downs already" in answer.content.decode()


def test_another_entitys_page_is_not_found(company: Company, other_company: Company, signed_in: SignIn) -> None:
    stranger = signed_in(other_company["CONTROLLER"])
    assert stranger.get(MAPPING).status_code == 404
    assert stranger.post(RULE, {}).status_code == 404


@pytest.mark.parametrize("rules", [1, 30])
def test_the_page_takes_the_same_number_of_queries_for_any_number_of_rules(
    company: Company, signed_in: SignIn, rules: int, own: Account, django_assert_num_queries: Callable[..., object]
) -> None:
    for number in range(rules):
        place = Location.objects.create(entity=company.entity, code=f"P{number}")
        AccountMap.objects.create(entity=company.entity, role=EXPENSE, location=place, account=own)
    client = signed_in(company["AUDITOR"])
    client.get(MAPPING)
    with django_assert_num_queries(9):
        client.get(f"{MAPPING}?role={EXPENSE}")
