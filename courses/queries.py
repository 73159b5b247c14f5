"""Reads about courses and their people."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import FilteredRelation, Prefetch, Q, QuerySet

from courses.models import (
    Announcement,
    Application,
    Course,
    CoursePolicy,
    Meeting,
    Membership,
    MembershipQuerySet,
    Module,
    Paper,
    TableUpload,
)
from courses.rules import (
    Known,
    MeetingFact,
    MeetingKind,
    ModuleFact,
    Prerequisites,
    Role,
    RosterFacts,
    Schedule,
    State,
    check_prerequisites,
)
from seminar.accounts.models import User
from seminar.accounts.queries import Account, accounts_by_address
from seminar.lib.addresses import AddressError, normal_email, spellings

HOLDS_PLACE = (Membership.State.ACTIVE, Membership.State.SUSPENDED)


def course_by_slug(slug: str) -> Course | None:
    """Return the course, or None. One query."""
    return Course.objects.filter(slug=slug).first()


def course_and_membership(
    slug: str, user: User | AnonymousUser
) -> tuple[Course | None, Membership | None]:
    """Return a course and a person's membership of it in whatever state. One query.

    The membership's ``course`` and ``user`` are the objects returned and passed in.
    """
    if isinstance(user, AnonymousUser):
        return course_by_slug(slug), None
    own = FilteredRelation("memberships", condition=Q(memberships__user=user.pk))
    rows = Course.objects.filter(slug=slug).annotate(own=own)
    course = rows.select_related("own").first()  # type: ignore[misc]  # the plugin: no such field
    if course is None:
        return None, None
    # A membership that stayed on the course would be taken for everybody's.
    membership: Membership | None = vars(course).pop("own", None)
    if membership is not None:
        membership.course = course
        membership.user = user
    return course, membership


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


def active_students(course: Course) -> QuerySet[Membership]:
    """Return those who hand in and are graded now, by name, each with its user. One query."""
    return (
        course.memberships.active().students().select_related("user").order_by("user__name", "id")
    )


def places_taken(course: Course) -> int:
    """Return how many places of the course are held. One query.

    A suspended student keeps the place, so that coming back never exceeds the capacity. Auditors
    and staff take none. Exact only for a caller that holds the lock on the course row.
    """
    return course.memberships.students().filter(state__in=HOLDS_PLACE).count()


def staff_of(course: Course) -> QuerySet[Membership]:
    """Return the active staff, instructors before TAs, each with its user. One query."""
    return course.memberships.active().staff().select_related("user").order_by("role", "user__name")


def members(course: Course) -> MembershipQuerySet:
    """Return everybody who ever was in the course, by name, each with its user. One query."""
    rows = Membership.objects.filter(course=course)
    return rows.select_related("user").order_by("user__name", "id")


def recipients(course: Course) -> QuerySet[Membership]:
    """Return the active members, whom news of the course reaches, each with its user. One query."""
    return members(course).active().filter(user__is_active=True)


def applications_waiting(course: Course) -> QuerySet[Application]:
    """Return applications nobody has settled, oldest first, with people and courses. Two queries."""
    return (
        Application.objects.filter(
            membership__course=course, membership__state__in=Membership.WAITING
        )
        .select_related("membership__user", "decided_by__user")
        .prefetch_related("courses_passed")
    )


def application_of(membership: Membership) -> Application | None:
    """Return what somebody stated when applying, or None for who was enrolled. Two queries."""
    return (
        Application.objects.filter(membership=membership)
        .select_related("decided_by__user")
        .prefetch_related("courses_passed")
        .first()
    )


def prerequisites_of(
    application: Application, *, needed: int, offered: Collection[str]
) -> Prerequisites:
    """Judge an application whose courses are prefetched. ``offered``: keys of the course's list."""
    ticked = {passed.key for passed in application.courses_passed.all()}
    return check_prerequisites(needed, ticked, offered, application.equivalent)


def offered_keys(course: Course) -> frozenset[str]:
    """Return the keys of the course's list of prerequisites. One query."""
    return frozenset(course.prerequisites.values_list("key", flat=True))


@dataclass(frozen=True)
class ModuleNode:
    """A module of the table of contents with what belongs to it, its parts below it."""

    module: Module
    meetings: tuple[Meeting, ...]
    papers: tuple[Paper, ...]
    parts: tuple["ModuleNode", ...]


