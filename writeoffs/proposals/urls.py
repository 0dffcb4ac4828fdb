"""Addresses of the room's pages. Numbers look like WO-2026-0001, so they never meet the fixed words."""

from django.urls import path, register_converter

from writeoffs.proposals.views import (
    accrual,
    assessing,
    by_item,
    charges,
    claims,
    detail,
    estimates,
    events,
    limits,
    lines,
    listing,
    making,
    papers,
    provisions,
    tax,
    voiding,
)


class Number:
    """A proposal's number."""

    regex = "[A-Z]{2}-[0-9]{4}-[0-9]{4,9}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Number, "proposal_number")

app_name = "proposals"
urlpatterns = [
    path("", listing.proposal_list, name="list"),
    path("bulk/", listing.proposal_bulk, name="bulk"),
    path("tax/", tax.tax_entries, name="tax"),
    path("tax/prepare/", tax.tax_prepare, name="tax_prepare"),
    path("events/", events.event_list, name="events"),
    path("events/new/", events.event_new, name="event_new"),
    path("events/<proposal_number:number>/paper/", events.event_paper, name="event_paper"),
    path("estimates/", estimates.estimate_list, name="estimates"),
    path("estimates/new/", estimates.estimate_new, name="estimate_new"),
    path("estimates/<proposal_number:number>/", estimates.estimate_detail, name="estimate"),
    path("estimates/<proposal_number:number>/propose/", estimates.estimate_propose, name="estimate_propose"),
    path("estimates/<proposal_number:number>/release/", estimates.estimate_release, name="estimate_release"),
    path("estimates/<proposal_number:number>/paper/", estimates.estimate_paper, name="estimate_paper"),
    path("commitments/", provisions.provisions, name="provisions"),
    path("commitments/<int:pk>/delivery/", provisions.provision_use, name="provision_use"),
    path("commitments/<str:number>/", provisions.commitments, name="commitments"),
    path("claims/", claims.claim_list, name="claims"),
    path("claims/<proposal_number:number>/", claims.claim_detail, name="claim"),
    path("claims/<proposal_number:number>/book/", claims.claim_book, name="claim_book"),
    path("claims/<proposal_number:number>/papers/<int:step>/", claims.claim_paper, name="claim_paper"),
    path("limits/", limits.limits, name="limits"),
    path("limits/change/", limits.limits_ask, name="limits_ask"),
    path("new/", making.proposal_new, name="new"),
    path("accrual/", accrual.proposal_accrual, name="accrual"),
    path("by-item/", by_item.proposal_by_item, name="by_item"),
    path("from-stock/", making.proposal_from_stock, name="from_stock"),
    path("from-count/<str:sheet>/", making.proposal_from_count, name="from_count"),
    path("from-assessment/<str:number>/", assessing.proposal_from_assessment, name="from_assessment"),
    path("from-quarantine/", making.proposal_from_quarantine, name="from_quarantine"),
    path("<proposal_number:number>/", detail.proposal_detail, name="detail"),
    path("<proposal_number:number>/edit/", making.proposal_edit, name="edit"),
    path("<proposal_number:number>/lots/", lines.lot_search, name="lots"),
    path("<proposal_number:number>/lines/add/", lines.line_add, name="line_add"),
    path("<proposal_number:number>/lines/<int:line_number>/", lines.line_edit, name="line_edit"),
    path("<proposal_number:number>/lines/<int:line_number>/remove/", lines.line_remove, name="line_remove"),
    path("<proposal_number:number>/cost-centre/", charges.lines_cost_centre, name="lines_cost_centre"),
    path("<proposal_number:number>/charges/add/", charges.charge_add, name="charge_add"),
    path("<proposal_number:number>/charges/<int:charge_number>/", charges.charge_edit, name="charge_edit"),
    path("<proposal_number:number>/charges/<int:charge_number>/remove/", charges.charge_remove, name="charge_remove"),
    path("<proposal_number:number>/evidence/", papers.evidence_add, name="evidence_add"),
    path("<proposal_number:number>/evidence/<int:evidence_id>/", papers.evidence_view, name="evidence"),
    path("<proposal_number:number>/evidence/<int:evidence_id>/remove/", papers.evidence_remove, name="evidence_remove"),
    path("<proposal_number:number>/input-tax/", tax.input_tax_add, name="input_tax_add"),
    path("<proposal_number:number>/claim/", claims.claim_open, name="claim_open"),
    path("<proposal_number:number>/void/", voiding.void_request, name="void"),
    path("<proposal_number:number>/void/decide/", voiding.void_decide, name="void_decide"),
    *(
        path(
            f"<proposal_number:number>/{verb.lower()}/",
            detail.proposal_step,
            {"verb": verb},
            name=verb.lower(),
        )
        for verb in detail.STEPS
    ),
]
