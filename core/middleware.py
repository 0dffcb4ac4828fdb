"""Turns a refused step into a page that says which rule refused it, and keeps the refusal in the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from core import audit, outages
from core.errors import BadInput, DomainError, NotAllowed
from core.storable import UNSTORABLE


class UnstorableTextMiddleware:
    """An address or a field with a character that no record can hold -> 400 with a sentence, before any view.

    PostgreSQL refuses such text wherever it turns up, in a search as in a reason, so that no view could answer for
    itself. Parsed values only: files stay where the upload handler put them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        where = next(_unstorable(request), None)
        if where is None:
            return self.get_response(request)
        message = f"{where} holds a character that cannot be stored (NUL, or half of a character). Type it again."
        kept = request.user.is_authenticated
        if kept:
            record_refusal(request, BadInput(message))
        context = {"message": message, "back": way_back(request), "unrecorded": not kept}
        return render(request, "errors/refused.html", context, status=BadInput.status)


def _unstorable(request: HttpRequest) -> Iterator[str]:
    """What of the request cannot be stored, in a reader's words."""
    if UNSTORABLE.search(request.path_info):
        yield "The address"
    for given in (request.GET, request.POST):
        for name, values in given.lists():
            if UNSTORABLE.search(name):
                yield "The name of a field"
            elif any(UNSTORABLE.search(value) for value in values):
                yield f"The field '{name}'"


class DomainErrorMiddleware:
    """DomainError -> its status and sentence; a database that cannot answer -> 503 (507) and the form to send again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, DomainError):
            record_refusal(request, error)
            context = {"message": error.message, "back": way_back(request)}
            return render(request, "errors/refused.html", context, status=error.status)
        outage = outages.outage_of(error)
        return outages.answer(request, outage) if outage else None


def way_back(request: HttpRequest) -> str:
    """The page that the person came from, if it is one of ours and not this one; else an empty text."""
    referrer = request.headers.get("referer", "")
    host = request.get_host()
    if not url_has_allowed_host_and_scheme(referrer, {host}):
        return ""
    return "" if referrer == request.build_absolute_uri() and request.method == "GET" else referrer


def refused_in_form(request: HttpRequest, form: BaseForm, error: DomainError, *, field: str | None = None) -> int:
    """Keep a refusal and show it in the form, at `field` where it is of one; gives the status of the answer. NotAllowed
    is no matter of the form: it is raised on, for the page that says which role the step takes."""
    if isinstance(error, NotAllowed):
        raise error
    record_refusal(request, error)
    form.add_error(field, error.message)
    return error.status


def record_refusal(request: HttpRequest, error: DomainError) -> None:
    """Keep a refusal that a view shows by itself (in a form, say); call it outside the refused transaction."""
    user = request.user if request.user.is_authenticated else None
    audit.record_refusal(
        entity=getattr(request, "entity", None),
        actor=user,
        message=error.message,
        subject=request.path[:120],
        rule=type(error).__name__,
    )
