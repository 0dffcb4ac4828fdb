"""What has lost value, and by how much."""

from functools import partial
from typing import Any

from django.apps import AppConfig


def _input_address(code: str, entity: Any, key: str) -> str:
    from django.urls import reverse

    return reverse("valuation:input", args=[entity.slug, code, int(key)])


def _policy_address(entity: Any, rest: str) -> str:
    from django.urls import reverse

    return f"{reverse('valuation:policies', args=[entity.slug])}?basis={rest.partition('/')[0]}"


class ValuationConfig(AppConfig):
    name = "writeoffs.valuation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.urls import reverse

        from core import refs, verify
        from core.models import Entity
        from inventory.erp_layers import register_formulas
        from writeoffs.valuation import assess, kinds, policy_changes, tax_rules
        from writeoffs.valuation.in_force import formulas_dated
        from writeoffs.valuation.kinds_of_input import KINDS

        def address(entity: Entity, number: str) -> str:
            return reverse("valuation:assessment", args=[entity.slug, number])

        refs.register("assessment", address)
        for code in KINDS:
            refs.register(code, partial(_input_address, code))
        refs.register(policy_changes.PREFIX, _policy_address)
        kinds.register_all()
        register_formulas(formulas_dated)
        verify.register("tax rules", tax_rules.rules_told)
        tax_rules.register()
        assess.connect()
        policy_changes.register()
