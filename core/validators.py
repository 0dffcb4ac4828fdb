"""What a company is set up with has to exist: a currency, a time zone, a locale. Each is refused in words."""

from __future__ import annotations

import zoneinfo

from babel import Locale, UnknownLocaleError
from django.core.exceptions import ValidationError


def known_currency(code: str) -> None:
    if code not in Locale("en").currencies:
        raise ValidationError(f"'{code}' is not a currency code like EUR or USD.")


def known_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"'{name}' is not a time zone like Europe/Berlin.")


def known_locale(code: str) -> None:
    try:
        # The figures are written with these; every page of the company would fail without them.
        Locale.parse(code).number_symbols["latn"]
    except (UnknownLocaleError, ValueError, TypeError, KeyError) as error:
        raise ValidationError(f"'{code}' is not a locale like en, de or pt_BR.") from error
