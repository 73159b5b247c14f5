"""The table of contents of the API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from seminar.accounts.access import signed_in

urlpatterns = [
    path("schema/", signed_in(SpectacularAPIView.as_view()), name="schema"),
]