def modules_tree(course: Course) -> tuple[ModuleNode, ...]:
    """Return the table of contents with meetings and papers, in order. Three queries at any size.

    Meetings of a module are in order of time, cancelled ones included. Each row's ``course`` is
    the object passed in.
    """
    modules = list(course.modules.prefetch_related("meetings"))
    papers: dict[int, list[Paper]] = defaultdict(list)
    for paper in papers_of(course):
        papers[paper.module_id].append(paper)
    parts: dict[int | None, list[Module]] = defaultdict(list)
    for module in modules:
        parts[module.parent_id].append(module)

    def node(module: Module) -> ModuleNode:
        meetings = tuple(module.meetings.all())
        for meeting in meetings:
            meeting.course = course
        below = tuple(node(part) for part in parts[module.pk])
        return ModuleNode(module, meetings, tuple(papers[module.pk]), below)

    return tuple(node(module) for module in parts[None])


def papers_of(course: Course) -> QuerySet[Paper]:
    """Return the reading list with the meetings it is bound to, in order. One query."""
    return course.papers.select_related("module", "meeting")


def schedule_facts(course: Course) -> Schedule:
    """Return the schedule as the rules read it: meetings, modules, zone. Three queries.

    Read it under the lock of whatever is decided from it, or the answer may be of yesterday.
    """
    keys = Prefetch("modules", Module.objects.only("key"))
    return Schedule(
        tuple(meeting_fact(meeting) for meeting in course.meetings.prefetch_related(keys)),
        tuple(module_fact(module) for module in course.modules.select_related("parent", "anchor")),
        course.zone,
    )


def meeting_fact(meeting: Meeting) -> MeetingFact:
    """Return what the rules need of a meeting. No query where its modules are prefetched."""
    return MeetingFact(
        key=meeting.key,
        kind=MeetingKind(meeting.kind),
        day=meeting.date,
        starts=meeting.starts,
        ends=meeting.ends,
        cancelled=meeting.cancelled_at is not None,
        modules=frozenset(module.key for module in meeting.modules.all()),
    )


def module_fact(module: Module) -> ModuleFact:
    """Return what the rules need of a module. No query where parent and anchor are selected."""
    return ModuleFact(
        key=module.key,
        parent=module.parent.key if module.parent else None,
        anchor=module.anchor.key if module.anchor else None,
        title=module.title,
    )


def announcements_of(
    course: Course, *, until: datetime | None = None, public_only: bool = False
) -> QuerySet[Announcement]:
    """Return the news of a course, newest first, each with its author. One query.

    ``until`` leaves out what appears later than that instant: only staff see it before.
    """
    news = course.announcements.select_related("author")
    if until is not None:
        news = news.filter(published_at__lte=until)
    return news.filter(public=True) if public_only else news


def email_key(user: User) -> str:
    """Return the address under which files name somebody; as it stands where it has no such form."""
    try:
        return normal_email(user.email)
    except AddressError:
        return user.email


def members_by_email(course: Course) -> Mapping[str, Membership]:
    """Return everybody who ever was in the course by normal address. One query."""
    return {email_key(row.user): row for row in members(course)}


def roster_facts(course: Course, emails: Iterable[str]) -> RosterFacts:
    """Return what a roster with these normal addresses is held against. Five queries.

    Exact only for a caller that holds the lock on the course row.
    """
    members_ = members_by_email(course)
    rows = {row.user_id: row for row in members_.values()}
    inside = {key: known_member(row) for key, row in members_.items()}
    asked = {form: email for email in emails for form in spellings(email)}
    others = {
        asked[form]: known_member(rows[account.user.pk])
        if account.user.pk in rows
        else known_account(account)
        for form, account in accounts_by_address(asked).items()
    }
    left = course.capacity - places_taken(course)
    return RosterFacts(inside | others, left, course.state == Course.State.ARCHIVED)


def known_account(account: Account) -> Known:
    """Return somebody who is not in the course as the roster's rule reads it. No query."""
    user = account.user
    return Known(
        email=user.email,
        name=user.name,
        is_open=user.is_active,
        is_claimed=account.is_claimed,
        is_operator=user.is_superuser,
    )


def known_member(row: Membership) -> Known:
    """Return a membership as the roster's rule reads it. No query where its user is selected."""
    return Known(
        email=row.user.email,
        name=row.user.name,
        is_open=row.user.is_active,
        role=Role(row.role),
        state=State(row.state),
        matriculation=row.matriculation,
    )


def roster_rows(course: Course) -> list[list[str]]:
    """Return the active members as ``import_roster`` reads them, by name. One query."""
    return [
        [row.user.name, row.user.email, row.role, row.matriculation]
        for row in members(course).active()
    ]


def uploaded_table(
    course: Course, user: User, kind: str, code: str, *, at: datetime, about: str = ""
) -> TableUpload | None:
    """Return a file that this person uploaded here within the last day, or None. One query."""
    found = TableUpload.objects.filter(course=course, by=user, kind=kind, about=about, code=code)
    return found.filter(at__gt=at - TableUpload.KEPT).first()
