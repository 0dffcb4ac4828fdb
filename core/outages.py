"""What a person sees while the database cannot answer: busy, gone or full. Nothing here asks the database anything.

Invariant: the answer is 503 (507 where the disk is full) with a sentence, never a broken page; what was typed goes
along as a form that can be sent again with the same key, so that a step whose commit was not heard of counts once.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.views.defaults import server_error

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outage:
    """status: 503 or 507; retry_after: seconds, where waiting helps."""

    heading: str
    message: str
    status: int = 503
    retry_after: int = 0


BUSY = Outage(
    "Somebody else is saving",
    "The system is saving something large. Nothing of yours was saved; press again in a moment.",
    retry_after=5,
)
GONE = Outage(
    "The database does not answer",
    "The database stopped while this was done, or cannot be reached. Send it again in a moment: what was saved after "
    "all is not done a second time, and you are told what became of it.",
    retry_after=30,
)
FULL = Outage(
    "The database's disk is full",
    "There is no room left to save anything, so nothing of this was saved. Tell whoever runs the system; reading still "
    "works, and nothing that stood before is lost.",
    status=507,
)

_DRIVERS = ("django.db", "psycopg", "sqlite3")
# disk_full; deadlock, serialization, lock not available, cancelled.
_SQLSTATES = {"53100": FULL, "40P01": BUSY, "40001": BUSY, "55P03": BUSY, "57014": BUSY}


def outage_of(error: BaseException | None) -> Outage | None:
    """Which outage an error tells of; None where the database answered. COPY's errors come as the driver's own."""
    names = {cls.__name__ for cls in type(error).__mro__ if cls.__module__.startswith(_DRIVERS)}
    if not names & {"OperationalError", "InterfaceError", "DatabaseError"}:
        return None
    driver = error if hasattr(error, "sqlstate") else getattr(error, "__cause__", None)
    known = _SQLSTATES.get(getattr(driver, "sqlstate", None) or "")
    if known is not None or not names & {"OperationalError", "InterfaceError"}:
        return known
    text = str(error)
    if "locked" in text:
        return BUSY
    return FULL if "disk is full" in text or "No space left on device" in text else GONE


def answer(request: HttpRequest, outage: Outage) -> HttpResponse:
    """The page of an outage, with the form to send again where there was one."""
    logger.warning("%s: %s %s", outage.heading, request.method, request.path)
    context = {"outage": outage, "path": request.get_full_path(), **_typed(request)}
    response = HttpResponse(render_to_string("errors/outage.html", context, request=None), status=outage.status)
    if outage.retry_after:
        response["Retry-After"] = str(outage.retry_after)
    return response


def _typed(request: HttpRequest) -> dict[str, object]:
    """fields: what was sent, for the form that sends it again; files: names that have to be chosen once more. Only for
    the pages of a company: what was typed to sign in is shown nowhere."""
    if request.method != "POST" or not request.path.startswith("/e/"):
        return {}
    try:
        fields = [(name, value) for name, values in request.POST.lists() for value in values]
    except (OSError, RawPostDataException):
        return {}
    files = [file.name for _, sent in request.FILES.lists() for file in sent]
    return {
        "fields": [(name, value) for name, value in fields if name != "csrfmiddlewaretoken"],
        "files": files,
        "csrf_token": get_token(request),
        "again": not files,
    }


def broken(request: HttpRequest) -> HttpResponse:
    """handler500: an outage that met a middleware or a template is told as one; the rest is ours and is a 500."""
    outage = outage_of(sys.exc_info()[1])
    return answer(request, outage) if outage else server_error(request)
