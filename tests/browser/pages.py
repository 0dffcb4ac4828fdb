"""Every page of the product, for axe and for screenshots. Add a page here when a room gets one.

An address that depends on the data is found as a person finds it: open `path`, follow the first `link` on it.
"""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page as BrowserPage

HOME = "/e/nordwind/"
PARTLY_VOIDED, A_PROPOSAL = f"{HOME}proposals/?q=Forklift", "main tbody a[href*='/proposals/']"


@dataclass(frozen=True, slots=True)
class Page:
    """name: of the screenshot. who: the demo person who opens it, "" for nobody. link, then: CSS of the links to
    follow, one after the other."""

    name: str
    path: str
    who: str = "controller"
    link: str = ""
    then: str = ""

    def open(self, browser_page: BrowserPage) -> str:
        """Load the page and give its content security policy. AssertionError where its link is not to be found."""
        response = browser_page.goto(self.path)
        for link in filter(None, (self.link, self.then)):
            found = browser_page.locator(link).first
            assert found.count(), f"{self.name}: no link {link} on {browser_page.url}"
            response = browser_page.goto(str(found.get_attribute("href")))
        browser_page.wait_for_load_state("networkidle")
        return str(response.headers.get("content-security-policy", "")) if response else ""


def _proposals(status: str, who: str) -> Page:
    return Page(
        f"proposal-{status.lower()}", f"{HOME}proposals/?status={status}", who, "main tbody a[href*='/proposals/']"
    )


