"""How Nordwind puts right what went wrong: a document voided in part, a loss found late, an error of 2025."""

from __future__ import annotations

import dataclasses
import datetime as dt

from django.db.models import QuerySet

from core.words import Reason
from inventory.models import Lot
from writeoffs.desk.demo import papers
from writeoffs.desk.demo.office import Office
from writeoffs.proposals.models import Evidence, Finding, Kind, Proposal, Status


def story(office: Office) -> None:
    """On 10 November 2026, when the documents of early November are posted and September is closed."""
    on = dt.date(2026, 11, 10)
    _one_sack_was_sound(office, on)
    _moths(office, on)
    _withdrawn_in_december(office, on)


def _one_sack_was_sound(office: Office, on: dt.date) -> None:
    posted = Proposal.objects.filter(
        entity=office.entity, kind=Kind.WRITE_OFF, status=Status.POSTED, line_count__gt=2, reason=Reason.DAMAGE
    )
    office.void(
        posted.order_by("-posted_at")[0],
        day=on,
        reason="The second lot was only dusty; weighed again and put back on the shelf.",
        lines=[2],
    )


def _moths(office: Office, on: dt.date) -> None:
    header = office.write_off(Reason.DAMAGE, on, "Moth larvae in the rolls at the back of aisle 9.")
    header = dataclasses.replace(
        header,
        event_on=dt.date(2026, 9, 21),
        finding=Finding.ESTIMATE,
        material=False,
        finding_why="Traps of 30 September were empty; the holes were seen on 9 November. Below the 1 % that the group "
        "takes for material.",
    )
    lots = _lots(office, "Textiles", count=1)
    proposal = office.propose(header, lots)
    office.attach(proposal, Evidence.Kind.PHOTOGRAPH, "aisle-9.png", papers.picture(320, 200))
    office.through(proposal, "September is closed and the amount is small: this month bears it.")


def _withdrawn_in_december(office: Office, on: dt.date) -> None:
    header = office.write_down(
        Reason.OBSOLESCENCE, on, "The maker withdrew these models in December 2025; our list of 2025 missed the letter."
    )
    header = dataclasses.replace(
        header,
        event_on=dt.date(2025, 12, 18),
        finding=Finding.ERROR,
        material=True,
        finding_why="The maker's letter of 18 December 2025 was on file when the accounts of 2025 were made. 6 % of "
        "that year's profit, above the auditors' threshold.",
    )
    lots = _lots(office, "Electronics", count=4)
    proposal = office.propose(header, lots, percent=20)
    letter = papers.pdf("Letter of the maker, 18 December 2025", "Models withdrawn as of 31 December 2025; no returns.")
    office.attach(proposal, Evidence.Kind.PRICE_SOURCE, "withdrawal-letter.pdf", letter)
    office.through(proposal, "Agreed with the auditors on 6 November: an error of 2025.")


def _lots(office: Office, category: str, *, count: int) -> QuerySet[Lot]:
    """Lots of the opening stock that still hold something."""
    chosen = office.lots().filter(item__category__name=category).order_by("pk").values_list("pk", flat=True)[:count]
    return Lot.objects.filter(pk__in=list(chosen))
