"""A roster, lists and scores from files in a real browser: looked at, then confirmed."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from courses.models import Course, Membership
from tests import axe
from tests.e2e.browser import PHONE, Desk, picture
from tests.factories.courses import make_course, make_member

pytestmark = pytest.mark.django_db(transaction=True)

HEAD = "name;email;role;matriculation\n"


@pytest.fixture
def seminar() -> Course:
    course = make_course()
    make_member(course, name="Ada Lovelace")
    return course


def choose(page: Page, path: Path, text: str) -> None:
    path.write_text(text)
    page.get_by_label("CSV file").set_input_files(path)
    page.get_by_role("button", name="Show what it would change").click()


def test_import_roster_without_javascript_on_a_phone(
    desk: Desk, seminar: Course, tmp_path: Path
) -> None:
    instructor: Membership = make_member(seminar, "instructor", name="Iris Instructor")
    page = desk.seat(instructor.user, size=PHONE, javascript=False)
    page.goto(f"/c/{seminar.slug}/people")
    page.get_by_role("link", name="Import a roster").click()

    choose(page, tmp_path / "people.csv", HEAD + "Bo;nobody;boss;1.2E+6\n")
    expect(page.get_by_text("Nothing was changed: 3 problems in the file")).to_be_visible()
    choose(page, tmp_path / "people.csv", HEAD + "Jürgen Groß;j@example.org;student;0012\n")
    expect(page.get_by_text("New account for Jürgen Groß, student.")).to_be_visible()
    page.get_by_role("button", name="Import these people").click()

    expect(page.get_by_text("Imported: 1 change.")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Jürgen Groß")).to_be_visible()


def test_import_pages_are_accessible_in_every_state(
    desk: Desk, seminar: Course, tmp_path: Path
) -> None:
    instructor: Membership = make_member(seminar, "instructor", name="Iris Instructor")
    page = desk.seat(instructor.user, audited=True)
    found = {}
    page.goto(f"/c/{seminar.slug}/people/import")
    found["choose"] = axe.faults_of(page)
    picture(page, "import-choose")
    choose(page, tmp_path / "people.csv", HEAD + "Bo;nobody;boss;1.2E+6\n" * 3)
    found["problems"] = axe.faults_of(page)
    picture(page, "import-problems")
    choose(
        page,
        tmp_path / "a-roster-from-the-registrar-of-the-faculty-2025.csv",
        HEAD
        + "Jürgen Groß;j@example.org;student;0012\n"
        + "Iris;"
        + instructor.user.email
        + ";student;\n"
        + "Maximiliane Featherstonehaugh;maximiliane.featherstonehaugh@cs.uni-example.org;ta;\n",
    )
    found["preview"] = axe.faults_of(page)
    picture(page, "import-preview")

    assert found == {"choose": [], "problems": [], "preview": []}