# Today's run of the leading basis.
ASSESSMENT = f"{HOME}valuation/assessments/AS-2026-0002/"
PAGES: tuple[Page, ...] = (
    Page("sign-in", "/accounts/login/", ""),
    Page("password-forgotten", "/accounts/password/reset/", ""),
    Page("password-mail-sent", "/accounts/password/reset/done/", ""),
    Page("registration-closed", "/accounts/signup/", ""),
    Page("sign-out", "/accounts/logout/"),
    Page("password-change", "/accounts/password/change/"),
    Page("companies", "/", "controller"),
    Page("not-found", f"{HOME}nothing-here/"),
    Page("refused", f"{HOME}stock/", "counter"),
    Page("inbox-approver", HOME, "approver"),
    Page("inbox-controller", HOME, "controller"),
    Page("inbox-preparer", HOME, "preparer"),
    Page("inbox-sent", f"{HOME}?tab=sent", "preparer"),
    Page("inbox-auditor", HOME, "auditor"),
    Page("inbox-counter", HOME, "counter"),
    Page("inbox-administrator", HOME, "admin"),
    Page("stock", f"{HOME}stock/", "preparer"),
    Page("stock-expired", f"{HOME}stock/?expiry=expired", "preparer"),
    Page("stock-nothing-found", f"{HOME}stock/?q=no-such-thing", "preparer"),
    Page("lot", f"{HOME}stock/", "preparer", "main tbody a[href*='/stock/lots/']"),
    Page("quarantine", f"{HOME}stock/quarantine/", "preparer"),
    Page("quarantine-days", f"{HOME}stock/quarantine/days/"),
    Page("falls", f"{HOME}stock/falls/", "preparer"),
    Page("prices", f"{HOME}valuation/inputs/price/"),
    Page("price", f"{HOME}valuation/inputs/price/", "auditor", "main tbody th a[href*='/inputs/']"),
    Page("policy", f"{HOME}valuation/policies/", "auditor", "main tbody th a[href*='/policies/']"),
    Page("price-new", f"{HOME}valuation/inputs/price/new/"),
    Page("contracts", f"{HOME}valuation/inputs/contract/"),
    Page("demand", f"{HOME}valuation/inputs/demand/"),
    Page("policies", f"{HOME}valuation/policies/"),
    Page("policy-ask", f"{HOME}valuation/policies/change/"),
    Page("upload-prices", f"{HOME}uploads/new/prices/"),
    Page("erp-movements", f"{HOME}stock/movements/", "preparer"),
    Page("assessments", f"{HOME}valuation/assessments/", "preparer"),
    Page("assessment-new", f"{HOME}valuation/assessments/new/", "preparer"),
    Page("assessment", f"{ASSESSMENT}?show=open", "preparer"),
    Page("assessment-by-category", f"{ASSESSMENT}?by=category"),
    Page("assessment-compare", f"{ASSESSMENT}compare/"),
    Page("assessment-line", f"{ASSESSMENT}?show=overridden", "auditor", "main tbody a[href*='/lines/']"),
    Page("assessment-override", f"{ASSESSMENT}?show=open", "controller", "main tbody a[href*='/lines/']"),
    Page("assessment-propose", f"{HOME}proposals/from-assessment/AS-2026-0002/?show=moves", "preparer"),
    Page("proposal-from-assessment", f"{HOME}proposals/?q=AS-2026-0002&status=SUBMITTED", "auditor", A_PROPOSAL),
    Page("proposal-reversal", f"{HOME}proposals/?kind=REVERSAL", "auditor", A_PROPOSAL),
    Page("proposal-changed-since", f"{HOME}proposals/?q=AS-2026-0002&status=DRAFT", "preparer", "a[href$='#behind']"),
    Page("report-nrv", f"{HOME}reports/nrv/?assessment=AS-2026-0002"),
    Page("report-ageing", f"{HOME}reports/ageing/?assessment=AS-2026-0002"),
    Page("report-adjustments", f"{HOME}reports/adjustments/"),
    Page("report-back-test", f"{HOME}reports/back_test/?assessment=AS-2026-0001"),
    Page("counts", f"{HOME}counts/", "preparer"),
    Page("count", f"{HOME}counts/", "preparer", "main tbody a[href*='/counts/']"),
    Page("uploads", f"{HOME}uploads/", "preparer"),
    Page("upload-stock-list", f"{HOME}uploads/new/stock_list/", "preparer"),
    Page("upload-erp-movements", f"{HOME}uploads/new/erp_movements/", "preparer"),
    Page("upload-count", f"{HOME}uploads/new/count/", "preparer"),
    Page("upload", f"{HOME}uploads/", "preparer", "main tbody a[href*='/uploads/']"),
    Page("proposals", f"{HOME}proposals/"),
    Page("proposal-new", f"{HOME}proposals/new/", "preparer"),
    Page("claims", f"{HOME}proposals/claims/"),
    Page("claim", f"{HOME}proposals/claims/", "preparer", "main tbody a[href*='/claims/']"),
    Page("claim-open", f"{HOME}proposals/?kind=WRITE_OFF&status=POSTED", "preparer", A_PROPOSAL, "a[href$='/claim/']"),
    Page("tax-entries", f"{HOME}proposals/tax/", "preparer"),
    Page("tax-rules", f"{HOME}valuation/tax-rules/"),
    Page("tax-rule-ask", f"{HOME}valuation/tax-rules/ask/"),
    Page("events", f"{HOME}proposals/events/"),
    Page("event-new", f"{HOME}proposals/events/new/", "preparer"),
    Page("estimates", f"{HOME}proposals/estimates/"),
    Page("estimate", f"{HOME}proposals/estimates/", "auditor", "main tbody a[href*='/estimates/']"),
    Page("estimate-new", f"{HOME}proposals/estimates/new/", "preparer"),
    Page("estimate-new-retail", f"{HOME}proposals/estimates/new/?method=RETAIL", "preparer"),
    Page("commitments", f"{HOME}proposals/commitments/AS-2026-0002/", "preparer"),
    Page("provisions", f"{HOME}proposals/commitments/", "preparer"),
    Page("provision-delivery", f"{HOME}proposals/commitments/", "preparer", "main a[href$='/delivery/']"),
    Page("proposal-provision", f"{HOME}proposals/?kind=PROVISION", "auditor", A_PROPOSAL),
    Page("proposal-tax", f"{HOME}proposals/?kind=TAX", "auditor", A_PROPOSAL),
    Page("proposal-disposal", f"{HOME}proposals/?kind=DISPOSAL", "auditor", A_PROPOSAL),
    Page("quarantine-overdue", f"{HOME}stock/quarantine/?status=overdue", "preparer"),
    Page("approval-limits", f"{HOME}proposals/limits/"),
    Page("approval-limits-change", f"{HOME}proposals/limits/change/", "controller"),
    Page("comparison", f"{HOME}valuation/comparison/", "auditor"),
    Page("comparison-formulas", f"{HOME}valuation/comparison/?sku=N1036&quantity=100", "preparer"),
    Page("proposal-by-item", f"{HOME}proposals/by-item/", "preparer"),
    Page("proposal-accrual", f"{HOME}proposals/accrual/", "preparer"),
    Page("proposal-from-stock", f"{HOME}proposals/from-stock/?expiry=expired", "preparer"),
    Page("proposal-from-quarantine", f"{HOME}proposals/from-quarantine/", "preparer"),
    _proposals("DRAFT", "preparer"),
    _proposals("SUBMITTED", "approver"),
    _proposals("APPROVED", "controller"),
    _proposals("POSTED", "controller"),
    _proposals("REJECTED", "auditor"),
    Page("proposal-partly-voided", PARTLY_VOIDED, "auditor", A_PROPOSAL),
    Page("proposal-void", PARTLY_VOIDED, "preparer", A_PROPOSAL, "a[href$='/void/']"),
    Page("proposal-correction", f"{HOME}proposals/?q=withdrew", "auditor", A_PROPOSAL),
    Page("entry-partly-reversed", PARTLY_VOIDED, "auditor", A_PROPOSAL, "main caption a[href*='/ledger/entries/']"),
    Page("postings", f"{HOME}postings/"),
    Page("postings-files", f"{HOME}postings/files/"),
    Page("postings-charges", f"{HOME}postings/charges/"),
    Page("postings-feeds", f"{HOME}postings/feeds/"),
    Page("upload-erp-answer", f"{HOME}uploads/new/erp_answer/"),
    Page("journal-export", f"{HOME}ledger/export/?starts_on=2026-01-01&format=csv"),
    Page("journal-export-erp", f"{HOME}ledger/export/?starts_on=2026-01-01&format=netsuite"),
    Page("journal-export-settings", f"{HOME}ledger/export/settings/netsuite/"),
    Page("journal", f"{HOME}ledger/entries/"),
    Page("entry", f"{HOME}ledger/entries/", "auditor", "main tbody a[href*='/ledger/entries/']"),
    Page("entry-line", f"{HOME}reports/lines/2026-000001/1/", "auditor"),
    Page("accounts", f"{HOME}ledger/accounts/"),
    Page("account", f"{HOME}ledger/accounts/", "auditor", "main tbody a[href*='/ledger/accounts/']"),
    Page("mapping", f"{HOME}ledger/accounts/mapping/?role=WRITE_DOWN_EXPENSE"),
    Page("cost-centres", f"{HOME}ledger/cost-centres/"),
    Page("cost-centre-new", f"{HOME}ledger/cost-centres/new/"),
    Page("upload-chart", f"{HOME}uploads/new/chart/"),
    Page("mapping-rule", f"{HOME}ledger/accounts/mapping/rule/"),
    Page("upload-trial-balance", f"{HOME}uploads/new/trial_balance/"),
    Page("tie-outs", f"{HOME}tie-out/"),
    Page("tie-out-agrees", f"{HOME}tie-out/2025-12/"),
    Page("tie-out-explained", f"{HOME}tie-out/2026-10/"),
    Page("tie-out-missing", f"{HOME}tie-out/2026-11/"),
    Page("trial-balance", f"{HOME}tie-out/2026-10/", "controller", "a[href*='/trial-balances/']"),
    Page("periods", f"{HOME}periods/"),
    Page("period-open", f"{HOME}periods/2026-11/"),
    Page("period-soft-closed", f"{HOME}periods/2026-10/"),
    Page("period-adjustment", f"{HOME}periods/2026-13/"),
    Page("period-closed", f"{HOME}periods/2026-03/"),
    Page("changes", f"{HOME}changes/", "approver"),
    Page("audit", f"{HOME}audit/", "auditor"),
    Page("report-policies", f"{HOME}reports/policies/?period=FY2026"),
    Page("report-disclosures", f"{HOME}reports/disclosures/?period=FY2026", "auditor"),
    Page("print-disclosures", f"{HOME}reports/disclosures/print/?period=FY2026", "auditor"),
    Page("report-controls", f"{HOME}reports/controls/?period=FY2026", "auditor"),
    Page("print-controls", f"{HOME}reports/controls/print/?period=FY2026", "auditor"),
    Page("reports", f"{HOME}reports/"),
    Page("report-tax-bridge", f"{HOME}reports/tax_bridge/?period=2026-11", "auditor"),
    Page("print-tax-bridge", f"{HOME}reports/tax_bridge/print/?period=2026-11", "auditor"),
    Page("report-register", f"{HOME}reports/register/"),
    Page("report-rollforward", f"{HOME}reports/rollforward/"),
    Page("report-margin", f"{HOME}reports/margin/?period=FY2026"),
    Page("report-impact", f"{HOME}reports/impact/"),
    Page("report-impact-restated", f"{HOME}reports/impact/?period=FY2026"),
    Page("report-impact-corrected-year", f"{HOME}reports/impact/?period=FY2025&compare=none"),
    Page("report-impact-company", f"{HOME}reports/impact/?period=2026-10"),
    Page("report-listing", f"{HOME}reports/listing/?period=2026-10"),
    Page("report-movements", f"{HOME}reports/movements/"),
    Page("report-lines", f"{HOME}reports/lines/"),
    Page("groups", "/g/"),
    Page("group", "/g/nordwind-group/"),
    Page("group-rollforward", "/g/nordwind-group/rollforward/", "auditor"),
    Page("group-rollforward-missing", "/g/nordwind-group/rollforward/?period=2026-11"),
    Page("group-rates", "/g/nordwind-group/rates/"),
    Page("group-rate", "/g/nordwind-group/rates/enter/"),
    Page("group-companies", "/g/nordwind-group/companies/"),
    Page("group-new", "/g/new/"),
    Page("print-group-rollforward", "/g/nordwind-group/rollforward/print/"),
    Page("print-register", f"{HOME}reports/register/print/"),
    Page("print-rollforward", f"{HOME}reports/rollforward/print/"),
    Page("print-impact", f"{HOME}reports/impact/print/"),
    Page("print-impact-company", f"{HOME}reports/impact/print/?period=2026-10"),
    Page("print-listing", f"{HOME}reports/listing/print/?period=2026-10"),
)
