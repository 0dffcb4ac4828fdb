"""The proof of the map: every rule, and every cost centre that something names, stays inside its entity."""

from __future__ import annotations

from collections.abc import Iterator

from core import verify
from core.verify import Tally, rows

LIMIT = 100


def account_map(tally: Tally) -> Iterator[str]:
    """A rule leads to an account of its own entity, for its own locations and categories."""
    for entity, role, code in rows(
        "select e.name, m.role, a.code from ledger_accountmap m join core_entity e on e.id = m.entity_id "
        "join ledger_account a on a.id = m.account_id left join core_location l on l.id = m.location_id "
        "left join core_category c on c.id = m.category_id where a.entity_id <> m.entity_id "
        f"or l.entity_id <> m.entity_id or c.entity_id <> m.entity_id order by m.id limit {LIMIT}"
    ):
        yield f"{entity}: the rule of {role} to account {code} names a record of another entity."


def cost_centres(tally: Tally) -> Iterator[str]:
    """A location, a category or a journal line names a cost centre of its own entity."""
    for table, word in (("core_location", "location"), ("core_category", "category")):
        for entity, key, code in rows(
            f"select e.name, t.id, k.code from {table} t join core_costcentre k on k.id = t.cost_centre_id "
            f"join core_entity e on e.id = t.entity_id where k.entity_id <> t.entity_id order by t.id limit {LIMIT}"
        ):
            yield f"{entity}: {word} {key} names cost centre {code} of another entity."
    for number, sequence, line, code in rows(
        "select e.fiscal_year, e.sequence, l.line_number, k.code from ledger_journalline l "
        "join core_costcentre k on k.id = l.cost_centre_id join ledger_journalentry e on e.id = l.entry_id "
        f"where k.entity_id <> e.entity_id order by l.id limit {LIMIT}"
    ):
        yield f"Entry {number}-{sequence:06d}, line {line}: cost centre {code} belongs to another entity."


verify.register("account map", account_map)
verify.register("cost centres", cost_centres)
