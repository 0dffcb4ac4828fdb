"""Addresses of the upload's pages."""

from django.urls import path

from core.sheets import views

app_name = "uploads"
urlpatterns = [
    path("", views.upload_list, name="list"),
    path("new/<str:kind>/", views.upload_new, name="new"),
    path("template/<str:kind>.xlsx", views.template, name="template"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/columns/", views.columns, name="columns"),
    path("<int:pk>/sheet/", views.sheet, name="sheet"),
    path("<int:pk>/check/", views.check, name="check"),
    path("<int:pk>/progress/", views.progress, name="progress"),
    path("<int:pk>/issues/", views.issues, name="issues"),
    path("<int:pk>/complaints.xlsx", views.complaints, name="complaints"),
    path("<int:pk>/commit/", views.commit, name="commit"),
    path("<int:pk>/discard/", views.discard, name="discard"),
    path("<int:pk>/file/", views.file, name="file"),
]
