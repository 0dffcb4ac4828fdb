"""Addresses of the count pages."""

from django.urls import path, re_path

from inventory.views import counts

app_name = "counts"
urlpatterns = [
    path("", counts.count_list, name="list"),
    path("<str:number>/", counts.count_detail, name="detail"),
    re_path(r"^(?P<number>[^/]+)/export\.(?P<extension>xlsx|csv)$", counts.count_export, name="export"),
]
