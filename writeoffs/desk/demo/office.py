"""The people of one demo company at work: each method is one thing that one of them does, by the product's services.

Invariant: nothing is written but by a service, so that a demo that builds is a company whose books `verify` accepts.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Collection, Sequence
from decimal import Decimal

from django.db.models import QuerySet

from core.errors import WrongState
from core.models import Entity, Upload, User
from core.sheets import pipeline
from core.words import Reason
from inventory.models import CountSheet, Lot, QuarantineEntry, UnexplainedFall
from inventory.services import fall_explain
from writeoffs.desk.demo.clock import Clock
from writeoffs.desk.demo.goods import Key
from writeoffs.ledger.calendar import months_of
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.ledger.periods import period_close, period_soft_close
from writeoffs.posting.acknowledge import posting_acknowledge
from writeoffs.posting.models import Posting, PostingLine
from writeoffs.proposals import services
from writeoffs.proposals.models import Evidence, Kind, Proposal, VoidedLine
from writeoffs.proposals.services import Header, Paper


class Office:
    """One company, its people by key and its clock."""

    def __init__(self, entity: Entity, people: dict[str, User], clock: Clock) -> None:
        self.entity = entity
        self.people = people
        self.clock = clock
        self.approver = people["approver2"]
        self.told_the_erp = 0

    def moment(self, day: dt.date, hour: int = 18) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(hour), tzinfo=zoneinfo.ZoneInfo(self.entity.time_zone))

    def upload(
        self,
        kind: str,
        name: str,
        content: bytes,
        *,
        as_of: dt.datetime,
        by: str = "preparer",
        report: str = "",
        control_total: Decimal | None = None,
    ) -> Upload:
        """Received and checked, not committed."""
        upload = pipeline.upload_receive(
            entity=self.entity,
            kind=kind,
            name=name,
            content=content,
            content_type="text/csv",
            as_of=as_of,
            user=self.people[by],
            source_report=report,
            control_total=control_total,
        )
        self.clock.pass_minutes(3)
        return pipeline.upload_check(upload=upload, user=self.people[by])

    def commit(self, upload: Upload, *, by: str = "controller") -> Upload:
        """WrongState where the product did not take it: the demo's own sheets have to be good."""
        self.clock.pass_minutes()
        upload = pipeline.upload_commit(upload=upload, user=self.people[by])
        if upload.status != Upload.Status.COMMITTED:
            raise WrongState(f"{upload}: {upload.message} {list(upload.issues.values_list('message', flat=True)[:3])}")
        return upload

    def header(self, kind: str, reason: str, day: dt.date, note: str, *, days_before: int = 2) -> Header:
        """A loss that was noticed the day before and had happened some days earlier."""
        found = day - dt.timedelta(days=1)
        return Header(
            kind=kind,
            reason=reason,
            event_on=found - dt.timedelta(days=days_before),
            found_on=found,
            posting_on=day,
            note=note,
        )

    def propose(self, header: Header, lots: QuerySet[Lot], *, percent: int = 0) -> Proposal:
        """All of the lots, as the stock list's button does it."""
        self._morning(header)
        proposal, _ = services.proposal_create_from_stock(
            entity=self.entity, user=self.people["preparer"], header=header, lots=lots, percent=Decimal(percent)
        )
        return proposal

    def propose_units(self, header: Header, units: Sequence[tuple[Lot, Decimal, str]]) -> Proposal:
        """By hand: some units of some lots, each with a note."""
        self._morning(header)
        user = self.people["preparer"]
        proposal = services.proposal_create(entity=self.entity, user=user, header=header)
        for lot, quantity, note in units:
            self.clock.pass_minutes(1)
            proposal = services.line_add(proposal=proposal, user=user, lot=lot, quantity=quantity, note=note)
        return proposal

    def propose_count(self, sheet: CountSheet, posting_on: dt.date) -> Proposal:
        self.clock.go_to(posting_on, 9)
        return services.proposal_create_from_count(
            entity=self.entity, user=self.people["preparer"], sheet=sheet, posting_on=posting_on
        )

    def propose_recovery(self, header: Header, entries: QuerySet[QuarantineEntry]) -> Proposal:
        self._morning(header)
        return services.proposal_create_from_quarantine(
            entity=self.entity, user=self.people["preparer"], header=header, entries=entries
        )

    def attach(self, proposal: Proposal, kind: Evidence.Kind, name: str, content: bytes) -> None:
        self.clock.pass_minutes(2)
        user = self.people["preparer"]
        services.evidence_add(proposal=proposal, user=user, kind=kind, papers=[Paper(name, content)])

    def submit(self, proposal: Proposal) -> Proposal:
        self.clock.pass_minutes()
        proposal.refresh_from_db()
        return services.proposal_submit(proposal=proposal, user=self.people["preparer"])

    def approve(self, proposal: Proposal, comment: str = "") -> Proposal:
        self.clock.pass_minutes(45)
        digest = proposal.digest
        return services.proposal_approve(proposal=proposal, user=self.approver, digest=digest, comment=comment)

    def post(self, proposal: Proposal) -> Proposal:
        self.clock.pass_minutes(30)
        user = self.people["controller"]
        return services.proposal_post(proposal=proposal, user=user, digest=proposal.digest).proposal

    def through(self, proposal: Proposal, comment: str = "") -> Proposal:
        """Submitted, approved and posted."""
        return self.post(self.approve(self.submit(proposal), comment))

    def void(
        self,
        proposal: Proposal,
        *,
        day: dt.date,
        reason: str,
        decide: bool = True,
        lines: Collection[int] | None = None,
    ) -> None:
        self.clock.go_to(day, 10)
        user = self.people["controller"]
        change = services.void_request(proposal=proposal, user=user, reason=reason, posted_on=day, lines=lines)
        if decide:
            self.clock.pass_minutes(50)
            services.void_decide(change=change, user=self.approver, approve=True, comment="Seen the tags; agreed.")

    def confirm(self, proposal: Proposal, how: str) -> None:
        """The controller has seen that the ERP followed."""
        self.clock.pass_minutes(90)
        user = self.people["controller"]
        posting_acknowledge(entity=self.entity, source_ref=proposal.source_ref, user=user, how=how)

    def explain_sales(self, *, until: dt.date, leaving: int) -> None:
        """The preparer goes through the worklist of falls, oldest first, and leaves the last ones for tomorrow."""
        waiting = UnexplainedFall.objects.filter(entity=self.entity, explanation="", movement__posted_on__lte=until)
        for place, fall in enumerate(waiting.order_by("pk")[: max(0, waiting.count() - leaving)]):
            self.clock.pass_minutes(1)
            sale = place % 23
            fall_explain(
                entity=self.entity,
                fall=fall,
                explanation=UnexplainedFall.Explanation.SALE if sale else UnexplainedFall.Explanation.RETURN,
                note="" if sale else "Back to the supplier, recall.",
                user=self.people["preparer"],
            )

    def close_until(self, last: dt.date, *, on: dt.date) -> None:
        """Every open period that ends by `last`, in order."""
        self.clock.go_to(on, 16)
        open_ones = (
            months_of(self.entity).filter(status=FiscalPeriod.Status.OPEN, ends_on__lte=last).order_by("starts_on")
        )
        for period in open_ones:
            self.clock.pass_minutes(4)
            period_close(period=period, user=self.people["controller"])

    def soft_close(self, last: dt.date, *, on: dt.date) -> None:
        """The month that ends on `last`."""
        self.clock.go_to(on, 13)
        period = months_of(self.entity).get(ends_on=last)
        period_soft_close(period=period, user=self.people["controller"])

    def erp_news(self) -> dict[Key, Decimal]:
        """What was posted since the ERP was last told, as its stock-adjustment files say it."""
        lines = (
            PostingLine.objects.filter(posting__entity=self.entity, pk__gt=self.told_the_erp)
            .exclude(posting__status=Posting.Status.VOIDED)
            .order_by("pk")
        )
        voided = set(
            VoidedLine.objects.filter(void__proposal__entity=self.entity).values_list(
                "void__proposal__number", "line__lot_id"
            )
        )
        news: dict[Key, Decimal] = {}
        for line in lines.select_related("lot__item", "lot__location", "posting"):
            self.told_the_erp = line.pk
            if (line.posting.source_ref.partition(":")[2], line.lot_id) in voided:
                continue
            key = (line.lot.item.sku, line.lot.code, line.lot.location.code)
            news[key] = news.get(key, Decimal(0)) + line.quantity
        return news

    def lots(self) -> QuerySet[Lot]:
        return Lot.objects.filter(entity=self.entity, quantity__gt=Decimal(0))

    def expired(self, day: dt.date) -> QuerySet[Lot]:
        return self.lots().filter(expires_on__lt=day)

    def write_off(self, reason: Reason, day: dt.date, note: str) -> Header:
        return self.header(Kind.WRITE_OFF, reason, day, note)

    def write_down(self, reason: Reason, day: dt.date, note: str) -> Header:
        return self.header(Kind.WRITE_DOWN, reason, day, note)

    def _morning(self, header: Header) -> None:
        self.clock.go_to(header.posting_on, 9)
