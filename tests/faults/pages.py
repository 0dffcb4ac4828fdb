"""Presses on the product's pages from a process of its own, through every middleware, as a server would answer."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from django.test import Client
from django.urls import reverse

from core.models import User
from writeoffs.proposals.models import Proposal

HOST = "localhost"


@dataclass(frozen=True)
class Told:
    """What a page answered. said: the sentence of a refusal or an outage; fields: the form to send again."""

    status: int
    said: str
    fields: dict[str, str]
    retry_after: str


def client_of(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def told_by(response: Any) -> Told:
    page = response.content.decode()
    said = re.search(r"data-refusal>(.*?)</p>", page, re.S)
    names = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    return Told(response.status_code, said.group(1) if said else "", names, response.headers.get("Retry-After", ""))


def press_post(client: Client, proposal: Proposal, key: str, **more: str) -> dict[str, Any]:
    """Press "Post" once; as a dict, so that a forked process can send it back."""
    address = reverse("proposals:post", args=["north", proposal.number])
    form = {"digest": proposal.digest, "step_key": key, **more}
    return asdict(told_by(client.post(address, form, headers={"Host": HOST})))
