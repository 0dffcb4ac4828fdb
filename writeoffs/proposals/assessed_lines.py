"""Reads stored lines of an assessment as assessed.py takes them. Set-wise: plain rows, no query of its own."""

from __future__ import annotations

from collections.abc import Sequence

from core.money import MONEY_SCALE, QUANTITY_SCALE, to_raw
from writeoffs.proposals.assessed import AcceptedLine
from writeoffs.valuation.models import Assessment, AssessmentLine, Level

COLUMNS = (
    *("pk", "lot_id", "outcome", "governs", "reason", "override_cause", "quantity", "cost", "required"),
    *("override", "override_by_id", "proposal_ref", "level", "contract_quantity", "policy__least"),
    *("lot__expires_on", "flag"),
)
_GOVERNS = dict(AssessmentLine.Governs.choices)


def accepted_line(row: Sequence[object], assessment: Assessment) -> AcceptedLine:
    """row: values of COLUMNS."""
    (pk, lot_id, outcome, governs, reason, cause, quantity, cost, required, *more) = row
    (override, by, _, level, contracted, least, expires_on, _) = more
    overridden = override is not None
    return AcceptedLine(
        id=pk,  # type: ignore[arg-type]
        lot_id=lot_id,  # type: ignore[arg-type]
        tested=outcome == AssessmentLine.Outcome.TESTED or (overridden and outcome != AssessmentLine.Outcome.OUT),
        governs=str(governs),
        reason=str(cause or reason),
        quantity=to_raw(quantity, QUANTITY_SCALE),  # type: ignore[arg-type]
        cost=to_raw(cost, MONEY_SCALE),  # type: ignore[arg-type]
        governing=to_raw(override if overridden else required, MONEY_SCALE),  # type: ignore[arg-type]
        least=0 if least is None or overridden else to_raw(least, MONEY_SCALE),  # type: ignore[arg-type]
        by_item=level == Level.ITEM and not contracted and not overridden,
        expired=expires_on is not None and expires_on < assessment.as_of,  # type: ignore[operator]
        overridden_by=by,  # type: ignore[arg-type]
        note=f"{assessment}: {'overridden' if overridden else str(_GOVERNS[str(governs)]).lower()}",
    )
