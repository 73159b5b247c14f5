"""Every component of the pages in every state, for those who build and check them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from seminar.desk.access import staff_somewhere
from seminar.desk.forms import SampleForm
from seminar.desk.queries.styleguide import samples


@require_safe
@staff_somewhere
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the components with samples; nothing on this page is about a real course or person."""
    form = SampleForm({"language": "en"})
    return render(request, "desk/styleguide.html", {"form": form, **samples()})
