"""Which account a line goes to: the most specific rule of the entity's map wins, and the journal, the digest and the
preview say the same."""

from __future__ import annotations

import itertools

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core.errors import StaleContent, UnmappedRole
from core.models import Category, CostCentre, Location
from core.verify import Tally
from inventory.models import Lot
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import approved, draft, header, posted
from writeoffs.ledger.mapping import PRECEDENCE, AccountResolver, Rule, resolver_of
from writeoffs.ledger.mapping_verifiers import account_map, cost_centres
from writeoffs.ledger.models import Account, AccountMap, JournalLine
from writeoffs.proposals import services

EXPENSE = "WRITE_DOWN_EXPENSE"


def rule(place: int, location: bool, category: bool, reason: bool) -> Rule:
    return Rule(
        *(place, EXPENSE, place, str(place), "Account"),
        *(7 if location else None, 8 if category else None, "EXPIRY" if reason else ""),
    )


@pytest.mark.parametrize(
    "subset", [s for size in range(1, 9) for s in itertools.combinations(range(8), size)], ids=lambda s: str(s)
)
def test_the_most_specific_of_any_set_of_rules_wins(subset: tuple[int, ...]) -> None:
    """Conditions are counted first; of as many, location goes before category before reason."""
    resolver = AccountResolver("North", [rule(place, *PRECEDENCE[place]) for place in reversed(subset)])
    found = resolver.resolve(EXPENSE, 8, "EXPIRY", 7)
    assert found is not None
    assert found.id == min(subset)


def test_a_rule_wins_only_for_lines_that_meet_all_its_conditions() -> None:
    resolver = AccountResolver("North", [rule(1, True, True, False), rule(7, False, False, False)])
    for category, location, account in ((8, 7, 1), (9, 7, 7), (8, 6, 7), (None, 7, 7), (None, None, 7)):
        found = resolver.resolve(EXPENSE, category, "EXPIRY", location)
        assert found is not None
        assert found.account_id == account


def test_a_role_without_a_rule_for_the_line_is_named_with_where_to_map_it() -> None:
    resolver = AccountResolver("North", [rule(1, True, False, False)])
    with pytest.raises(
        UnmappedRole, match=r"North maps no account to: .*\(COGS\), .*\(WRITE_DOWN_EXPENSE\)\..*Mapping"
    ):
        resolver.accounts_of([("COGS", None, "", None), (EXPENSE, None, "", None), (EXPENSE, None, "", 7)])


def override(company: Company, role: str, code: str, **conditions: object) -> AccountMap:
    account = Account.objects.create(entity=company.entity, code=code, name="Own", section="COST_OF_SALES")
    return AccountMap.objects.create(entity=company.entity, role=role, account=account, **conditions)


def two_lots(company: Company) -> tuple[Lot, Lot]:
    return make_lot(company.entity, "LAMP"), make_lot(company.entity, "MILK", category="Food")


@pytest.mark.database
@pytest.mark.django_db
def test_the_database_refuses_a_second_rule_for_the_same_lines(company: Company) -> None:
    place = Location.objects.create(entity=company.entity, code="P")
    override(company, EXPENSE, "5101", location=place)
    override(company, EXPENSE, "5102", location=place, reason="EXPIRY")
    with pytest.raises(IntegrityError, match="account_map_rule_once"), transaction.atomic():
        override(company, EXPENSE, "5103", location=place)


@pytest.mark.django_db
def test_posted_lines_go_to_the_accounts_of_their_own_rules(company: Company) -> None:
    lamp, milk = two_lots(company)
    override(company, EXPENSE, "5101", category=Category.objects.get(name="Food"))
    proposal = draft(company, lamp)
    services.line_add(proposal=proposal, user=company["PREPARER"], lot=milk, quantity=lamp.quantity)
    posted(company, proposal)
    assert {
        (line.account.code, line.category.name if line.category else "")
        for line in JournalLine.objects.filter(role=EXPENSE).select_related("account", "category")
    } == {("5100", "Goods"), ("5101", "Food")}


