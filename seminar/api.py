"""The table of contents of the API."""

from django.urls import include, path, re_path

from assignments import api as assignments
from courses import api as courses
from grading import api as grading
from presentations import api as presentations
from seminar.accounts import api as accounts
from seminar.desk import api as desk
from seminar.lib.rest import unknown

app_name = "api"
OF_A_COURSE = (courses, presentations, assignments, grading)

urlpatterns = [
    *desk.urlpatterns,
    *accounts.urlpatterns,
    *(path("courses/<slug:slug>/", include(app.urlpatterns)) for app in OF_A_COURSE),
    re_path(r"^(?P<path>(?s:.*))$", unknown, name="unknown"),
]
