"""The table of contents of all pages."""

from django.contrib import admin
from django.urls import include, path

handler403 = "seminar.desk.views.errors.forbidden"

urlpatterns = [
    path("", include("seminar.desk.urls")),
    path("", include("seminar.accounts.urls")),
    path("c/<slug:slug>/", include("courses.urls")),
    path("c/<slug:slug>/", include("presentations.urls")),
    path("c/<slug:slug>/", include("assignments.urls")),
    path("c/<slug:slug>/", include("grading.urls")),
    path("account/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("seminar.api")),
]
