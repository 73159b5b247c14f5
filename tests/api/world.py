"""A course with one of everything, so that every address of the API leads to something."""

from dataclasses import dataclass
from decimal import Decimal

from courses.models import Course, Meeting, Membership
from grading.models import GradeItem
from presentations.actions import allocate_round
from presentations.models import PreferenceRound, Presentation
from tests.factories.assignments import make_draft, make_mini, make_report
from tests.factories.courses import (
    NOON,
    make_announcement,
    make_application,
    make_course,
    make_meeting,
    make_member,
    make_module,
    make_paper,
)
from tests.factories.grading import (
    hand_in,
    make_component,
    make_item,
    make_pass_rule,
    mark,
    release,
    score,
)
from tests.factories.presentations import (
    AFTER,
    keys_of,
    make_offer,
    make_round,
    make_submitted,
    make_swap,
    make_talk,
)


@dataclass(frozen=True)
class World:
    """A course and the keys and codes that stand in addresses, by the name of the parameter."""

    course: Course
    people: dict[str, Membership]
    names: dict[str, str]

    def path(self, route: str) -> str:
        """Fill a path of the schema; ``{key}`` means what its first part is about."""
        kind = route.removeprefix("/api/v1/courses/{slug}/").partition("/")[0]
        filled = route.replace("{slug}", self.course.slug)
        special = next((word for word in ("files", "pins") if f"/{word}" in route), kind)
        for name in ("key", "code", "member"):
            own = self.names.get(f"{special}.{name}", self.names.get(f"{kind}.{name}", ""))
            filled = filled.replace(f"{{{name}}}", own)
        return filled


def make_world(*, students: int = 1) -> World:
    """A course at noon of 27 Oct: a round that is closed and allocated, work graded in part."""
    course = make_course()
    people = {
        role: make_member(course, role, name=f"{role.capitalize()} One")
        for role in ("student", "auditor", "ta", "instructor")
    }
    student, ta = people["student"], people["ta"]
    more = [make_member(course, name=f"Member {n:03}") for n in range(students - 1)]
    module = make_module(course)
    lecture = make_meeting(course, NOON.date(), kind=Meeting.Kind.LECTURE, modules=[module])
    paper = make_paper(course, module=module, meeting=make_meeting(course))
    application = make_application(course, name="Paul Applicant")
    news = make_announcement(course)
    round_ = make_round(course)
    for member in [student, *more]:
        make_submitted(round_, member, keys_of(round_)[:2])
    run = allocate_round(round_.pk, people["instructor"].user, AFTER)
    talk = make_talk(course, student, paper=paper)
    partner = make_member(course, name="Pat Partner")
    other_talk = make_talk(course, partner)
    swap = make_swap(talk, other_talk, NOON)
    offer = make_offer(round_, round_.papers.earliest("position"), student, NOON)
    report = make_report(course, module=module)
    make_draft(report, student)
    mini = make_mini(course)
    item, joining = add_scheme(course)
    submission = hand_in(item, student)
    grow(course, more, item, round_, talk)
    for member in more:
        score(item, member, "7", by=ta)
        mark(lecture, member, "in_room", by=ta)
        release(item, member, by=people["instructor"])
    names = {
        "papers.key": paper.key,
        "meetings.key": lecture.key,
        "modules.key": module.key,
        "announcements.code": news.code,
        "people.code": student.code,
        "applications.code": application.membership.code,
        "rounds.key": round_.key,
        "rounds.code": run["code"],
        "pins.code": student.code,
        "presentations.code": talk.code,
        "presentations.member": student.code,
        "partner.talk": other_talk.code,
        "partner.member": partner.code,
        "offers.code": offer.code,
        "swaps.code": swap.code,
        "work.key": report.key,
        "files.key": mini.key,
        "receipts.code": submission.code,
        "tasks.key": report.key,
        "grading.key": item.key,
        "grading.code": student.code,
        "attendance.key": lecture.key,
        "participation.key": lecture.key,
        "participation.item": joining.key,
        "gradebook.code": student.code,
    }
    return World(course, people, names)


def add_scheme(course: Course) -> tuple[GradeItem, GradeItem]:
    """Weights and a pass rule; returns an item of work and one of class participation."""
    written = make_component(course, "written", 60)
    item = make_item(written, weight=Decimal(60))
    taking_part = make_component(course, "taking-part", 40)
    make_item(taking_part, kind=GradeItem.Kind.ATTENDANCE, weight=Decimal(20))
    joining = make_item(taking_part, kind=GradeItem.Kind.PARTICIPATION, weight=Decimal(20))
    make_pass_rule(course, [(written, "50"), (taking_part, "50")])
    return item, joining


def grow(
    course: Course,
    more: list[Membership],
    item: GradeItem,
    round_: PreferenceRound,
    talk: Presentation,
) -> None:
    """One more of everything for each further student, and for the presenter of the talk."""
    presenter = talk.presenters.get()
    for member in more:
        make_announcement(course)
        make_application(course)
        other = make_talk(course, member)
        make_swap(talk, other, NOON)
        free = make_paper(course, meeting=other.meeting)
        make_offer(round_, free, presenter.membership, NOON)
        make_mini(course)
        hand_in(item, member)
