"""A seeded random workload by several people, with deliberate wrong steps, against a model in memory.

Every step is either done or refused as the model says. After each block lots, states, periods and balances are
compared, and everything is proved.
"""

from __future__ import annotations

import collections
import datetime as dt
import random
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from core import changes
from core.errors import DomainError
from core.models import ChangeRequest, User
from core.sheets import pipeline
from inventory.models import CountSheet, Lot
from tests.faults import company as faults
from tests.faults.conftest import copy_of, proved
from tests.faults.model import UNIT_COST, Books, Document
from tests.faults.size import SEED, sized
from tests.proposals import documents
from writeoffs.ledger.models import FiscalPeriod, JournalLine
from writeoffs.ledger.periods import period_close, period_reopen_request
from writeoffs.posting.acknowledge import posting_acknowledge
from writeoffs.posting.models import Posting
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal

pytestmark = [pytest.mark.faults, pytest.mark.database]
OPERATIONS = sized(1000, 10_000, "OPERATIONS")
BLOCK = sized(200, 500)
MONTHS = (1, 2, 3, 4, 5, 6)
# How often each is tried, of a hundred or so.
WEIGHTS = {
    "create": 22,
    "edit": 8,
    "submit": 16,
    "approve": 14,
    "return": 4,
    "discard": 2,
    "post": 14,
    "ask_void": 4,
    "decide_void": 4,
    "acknowledge": 4,
    "close": 2,
    "ask_reopen": 2,
    "decide_reopen": 3,
    "count": 0.7,
    "stock_list": 0.7,
}


