"""Reads what a request says beside its forms: where to go afterwards, whole numbers, how a list is sorted."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def next_path(request: HttpRequest, otherwise: str) -> str:
    """The page of ours that the form wants to go back to, or `otherwise`. Only a path counts: anything else could be
    taken for a name of an address, or lead away."""
    wanted = request.POST.get("next", "")
    is_path = wanted.startswith("/") and not wanted.startswith("//")
    return wanted if is_path and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else otherwise


def whole_number(text: str | None) -> int | None:
    """A number from nil upwards that a bigint holds, in ASCII digits; None for anything else."""
    if text is None or not (text.isascii() and text.isdecimal() and len(text) <= 18):
        return None
    return int(text)


def sort_headings(headings: Iterable[tuple[str, str, bool]], sort: str) -> list[dict[str, object]]:
    """Of (name, label, whether it is a figure): these, the sort that a press asks for, and aria-sort."""
    field = sort.removeprefix("-")
    return [
        {
            "name": name,
            "label": label,
            "num": num,
            "next": f"-{name}" if sort == name else name,
            "sorted": ("descending" if sort.startswith("-") else "ascending") if field == name else "",
        }
        for name, label, num in headings
    ]
