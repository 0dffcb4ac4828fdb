"""Propose, approve, post: documents, decisions, duties."""

from django.apps import AppConfig


class ProposalsConfig(AppConfig):
    name = "writeoffs.proposals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.urls import reverse

        from core import changes, refs
        from core.models import Entity
        from inventory.kinds.stock_list import register_posted_moment
        from writeoffs.proposals import behind_news
        from writeoffs.proposals.selectors import last_voided_at
        from writeoffs.proposals.services import limits
        from writeoffs.proposals.services.void import CHANGE_KIND

        def address(entity: Entity, number: str) -> str:
            return reverse("proposals:detail", args=[entity.slug, number])

        def estimate_address(entity: Entity, number: str) -> str:
            return reverse("proposals:estimate", args=[entity.slug, number])

        refs.register("proposal", address)
        refs.register("estimate", estimate_address)
        changes.register(CHANGE_KIND)
        changes.register(limits.CHANGE_KIND)
        register_posted_moment(last_voided_at)
        behind_news.connect()
