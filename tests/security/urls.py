"""The project's addresses, and one whose view breaks."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from seminar import urls
from seminar.lib.access import public

SECRET = "canary-7.31-in-an-exception"
handler403 = urls.handler403


@public
def explode(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(SECRET)


urlpatterns = [path("explode", explode), *urls.urlpatterns]
