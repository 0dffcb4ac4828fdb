"""Figures for people, as template filters and tags; loaded in every template.

Use the tags, as in {% money x %}: they know the currency and locale of the `entity` in the context.
"""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from django import template
from django.core.paginator import Page
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import refs
from core.idempotency import FIELD
from core.models import Entity
from core.money import display, display_money, display_quantity

register = template.Library()


def _entity(context: template.Context) -> Entity | None:
    return context.get("entity")


@register.simple_tag(takes_context=True)
def money(context: template.Context, value: Decimal | None) -> str:
    """1,234.00, (1,234.00), – in the decimals of the entity's currency."""
    entity = _entity(context)
    if value is None:
        return ""
    return display_money(value, entity.currency, entity.locale) if entity else display(value, 2)


@register.simple_tag(takes_context=True)
def quantity(context: template.Context, value: Decimal | None) -> str:
    entity = _entity(context)
    return "" if value is None else display_quantity(value, entity.locale if entity else "en")


@register.simple_tag(takes_context=True)
def unit_cost(context: template.Context, value: Decimal | None) -> str:
    """At least the currency's decimals, at most six."""
    entity = _entity(context)
    if value is None:
        return ""
    exponent = value.normalize().as_tuple().exponent
    own = -exponent if isinstance(exponent, int) else 0
    return display(value, max(own, entity.exponent if entity else 2), entity.locale if entity else "en")


@register.simple_tag(takes_context=True)
def exchange_rate(context: template.Context, value: Decimal) -> str:
    """Four decimals at least, ten at most: 0.0061 and 1.0845."""
    entity = _entity(context) or context["group"].parent
    exponent = value.normalize().as_tuple().exponent
    return display(value, max(4, -exponent if isinstance(exponent, int) else 0), entity.locale)


@register.simple_tag(takes_context=True)
def percent(context: template.Context, value: Decimal | None) -> str:
    """A fraction as people say it: 25 %, 1.2 %; 0 % is no dash."""
    if value is None:
        return ""
    entity = _entity(context)
    return f"{display_quantity(value * 100, entity.locale if entity else 'en')} %" if value else "0 %"


@register.simple_tag(takes_context=True)
def ref_url(context: template.Context, source_ref: str) -> str:
    """The address of the document behind a source_ref, or an empty text."""
    entity = _entity(context)
    return refs.url_for(entity, source_ref) if entity else ""


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """This page's query string with some parameters changed (None removes one): {% query page=2 %}."""
    params = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            params.pop(name, None)
        else:
            params[name] = str(value)
    return f"?{params.urlencode()}" if params else "?"


@register.simple_tag(takes_context=True)
def is_current(context: template.Context, url: str, exact: object = None, under: str = "") -> str:
    """What aria-current says of a navigation link: "page", "true" on a page below it, or an empty text. under: where
    the link's room begins, if not at the link itself."""
    path = context["request"].path
    if path == url:
        return "page"
    return "true" if not exact and url and path.startswith(under or url) else ""


@register.simple_tag
def page_numbers(page: Page[Any]) -> list[int | str]:
    """The numbers worth a link around a page, with … for what is left out."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))


@register.simple_tag(takes_context=True)
def whole(context: template.Context, value: int | None) -> str:
    """A count of things: 1,069 in the entity's separators; 0 stays 0, since "no rows" is not "no amount"."""
    entity = _entity(context)
    if not value:
        return "" if value is None else "0"
    return display(Decimal(value), 0, entity.locale if entity else "en")


@register.simple_tag(takes_context=True)
def day(context: template.Context, value: dt.date | None) -> str:
    """A date, or the entity's calendar day of a moment, as the entity writes it: Mar 3, 2026 or 03.03.2026."""
    entity = _entity(context)
    if isinstance(value, dt.datetime):
        value = value.astimezone(zoneinfo.ZoneInfo(entity.time_zone if entity else "UTC"))
    return "–" if value is None else format_date(value, "medium", locale=entity.locale if entity else "en")


@register.simple_tag(takes_context=True)
def moment(context: template.Context, value: dt.datetime | None) -> str:
    """A moment at the entity's place, as the entity writes it: Mar 3, 2026, 14:05."""
    entity = _entity(context)
    if value is None:
        return "–"
    here = value.astimezone(zoneinfo.ZoneInfo(entity.time_zone if entity else "UTC"))
    return f"{format_date(here, 'medium', locale=entity.locale if entity else 'en')}, {here:%H:%M}"


@register.simple_tag
def ref_name(source_ref: str) -> str:
    """A document's name in words: WO-2026-0001 of proposal:WO-2026-0001, Upload 17 of upload:17."""
    prefix, _, rest = source_ref.partition(":")
    if not rest:
        return source_ref
    return rest if prefix == "proposal" else f"{prefix.capitalize()} {rest}"


@register.simple_tag(takes_context=True)
def step_key(context: template.Context) -> SafeString:
    """The hidden key of a form: made with the page, and kept where a refused form is shown again, so that sending it
    twice counts once (core/idempotency.py)."""
    request = context.get("request")
    kept = request.POST.get(FIELD, "") if request is not None and request.method == "POST" else ""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, kept or uuid.uuid4())
