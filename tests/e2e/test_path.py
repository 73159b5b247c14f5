"""The whole path, from the public page to passed or not passed, as people walk it.

Once with JavaScript at a desk, once without it on a phone. What happens between the chapters is
done by the same actions that the pages call.
"""

import re
from datetime import date

import pytest
from playwright.sync_api import Locator, Page, expect

from assignments.models import DraftField, Submission
from courses.models import Application, Membership
from grading.models import AttendanceMark, GradeEntry, Release, ResultRun
from grading.tasks import compute_results
from presentations.models import PreferenceList, Presenter
from seminar.accounts.models import User
from seminar.notifications.models import Message
from tests.e2e.browser import DESKTOP, PHONE, Desk, picture
from tests.e2e.world import World, berlin, finish_term, report_texts, set_clock, submit_list

OPENING = berlin(date(2025, 10, 20), 18, 1)
WISHES = [
    "Training Compute-Optimal Large Language Models",
    "Deduplicating Training Data Makes Language Models Better",
    "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models",
    "Scaling Laws for Neural Language Models",
    "Mixed Precision Training",
    "Direct Preference Optimization: Your Language Model is Secretly a Reward Model",
]
CHOSEN = ["Scaling Laws for Neural Language Models", WISHES[0]]
FORGOTTEN = "Paper A, strength 3"
COMMENT = "Clear summaries. Say next time how you would test the extension."


class Walk:
    """Who walks, with which browser, and where the pages are."""

    def __init__(self, desk: Desk, world: World, *, javascript: bool) -> None:
        self.desk, self.world, self.javascript = desk, world, javascript
        self.size = DESKTOP if javascript else PHONE
        self.kind = "desk" if javascript else "phone"

    def seat(self, user: User | None = None) -> Page:
        return self.desk.seat(user, size=self.size, javascript=self.javascript)

    def open(self, page: Page, path: str = "") -> Page:
        page.goto(f"{self.world.home}{path}")
        return page

    def keep(self, page: Page, name: str) -> None:
        picture(page, f"walk-{self.kind}-{name}")


@pytest.fixture(params=[True, False], ids=["javascript-desk", "plain-phone"])
def walk(request: pytest.FixtureRequest, desk: Desk, world: World) -> Walk:
    return Walk(desk, world, javascript=request.param)


