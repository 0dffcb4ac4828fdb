"""Everything that changes a proposal. Each function is one step in one transaction and raises DomainError to refuse
it."""

from writeoffs.proposals.services.accrual import accrual_propose, accrual_release_propose, accruals_due
from writeoffs.proposals.services.assessed import assessed_plan, left_said, proposals_from_assessment
from writeoffs.proposals.services.by_item import proposal_create_by_item
from writeoffs.proposals.services.charges import (
    ChargeInput,
    charge_add,
    charge_edit,
    charge_remove,
    lines_cost_centre_set,
    proposal_create_of_charges,
)
from writeoffs.proposals.services.claims import StepInput, claim_book, claim_open, claim_step
from writeoffs.proposals.services.create import (
    Header,
    LineInput,
    proposal_create,
    proposal_create_from_count,
    proposal_create_from_quarantine,
    proposal_create_from_stock,
)
from writeoffs.proposals.services.decide import (
    proposal_approve,
    proposal_countersign,
    proposal_discard,
    proposal_reject,
    proposal_return,
    proposal_submit,
    proposal_withdraw,
)
from writeoffs.proposals.services.estimates import (
    EstimateInput,
    FigureInput,
    estimate_make,
    estimate_propose,
    estimate_release,
    estimate_worked,
)
from writeoffs.proposals.services.events import EventInput, event_record
from writeoffs.proposals.services.lines import line_add, line_edit, line_remove, proposal_edit
from writeoffs.proposals.services.papers import Paper, evidence_add, evidence_remove
from writeoffs.proposals.services.post import Posted, proposal_post
from writeoffs.proposals.services.provisions import (
    provision_use,
    provisions_plan,
    provisions_propose,
)
from writeoffs.proposals.services.tax import input_tax_add, tax_prepare
from writeoffs.proposals.services.void import void_decide, void_request

__all__ = [
    "ChargeInput",
    "EstimateInput",
    "EventInput",
    "FigureInput",
    "Header",
    "LineInput",
    "Paper",
    "Posted",
    "StepInput",
    "accrual_propose",
    "accrual_release_propose",
    "accruals_due",
    "assessed_plan",
    "charge_add",
    "charge_edit",
    "charge_remove",
    "claim_book",
    "claim_open",
    "claim_step",
    "estimate_make",
    "estimate_propose",
    "estimate_release",
    "estimate_worked",
    "event_record",
    "evidence_add",
    "evidence_remove",
    "input_tax_add",
    "left_said",
    "line_add",
    "line_edit",
    "line_remove",
    "lines_cost_centre_set",
    "proposal_approve",
    "proposal_countersign",
    "proposal_create",
    "proposal_create_by_item",
    "proposal_create_from_count",
    "proposal_create_from_quarantine",
    "proposal_create_from_stock",
    "proposal_create_of_charges",
    "proposal_discard",
    "proposal_edit",
    "proposal_post",
    "proposal_reject",
    "proposal_return",
    "proposal_submit",
    "proposal_withdraw",
    "proposals_from_assessment",
    "provision_use",
    "provisions_plan",
    "provisions_propose",
    "tax_prepare",
    "void_decide",
    "void_request",
]
