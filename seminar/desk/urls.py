from django.urls import path

from seminar.desk.views import health

app_name = "desk"
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