class Workload:
    """Picks steps, asks the model what must happen, and sees that it does."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.north = faults.found()
        self.entity = self.north.entity
        self.people = {
            role: [self.north[role], *(faults.person(role, n) for n in range(faults.MORE.get(role, 0)))]
            for role in ("PREPARER", "APPROVER", "CONTROLLER", "COUNTER", "AUDITOR")
        }
        self.books = Books({lot.code: int(lot.quantity) for lot in Lot.objects.all()})
        self.done: collections.Counter[str] = collections.Counter()
        self.log: collections.deque[str] = collections.deque(maxlen=12)

    def step(self) -> None:
        [name] = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        getattr(self, name)()

    # What is picked

    def anyone(self, role: str, wrong: float = 0.04) -> User:
        """Somebody with the role; now and then somebody without it."""
        if self.random.random() < wrong:
            role = self.random.choice([other for other in self.people if other != role])
        return self.random.choice(self.people[role])

    def has(self, user: User, role: str) -> bool:
        return user in self.people[role]

    def document(self, *statuses: str) -> Document | None:
        """A document, mostly in one of the states that the step starts from."""
        every = list(self.books.documents.values())
        fitting = [one for one in every if one.status in statuses]
        if fitting and self.random.random() < 0.93:
            return self.random.choice(fitting[-40:])
        return self.random.choice(every) if every else None

    def day(self) -> dt.date:
        opened = [month for month in MONTHS if month not in self.books.closed]
        months = opened if self.random.random() < 0.95 else list(MONTHS)
        return dt.date(2026, self.random.choice(months), self.random.randint(2, 28))

    def period(self, month: int) -> FiscalPeriod:
        return FiscalPeriod.objects.get(entity=self.entity, fiscal_year=2026, number=month)

    # Doing it and judging

    def judged(self, name: str, ok: bool, action: Callable[[], Any], what: str) -> Any:
        """Do the action; it must end as the model says. Gives what it gave, or None where it was refused."""
        self.log.append(f"{name} {what}: {'to be done' if ok else 'to be refused'}")
        try:
            result = action()
        except DomainError as error:
            if ok:
                raise AssertionError(f"refused, but should be done: {error.message}") from error
            self.done[f"{name} refused"] += 1
            return None
        assert ok, "done, but should be refused"
        self.done[name] += 1
        return result if result is not None else True

    def of(self, document: Document) -> Proposal:
        return Proposal.objects.select_related("entity").get(entity=self.entity, number=document.number)

    # The steps

    def create(self) -> None:
        user, lot, day = self.anyone("PREPARER"), self.random.choice(list(self.books.lots)), self.day()
        quantity = self.random.randint(1, 9) if self.random.random() < 0.95 else self.random.choice([0, 500])
        ok = self.has(user, "PREPARER") and self.books.may_create(lot, quantity, day)

        def make() -> Proposal:
            head = documents.header(event_on=day, found_on=day, posting_on=day)
            line = services.LineInput(Lot.objects.get(code=lot).pk, -quantity * 10_000, None)
            return services.proposal_create(entity=self.entity, user=user, header=head, lines=[line])

        made = self.judged("create", ok, make, f"{quantity} of {lot} on {day} by {user}")
        if made:
            self.books.documents[made.number] = Document(made.number, lot, quantity, day, user.email)

    def edit(self) -> None:
        document = self.document("DRAFT")
        if document is None:
            return
        user = self.mine(document)
        quantity = self.random.randint(1, 9) if self.random.random() < 0.95 else 500
        ok = document.status == "DRAFT" and user.email == document.preparer
        ok = ok and self.books.bears(document.lot, quantity, document.day)

        def change() -> Proposal:
            line = self.of(document).lines.select_related("proposal__entity", "lot__item", "lot__location").get()
            return services.line_edit(line=line, user=user, quantity=Decimal(quantity))

        if self.judged("edit", ok, change, f"{document.number} to {quantity}"):
            document.quantity = quantity

    def mine(self, document: Document) -> User:
        """Who prepared it; now and then somebody else."""
        if self.random.random() < 0.05:
            return self.anyone("PREPARER")
        return User.objects.get(email=document.preparer)

    def submit(self) -> None:
        document = self.document("DRAFT")
        if document is None:
            return
        user = self.mine(document)
        ok = document.status == "DRAFT" and user.email == document.preparer and self.books.takes(document.day)
        ok = ok and self.books.bears(document.lot, document.quantity, document.day)
        if self.judged(
            "submit", ok, lambda: services.proposal_submit(proposal=self.of(document), user=user), document.number
        ):
            document.status = "SUBMITTED"

    def approve(self) -> None:
        document = self.document("SUBMITTED")
        if document is None:
            return
        user, seen = self.anyone("APPROVER"), self.random.random() < 0.97
        proposal = self.of(document)
        ok = document.status == "SUBMITTED" and self.has(user, "APPROVER") and seen and self.stands(document)
        digest = proposal.digest if seen else "0" * 64

        def approve() -> Proposal:
            return services.proposal_approve(proposal=proposal, user=user, digest=digest)

        if self.judged("approve", ok, approve, f"{document.number} by {user}"):
            document.status, document.approver = "APPROVED", user.email

    def stands(self, document: Document) -> bool:
        """Whether its period and its lot still take it."""
        lot, quantity, day = document.lot, document.quantity, document.day
        return self.books.takes(day) and self.books.bears(lot, quantity, day)

    def return_(self) -> None:
        document = self.document("SUBMITTED")
        if document is None:
            return
        user = self.anyone("APPROVER")
        ok = document.status in ("SUBMITTED", "APPROVED") and self.has(user, "APPROVER")
        if document.status == "APPROVED":
            ok = ok or (self.has(user, "CONTROLLER") and document.status == "APPROVED")

        def back() -> Proposal:
            return services.proposal_return(proposal=self.of(document), user=user, comment="Why so many?")

        if self.judged("return", ok, back, f"{document.number} {document.status} by {user}"):
            document.status = "DRAFT"

    def discard(self) -> None:
        document = self.document("DRAFT")
        if document is None:
            return
        user = self.mine(document)
        ok = document.status == "DRAFT" and user.email == document.preparer

        def discard() -> Proposal:
            return services.proposal_discard(proposal=self.of(document), user=user)

        if self.judged("discard", ok, discard, f"{document.number} by {user}"):
            document.status = "REJECTED"

    def post(self) -> None:
        document = self.document("APPROVED")
        if document is None:
            return
        user, proposal = self.anyone("CONTROLLER"), self.of(document)
        again = document.status == "POSTED" and self.has(user, "CONTROLLER")
        ok = again or (document.status == "APPROVED" and self.has(user, "CONTROLLER") and self.stands(document))
        key = f"press-{len(self.books.documents)}-{self.random.randrange(10**9)}"

        def press() -> services.Posted:
            return services.proposal_post(proposal=proposal, user=user, digest=proposal.digest, key=key)

        posted = self.judged("post", ok, press, f"{document.number} {document.status} by {user}")
        if posted and not again:
            self.books.post(document)
            if self.random.random() < 0.2:
                # Pressed twice: answered as the first time.
                assert press().message == posted.message
                self.done["post repeated"] += 1

    def ask_void(self) -> None:
        document = self.document("POSTED")
        if document is None:
            return
        user = self.anyone("CONTROLLER")
        may = self.has(user, "CONTROLLER") or self.has(user, "PREPARER")
        ok = document.status == "POSTED" and not document.asked_by and may and self.books.takes(document.day)

        def ask() -> ChangeRequest:
            return services.void_request(
                proposal=self.of(document), user=user, reason="Counted wrongly", posted_on=document.day
            )

        if self.judged("ask to void", ok, ask, f"{document.number} {document.status} by {user}"):
            document.asked_by = user.email

    def decide_void(self) -> None:
        asked = [one for one in self.books.documents.values() if one.asked_by]
        if not asked:
            return
        document = self.random.choice(asked)
        user, approve = self.anyone("APPROVER"), self.random.random() < 0.8
        change = ChangeRequest.objects.select_related("entity").get(
            entity=self.entity, subject=f"proposal:{document.number}", status="OPEN"
        )
        ok = self.has(user, "APPROVER") and user.email != document.asked_by
        ok = ok and (not approve or self.books.takes(document.day))

        def decide() -> ChangeRequest:
            return services.void_decide(change=change, user=user, approve=approve)

        if self.judged("decide a void", ok, decide, f"{document.number} by {user}, approve={approve}"):
            document.asked_by = ""
            if approve:
                self.books.void(document)

    def acknowledge(self) -> None:
        document = self.document("POSTED", "VOIDED")
        if document is None:
            return
        user = self.anyone("CONTROLLER")
        ok = document.in_erp == "UNACKNOWLEDGED" and (self.has(user, "CONTROLLER") or self.has(user, "PREPARER"))

        def confirm() -> Posting:
            return posting_acknowledge(
                entity=self.entity, source_ref=f"proposal:{document.number}", user=user, how="Document 4711"
            )

        if self.judged("acknowledge", ok, confirm, f"{document.number} {document.in_erp} by {user}"):
            document.in_erp, document.outstanding = "ACKNOWLEDGED", 0

    def close(self) -> None:
        opened = [month for month in MONTHS if month not in self.books.closed]
        # The last of them stays open: a company without an open period does nothing more.
        month = self.random.choice(opened[:2] if len(opened) > 2 else []) if len(opened) > 2 else None
        if month is None:
            return
        user = self.anyone("CONTROLLER")
        ok = self.has(user, "CONTROLLER") and self.books.may_close(month)
        if self.judged("close", ok, lambda: period_close(period=self.period(month), user=user), f"month {month}"):
            self.books.closed.add(month)

    def ask_reopen(self) -> None:
        month, user = self.random.choice(MONTHS), self.anyone("CONTROLLER")
        if month in self.books.closed and self.random.random() < 0.5:
            return
        ok = month in self.books.closed and month not in self.books.asked and self.has(user, "CONTROLLER")

        def ask() -> ChangeRequest:
            return period_reopen_request(period=self.period(month), user=user, reason="A late invoice")

        if self.judged("ask to re-open", ok, ask, f"month {month}"):
            self.books.asked[month] = user.email

    def decide_reopen(self) -> None:
        if not self.books.asked:
            return
        month, user = self.random.choice(sorted(self.books.asked)), self.anyone("APPROVER")
        change = ChangeRequest.objects.select_related("entity").get(
            entity=self.entity, subject=f"period:{self.period(month).code}", status="OPEN"
        )
        may = self.has(user, "APPROVER") or self.has(user, "CONTROLLER")
        ok = may and user.email != self.books.asked[month]

        def decide() -> ChangeRequest:
            return changes.change_decide(change=change, user=user, approve=True)

        if self.judged("decide to re-open", ok, decide, f"month {month} by {user}"):
            del self.books.asked[month]
            self.books.closed.discard(month)

    # Sheets

    def send(self, kind: str, rows: list[str], header: str, user: User) -> str:
        # Two sheets of one moment must not have the same content: each has its own number.
        content = (header + "".join(rows)).encode()
        upload = pipeline.upload_receive(
            entity=self.entity,
            kind=kind,
            name=f"{kind}-{self.books.lists + self.books.counts}.csv",
            content=content,
            as_of=timezone.now(),
            user=user,
        )
        upload = pipeline.upload_check(upload=upload, user=user)
        told = [str(issue) for issue in upload.issues.filter(level="ERROR")]
        assert upload.status == "CHECKED", (upload.message, told, *self.log)
        upload = pipeline.upload_commit(upload=upload, user=user)
        assert upload.status == "COMMITTED", (upload.message, *self.log)
        return upload.message

    def _lots(self) -> Iterator[tuple[str, str, str, int]]:
        for code, quantity in sorted(self.books.lots.items()):
            number = int(code[1:])
            yield code, f"SKU-{number:03}", f"WH{number % 2 + 1}", quantity

    def stock_list(self) -> None:
        """What the ERP shows: followed or not, lot by lot, and now and then units that came in."""
        quantities, rows = {}, []
        for code, sku, place, book in self._lots():
            owed = self.books.owed(code)
            quantity = book if self.random.random() < 0.5 or owed < 0 else book + owed
            if owed >= 0 and self.random.random() < 0.15:
                quantity = book + owed + self.random.randint(1, 30)
            quantities[code] = quantity
            number = int(code[1:])
            category = ("Food", "Lamps", "Toys")[number % 3]
            rows.append(f"{sku},{code},{place},{category},{quantity},40,2026-03-{number % 27 + 1:02}\n")
        self.log.append("stock list")
        self.send("stock_list", rows, faults.HEADER, self.people["CONTROLLER"][0])
        self.books.listed(quantities, self.entity.local_date())
        self.done["stock list"] += 1

    def count(self) -> None:
        """Counted as the books say, but for a unit that is missing here and there; it moves nothing by itself."""
        rows, differences = [], 0
        for code, sku, place, book in self._lots():
            missing = 1 if book and self.random.random() < 0.1 else 0
            differences += missing
            rows.append(f"{sku},{code},{place},{book - missing}\n")
        self.log.append("count")
        self.send("count", rows, "sku,lot_code,location,counted_quantity\n", self.people["COUNTER"][0])
        self.books.counts += 1
        assert CountSheet.objects.order_by("-pk")[0].difference_count == differences, list(self.log)
        self.done["count"] += 1

    # What must hold

    def compared(self) -> None:
        """Lots, documents, what the ERP owes, periods and balances are those of the model."""
        books = self.books
        lots = {lot.code: (lot.quantity, lot.cost) for lot in Lot.objects.all()}
        assert lots == {code: (units, UNIT_COST * units) for code, units in books.lots.items()}
        stored = dict(Proposal.objects.values_list("number", "status"))
        assert stored == {one.number: one.status for one in books.documents.values()}
        erp = {ref.partition(":")[2]: status for ref, status in Posting.objects.values_list("source_ref", "status")}
        assert erp == {one.number: one.in_erp for one in books.documents.values() if one.in_erp}
        closed = FiscalPeriod.objects.filter(entity=self.entity, fiscal_year=2026, number__in=MONTHS, status="CLOSED")
        assert set(closed.values_list("number", flat=True)) == books.closed
        sums = JournalLine.objects.filter(entry__entity=self.entity).values_list("role").annotate(Sum("amount"))
        balances = dict(sums)
        assert balances["INVENTORY"] == UNIT_COST * books.units
        own = JournalLine.objects.filter(entry__entity=self.entity, entry__origin="OWN").exclude(role="INVENTORY")
        assert own.aggregate(total=Sum("amount"))["total"] == (UNIT_COST * (books.posted - books.voided) or None)
        assert sum(balances.values()) == 0


setattr(Workload, "return", Workload.return_)


def test_a_random_workload_leaves_the_books_as_the_model_says(
    books_template: str,
    tmp_path: Path,
    django_db_blocker: Any,
    capsys: pytest.CaptureFixture[str],
    record_property: Callable[[str, object], None],
) -> None:
    with capsys.disabled():
        print(f"\nseed {SEED}: {OPERATIONS:,} operations")  # noqa: T201
    started = time.monotonic()
    with django_db_blocker.unblock(), copy_of(books_template, tmp_path):
        work = Workload(SEED)
        for period in FiscalPeriod.objects.filter(fiscal_year=2025).order_by("number"):
            period_close(period=period, user=work.north["CONTROLLER"])
        for number in range(1, OPERATIONS + 1):
            try:
                work.step()
                if number % BLOCK == 0 or number == OPERATIONS:
                    work.compared()
                    proved()
            except Exception as error:
                told = "\n".join([*work.log, str(error)])
                raise AssertionError(f"seed {SEED}, operation {number}:\n{told}") from error
    refused = sum(count for name, count in work.done.items() if name.endswith("refused"))
    record_property(f"operations against the model, seed {SEED} (of them refused)", f"{OPERATIONS:,} ({refused:,})")
    with capsys.disabled():
        told = ", ".join(f"{name} {count}" for name, count in sorted(work.done.items()))
        print(f"{told}; {time.monotonic() - started:.0f} s")  # noqa: T201
