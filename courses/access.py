"""Who may open a page of a course: found, checked and declared in one place.

A course page is decorated with ``course_page(POLICY)``. The decorator finds the course by its slug
and the caller's membership, and answers, in this order:

- course unknown, or a draft course to anybody but its staff: 404
- staff of the course in a session without the second factor they need: the page that asks for it
- policy COURSE_PUBLIC: everybody comes in
- nobody signed in: the sign-in page
- no membership: 404, the same as a course that does not exist
- a membership, but not of the right role or state: 403 that names who may open the page,
  for staff and students of this course; 404 for everybody else (applicants, people who left)

The view then reads ``request.course`` and ``request.membership``. Objects are looked up through
``request.course``, so that another course's objects are never found.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import classproperty
from django.utils.translation import gettext_lazy as _

from courses.models import Course, Membership
from courses.queries import course_and_membership
from seminar.accounts.access import (
    SignedInRequest,
    lacks_second_factor,
    lead_to_second_factor,
    second_factor_required,
)
from seminar.accounts.models import User
from seminar.accounts.queries import was_answered
from seminar.lib.access import Policy, declare
from seminar.lib.rest import ApiView
from seminar.lib.scopes import scope_of

View = Callable[..., HttpResponse]
Role = Membership.Role


class CourseRequest(SignedInRequest):
    """A request that passed ``course_page``; for annotations."""

    course: Course
    membership: Membership


class PublicCourseRequest(HttpRequest):
    """A request to a public course page: ``membership`` is None for strangers."""

    course: Course
    membership: Membership | None


@dataclass(frozen=True)
class CoursePolicy(Policy):
    """Which roles, active in the course, may open a page, and how to say so."""

    roles: frozenset[str] = frozenset()
    words: Any = ""

    @property
    def for_staff(self) -> bool:
        """Whether it lets in nobody but TAs and instructors."""
        return bool(self.roles) and self.roles <= frozenset(Membership.STAFF)


COURSE_PUBLIC = CoursePolicy("course.public")
# Applicants and people who left see what became of their application, nothing else.
COURSE_APPLICANT = CoursePolicy("course.applicant")
MEMBER = CoursePolicy(
    "course.member", frozenset(Role.values), _("Only members of this course can open this page.")
)
STUDENT = CoursePolicy(
    "course.student",
    frozenset({Role.STUDENT}),
    _("Only students of this course can open this page."),
)
STAFF = CoursePolicy(
    "course.staff",
    frozenset(Membership.STAFF),
    _("Only TAs and instructors of this course can open this page."),
)
INSTRUCTOR = CoursePolicy(
    "course.instructor",
    frozenset({Role.INSTRUCTOR}),
    _("Only instructors of this course can open this page."),
)


def course_page(policy: CoursePolicy) -> Callable[[View], View]:
    """Guard a view of one course; its first URL argument is ``slug``. See the module's text."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
            course, membership = found(slug, request.user)
            request.course = course  # type: ignore[attr-defined]
            request.membership = membership  # type: ignore[attr-defined]
            try:
                answer = refusal(request, membership, policy)
            except Http404:  # the page that says so must not show the course it keeps out of
                del request.course, request.membership  # type: ignore[attr-defined]
                raise
            return answer or view(request, *args, **kwargs)

        return declare(guarded, policy)

    return decorate


def found(slug: str, user: User | AnonymousUser) -> tuple[Course, Membership | None]:
    """Return a course and somebody's membership of it. Raises Http404. One query."""
    course, membership = course_and_membership(slug, user)
    if course is None or (
        course.state == Course.State.DRAFT and not (membership and membership.is_staff)
    ):
        raise Http404
    return course, membership


def refusal(
    request: HttpRequest, membership: Membership | None, policy: CoursePolicy
) -> HttpResponse | None:
    """Return the answer that keeps somebody out, or None. Raises Http404, PermissionDenied."""
    if acts_as_staff(membership) and lacks_second_factor(request):
        return lead_to_second_factor(request)
    if policy == COURSE_PUBLIC:
        return None
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    require_role(membership, policy)
    return None


def acts_as_staff(membership: Membership | None) -> bool:
    """Say whether somebody has staff rights in this course now; on whatever page, they do."""
    return membership is not None and membership.is_active and membership.is_staff


def require_role(membership: Membership | None, policy: CoursePolicy) -> None:
    """Keep out who is signed in and has no right here. Raises Http404, PermissionDenied."""
    if policy == COURSE_APPLICANT:
        return
    if membership is None or not membership.is_active:
        raise Http404
    if membership.role not in policy.roles:
        raise PermissionDenied(str(policy.words))


class CourseApi(ApiView):
    """A view of the API about one course; guards as ``course_page`` does, in the same order.

    Nobody signed in is answered 401 where a page leads to the sign-in. ``course`` and
    ``membership`` are set before a method runs; with any policy other than COURSE_PUBLIC and
    COURSE_APPLICANT there is a membership.
    """

    policy: ClassVar[CoursePolicy]
    course: Course
    membership: Membership

    def admit(self) -> None:
        """Find the course, then let in or keep out.

        Raises Http404, NotAuthenticated, PermissionDenied, Refused("second_factor_required", 403).
        """
        user = self.request.user
        self.course, membership = found(str(self.kwargs["slug"]), user)
        if membership is not None:
            self.membership = membership
        if acts_as_staff(membership) and lacks_second_factor(self.request):
            raise second_factor_required()
        if self.policy == COURSE_PUBLIC:
            return
        super().admit()
        require_role(membership, self.policy)

    @classproperty
    def staff_act_as_staff(cls) -> bool:  # noqa: N805 - of the class
        """Whether staff may see or do more here than others who are let in."""
        return cls.policy not in (COURSE_PUBLIC, COURSE_APPLICANT)

    def scope_needed(self) -> str:
        """Return a scope of staff for all that staff do inside their own course.

        A draft is their own altogether: nobody else sees even its public pages.
        """
        is_draft = self.course.state == Course.State.DRAFT
        as_staff = is_draft or (self.staff_act_as_staff and acts_as_staff(self.member))
        return scope_of(self.policy, str(self.request.method), as_staff=as_staff)

    def was_answered(self) -> bool:
        """Whether this person did this with this key."""
        signed_in = self.request.user.is_authenticated
        return signed_in and was_answered(self.user, self.nonce, self.done_once)

    @property
    def user(self) -> User:
        """Who is signed in; only where the policy keeps everybody else out."""
        user = self.request.user
        assert isinstance(user, User), "the policy let in somebody without an account"
        return user

    @property
    def member(self) -> Membership | None:
        """The reader's membership, whatever its state; None for strangers."""
        return getattr(self, "membership", None)
