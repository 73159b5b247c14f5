"""The people of the tests: who they are is their name."""

import pytest

from courses.models import Course, Membership
from seminar.accounts.models import User
from tests.factories.courses import make_course, make_member, make_user


@pytest.fixture
def course(db: None) -> Course:
    return make_course()


@pytest.fixture
def student(course: Course) -> Membership:
    return make_member(course, name="Ada Student")


@pytest.fixture
def other_student(course: Course) -> Membership:
    return make_member(course, name="Ben Other")


@pytest.fixture
def auditor(course: Course) -> Membership:
    return make_member(course, "auditor", name="Aude Auditor")


@pytest.fixture
def ta(course: Course) -> Membership:
    return make_member(course, "ta", name="Tilda Assistant")


@pytest.fixture
def instructor(course: Course) -> Membership:
    return make_member(course, "instructor", name="Iris Instructor")


@pytest.fixture
def applicant(course: Course) -> Membership:
    return make_member(course, name="Paul Applicant", state="applied", joined_at=None)


@pytest.fixture
def withdrawn(course: Course) -> Membership:
    return make_member(course, name="Wim Withdrawn", state="withdrawn")


@pytest.fixture
def other_course(db: None) -> Course:
    return make_course(title="Another Seminar")


@pytest.fixture
def outsider(other_course: Course) -> Membership:
    """A student of another course."""
    return make_member(other_course, name="Olga Outsider")


@pytest.fixture
def other_ta(other_course: Course) -> Membership:
    return make_member(other_course, "ta", name="Theo Elsewhere")


@pytest.fixture
def operator(db: None) -> User:
    return make_user("Otto Operator", is_superuser=True)


PEOPLE = (
    "student",
    "other_student",
    "auditor",
    "ta",
    "instructor",
    "applicant",
    "withdrawn",
    "outsider",
    "other_ta",
)


@pytest.fixture
def everybody(request: pytest.FixtureRequest) -> dict[str, Membership]:
    """All of them at once, by the name of their fixture; operators have no membership."""
    return {name: request.getfixturevalue(name) for name in PEOPLE}
