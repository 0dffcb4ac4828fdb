"""What has lost value, and by how much."""

from django.apps import AppConfig


class ValuationConfig(AppConfig):
    name = "writeoffs.valuation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.urls import reverse

        from core import refs
        from core.models import Entity

        def address(entity: Entity, number: str) -> str:
            return reverse("valuation:assessment", args=[entity.slug, number])

        refs.register("assessment", address)
