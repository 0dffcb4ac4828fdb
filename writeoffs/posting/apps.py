"""Turns decided losses and stock lists into movements and entries, in one transaction."""

from django.apps import AppConfig


class PostingConfig(AppConfig):
    name = "writeoffs.posting"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.sheets.kinds import register_commit
        from inventory.kinds.stock_list import register_posted_moment
        from inventory.refresh import register_outstanding
        from writeoffs.posting import tie_facts
        from writeoffs.posting.followed import outstanding_by_lot
        from writeoffs.posting.selectors import last_posted_at
        from writeoffs.posting.stock_list import stock_list_commit

        tie_facts.register_changes()
        register_commit("stock_list", stock_list_commit)
        register_outstanding(outstanding_by_lot)
        register_posted_moment(last_posted_at)
