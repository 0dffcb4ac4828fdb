"""Where a source_ref leads: rooms register the address behind their prefix, so that lower rooms can link upwards."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import NoReverseMatch

from core.models import Entity

_URLS: dict[str, Callable[[Entity, str], str]] = {}


def register(prefix: str, url: Callable[[Entity, str], str]) -> None:
    """`url(entity, rest)` gives the address of "<prefix>:<rest>"."""
    _URLS[prefix] = url


def url_for(entity: Entity, source_ref: str) -> str:
    """The address behind a source_ref, or an empty text where no room registered its prefix or no address fits."""
    prefix, _, rest = source_ref.partition(":")
    make = _URLS.get(prefix)
    if make is None:
        return ""
    try:
        return make(entity, rest)
    except NoReverseMatch:
        # A page that lists references must not fall over one of an older form.
        return ""
