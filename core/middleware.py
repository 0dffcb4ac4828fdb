"""Turns a refused step into a page that says which rule refused it, and keeps the refusal in the audit trail."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from core import audit
from core.errors import DomainError

logger = logging.getLogger(__name__)


class DomainErrorMiddleware:
    """DomainError -> its status and sentence; a locked database -> 503 and "press again"."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, DomainError):
            record_refusal(request, error)
            context = {"message": error.message, "back": way_back(request)}
            return render(request, "errors/refused.html", context, status=error.status)
        if isinstance(error, OperationalError) and "locked" in str(error):
            logger.warning("busy: %s %s", request.method, request.path)
            message = "The system is saving something large. Nothing of yours was saved; press again in a moment."
            context = {"message": message, "back": way_back(request)}
            response = render(request, "errors/refused.html", context, status=503)
            response["Retry-After"] = "5"
            return response
        return None


def way_back(request: HttpRequest) -> str:
    """The page that the person came from, if it is one of ours and not this one; else an empty text."""
    referrer = request.headers.get("referer", "")
    host = request.get_host()
    if not url_has_allowed_host_and_scheme(referrer, {host}):
        return ""
    return "" if referrer == request.build_absolute_uri() and request.method == "GET" else referrer


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
