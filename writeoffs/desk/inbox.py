"""Puts the inbox together: which tabs a role has, the lines of the current one, and what else waits.

Owns nothing; reads the proposals' inbox and the desk's selectors. What a person cannot decide is not offered to them,
but they are told that it exists.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.utils import timezone

from core.access import EntityRequest
from core.models import Upload
from core.words import READERS, Role
from writeoffs.desk import selectors
from writeoffs.posting.erp_charges import charges_rejected, charges_waiting
from writeoffs.proposals.models import Proposal, Status
from writeoffs.proposals.selectors import Inbox, inbox, status_counts

PER_PAGE = 50
POSTINGS_SHOWN = 5

# name of the tab in the address and of the inbox's queryset, its label, the role whose work it is, the bulk step
TABS: tuple[tuple[str, str, Role, str], ...] = (
    ("to_approve", "To approve", Role.APPROVER, "approve"),
    ("to_post", "To post", Role.CONTROLLER, "post"),
    ("returned", "Returned to me", Role.PREPARER, ""),
    ("sent", "Sent by me", Role.PREPARER, ""),
    ("drafts", "My drafts", Role.PREPARER, ""),
)
WAITS_FOR_ME = ("to_approve", "to_post", "returned")
EMPTY = {
    "to_approve": ("Nothing to approve", "A proposal appears here as soon as a preparer submits it."),
    "to_post": ("Nothing to post", "A proposal appears here as soon as an approver has approved it."),
    "returned": ("Nothing came back to you", "A proposal that an approver or controller returns appears here."),
    "sent": ("Nothing of yours is on its way", "What you submit stays here until it is posted or comes back."),
    "drafts": ("No drafts", "Propose a loss from the stock list, from a count, or by hand."),
}


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    label: str
    count: int
    current: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One proposal of the list, since when it stands where it stands, and how many days that is."""

    proposal: Proposal
    since: dt.datetime
    days: int


@dataclass(frozen=True, slots=True)
class UploadLine:
    upload: Upload
    title: str
    step: str


UPLOAD_STEPS = {
    Upload.Status.COLUMNS: "Confirm the columns",
    Upload.Status.REFUSED: "Mend the errors",
    Upload.Status.CHECKED: "Commit",
}


def inbox_context(request: EntityRequest) -> dict[str, Any]:
    """Everything that the home page shows."""
    entity, user, roles = request.entity, request.user, request.entity_roles
    today = entity.local_date()
    waiting = inbox(entity=entity, user=user, roles=roles)
    name, tabs = _tabs(waiting, roles, request.GET.get("tab", ""))
    uploads = selectors.uploads_waiting(entity=entity, user=user, roles=roles)
    context: dict[str, Any] = {
        "tabs": tabs,
        "changes": selectors.changes_waiting(entity=entity, user=user, roles=roles),
        "uploads": [UploadLine(u, selectors.upload_title(u), UPLOAD_STEPS[Upload.Status(u.status)]) for u in uploads],
        "reads_books": bool(roles & set(READERS)),
        "prepares": Role.PREPARER in roles,
        "counts_only": Role.COUNTER in roles and not roles & set(READERS),
        **_current(waiting, name, request.GET.get("page")),
        **_elsewhere(waiting, request),
    }
    if context["reads_books"]:
        context.update(_books(request, today))
    return context


def _tabs(waiting: Inbox, roles: Collection[str], wanted: str) -> tuple[str, list[Tab]]:
    """The tabs of the person's roles (and any other that holds something); the first that asks for them is current."""
    shown = [(name, label) for name, label, role, _ in TABS if role in roles or waiting.counts[name]]
    names = [name for name, _ in shown]
    asking = [name for name in names if name in WAITS_FOR_ME and waiting.counts[name]]
    filled = [name for name in names if waiting.counts[name]]
    current = wanted if wanted in names else next(iter([*asking, *filled, *names]), "")
    return current, [Tab(name, label, waiting.counts[name], name == current) for name, label in shown]


def _current(waiting: Inbox, name: str, page: str | None) -> dict[str, Any]:
    if not name:
        return {"current": "", "lines": []}
    proposals = getattr(waiting, name)
    page_obj = Paginator(proposals, PER_PAGE).get_page(page)
    now = timezone.now()
    lines = []
    for proposal in page_obj.object_list:
        since = _since(proposal)
        lines.append(Line(proposal, since, (now - since).days))
    title, text = EMPTY[name]
    return {
        "current": name,
        "verb": next(verb for tab, _, _, verb in TABS if tab == name),
        "page_obj": page_obj,
        "lines": lines,
        "waiting": selectors.waiting_totals(proposals=proposals),
        "oldest_days": max((line.days for line in lines), default=0),
        "empty_title": title,
        "empty_text": text,
    }


def _since(proposal: Proposal) -> dt.datetime:
    since = proposal.created_at
    if proposal.status == Status.APPROVED and proposal.approved_at:
        since = proposal.approved_at
    elif proposal.submitted_at:
        since = proposal.submitted_at
    return since


def _elsewhere(waiting: Inbox, request: EntityRequest) -> dict[str, int]:
    """How many proposals wait for a step of this person's role, but for somebody else: what duties keep from them."""
    roles = request.entity_roles
    if not roles & {Role.APPROVER, Role.CONTROLLER}:
        return {}
    counts = status_counts(entity=request.entity)
    return {
        "approve_elsewhere": counts.get(Status.SUBMITTED, 0) - waiting.counts["to_approve"]
        if Role.APPROVER in roles
        else 0,
        "post_elsewhere": counts.get(Status.APPROVED, 0) - waiting.counts["to_post"] if Role.CONTROLLER in roles else 0,
    }


def _books(request: EntityRequest, today: dt.date) -> dict[str, Any]:
    """What only readers of the books see: postings without an answer, stock at risk, the close."""
    postings = selectors.postings_pending(entity=request.entity)
    return {
        "postings": list(postings[:POSTINGS_SHOWN]),
        "postings_count": postings.count(),
        "refused_entries": charges_rejected(entity=request.entity, waiting=charges_waiting(entity=request.entity))[
            :POSTINGS_SHOWN
        ],
        "risks": selectors.stock_at_risk(entity=request.entity, today=today),
        "since": selectors.since_last_close(entity=request.entity),
        "deadline": selectors.next_deadline(entity=request.entity, today=today),
        "last_list": selectors.last_stock_list(entity=request.entity),
    }
