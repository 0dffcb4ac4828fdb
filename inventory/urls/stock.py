"""Addresses of the stock pages."""

from django.urls import path, re_path

from inventory.views import erp_movements, falls, quarantine, quarantine_days, stock

app_name = "stock"
urlpatterns = [
    path("", stock.stock_list, name="list"),
    re_path(r"^export\.(?P<extension>xlsx|csv)$", stock.stock_export, name="export"),
    path("lots/<int:pk>/", stock.lot_detail, name="lot"),
    path("quarantine/", quarantine.quarantine_list, name="quarantine"),
    path("quarantine/days/", quarantine_days.quarantine_days, name="quarantine-days"),
    path("movements/", erp_movements.movement_list, name="movements"),
    path("falls/", falls.fall_list, name="falls"),
    path("falls/<int:pk>/explain/", falls.fall_explain_view, name="fall-explain"),
]
