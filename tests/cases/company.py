"""The company of a case: its entity, its people, its chart and periods, and the steps that its people take."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from decimal import Decimal

import time_machine
from django.utils.text import slugify

from core import changes
from core.errors import BadInput
from core.models import ChangeRequest, Upload, User
from core.sheets import pipeline
from inventory.models import Lot
from tests.conftest import Company, make_company
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal

_NUMBERS = itertools.count(1)


class CaseCompany:
    """Somebody for each duty; a clock that only goes forward; every sheet and document by the product's own steps."""

    def __init__(
        self,
        name: str,
        clock: time_machine.Coordinates,
        *,
        years: tuple[int, ...] = (2025, 2026, 2027, 2028),
        **fields: object,
    ) -> None:
        self.clock = clock
        slug = f"{slugify(name)[:20]}-{next(_NUMBERS)}"
        self.company: Company = make_company(slug, years=years, **fields)
        self.entity = self.company.entity

    def __getitem__(self, role: str) -> User:
        return self.company[role]

    def on(self, day: dt.date) -> None:
        """It is the evening of the day."""
        self.clock.move_to(dt.datetime.combine(day, dt.time(18), tzinfo=dt.UTC))

    # Sheets

    def sheet(self, kind: str, header: str, rows: Sequence[str], *, by: str, second: str, **how: object) -> Upload:
        """Uploaded and checked by one person, committed by another."""
        upload = pipeline.upload_receive(
            entity=self.entity,
            kind=kind,
            name=f"{kind}.csv",
            content="\n".join([header, *rows, ""]).encode(),
            user=self[by],
            **{"as_of": dt.datetime.now(dt.UTC), **how},  # type: ignore[arg-type]
        )
        upload = pipeline.upload_check(upload=upload, user=self[by])
        told = "; ".join(upload.issues.filter(level="ERROR").values_list("message", flat=True)[:3])
        if upload.status != Upload.Status.CHECKED:
            raise BadInput(f"sheet {kind}: {upload.get_status_display()}: {upload.message} {told}")
        upload = pipeline.upload_commit(upload=upload, user=self[second])
        if upload.status != Upload.Status.COMMITTED:
            raise BadInput(f"sheet {kind}: {upload.get_status_display()}: {upload.message}")
        return upload

    def stock(self, header: str, *rows: str) -> dict[str, Lot]:
        """The opening list; lots by their code, or by the item's number where they have none."""
        self.sheet("stock_list", header, rows, by="PREPARER", second="CONTROLLER")
        return self.lots()

    def lots(self) -> dict[str, Lot]:
        return {
            lot.code or lot.item.sku: lot
            for lot in Lot.objects.filter(entity=self.entity).select_related("item", "location").order_by("pk")
        }

    @property
    def openings(self) -> list[Upload]:
        """What the case starts from: stock lists."""
        return list(Upload.objects.filter(entity=self.entity, kind="stock_list"))

    # Documents

    def submitted(self, proposal: Proposal) -> Proposal:
        return services.proposal_submit(proposal=proposal, user=self[self._preparer(proposal)])

    def _preparer(self, proposal: Proposal) -> str:
        return next(role for role, person in self.company.people.items() if person == proposal.created_by)

    def posted(self, proposal: Proposal) -> Proposal:
        """Submitted, approved and posted, each by the person whose duty it is."""
        proposal = self.submitted(proposal)
        proposal = services.proposal_approve(proposal=proposal, user=self["APPROVER"], digest=proposal.digest)
        return services.proposal_post(proposal=proposal, user=self["CONTROLLER"], digest=proposal.digest).proposal

    def draft(self, kind: str, reason: str, day: dt.date, **header: object) -> Proposal:
        made = services.Header(
            **{"kind": kind, "reason": reason, "event_on": day, "found_on": day, "posting_on": day, **header}  # type: ignore[arg-type]
        )
        return services.proposal_create(entity=self.entity, user=self["PREPARER"], header=made)

    def write_off(
        self,
        reason: str,
        day: dt.date,
        *units: tuple[Lot, Decimal],
        kind: str = "WRITE_OFF",
        charges: Sequence[services.ChargeInput] = (),
        **header: object,
    ) -> Proposal:
        """Drafted with its units and charges by the preparer."""
        proposal = self.draft(kind, reason, day, **header)
        for lot, quantity in units:
            proposal = services.line_add(proposal=proposal, user=self["PREPARER"], lot=lot, quantity=quantity)
        for charge in charges:
            services.charge_add(proposal=proposal, user=self["PREPARER"], charge=charge)
        return Proposal.objects.select_related("entity", "created_by").get(pk=proposal.pk)

    def agreed(self, change: ChangeRequest, by: str = "APPROVER") -> ChangeRequest:
        """The second person of a change of policy agrees."""
        return changes.change_decide(change=change, user=self[by], approve=True)