@pytest.mark.django_db
def test_a_changed_override_makes_an_approved_proposal_stale_where_its_lines_go_elsewhere(company: Company) -> None:
    lamp, milk = two_lots(company)
    food = override(company, EXPENSE, "5101", category=Category.objects.get(name="Food"))
    of_lamp, of_milk = approved(company, draft(company, lamp)), approved(company, draft(company, milk))
    Account.objects.create(entity=company.entity, code="5109", name="Other", section="COST_OF_SALES")
    AccountMap.objects.filter(pk=food.pk).update(account=Account.objects.get(code="5109"))
    with pytest.raises(StaleContent, match="account"):
        services.proposal_post(proposal=of_milk, user=company["CONTROLLER"], digest=of_milk.digest)
    services.proposal_post(proposal=of_lamp, user=company["CONTROLLER"], digest=of_lamp.digest)


@pytest.mark.django_db
def test_two_categories_that_swap_accounts_make_a_proposal_stale_though_it_posts_to_the_same_two(
    company: Company,
) -> None:
    lamp, milk = two_lots(company)
    goods, food = (Category.objects.get(name=name) for name in ("Goods", "Food"))
    one, two = override(company, EXPENSE, "5101", category=goods), override(company, EXPENSE, "5102", category=food)
    proposal = draft(company, lamp)
    services.line_add(proposal=proposal, user=company["PREPARER"], lot=milk, quantity=lamp.quantity)
    proposal = approved(company, proposal)
    AccountMap.objects.filter(pk=one.pk).update(account=two.account)
    AccountMap.objects.filter(pk=two.pk).update(account=one.account)
    with pytest.raises(StaleContent, match="account"):
        services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)


@pytest.mark.django_db
def test_the_map_of_an_entity_is_read_in_one_query(company: Company) -> None:
    override(company, EXPENSE, "5101", reason="FIRE")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        resolver = resolver_of(entity=company.entity)
        for reason in ("FIRE", "EXPIRY", ""):
            assert resolver.resolve(EXPENSE, 1, reason, 2)
    assert len(queries) == 1


@pytest.mark.django_db
def test_posting_takes_the_same_number_of_queries_however_many_lines_and_rules_there_are(company: Company) -> None:
    def posting_of(count: int, start: int) -> int:
        lots = [make_lot(company.entity, f"S{start + place}", category=f"C{place % 7}").pk for place in range(count)]
        made, _ = services.proposal_create_from_stock(
            entity=company.entity, user=company["PREPARER"], header=header(), lots=Lot.objects.filter(pk__in=lots)
        )
        made = approved(company, made)
        with CaptureQueriesContext(connection) as queries:
            services.proposal_post(proposal=made, user=company["CONTROLLER"], digest=made.digest)
        return len(queries)

    posting_of(1, 100)  # The first one makes counters and chain heads.
    few = posting_of(7, 0)
    account = Account.objects.create(entity=company.entity, code="5101", name="Own", section="COST_OF_SALES")
    for category in Category.objects.filter(entity=company.entity):
        for reason in ("EXPIRY", "DAMAGE"):
            AccountMap.objects.create(
                entity=company.entity, role=EXPENSE, account=account, category=category, reason=reason
            )
    assert posting_of(70, 7) == few
    assert JournalLine.objects.filter(account=account).count() == 7


@pytest.mark.database
@pytest.mark.django_db
def test_verify_names_a_rule_and_a_cost_centre_of_another_entity(company: Company, other_company: Company) -> None:
    place = Location.objects.create(entity=company.entity, code="P")
    mine = override(company, EXPENSE, "5101", location=place)
    assert [*account_map(Tally()), *cost_centres(Tally())] == []
    theirs = Location.objects.create(entity=other_company.entity, code="P")
    AccountMap.objects.filter(pk=mine.pk).update(location=theirs)
    assert list(account_map(Tally())) == [
        "North Trading: the rule of WRITE_DOWN_EXPENSE to account 5101 names a record of another entity."
    ]
    centre = CostCentre.objects.create(entity=other_company.entity, code="K9")
    Location.objects.filter(pk=place.pk).update(cost_centre=centre)
    assert list(cost_centres(Tally())) == [
        f"North Trading: location {place.pk} names cost centre K9 of another entity."
    ]
