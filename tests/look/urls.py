"""Addresses for templates drawn on their own: the names they link to, and allauth's own pages."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLResolver, include, path

SITE_PAGES = {"desk": ("clock", "demo_sign_in"), "accounts": ("me",)}
COURSE_PAGES = {
    "desk": ("course_home", "schedule", "about"),
    "courses": ("papers", "people", "join"),
    "presentations": ("rounds", "presentations", "allocation"),
    "assignments": ("work",),
    "grading": ("standing", "queue", "attendance", "results"),
}


def nothing(request: HttpRequest, **_: str) -> HttpResponse:
    return HttpResponse()


def app_urls(app: str) -> URLResolver:
    site = [path(f"{app}/{page}/", nothing, name=page) for page in SITE_PAGES.get(app, ())]
    course = [
        path(f"c/<slug:slug>/{app}/{page}/", nothing, name=page)
        for page in COURSE_PAGES.get(app, ())
    ]
    return path("", include((site + course, app)))


urlpatterns = [
    *(app_urls(app) for app in sorted(SITE_PAGES.keys() | COURSE_PAGES.keys())),
    path("account/", include("allauth.urls")),
]
