"""The matrix notices every policy that lets everybody in, and every door inside that stands open.

The mutants are made from the policies in use and from the registered admins: a new policy or a new
admin is broken too. Only the cells that concern a mutant are asked, those that keep somebody out
first, until one is answered otherwise.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

import assignments.access
import courses.access
from assignments.models import Assignment, Submission
from courses.admin import CourseScopedAdmin
from courses.models import Course, Membership
from courses.queries import course_and_membership
from seminar.desk.admin import SeminarAdminSite
from tests.authz.matrix import Matrix
from tests.authz.test_matrix import MATRIX, POLICIES, addresses_of
from tests.authz.walk import Cell, Walker, cells
from tests.authz.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.once]
Patch = pytest.MonkeyPatch


def keeps_somebody_out(policy: str) -> bool:
    """Whether a row tells people apart: else there is nothing to open."""
    rows = [tuple(row.values()) for row in MATRIX.rows[policy].values()]
    return len(set(rows)) > 1


def guest_of(policy: str, world: World) -> Any:
    """Somebody whom a policy lets in."""
    for actor, row in MATRIX.rows[policy].items():
        if world.actors[actor] is not None and "ok" in {row["course"], row["own"]}:
            return world.actors[actor]
    return None


def as_guest(view: Any, guest: Any) -> Callable[..., Any]:
    """The same view, in which everybody is taken for somebody who may."""

    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        request.user = guest
        return view(request, *args, **kwargs)

    return opened


def let_in(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("Come in.")


def first_noticed(
    policies: list[str],
    walker: Walker,
    only: set[str] | None = None,
    *,
    everything: bool = False,
) -> str:
    """The first problem that the walk finds, looking where somebody is kept out first."""
    asked = [
        cell
        for policy in policies
        for address in addresses_of(policy)
        if only is None or address.name in only
        for cell in cells(address, walker.world, MATRIX, everything=everything)
        if cell.method in {"GET", "POST"}
    ]
    asked.sort(key=lambda cell: unlikely(cell, walker.matrix))
    return next((problem for cell in asked for problem in walker.problems(cell)), "")


def noticed(policies: list[str], walker: Walker, only: set[str] | None = None) -> str:
    """What the sample of every run finds; where that is nothing, what the campaign would find."""
    return first_noticed(policies, walker, only) or first_noticed(
        policies, walker, only, everything=True
    )


def unlikely(cell: Cell, matrix: Matrix) -> tuple[bool, ...]:
    """Sorts what is most likely to notice an open door first: somebody near it, kept out of it."""
    return (
        matrix.expected(cell).kind == "ok",
        cell.call.relation not in {"own", "foreign", "draft"},
        cell.actor not in {"instructor", "other_student", "applicant"},
        cell.method != "GET",
    )


@pytest.fixture(scope="module")
def base(world: World) -> Walker:
    return Walker(world, Matrix.read())


@pytest.fixture
def walker(base: Walker) -> Walker:
    """Nobody remembers what was answered under another mutant."""
    base.missing.clear()
    return base


@pytest.mark.parametrize("policy", [name for name in POLICIES if keeps_somebody_out(name)])
def test_a_policy_that_lets_everybody_in_is_noticed(
    policy: str, walker: Walker, world: World, monkeypatch: Patch
) -> None:
    guest = guest_of(policy, world)
    for address in addresses_of(policy):
        view = as_guest(address.view, guest) if guest else let_in
        monkeypatch.setattr(address.pattern, "callback", view)

    assert noticed([policy], walker) != ""


OF_ROWS = ["admin.rows", "admin.read_only_rows", "admin.correctable_rows"]
SCOPED = [owner for owner in admin.site._registry.values() if isinstance(owner, CourseScopedAdmin)]


@pytest.mark.parametrize("owner", SCOPED, ids=lambda owner: owner.model._meta.label)
def test_an_admin_of_all_courses_is_noticed(
    owner: CourseScopedAdmin, walker: Walker, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(owner, "in_courses", lambda rows, courses: rows)
    own = {
        address.name
        for policy in OF_ROWS
        for address in addresses_of(policy)
        if address.model_admin is owner
    }

    assert noticed(OF_ROWS, walker, own) != ""


def no_roles(membership: Membership | None, policy: Any) -> None:
    """Members of any role come in."""
    real(membership, courses.access.MEMBER if policy.roles else policy)


def any_state(membership: Membership | None, policy: Any) -> None:
    """Whoever ever was in the course comes in."""
    if membership is not None:
        membership.state = Membership.State.ACTIVE
    real(membership, policy)


real = courses.access.require_role


def drafts_too(slug: str, user: Any) -> tuple[Course, Membership | None]:
    """Draft courses are found by everybody."""
    course, membership = course_and_membership(slug, user)
    if course is None:
        raise Http404
    return course, membership


def anybodys_submission(course: Course, code: str, reader: Membership) -> Submission | None:
    """A version of anybody in the course."""
    return Submission.objects.filter(assignment__course=course, code=code).first()


def any_courses_assignment(course: Course, key: str) -> Any:
    """An assignment of whatever course."""
    return Assignment.objects.filter(key=key).select_related("course").first()


DOORS: dict[str, tuple[Any, str, Any, list[str]]] = {
    "roles": (courses.access, "require_role", no_roles, ["course.instructor"]),
    "state": (courses.access, "require_role", any_state, ["course.member"]),
    "drafts": (courses.access, "found", drafts_too, ["course.public"]),
    "versions": (assignments.access, "submission_by_code", anybodys_submission, ["course.member"]),
    "assignments": (
        assignments.access,
        "assignment_by_key",
        any_courses_assignment,
        ["course.student"],
    ),
    "the admin": (SeminarAdminSite, "has_permission", lambda site, request: True, ["admin.site"]),
    "adding": (CourseScopedAdmin, "has_add_permission", lambda *args: True, ["admin.nobody"]),
    "deleting": (
        CourseScopedAdmin,
        "has_delete_permission",
        lambda *args: True,
        ["admin.nobody"],
    ),
    "changing": (
        CourseScopedAdmin,
        "has_change_permission",
        lambda *args: True,
        ["admin.read_only_rows"],
    ),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_door_inside_that_stands_open_is_noticed(
    door: str, walker: Walker, monkeypatch: Patch
) -> None:
    place, name, opened, policies = DOORS[door]
    monkeypatch.setattr(place, name, opened)

    assert noticed(policies, walker) != ""


def test_without_a_mutant_nothing_is_noticed(walker: Walker) -> None:
    assert first_noticed(["course.applicant", "account.own"], walker) == ""
