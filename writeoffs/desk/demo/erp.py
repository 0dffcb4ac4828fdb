"""The ERP's side of the demo: what it takes, a batch that was handed over, and what it answered."""

from __future__ import annotations

from core.changes import change_decide
from core.models import Upload
from writeoffs.desk.demo.office import Office
from writeoffs.ledger.layouts import LAYOUTS
from writeoffs.ledger.layouts.settings import settings_request
from writeoffs.posting.batches import batch_hand_out, batch_make, batches_waiting
from writeoffs.posting.exports import document_number
from writeoffs.posting.feeds import feed_request
from writeoffs.posting.models import ErpCharge, Posting, Takes

SETTINGS = {"business-central": {"template": "GENERAL", "batch": "WRITEOFFS"}}


def feeds_choose(office: Office) -> None:
    """From now on the ERP takes recoveries by journal; two people agree."""
    office.clock.pass_minutes(5)
    change = feed_request(
        entity=office.entity,
        user=office.people["controller"],
        kind="RECOVERY",
        takes=Takes.JOURNAL,
        why="Goods that come back are received in the ERP by hand.",
    )
    office.clock.pass_minutes(20)
    change_decide(change=change, user=office.approver, approve=True)
    for layout, options in SETTINGS.items():
        change = settings_request(
            entity=office.entity,
            layout=LAYOUTS[layout],
            options=options,
            user=office.people["controller"],
            why="The journal batch that our ERP's administrator has set up.",
        )
        office.clock.pass_minutes(10)
        change_decide(change=change, user=office.approver, approve=True)


def erp_answers(office: Office) -> Upload | None:
    """Pending write-offs and counts go out in batches, and what goes beside them; the ERP takes the first document and
    rejects the last, and takes the first entry beside them and leaves the second unanswered."""
    for one in batches_waiting(entity=office.entity):
        if one.takes == Takes.ADJUSTMENT or one.charges:
            office.clock.pass_minutes(4)
            batch = batch_make(entity=office.entity, user=office.people["controller"], kind=one.kind, takes=one.takes)
            batch_hand_out(batch=batch, user=office.people["controller"])
    pending = Posting.objects.filter(entity=office.entity, status=Posting.Status.UNACKNOWLEDGED, batch__isnull=False)
    documents = [document_number(posting) for posting in pending.order_by("pk")]
    if len(documents) < 2:
        return None
    beside = ErpCharge.objects.filter(entity=office.entity).select_related("entry").order_by("pk").first()
    rows = (
        "document,status,erp_document,message",
        *([f"{beside.entry.number},accepted,1900004711,"] if beside else []),
        f"{documents[0]},accepted,4900012345,",
        f"{documents[-1]},rejected,,Posting period 012 is closed for materials management",
    )
    office.clock.pass_minutes(30)
    upload = office.upload(
        "erp_answer", "erp-answer.csv", "\n".join(rows).encode(), as_of=office.clock.moment, by="controller"
    )
    return office.commit(upload, by="controller")
