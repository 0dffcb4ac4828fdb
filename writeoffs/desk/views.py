"""Home: the inbox of what waits for the person, and the way in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from core.access import EntityRequest, for_entity
from core.models import Entity
from core.words import Role
from writeoffs.desk.inbox import inbox_context


def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers; for load balancers and `serve`."""
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return HttpResponse("ok", content_type="text/plain")


@login_required
def root(request: HttpRequest) -> HttpResponse:
    """To the home of the only entity, else to a choice of them."""
    entities = list(Entity.objects.filter(memberships__user=request.user).distinct())  # type: ignore[misc]
    if len(entities) == 1:
        return redirect("desk:home", entities[0].slug)
    return render(request, "desk/entities.html", {"choices": entities})


@for_entity(*Role)
def home(request: EntityRequest) -> HttpResponse:
    return render(request, "desk/home.html", inbox_context(request))
