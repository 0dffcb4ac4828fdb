"""Addresses of the room's pages."""

from django.urls import path, re_path

from writeoffs.valuation import assessment_views as assessments
from writeoffs.valuation import comparison_views, tax_views
from writeoffs.valuation import input_views as inputs
from writeoffs.valuation import policy_views as policies

app_name = "valuation"
urlpatterns = [
    path("tax-rules/", tax_views.tax_rules, name="tax_rules"),
    path("tax-rules/ask/", tax_views.tax_rule_ask, name="tax_rule_ask"),
    path("comparison/", comparison_views.comparison, name="comparison"),
    path("assessments/", assessments.assessment_list, name="assessments"),
    path("assessments/new/", assessments.assessment_new, name="assessment_new"),
    path("assessments/<str:number>/", assessments.assessment_detail, name="assessment"),
    path("assessments/<str:number>/progress/", assessments.assessment_progress, name="assessment_progress"),
    path("assessments/<str:number>/record/", assessments.assessment_record, name="record"),
    path("assessments/<str:number>/compare/", assessments.assessment_compare, name="compare"),
    re_path(
        r"^assessments/(?P<number>[A-Za-z0-9-]+)/lines\.(?P<extension>xlsx|csv)$",
        assessments.assessment_export,
        name="export",
    ),
    path("assessments/<str:number>/lines/<int:pk>/", assessments.line_detail, name="line"),
    path("assessments/<str:number>/lines/<int:pk>/override/", assessments.line_override, name="override"),
    path("assessments/<str:number>/lines/<int:pk>/withdraw/", assessments.line_withdraw, name="override_withdraw"),
    path("policies/", policies.policies, name="policies"),
    path("policies/change/", policies.policy_ask, name="policy_ask"),
    path("policies/<int:pk>/", policies.policy_detail, name="policy"),
    path("inputs/<slug:code>/", inputs.inputs, name="inputs"),
    path("inputs/<slug:code>/new/", inputs.input_new, name="input_new"),
    path("inputs/<slug:code>/<int:pk>/", inputs.input_detail, name="input"),
    path("inputs/<slug:code>/<int:pk>/withdraw/", inputs.input_withdraw_view, name="input_withdraw"),
    path("inputs/<slug:code>/<int:pk>/paper/", inputs.input_paper, name="input_paper"),
]
