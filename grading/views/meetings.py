"""Pages of a meeting: who was there, who took part."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from courses.access import STAFF, CourseRequest, course_page
from courses.models import Meeting
from grading import actions, forms, queries
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.lib.errors import Refused


@require_safe
@course_page(STAFF)
def attendance(request: CourseRequest) -> HttpResponse:
    """List the meetings with how many are marked."""
    rows = queries.attendance_rows(request.course, at=clock.now())
    return render(request, "grading/attendance.html", {"rows": rows, "nav_active": "attendance"})


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(STAFF)
def take_attendance(request: CourseRequest, key: str) -> HttpResponse:
    """Mark everyone, then the exceptions; each tap is saved, or all at once by the button."""
    meeting = meeting_or_404(request, key)
    if request.method != "POST":
        return render_attendance(request, meeting)
    tiles = queries.attendance_tiles(meeting)
    try:
        marks = forms.read_marks(
            request.POST,
            [tile.member.code for tile in tiles],
            all_present=request.POST.get("do") == "all_present",
        )
        actions.take_attendance(meeting, marks, by=request.membership, at=clock.now())
    except Refused as refusal:
        return render_attendance(request, meeting, refusal)
    if request.headers.get("HX-Request"):
        return render_attendance(request, meeting)
    messages.success(request, _("Attendance saved."))
    return redirect("grading:take_attendance", request.course.slug, key)


def render_attendance(
    request: CourseRequest, meeting: Meeting, refusal: Refused | None = None
) -> HttpResponse:
    """Show the grid; for a tap only the tile it was on."""
    tiles = queries.attendance_tiles(meeting)
    context = {
        "meeting": meeting,
        "tiles": tiles,
        "marked": sum(bool(tile.status) for tile in tiles),
        "refusal": refusal,
        "nav_active": "attendance",
    }
    status = refusal.status if refusal else 200
    tapped = request.POST.get("tile", "")
    tile = next((tile for tile in tiles if tile.member.code == tapped), None)
    if request.headers.get("HX-Request") and tile is not None:
        # htmx puts in answers up to 299 and 422, not 409.
        status = 422 if refusal else 200
        context |= {"tile": tile, "tapped": True}
        return render(request, "grading/_attendance_tile.html", context, status=status)
    return render(request, "grading/take_attendance.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@course_page(STAFF)
def participation(request: CourseRequest, key: str) -> HttpResponse:
    """Give points for taking part, or take one back."""
    meeting = meeting_or_404(request, key)
    if request.method != "POST":
        return render_participation(request, meeting)
    try:
        code = give(request, meeting)
    except Refused as refusal:
        return render_participation(request, meeting, refusal)
    page = reverse("grading:participation", args=[request.course.slug, key])
    return redirect(f"{page}#tile-{code}")


def give(request: CourseRequest, meeting: Meeting) -> str:
    """Do what a tile asked for; return whose it was. Raises Http404 and what the action raises."""
    item = queries.item_by_key(request.course, request.POST.get("item", ""))
    member = queries.student_by_code(request.course, request.POST.get("code", ""))
    if item is None or member is None or item.kind != item.Kind.PARTICIPATION:
        raise Http404
    if request.POST.get("do") not in {"give", "undo"}:
        raise forms.bad_request()
    step = queries.step_of(item)
    points = step if request.POST["do"] == "give" else -step
    nonce = request.POST.get("nonce", "")
    who = request.membership
    actions.give_participation(item, meeting, member, points, by=who, at=clock.now(), nonce=nonce)
    return member.code


def render_participation(
    request: CourseRequest, meeting: Meeting, refusal: Refused | None = None
) -> HttpResponse:
    """Show the grid of points."""
    context = {
        "meeting": meeting,
        "grids": queries.participation_grids(meeting),
        "nonce": new_code(),
        "refusal": refusal,
        "nav_active": "attendance",
    }
    status = refusal.status if refusal else 200
    return render(request, "grading/participation.html", context, status=status)


def meeting_or_404(request: CourseRequest, key: str) -> Meeting:
    """Return a meeting of this course. Raises Http404."""
    meeting = queries.meeting_by_key(request.course, key)
    if meeting is None:
        raise Http404
    return meeting
