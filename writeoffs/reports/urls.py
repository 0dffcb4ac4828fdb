"""Addresses of the reports: each on screen, as print, PDF, xlsx and csv; drill-downs on screen, xlsx and csv."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from writeoffs.reports import (
    assessment_views,
    control_views,
    disclosure_views,
    margin_views,
    policy_views,
    tax_views,
    views,
)

app_name = "reports"


def _shapes(name: str, view: Callable[..., Any], *endings: str) -> list[URLPattern]:
    """register/, register/print/, register.pdf, ...: named register, register_print, register_pdf, ..."""
    made = [path(f"{name}/", view, name=name)]
    for ending in endings:
        route = f"{name}/print/" if ending == "print" else f"{name}.{ending}"
        made.append(path(route, view, {"shape": ending}, name=f"{name}_{ending}"))
    return made


urlpatterns = [
    path("", views.index, name="index"),
    *_shapes("register", views.register, "print", "pdf", "xlsx", "csv"),
    *_shapes("rollforward", views.rollforward, "print", "pdf", "xlsx", "csv"),
    *_shapes("impact", views.impact, "print", "pdf", "xlsx", "csv"),
    *_shapes("listing", views.listing, "print", "pdf", "xlsx", "csv"),
    *_shapes("nrv", assessment_views.nrv, "print", "pdf", "xlsx", "csv"),
    *_shapes("ageing", assessment_views.ageing, "print", "pdf", "xlsx", "csv"),
    *_shapes("tax_bridge", tax_views.tax_bridge, "print", "pdf", "xlsx", "csv"),
    *_shapes("adjustments", assessment_views.adjustments, "print", "pdf", "xlsx", "csv"),
    *_shapes("back_test", assessment_views.back_test, "print", "pdf", "xlsx", "csv"),
    *_shapes("margin", margin_views.margin, "print", "pdf", "xlsx", "csv"),
    *_shapes("controls", control_views.controls, "print", "pdf", "xlsx", "csv"),
    *_shapes("disclosures", disclosure_views.disclosures, "print", "pdf", "xlsx", "csv"),
    *_shapes("policies", policy_views.policies, "print", "pdf", "xlsx", "csv"),
    *_shapes("movements", views.movements, "xlsx", "csv"),
    *_shapes("lines", views.lines, "xlsx", "csv"),
    path("lines/<str:number>/<int:line_number>/", views.trace, name="trace"),
    path("lines/<str:number>/<int:line_number>.xlsx", views.trace, {"shape": views.XLSX}, name="trace_xlsx"),
    path("lines/<str:number>/<int:line_number>.csv", views.trace, {"shape": views.CSV}, name="trace_csv"),
]
