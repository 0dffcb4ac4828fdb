"""The guards of proposals: decisions are only ever added; what is posted, its lines and its papers never change.

The one change of a posted proposal is that it is voided: status and version. Papers are frozen by the approval.
"""

from __future__ import annotations

from core import guards
from core.guards import Guard, PostgreSQL, SQLite
from writeoffs.proposals.models import Proposal

PROPOSAL, LINE, EVIDENCE = "proposals_proposal", "proposals_proposalline", "proposals_evidence"
CHARGE = "proposals_proposalcharge"
POSTED, DECIDED = "'POSTED', 'VOIDED'", "'APPROVED', 'POSTED', 'VOIDED'"

CHANGED = "a posted proposal never changes; it is voided by its mirror"
LINES = "the lines of a posted proposal never change; it is voided by its mirror"
CHARGES = "the charges of a posted proposal never change; it is voided by its mirror"
PAPERS = "the evidence of an approved proposal is frozen; it is withdrawn to draft first, as long as it is not posted"

_FIXED = [f.column for f in Proposal._meta.local_concrete_fields if f.column not in ("status", "version")]


def _refuse(message: str) -> str:
    return f"raise exception '{message}' using errcode = 'integrity_constraint_violation';"


def _proposal_guards() -> list[Guard]:
    posted = f"old.status in ({POSTED})"
    steps = "new.status <> old.status and not (old.status = 'POSTED' and new.status = 'VOIDED')"

    def changed(differ: str) -> str:
        return " or ".join([f"({steps})", *(f"new.{column} {differ} old.{column}" for column in _FIXED)])

    # SQLite's REPLACE deletes the row in the way without asking the delete guard.
    in_the_way = (
        f"exists (select 1 from {PROPOSAL} r where r.status in ({POSTED}) and r.id {{differs}} and (r.id = new.id "
        "or r.entity_id = new.entity_id and r.number = new.number))"
    )
    return [
        Guard(
            "proposal_update",
            PROPOSAL,
            CHANGED,
            sqlite=SQLite(
                "before update",
                f"select raise(abort, '{CHANGED}');",
                when=f"{posted} and ({changed('is not')}) or {in_the_way.format(differs='<> old.id')}",
            ),
            postgresql=PostgreSQL(
                "before update",
                f"if {posted} and ({changed('is distinct from')}) then {_refuse(CHANGED)} end if; return new;",
            ),
        ),
        Guard(
            "proposal_delete",
            PROPOSAL,
            CHANGED,
            sqlite=SQLite("before delete", f"select raise(abort, '{CHANGED}');", when=posted),
            postgresql=PostgreSQL("before delete", f"if {posted} then {_refuse(CHANGED)} end if; return old;"),
        ),
        Guard(
            "proposal_replace",
            PROPOSAL,
            CHANGED,
            sqlite=SQLite(
                "before insert",
                f"select raise(abort, '{CHANGED}');",
                when=in_the_way.format(differs="is not null"),
            ),
        ),
    ]


def _frozen(table: str, statuses: str, message: str) -> list[Guard]:
    """Rows of a proposal in one of the statuses are neither added, changed nor deleted. PostgreSQL asks once a
    statement: ten thousand lines are one question."""
    label, found = table.split("_", 1)[1], []
    for event, sides in (("insert", ("new",)), ("update", ("new", "old")), ("delete", ("old",))):
        when = " or ".join(
            f"exists (select 1 from {PROPOSAL} p where p.id = {side}.proposal_id and p.status in ({statuses}))"
            for side in sides
        )
        if event != "delete":
            # A REPLACE by its own key would take the row of another document away.
            moved = "" if event == "insert" else "r.id <> old.id and "
            when += (
                f" or exists (select 1 from {table} r join {PROPOSAL} p on p.id = r.proposal_id "
                f"where {moved}r.id = new.id and p.status in ({statuses}))"
            )
        condition = " or ".join(
            f"exists (select 1 from (select distinct proposal_id from {rows}) r "
            f"join {PROPOSAL} p on p.id = r.proposal_id where p.status in ({statuses}))"
            for rows in ("fresh" if side == "new" else "gone" for side in sides)
        )
        found.append(
            Guard(
                f"{label}_{event}",
                table,
                message,
                sqlite=SQLite(f"before {event}", f"select raise(abort, '{message}');", when=when),
                postgresql=PostgreSQL(
                    f"after {event}",
                    f"if {condition} then {_refuse(message)} end if; return null;",
                    each="statement",
                    rows="fresh" if "new" in sides else "",
                    old_rows="gone" if "old" in sides else "",
                ),
            )
        )
    return [*found, guards.never_emptied(table, message)]


guards.register(
    *guards.append_only("proposals_decision", noun="a decision", keys=[]),
    *guards.append_only("proposals_void", noun="a void", keys=[["proposal_id", "number"]]),
    *guards.append_only("proposals_voidedline", noun="a voided line", keys=[["line_id"]]),
    *guards.append_only("proposals_approvallimits", noun="a version of the limits", keys=[["entity_id", "version"]]),
    *guards.append_only(
        "proposals_approvaltitle", noun="an approval title", keys=[["limits_id", "code"], ["limits_id", "rank"]]
    ),
    *guards.append_only("proposals_titleholder", noun="a holder of a title", keys=[["title_id", "user_id"]]),
    *guards.append_only("proposals_approvalband", noun="an approval band", keys=[]),
    *guards.append_only("proposals_subsequentevent", noun="an event", keys=[["entity_id", "number"]]),
    *guards.append_only("proposals_lossestimate", noun="an estimate", keys=[["entity_id", "number"], ["replaces_id"]]),
    *guards.append_only("proposals_estimatefigure", noun="a figure of an estimate", keys=[["estimate_id", "code"]]),
    *guards.append_only("proposals_claimstep", noun="a step of a claim", keys=[["claim_id", "number"]]),
    *_proposal_guards(),
    *_frozen(LINE, POSTED, LINES),
    *_frozen(CHARGE, POSTED, CHARGES),
    *_frozen(EVIDENCE, DECIDED, PAPERS),
)
