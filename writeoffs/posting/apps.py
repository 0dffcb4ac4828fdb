"""Turns decided losses and stock lists into movements and entries, in one transaction."""

from typing import Any

from django.apps import AppConfig


def _feeds_url(entity: Any, kind: str) -> str:
    from django.urls import reverse

    return reverse("postings:feeds", args=[entity.slug])


def _batches_url(entity: Any, batch: str) -> str:
    from django.urls import reverse

    return reverse("postings:batches", args=[entity.slug])


def _sheet_url(entity: Any, rest: str) -> str:
    from core.refs import url_for

    return url_for(entity, f"upload:{rest.partition('/')[0]}")


def _fall_url(entity: Any, rest: str) -> str:
    from django.urls import reverse

    return f"{reverse('stock:falls', args=[entity.slug])}?show=explained"


class PostingConfig(AppConfig):
    name = "writeoffs.posting"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import refs
        from core.sheets.kinds import register_commit
        from inventory.erp_days import register_day_check
        from inventory.kinds.stock_list import register_posted_moment
        from inventory.refresh import register_outstanding
        from inventory.services import register_explained
        from writeoffs.ledger.handing import register_booked_elsewhere
        from writeoffs.posting import feeds, kinds, tie_facts
        from writeoffs.posting.erp_movements import days_that_post, erp_movements_commit
        from writeoffs.posting.falls import fall_follow
        from writeoffs.posting.followed import outstanding_by_lot
        from writeoffs.posting.refs import FALL, HISTORY, MOVEMENTS
        from writeoffs.posting.selectors import last_posted_at
        from writeoffs.posting.stock_list import stock_list_commit

        tie_facts.register_changes()
        feeds.register()
        kinds.register_all()
        refs.register(feeds.PREFIX, _feeds_url)
        refs.register("erp_batch", _batches_url)
        refs.register(MOVEMENTS, _sheet_url)
        refs.register(HISTORY, _sheet_url)
        refs.register(FALL, _fall_url)
        register_booked_elsewhere(feeds.by_adjustment)
        register_commit("stock_list", stock_list_commit)
        register_commit("erp_movements", erp_movements_commit)
        register_day_check(days_that_post)
        register_explained(fall_follow)
        register_outstanding(outstanding_by_lot)
        register_posted_moment(last_posted_at)
