"""Sentences that are put together from what people wrote."""

from __future__ import annotations

_ENDS = (".", "!", "?", "…")


def ended(text: str) -> str:
    """The text with a full stop, unless it has an end of its own."""
    text = text.strip()
    return text if text.endswith(_ENDS) else f"{text}."
