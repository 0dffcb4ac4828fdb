"""Addresses of home, periods and audit."""

from django.urls import path

from writeoffs.desk import audit_views, pack_views, periods, tie_views, views

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("periods/", periods.periods, name="periods"),
    path("periods/open-year/", periods.year_open, name="year_open"),
    path("periods/<str:code>/", periods.period, name="period"),
    path("periods/<str:code>/close/", periods.period_close_view, name="period_close"),
    path("periods/<str:code>/soft-close/", periods.period_soft_close_view, name="period_soft_close"),
    path("periods/<str:code>/reopen/", periods.period_reopen_view, name="period_reopen"),
    path("periods/<str:code>/packs/<int:version>/print/", pack_views.pack_print, name="pack_print"),
    path("periods/<str:code>/packs/<int:version>/<str:name>", pack_views.pack_file, name="pack_file"),
    path("tie-out/", tie_views.tie_outs, name="tie_outs"),
    path("tie-out/<str:code>/", tie_views.tie_out, name="tie_out"),
    path("tie-out/<str:code>/accept/", tie_views.tie_out_accept, name="tie_out_accept"),
    path("changes/", periods.changes, name="changes"),
    path("changes/<int:pk>/decide/", periods.change_decide, name="change_decide"),
    path("audit/", audit_views.audit_trail, name="audit"),
    path("audit/head/", audit_views.audit_head, name="audit_head"),
    path("audit/against/", audit_views.audit_against, name="audit_against"),
    path("audit/prove/", audit_views.audit_prove, name="audit_prove"),
]
