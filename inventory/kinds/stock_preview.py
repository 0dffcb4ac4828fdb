"""The preview of a stock list: what its commit would do, in figures that a controller compares with the ERP."""

from __future__ import annotations

from typing import Any

from core.models import Entity, Upload
from core.money import MONEY_SCALE, QUANTITY_SCALE, display_money, display_quantity, from_raw
from core.sheets.kinds import Summary
from inventory.books import write_down_years
from inventory.kinds.stock_check import StockCheck
from inventory.models import StagedCheck
from inventory.refresh import RefreshPlan, Tally, outstanding_of, refresh_plan


class Words:
    """Figures in the entity's own notation; nil is 0 here, since a dash in a sentence reads like a gap."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity

    def units(self, raw: int) -> str:
        return display_quantity(from_raw(raw, QUANTITY_SCALE), self.entity.locale) if raw else "0"

    def money(self, raw: int) -> str:
        if not raw:
            return f"0 {self.entity.currency}"
        shown = display_money(from_raw(raw, MONEY_SCALE), self.entity.currency, self.entity.locale)
        return f"{shown} {self.entity.currency}"

    def count(self, number: int) -> str:
        return self.units(number * 10**QUANTITY_SCALE)

    def lots(self, number: int) -> str:
        return f"{self.count(number)} {'lot' if number == 1 else 'lots'}"

    def tally(self, tally: Tally) -> str:
        if not tally.lots:
            return "0"
        quantity = f"quantity {self.units(tally.quantity)}, " if tally.quantity else ""
        return f"{self.lots(tally.lots)}, {quantity}{self.money(tally.value)}"


def preview(check: StockCheck, upload: Upload) -> Summary:
    """The figures that lead the preview page; keeps what the books stood at, for the commit to compare."""
    words = Words(upload.entity)
    summary = Summary(rows=check.rows_kept, quantity=check.quantity, value=check.value)
    if check.opening:
        content = opening_content(check.rows_kept, check.quantity, check.value, check.allowance)
        _opening(check, summary, words)
    else:
        plan = plan_of(check, upload)
        content = plan.digest()
        _refresh(check, plan, summary, words)
    if check.abroad.lots:
        summary.figures.append(("Bought in another currency", f"{words.lots(check.abroad.lots)}: {check.abroad.said}"))
    StagedCheck.objects.update_or_create(
        upload_id=upload.pk,
        defaults={"last_movement": check.last_movement, "opening": check.opening, "content": content},
    )
    return summary


def opening_content(rows: int, quantity: int, cost: int, allowance: int) -> str:
    """What an opening's preview promises, for its commit to compare."""
    return f"opening {rows} {quantity} {cost} {allowance}"


def plan_of(check: StockCheck, upload: Upload) -> RefreshPlan:
    return refresh_plan(
        held={lot.lot: lot for lot in check.held.values()},
        listed=check.listed,
        outstanding=outstanding_of(upload.entity_id),
        years=write_down_years(upload.entity),
        exponent=check.exponent,
        only_locations=locations_named(upload, check.listed),
    )


def locations_named(upload: Upload, listed: list[Any]) -> frozenset[int] | None:
    """The locations that the list speaks of, where the uploader said that it speaks of those alone."""
    if upload.options.get("scope") != "locations":
        return None
    return frozenset(row.location for row in listed)


def _opening(check: StockCheck, summary: Summary, words: Words) -> None:
    summary.figures = [
        ("New", words.lots(check.new_lots)),
        ("Changed", "0"),
        ("Gone", "0"),
        ("New items", words.count(check.new_items)),
        ("New locations", words.count(check.new_locations)),
        ("New categories", words.count(check.new_categories)),
    ]
    if check.allowance:
        summary.figures.append(("Allowance", words.money(check.allowance)))
        summary.figures.append(("Carrying amount", words.money(check.value - check.allowance)))
    summary.notes.append("The first list: it opens the books. Later lists are compared with them.")
    summary.commit_label = f"Add {words.lots(check.rows_kept)}"


def _refresh(check: StockCheck, plan: RefreshPlan, summary: Summary, words: Words) -> None:
    summary.figures = [
        ("New", words.tally(plan.new)),
        ("Changed", words.lots(plan.changed) if plan.changed else "0"),
        ("Gone", words.tally(plan.gone)),
        ("Unchanged", words.lots(plan.unchanged) if plan.unchanged else "0"),
        ("Received", words.tally(plan.received)),
        ("Fallen, to be explained", words.tally(plan.fallen)),
        ("Transferred", words.tally(plan.transferred)),
        ("Revalued", words.tally(plan.revalued)),
        ("Acknowledged by the ERP", words.tally(plan.followed)),
        ("Still to follow in the ERP", words.tally(plan.outstanding)),
    ]
    if plan.gone.lots:
        summary.notes.append(
            f"{words.lots(plan.gone.lots)} worth {words.money(plan.gone.value)} are missing from this list and count "
            f"as "
            "gone. If it is an extract, discard it, or upload it as one of its locations only."
        )
    if plan.outstanding.lots:
        summary.notes.append(
            f"{words.lots(plan.outstanding.lots)} still show units that our postings moved. They are not taken back."
        )
    if plan.released:
        summary.needs_controller = True
        summary.notes.append(
            f"Allowance of {words.money(plan.released)} leaves with units that fell and lowers cost of sales, so a "
            "controller other than the uploader commits this list."
        )
    changes = plan.new.lots + plan.changed + plan.gone.lots
    summary.commit_label = (
        f"Take over {words.count(changes)} {'change' if changes == 1 else 'changes'}"
        if changes
        else f"Confirm {words.lots(check.rows_kept)} without changes"
    )
