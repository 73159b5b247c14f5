"""Reads about courses and their people."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from courses.models import Course, CoursePolicy, Membership
from seminar.accounts.models import User


def course_by_slug(slug: str) -> Course | None:
    """Return the course, or None. One query."""
    return Course.objects.filter(slug=slug).first()


def membership_of(course: Course, user: User | AnonymousUser) -> Membership | None:
    """Return a person's membership of the course in whatever state, or None. One query.

    Its ``course`` and ``user`` are the objects passed in, not read again.
    """
    if isinstance(user, AnonymousUser):
        return None
    membership = Membership.objects.filter(course=course, user_id=user.pk).first()
    if membership is not None:
        membership.course = course
        membership.user = user
    return membership


def policy_in_force(course: Course) -> CoursePolicy:
    """Return the newest version of the course's switches. One query.

    Raises CoursePolicy.DoesNotExist for a course that was made without ``load_course`` or
    ``create_course``: both write version 1.
    """
    return course.policies.order_by("-version")[:1].get()


def instructs_any_course(user: User | AnonymousUser) -> bool:
    """Say whether somebody is an active instructor anywhere. One query."""
    if isinstance(user, AnonymousUser):
        return False
    return instructed_courses(user).exists()


def instructed_courses(user: User) -> QuerySet[Course]:
    """Return the courses somebody instructs; what their admin is limited to."""
    return Course.objects.filter(
        memberships__user=user,
        memberships__role=Membership.Role.INSTRUCTOR,
        memberships__state=Membership.State.ACTIVE,
    )
