"""Every page as its usual visitor: on a small phone, a phone and a desk, light and dark.

Nothing scrolls sideways, there is one first heading, axe finds nothing, no script complains, and
nothing is fetched from elsewhere. One world for each part of the term; every fault is collected.
"""

from collections.abc import Callable
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from courses.actions import Statement, send_application
from courses.models import Membership
from grading import actions as grading
from presentations import actions as presentations
from seminar.accounts.models import User
from tests.e2e.browser import Desk, picture
from tests.e2e.world import (
    World,
    berlin,
    finish_term,
    grade,
    hand_in_report,
    mark_meeting,
    set_clock,
    submit_list,
    write_report,
)
from tests.factories.courses import make_user

WIDTHS = (320, 390, 1280)
AXE_RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
# Each visitor with the pages opened as them; a path without a leading slash is in the course.
Visits = list[tuple[User | None, list[str]]]


def before_the_term(world: World) -> Visits:
    """21 October: the round is open, Ada has a number, somebody asks to join."""
    opened = berlin(date(2025, 10, 20), 18, 1)
    set_clock(berlin(date(2025, 10, 21)))
    ada = world.let_in(world.ada, opened)
    submit_list(world, ada, at=opened)
    submit_list(world, world.ben, at=opened)
    newcomer, applicant = make_user("Nora Newcomer"), make_user("Paul Applicant")
    statement = Statement(level="Master, 1st semester", courses_passed=("nlp",))
    send_application(world.course, user=applicant, statement=statement, at=opened)
    board = f"/admin/presentations/preferenceround/{world.round.pk}/change/"
    return [
        (None, ["/", "/account/login/", "/account/signup/", "/mailbox", "about", "schedule"]),
        (newcomer, ["join"]),
        (applicant, ["enrolment"]),
        (world.ada, ["", "/me", "/demo/clock", "schedule", "papers", "papers/chinchilla"]),
        (world.ada, ["preferences/in-class-talks", "announcements", "work", "standing"]),
        (world.cleo.user, ["preferences/in-class-talks"]),
        (world.instructor.user, ["", "people", f"people/{ada.code}/state", "announcements"]),
        (world.instructor.user, [board]),
    ]


def during_the_term(world: World) -> Visits:
    """11 November: talks are published, Ada's report is handed in and graded, Ben's is missing."""
    ada = world.let_in(world.ada, berlin(date(2025, 10, 20)))
    run = allocate(world, ada, world.ben)
    hand_in_report(world, ada, "report-1")
    write_report(world, world.cleo, "report-1", at=berlin(date(2025, 11, 4)))
    mark_meeting(world, world.course.meetings.get(key="intro-1"), [ada, world.ben, world.cleo])
    set_clock(berlin(date(2025, 11, 4), 19))
    receipt = ada.submissions.get().code
    talk = ada.talks.get()
    admin = "/admin/presentations"
    change = f"{admin}/presentation/presenters/{talk.pk}/reassign/"
    return [
        (world.ada, ["", "work", "work/report-1", "work/report-1/edit", "work/mini-1"]),
        (world.ada, [f"work/report-1/receipt/{receipt}", f"receipt/{receipt}"]),
        (world.ada, ["presentations", f"presentations/{talk.presentation.code}"]),
        (world.cleo.user, ["work/report-1/papers", "work/report-1/edit", "work/report-1/check"]),
        (world.instructor.user, [f"{admin}/preferenceround/{world.round.pk}/runs/{run}/", change]),
        (world.instructor.user, [f"{admin}/presentation/", f"{change}?to={world.cleo.code}"]),
        (world.instructor.user, ["manage/tasks/report-1"]),
    ]


def end_of_the_term(world: World) -> Visits:
    """3 February: everything is graded, some of it released; Ben's talk still needs a decision."""
    ada = world.let_in(world.ada, berlin(date(2025, 10, 20)))
    allocate(world, ada, world.cleo)
    hand_in_report(world, ada, "report-1")
    at = berlin(date(2026, 2, 3))
    set_clock(at)
    finish_term(world)
    grade(world, ada, "report-1")
    item = world.course.grade_items.get(key="report-1")
    grading.release_item(item, by=world.instructor, at=at)
    return [
        (world.ada, ["standing", "work/report-1/feedback", "work", "work/mini-1"]),
        (world.ta.user, ["", "grading", "grading/report-2", f"grading/report-2/{ada.code}"]),
        (world.ta.user, ["attendance", "attendance/phases-talks", "participation/intro-2"]),
        (world.ta.user, [f"grading/mini-1/{ada.code}", f"grading/final-talk/{ada.code}"]),
        (world.instructor.user, ["", "manage/release", "manage/gradebook", "manage/results"]),
        (world.instructor.user, [f"manage/gradebook/{ada.code}", "manage/pass-rule"]),
    ]


def allocate(world: World, *members: Membership) -> str:
    """Let some submit their lists, allocate and publish; return the code of the run."""
    for member in members:
        submit_list(world, member, at=berlin(date(2025, 10, 20), 18, 1))
    at, by = berlin(date(2025, 10, 24), 18, 2), world.instructor.user
    presentations.allocate_round(world.round.pk, by, at)
    run = world.round.allocations.get()
    presentations.publish_allocation(run.pk, by, at)
    return run.code


@pytest.mark.parametrize("stage", [before_the_term, during_the_term, end_of_the_term])
def test_every_page_fits_and_breaks_no_rule(
    desk: Desk, world: World, stage: Callable[[World], Visits]
) -> None:
    faults: list[str] = []
    for user, paths in stage(world):
        page = desk.seat(user, audited=True)
        for path in paths:
            address = path if path.startswith("/") else f"{world.home}{path}"
            answer = page.goto(address)
            place = f"{address} as {user.name if user else 'a stranger'}"
            if answer is None or answer.status != 200:
                faults.append(f"{place}: answered {answer and answer.status}")
                continue
            faults += [f"{place}: {fault}" for fault in faults_of(page, path, stage.__name__)]
        page.context.close()
    assert not faults, "\n".join(faults)


def faults_of(page: Page, path: str, stage: str) -> list[str]:
    """Return what is wrong with the page that is open, in words."""
    headings = page.get_by_role("heading", level=1).count()
    faults = [] if headings == 1 else [f"{headings} first headings"]
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            if beyond := page.evaluate(BEYOND):
                faults.append(f"{beyond} px too wide at {width}")
            if (theme, width) in {("light", 390), ("dark", 1280)}:
                faults += [f"{rule} at {width} {theme}" for rule in broken_rules(page)]
                name = path.strip("/").partition("?")[0].replace("/", "-") or "home"
                picture(page, f"{stage[:6]}-{name}-{width}-{theme}")
    return faults


BEYOND = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def broken_rules(page: Page) -> list[str]:
    found = Axe().run(page, options=AXE_RULES).response["violations"]
    return [f"{rule['id']} {node['html'][:120]}" for rule in found for node in rule["nodes"]]
