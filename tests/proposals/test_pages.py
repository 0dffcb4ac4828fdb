"""The room's pages: who sees and does what, and what stands on them."""

from __future__ import annotations

from django.urls import reverse

from tests.posting.stock import make_lot
from tests.proposals.documents import approved, draft, posted, submitted

type_sign_in = "Callable[[User], Client]"


def test_the_pages_open_for_every_reader_in_every_state(company, signed_in) -> None:
    lots = [make_lot(company.entity, sku=f"S{i}") for i in range(4)]
    made = [
        draft(company, lots[0]),
        submitted(company, draft(company, lots[1])),
        approved(company, draft(company, lots[2])),
        posted(company, draft(company, lots[3])),
    ]
    for role in ("PREPARER", "APPROVER", "CONTROLLER", "AUDITOR"):
        client = signed_in(company[role])
        for proposal in made:
            page = client.get(proposal.get_absolute_url())
            assert page.status_code == 200
            assert proposal.number in page.content.decode()
        assert client.get(reverse("proposals:list", args=["north"])).status_code == 200
        assert client.get(reverse("postings:list", args=["north"])).status_code == 200