def heading(page: Page, name: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("heading", name=name)


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def test_path_from_public_page_to_passed(walk: Walk) -> None:
    world = walk.world
    stranger, ada = walk.seat(), walk.seat(world.ada)
    instructor, ta = walk.seat(world.instructor.user), walk.seat(world.ta.user)

    read_the_course_page(walk, stranger)
    apply(walk, ada)
    accept(walk, instructor)
    prepare_a_list(walk, ada)
    submit_the_list(walk, ada)
    allocate_and_publish(walk, instructor)
    reassign(walk, instructor)
    read_why(walk, ada)
    write_the_report(walk, ada)
    submit_without_a_strength(walk, ada)
    submit_the_report(walk, ada)
    grade_unseen(walk, ta, ada)
    take_attendance(walk, ta)
    release(walk, instructor)
    read_feedback_and_standing(walk, ada)
    set_clock(berlin(date(2026, 2, 3)))
    finish_term(world)
    decide_what_is_open(walk, instructor)
    compute_freeze_publish(walk, instructor)
    read_the_result(walk, ada)

    frozen = ResultRun.objects.latest("number").results.all()
    passed = {result.membership.user.name: result.passed for result in frozen}
    assert passed == {"Ada Okafor": True, "Ben Novak": False, "Cleo Marchetti": True}


# --- before the term ------------------------------------------------------------------------------


def read_the_course_page(walk: Walk, page: Page) -> None:
    walk.open(page, "about")
    expect(heading(page, walk.world.course.title)).to_be_visible()
    expect(page.get_by_text("Dr. Helena Brandt").first).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("at least 50 % in Presentations")
    expect(page.get_by_role("main")).not_to_contain_text("Ben Novak")
    walk.keep(page, "about")


def apply(walk: Walk, page: Page) -> None:
    walk.open(page, "about")
    page.get_by_role("main").get_by_role("link", name=re.compile("Apply|Join")).first.click()
    page.get_by_label("Level of study").fill("Master Computer Science, 3rd semester")
    page.get_by_label("Machine Learning").check()
    page.get_by_label("Natural Language Processing").check()
    page.get_by_label("Frameworks you know").fill("PyTorch in two projects")
    page.get_by_label("Why you want to join").fill("I train models and want to pay less for it.")
    walk.keep(page, "join")
    button(page, "Send application").click()
    expect(heading(page, "Your enrolment")).to_be_visible()
    expect(page.get_by_text("The staff are reading it")).to_be_visible()
    stated = Application.objects.get(membership__user=walk.world.ada)
    assert stated.membership.state == Membership.State.APPLIED
    assert {passed.key for passed in stated.courses_passed.all()} == {"machine-learning", "nlp"}


def accept(walk: Walk, page: Page) -> None:
    walk.open(page, "people")
    expect(page.get_by_text("Prerequisites met:")).to_be_visible()
    walk.keep(page, "people")
    button(page, "Accept Ada Okafor").click()
    expect(page.get_by_text("No applications wait.")).to_be_visible()
    assert walk.world.member(walk.world.ada).state == Membership.State.ACTIVE


# --- who presents what ----------------------------------------------------------------------------


def prepare_a_list(walk: Walk, page: Page) -> None:
    set_clock(berlin(date(2025, 10, 15)))
    walk.open(page, "preferences")
    expect(heading(page, "Prepare your list")).to_be_visible()
    ranked = page.get_by_role("region", name="Ranked by you").get_by_role("listitem")
    for place, title in enumerate(reversed(WISHES), start=1):
        button(page, f"Rank {title}").click()
        expect(ranked).to_have_count(place)
    for place in range(len(WISHES) - 1):
        page.get_by_text(f"Move to… {WISHES[place]}").click()
        page.get_by_label(f"Position for {WISHES[place]}").fill(str(place + 1))
        button(page, f"Move {WISHES[place]}").click()
        expect(ranked.nth(place)).to_contain_text(WISHES[place])
    walk.keep(page, "preferences")
    expect(button(page, "Submit my list")).to_have_count(0)
    assert PreferenceList.objects.get(membership__user=walk.world.ada).number is None


def submit_the_list(walk: Walk, page: Page) -> None:
    set_clock(OPENING)
    walk.open(page, "preferences")
    button(page, "Submit my list").click()
    expect(heading(page, "You are number 1")).to_be_visible()
    status = page.get_by_role("region", name="You are number 1")
    expect(status).to_contain_text(f"If the round closed now: {WISHES[0]}, Mon 10 Nov 2025, 16:")
    expect(status).to_contain_text("first choice")
    walk.keep(page, "number")
    submit_list(walk.world, walk.world.ben, at=berlin(date(2025, 10, 20), 18, 2))
    numbers = PreferenceList.objects.order_by("number").values_list("membership__user", "number")
    assert list(numbers) == [(walk.world.ada.pk, 1), (walk.world.ben.user_id, 2)]


def allocate_and_publish(walk: Walk, page: Page) -> None:
    set_clock(berlin(date(2025, 10, 24), 18, 2))
    walk.open(page, "manage/allocation")
    expect(page.get_by_text("2 of 3 students have submitted a list")).to_be_visible()
    walk.keep(page, "board")
    button(page, "Allocate").click()
    expect(heading(page, "Without a paper: 1")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Ada Okafor"))).to_contain_text("1")
    assert Presenter.objects.count() == 0
    walk.keep(page, "run")
    button(page, "Publish and tell 3 people").click()
    expect(page.get_by_text("Mails to 3 people are on their way")).to_be_visible()
    told = Message.objects.filter(kind__startswith="presentations/mail/").order_by("pk")
    assert sorted(message.kind.rpartition("/")[2] for message in told if "placed" in message.kind) == [
        "not_placed",
        "placed",
        "placed",
    ]  # fmt: skip


def reassign(walk: Walk, page: Page) -> None:
    page.get_by_text("Change a single talk here:").get_by_role("link").click()
    page.get_by_role("link", name="Reassign the place of Ben Novak").click()
    walk.keep(page, "reassign")
    page.get_by_role("link", name="Choose Cleo Marchetti").click()
    expect(heading(page, "Give this talk to Cleo Marchetti?")).to_be_visible()
    page.get_by_label("Why?").fill("Ben asked to be relieved.")
    walk.keep(page, "reassign-preview")
    page.get_by_role("button", name=re.compile("^Reassign and tell")).click()
    expect(page.get_by_text("Cleo Marchetti now presents this talk")).to_be_visible()
    live = Presenter.objects.live().order_by("membership__user__name")
    assert [row.membership for row in live] == [
        walk.world.member(walk.world.ada),
        walk.world.cleo,
    ]


def read_why(walk: Walk, page: Page) -> None:
    walk.open(page, "preferences")
    expect(page.get_by_text(f"You present “{WISHES[0]}”")).to_be_visible()
    page.get_by_role("link", name="Open my talk").click()
    why = page.get_by_role("region", name="Why did I get this?")
    expect(why).to_contain_text("You are number 1")
    expect(why).to_contain_text("first choice")
    expect(page.get_by_role("main")).to_contain_text("Ada Okafor (you)")
    walk.keep(page, "talk")


# --- the report -----------------------------------------------------------------------------------


def write_the_report(walk: Walk, page: Page) -> None:
    set_clock(berlin(date(2025, 11, 4), 19))
    walk.open(page, "work/report-1")
    walk.keep(page, "task")
    page.get_by_role("link", name="Start the report").click()
    for title in CHOSEN:
        page.get_by_label(title).check()
    walk.keep(page, "choose")
    button(page, "Start the report").click()
    expect(page.get_by_role("textbox")).to_have_count(18)
    for label, text in report_texts().items():
        page.get_by_label(label, exact=True).fill(text)
    if walk.javascript:
        page.get_by_label("Paper B, extension", exact=True).blur()
    else:
        button(page, "Save draft").click()
    expect(page.get_by_text("All changes saved 19:0").first).to_be_visible()
    expect(page.get_by_text("10 of 10 parts written").first).to_be_visible()
    page.reload()
    for label, text in report_texts().items():
        expect(page.get_by_label(label, exact=True)).to_have_value(text)
    walk.keep(page, "write")
    assert DraftField.objects.filter(draft__membership__user=walk.world.ada).count() == 18


def submit_without_a_strength(walk: Walk, page: Page) -> None:
    """One tab is about to submit; the other one takes a strength away. Nothing is lost."""
    button(page, "Check and submit").click()
    expect(button(page, "Submit the report")).to_be_visible()
    walk.keep(page, "check")
    other = page.context.new_page()
    walk.open(other, "work/report-1/edit")
    other.get_by_label(FORGOTTEN, exact=True).fill("")
    button(other, "Save draft").click()
    expect(other.get_by_text("All changes saved 19:0").first).to_be_visible()
    other.close()
    button(page, "Submit the report").click()
    expect(heading(page, "1 part is missing")).to_be_visible()
    walk.keep(page, "refused")
    assert Submission.objects.count() == 0
    page.get_by_role("link", name="Write a third strength for paper A").click()
    expect(page.get_by_label(FORGOTTEN, exact=True)).to_have_value("")
    for label, text in report_texts().items():
        if label != FORGOTTEN:
            expect(page.get_by_label(label, exact=True)).to_have_value(text)


def submit_the_report(walk: Walk, page: Page) -> None:
    page.get_by_label(FORGOTTEN, exact=True).fill(report_texts()[FORGOTTEN])
    button(page, "Check and submit").click()
    expect(page.get_by_text("missing")).to_have_count(0)
    button(page, "Submit the report").click()
    expect(heading(page, "Report 1: Phases of training: submitted")).to_be_visible()
    version = Submission.objects.get()
    expect(page.get_by_text(version.code).first).to_be_visible()
    expect(page.get_by_text("It counts.")).to_be_visible()
    walk.keep(page, "receipt")
    assert version.membership == walk.world.member(walk.world.ada)
    assert [paper["title"] for paper in version.content["papers"]] == CHOSEN


# --- grading --------------------------------------------------------------------------------------


def grade_unseen(walk: Walk, ta: Page, ada: Page) -> None:
    """The TA grades; what the student reads does not change by a single letter."""
    set_clock(berlin(date(2025, 11, 11), 9))
    walk.open(ada, "standing")
    before = ada.get_by_role("main").inner_text()
    walk.open(ta, "grading")
    walk.keep(ta, "queue")
    ta.get_by_role("link", name="Grade next of Report 1").press("Enter")
    expect(heading(ta, "Ada Okafor")).to_be_visible()
    if walk.javascript:
        grade_by_keys(walk, ta)
    else:
        grade_by_taps(walk, ta)
    expect(ta.get_by_role("heading", name="Grading", exact=True)).to_be_visible()
    line = GradeEntry.objects.get()
    assert (line.points, line.by, line.feedback) == (20, walk.world.ta, COMMENT)
    walk.open(ada, "standing")
    row = ada.get_by_role("row", name=re.compile("^Report 1"))
    expect(row).to_contain_text("Being graded")
    assert ada.get_by_role("main").inner_text() == before


def grade_by_keys(walk: Walk, page: Page) -> None:
    rows = page.get_by_role("form").or_(page.locator("form")).get_by_role("group")
    expect(rows.first).to_be_visible()
    for row in rows.all():
        page.keyboard.press(row.get_by_role("radio").first.get_attribute("value") or "")
    page.keyboard.press("c")
    page.keyboard.type(COMMENT)
    walk.keep(page, "grade")
    page.keyboard.press("Control+Enter")


def grade_by_taps(walk: Walk, page: Page) -> None:
    for row in page.locator("form").get_by_role("group").all():
        row.get_by_role("radio").first.check()
    page.get_by_label("Comment for the student").fill(COMMENT)
    walk.keep(page, "grade")
    page.get_by_role("button", name="Save and next").click()


def take_attendance(walk: Walk, page: Page) -> None:
    walk.open(page, "attendance")
    walk.keep(page, "meetings")
    page.get_by_role("link", name="Take attendance of 10 Nov").click()
    button(page, "Mark all others present").click()
    expect(page.get_by_text("3 of 3 marked")).to_be_visible()
    cleo = page.get_by_role("group", name="Cleo Marchetti")
    if walk.javascript:
        with page.expect_response(lambda answer: answer.request.method == "POST") as saved:
            cleo.get_by_label("Late").check()
        assert saved.value.status == 200
    else:
        cleo.get_by_label("Late").check()
        button(page, "Save attendance").click()
    expect(cleo.get_by_label("Late")).to_be_checked()
    walk.keep(page, "attendance")
    marks = AttendanceMark.objects.filter(meeting__key="phases-talks")
    assert {mark.membership.user.name: mark.status for mark in marks} == {
        "Ada Okafor": "in_room",
        "Ben Novak": "in_room",
        "Cleo Marchetti": "late",
    }


def release(walk: Walk, page: Page) -> None:
    walk.open(page, "manage/release")
    walk.keep(page, "release")
    row = page.get_by_role("listitem").filter(has_text=re.compile(r"^\s*Report 1\b")).first
    row.get_by_role("button", name=re.compile(r"^Release to \d student")).click()
    expect(page.get_by_role("status").first).to_be_visible()
    assert Release.objects.filter(item__key="report-1", membership__user=walk.world.ada).exists()


def read_feedback_and_standing(walk: Walk, page: Page) -> None:
    walk.open(page, "work/report-1/feedback")
    expect(heading(page, "20 of 20 points")).to_be_visible()
    expect(page.get_by_text(COMMENT)).to_be_visible()
    walk.keep(page, "feedback")
    walk.open(page, "standing")
    expect(heading(page, "You are on the way: so far you reach every pass mark.")).to_be_visible()
    for part in ("Reports and assignments", "Presentations", "Participation"):
        expect(page.get_by_role("img", name=re.compile(f"^{part}: "))).to_be_visible()
    expect(page.get_by_text("To pass you need:")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(
        "at least 50 % in Reports and assignments, at least 50 % in Presentations and "
        "at least 50 % in Participation."
    )
    walk.keep(page, "standing")


# --- the end of the term --------------------------------------------------------------------------


def decide_what_is_open(walk: Walk, page: Page) -> None:
    """Ben held no talk: the results page says so and leads to the decision."""
    walk.open(page, "manage/results")
    expect(page.get_by_text("1 student held no talk: excuse or override")).to_be_visible()
    expect(button(page, "Freeze results")).to_have_count(0)
    walk.keep(page, "undecided")
    page.get_by_role("link", name="In-class presentation").click()
    page.get_by_role("link", name=re.compile("Ben Novak")).first.click()
    page.get_by_text("Excuse, override or clear").click()
    page.get_by_label("Reason", exact=True).fill("He gave the talk away and took no other.")
    page.get_by_label("Points for an override").fill("0")
    button(page, "Override points").click()
    expect(page.get_by_text("Overridden").first).to_be_visible()


def compute_freeze_publish(walk: Walk, page: Page) -> None:
    walk.open(page, "manage/results")
    button(page, "Compute results").click()
    expect(page.get_by_text("Results 1 are being computed.")).to_be_visible()
    assert compute_results() == 1
    page.reload()
    expect(page.get_by_text("They equal this page.")).to_be_visible()
    walk.keep(page, "results")
    button(page, "Freeze results").click()
    expect(page.get_by_text("Results 2 are frozen.")).to_be_visible()
    button(page, "Publish results to students").click()
    expect(page.get_by_text("Results 2 are published.")).to_be_visible()
    walk.keep(page, "published")
    computed, frozen = ResultRun.objects.order_by("number")
    assert computed.content_hash == frozen.content_hash


def read_the_result(walk: Walk, page: Page) -> None:
    walk.open(page, "standing")
    expect(heading(page, "You have passed.")).to_be_visible()
    walk.keep(page, "passed")
    ben = walk.open(walk.seat(walk.world.ben.user), "standing")
    expect(heading(ben, "You have not passed.")).to_be_visible()
    expect(ben.get_by_text("To pass you need:")).to_be_visible()
