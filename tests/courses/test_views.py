"""The pages of a course: what they show to whom, and what their forms answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from courses.models import Announcement, Application, Course, Membership
from seminar.accounts.models import AuditEntry, User
from seminar.notifications.models import Message
from tests.factories.courses import (
    NOON,
    make_announcement,
    make_application,
    make_course,
    make_meeting,
    make_member,
    make_module,
    make_paper,
    make_prerequisite,
    make_user,
)

pytestmark = pytest.mark.usefixtures("set_clock")
FORM = {"level": "Master", "nonce": "nonce-0001"}


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def newcomer(client: Client, course: Course) -> User:
    """Somebody with an account and no course, signed in."""
    user = make_user("Nora New")
    client.force_login(user)
    return user


# --- join --------------------------------------------------------------------------------------


def test_join_asks_to_sign_in_first(client: Client, course: Course) -> None:
    response = client.get(f"/c/{course.slug}/join")

    assert (response.status_code, response["Location"]) == (
        302,
        f"/account/login/?next=/c/{course.slug}/join",
    )


@pytest.mark.usefixtures("newcomer")
def test_join_shows_the_courses_of_the_list(client: Client, course: Course) -> None:
    Course.objects.update(prerequisites_needed=2)
    make_prerequisite(course, title="Machine learning")

    page = text_of(client.get(f"/c/{course.slug}/join"))

    assert "Machine learning" in page
    assert "You need at least 2 courses of the list" in page


def test_join_sends_the_application(client: Client, course: Course, newcomer: User) -> None:
    response = client.post(f"/c/{course.slug}/join", FORM)

    assert (response.status_code, response["Location"]) == (302, f"/c/{course.slug}/enrolment")
    application = Application.objects.get(membership__user=newcomer)
    assert (application.level, application.membership.state) == ("Master", "applied")


@pytest.mark.usefixtures("newcomer")
def test_join_pressed_twice_is_one_application(client: Client, course: Course) -> None:
    for _ in range(2):
        client.post(f"/c/{course.slug}/join", FORM)

    assert Application.objects.count() == 1
    assert Message.objects.count() == 1


@pytest.mark.usefixtures("newcomer")
def test_join_warns_of_too_few_courses_and_sends_anyway(client: Client, course: Course) -> None:
    Course.objects.update(prerequisites_needed=2)
    make_prerequisite(course, key="ml")
    stated = FORM | {"courses_passed": ["ml"], "motivation": "Curious <3"}

    warned = client.post(f"/c/{course.slug}/join", stated)

    assert warned.status_code == 422
    assert "The course asks for 2 courses of the list. You ticked 1." in text_of(warned)
    assert "Curious &lt;3" in text_of(warned)
    assert 'value="nonce-0001"' in text_of(warned)
    assert Application.objects.count() == 0

    sent = client.post(f"/c/{course.slug}/join", stated | {"anyway": "1"})

    assert sent.status_code == 302
    assert [p.key for p in Application.objects.get().courses_passed.all()] == ["ml"]


@pytest.mark.usefixtures("newcomer")
def test_join_does_not_warn_of_an_equivalent(client: Client, course: Course) -> None:
    Course.objects.update(prerequisites_needed=2)
    make_prerequisite(course)

    response = client.post(f"/c/{course.slug}/join", FORM | {"equivalent": "Both, in Graz"})

    assert response.status_code == 302


@pytest.mark.parametrize(
    ("field", "value"),
    [("level", ""), ("level", "x" * 101), ("courses_passed", "unknown")],
)
@pytest.mark.usefixtures("newcomer")
def test_join_names_what_is_wrong(client: Client, course: Course, field: str, value: str) -> None:
    make_prerequisite(course)

    response = client.post(f"/c/{course.slug}/join", FORM | {field: value})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert "<title>Error:" in text_of(response)
    assert Membership.objects.count() == 0


@pytest.mark.parametrize("nonce", ["short", "x" * 65, "bell\a-bell"])
@pytest.mark.usefixtures("newcomer")
def test_join_refuses_a_nonce_no_form_sends(client: Client, course: Course, nonce: str) -> None:
    response = client.post(f"/c/{course.slug}/join", FORM | {"nonce": nonce})

    assert response.status_code == 422
    assert Membership.objects.count() == 0


def test_join_leads_members_to_their_enrolment(client: Client, student: Membership) -> None:
    client.force_login(student.user)

    response = client.get(f"/c/{student.course.slug}/join")

    assert (response.status_code, response["Location"]) == (
        302,
        f"/c/{student.course.slug}/enrolment",
    )


# --- enrolment ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("applied", "The staff are reading it"),
        ("active", "You are in this course as Student"),
        ("suspended", "Your access is suspended"),
        ("withdrawn", "You can apply again."),
    ],
)
def test_enrolment_says_where_it_stands(
    client: Client, course: Course, state: str, words: str
) -> None:
    member = make_member(course, state=state)
    client.force_login(member.user)

    response = client.get(f"/c/{course.slug}/enrolment")

    assert response.status_code == 200
    assert words in text_of(response)


def test_enrolment_gives_the_reason_of_a_decision(
    client: Client, course: Course, instructor: Membership
) -> None:
    application = make_application(
        course,
        membership=make_member(course, state="declined", joined_at=None),
        decision="declined",
        decided_at=make_announcement(course).published_at,
        decided_by=instructor,
        reason="The course is for master students.",
    )
    client.force_login(application.membership.user)

    page = text_of(client.get(f"/c/{course.slug}/enrolment"))

    assert "Your application was declined" in page
    assert "The course is for master students." in page


@pytest.mark.usefixtures("newcomer")
def test_enrolment_leads_strangers_to_join(client: Client, course: Course) -> None:
    for path in ("enrolment", "enrolment/withdrawal"):
        method = client.post if "/" in path else client.get
        assert method(f"/c/{course.slug}/{path}")["Location"] == f"/c/{course.slug}/join"


def test_withdraw_application_page(client: Client, course: Course) -> None:
    application = make_application(course)
    client.force_login(application.membership.user)

    for _ in range(2):
        response = client.post(f"/c/{course.slug}/enrolment/withdrawal", {"nonce": "nonce-0001"})
        assert response["Location"] == f"/c/{course.slug}/enrolment"

    application.membership.refresh_from_db()
    assert application.membership.state == "withdrawn"
    assert Message.objects.count() == 1


def test_withdraw_application_refused_is_a_page(client: Client, student: Membership) -> None:
    client.force_login(student.user)

    response = client.post(f"/c/{student.course.slug}/enrolment/withdrawal", {"nonce": "n" * 8})

    assert response.status_code == 409
    assert "There is no application to withdraw." in text_of(response)


# --- people ------------------------------------------------------------------------------------


def test_people_judges_prerequisites_in_words(
    client: Client, course: Course, instructor: Membership
) -> None:
    Course.objects.update(prerequisites_needed=1)
    passed = make_prerequisite(course, title="Machine learning")
    make_application(course, name="Met", courses_passed=[passed])
    make_application(course, name="Equal", equivalent="A year at a lab")
    make_application(course, name="Neither")
    client.force_login(instructor.user)

    page = text_of(client.get(f"/c/{course.slug}/people"))

    assert "<strong>Prerequisites met:</strong> 1 passed, 1 needed" in page
    assert "an equivalent is stated:</strong> 0 passed, 1 needed" in page
    assert "<strong>Prerequisites not met, no equivalent:</strong> 0 passed, 1 needed" in page
    assert "A year at a lab" in page
    assert "3 applications wait" in page


@pytest.mark.parametrize("role", ["ta", "instructor"])
def test_people_offers_decisions_to_instructors_only(
    client: Client, course: Course, role: str
) -> None:
    application = make_application(course)
    reader = make_member(course, role)
    client.force_login(reader.user)

    page = text_of(client.get(f"/c/{course.slug}/people"))
    posted = client.post(
        f"/c/{course.slug}/people/{application.membership.code}/decision",
        {"decision": "accepted"},
    )

    assert ("Accept the chosen applications" in page) == (role == "instructor")
    assert posted.status_code == (302 if role == "instructor" else 403)
    application.membership.refresh_from_db()
    assert application.membership.state == ("active" if role == "instructor" else "applied")


@pytest.mark.parametrize(("capacity", "full"), [(2, True), (3, False)])
def test_people_offers_acceptance_only_where_a_place_is_left(
    client: Client, db: None, capacity: int, full: bool
) -> None:
    course = make_course(capacity=capacity)
    for state in ("active", "suspended"):
        make_member(course, state=state)
    make_application(course, name="Nora New")
    client.force_login(make_member(course, "instructor").user)

    page = text_of(client.get(f"/c/{course.slug}/people"))

    assert f"2 of {capacity} places taken" in page
    assert ('value="accepted"' in page) is not full
    assert ("Accept the chosen applications" in page) is not full
    assert ("The course is full: Nora New cannot be accepted now." in page) is full
    assert 'value="waitlisted"' in page


def test_people_filters_by_role_and_state(
    client: Client, course: Course, everybody: dict[str, Membership]
) -> None:
    client.force_login(everybody["ta"].user)

    def names(query: str) -> list[str]:
        response = client.get(f"/c/{course.slug}/people?{query}")
        return [person.user.name for person in response.context["people"]]

    inside = ["Ada Student", "Aude Auditor", "Ben Other", "Iris Instructor", "Tilda Assistant"]
    assert names("") == inside
    assert names("role=student") == ["Ada Student", "Ben Other"]
    assert names("state=withdrawn") == ["Wim Withdrawn"]
    assert names("role=nonsense") == []


@pytest.mark.parametrize("size", [1, 6])
def test_people_query_count(
    client: Client,
    course: Course,
    instructor: Membership,
    size: int,
    django_assert_num_queries: Any,
) -> None:
    passed = make_prerequisite(course)
    for _ in range(size):
        make_member(course)
        make_application(course, courses_passed=[passed])
    client.force_login(instructor.user)

    # session, user, course with membership; members, offered, applications, their courses, places
    with django_assert_num_queries(8):
        client.get(f"/c/{course.slug}/people")


def test_decide_application_says_beside_the_form_what_is_missing(
    client: Client, course: Course, instructor: Membership
) -> None:
    membership = make_application(course).membership
    client.force_login(instructor.user)
    address = f"/c/{course.slug}/people/{membership.code}/decision"

    refused = client.post(address, {"decision": "declined", "reason": ""})
    unknown = client.post(address, {"decision": "nonsense"})

    assert (refused.status_code, unknown.status_code) == (422, 422)
    assert f'href="#application-{membership.code}"' in text_of(refused)
    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ("accepted", "Paul Applicant is in the course now, and is told by mail."),
        ("waitlisted", "Paul Applicant is on the waiting list now, and is told by mail."),
        ("declined", "Paul Applicant is declined, and is told why by mail."),
    ],
)
def test_decide_application_says_what_became_of_it(
    client: Client, course: Course, instructor: Membership, decision: str, words: str
) -> None:
    membership = make_application(course, name="Paul Applicant").membership
    client.force_login(instructor.user)

    sent = {"decision": decision, "reason": "Enough for this term."}
    address = f"/c/{course.slug}/people/{membership.code}/decision"

    assert words in text_of(client.post(address, sent, follow=True))


def test_change_state_says_what_became_of_the_member(
    client: Client, course: Course, instructor: Membership, student: Membership
) -> None:
    client.force_login(instructor.user)
    sent = {"state": "suspended", "reason": "Asked for a pause."}
    address = f"/c/{course.slug}/people/{student.code}/state"

    page = text_of(client.post(address, sent, follow=True))

    assert "Ada Student is suspended now, and is told by mail." in page


def test_decide_application_keeps_the_typed_reason_when_full(client: Client, db: None) -> None:
    course = make_course(capacity=0)
    instructor = make_member(course, "instructor")
    membership = make_application(course).membership
    client.force_login(instructor.user)

    response = client.post(
        f"/c/{course.slug}/people/{membership.code}/decision",
        {"decision": "accepted", "reason": "Good one"},
    )

    assert response.status_code == 409
    assert "All places are taken." in text_of(response)
    assert "Good one</textarea>" in text_of(response)


def test_decide_application_never_finds_other_courses(
    client: Client, instructor: Membership, other_course: Course
) -> None:
    foreign = make_application(other_course).membership
    client.force_login(instructor.user)

    for page in ("decision", "state"):
        response = client.post(
            f"/c/{instructor.course.slug}/people/{foreign.code}/{page}", {"decision": "accepted"}
        )
        assert response.status_code == 404

    foreign.refresh_from_db()
    assert foreign.state == "applied"


def test_accept_applications_page(client: Client, course: Course, instructor: Membership) -> None:
    codes = [make_application(course).membership.code for _ in range(2)]
    client.force_login(instructor.user)

    nobody = client.post(f"/c/{course.slug}/people/acceptances", {})
    done = client.post(f"/c/{course.slug}/people/acceptances", {"code": codes})

    assert (nobody.status_code, done.status_code) == (422, 302)
    assert "Choose at least one application." in text_of(nobody)
    assert course.memberships.active().students().count() == 2


def test_change_state_page(client: Client, student: Membership, instructor: Membership) -> None:
    client.force_login(instructor.user)
    address = f"/c/{student.course.slug}/people/{student.code}/state"

    assert client.get(address).status_code == 200
    assert client.post(address, {"state": "suspended", "reason": ""}).status_code == 422
    assert client.post(address, {"state": "applied", "reason": "x"}).status_code == 422
    assert client.post(address, {"state": "suspended", "reason": "ill"}).status_code == 302

    student.refresh_from_db()
    assert student.state == "suspended"
    assert client.get(address).status_code == 200


def test_change_state_page_says_what_is_refused(client: Client, instructor: Membership) -> None:
    client.force_login(instructor.user)

    response = client.post(
        f"/c/{instructor.course.slug}/people/{instructor.code}/state",
        {"state": "withdrawn", "reason": "tired"},
    )

    assert response.status_code == 409
    assert "is the only instructor" in text_of(response)


# --- papers ------------------------------------------------------------------------------------


def test_papers_lists_the_reading_by_module(client: Client, student: Membership) -> None:
    course = student.course
    phases = make_module(course, title="Phases")
    finetuning = make_module(course, title="Finetuning", parent=phases)
    make_module(course, title="Outlook")
    make_paper(course, module=phases, title="Scaling laws", presentable=False)
    make_paper(course, module=finetuning, title="LoRA", arxiv="2106.09685")
    client.force_login(student.user)

    page = text_of(client.get(f"/c/{course.slug}/papers"))

    order = ["Phases", "Scaling laws", "For reports", "Finetuning", "LoRA"]
    order += ["For reports and presentations", "https://arxiv.org/abs/2106.09685", "Outlook"]
    order += ["Reading list follows."]
    places = [page.index(word, page.index("<main")) for word in order]
    assert places == sorted(places)


def test_papers_says_that_a_list_follows(client: Client, student: Membership) -> None:
    client.force_login(student.user)

    page = text_of(client.get(f"/c/{student.course.slug}/papers"))

    assert "Reading list follows" in page


@pytest.mark.parametrize("size", [1, 5])
def test_papers_query_count(
    client: Client, student: Membership, size: int, django_assert_num_queries: Any
) -> None:
    for _ in range(size):
        module = make_module(student.course)
        meeting = make_meeting(student.course, modules=[module])
        make_paper(student.course, module=module, meeting=meeting)
    client.force_login(student.user)

    # session, user, course with membership; modules, their meetings, papers
    with django_assert_num_queries(6):
        client.get(f"/c/{student.course.slug}/papers")


def test_paper_shows_one_of_this_course_only(
    client: Client, student: Membership, other_course: Course
) -> None:
    meeting = make_meeting(student.course)
    own = make_paper(student.course, title="LoRA", meeting=meeting, abstract="Low <rank>")
    foreign = make_paper(other_course)
    client.force_login(student.user)

    page = client.get(f"/c/{student.course.slug}/papers/{own.key}")
    missing = client.get(f"/c/{student.course.slug}/papers/{foreign.key}")

    assert (page.status_code, missing.status_code) == (200, 404)
    assert "Mon 10 Nov 2025, 16:00 Berlin time" in text_of(page)
    assert "Low &lt;rank&gt;" in text_of(page)


# --- announcements -----------------------------------------------------------------------------


def test_announcements_lists_news_newest_first(client: Client, student: Membership) -> None:
    make_announcement(student.course, title="Hidden from the public", public=False)
    make_announcement(student.course, title="Newest", body="**bold** <script>x</script>")
    client.force_login(student.user)

    page = text_of(client.get(f"/c/{student.course.slug}/announcements"))

    assert page.index("Newest") < page.index("Hidden from the public")
    assert "<strong>bold</strong> &lt;script&gt;" in page
    assert "Write an announcement" not in page


@pytest.mark.parametrize(("person", "sees"), [("student", False), ("auditor", False), ("ta", True)])
def test_announcements_of_later_are_seen_by_staff_only(
    client: Client, request: pytest.FixtureRequest, person: str, sees: bool
) -> None:
    member = request.getfixturevalue(person)
    make_announcement(member.course, title="Of now")
    later = NOON + timedelta(minutes=1)
    make_announcement(member.course, title="Of later", published_at=later)
    client.force_login(member.user)

    page = text_of(client.get(f"/c/{member.course.slug}/announcements"))

    assert "Of now" in page
    assert ("Of later" in page) is sees
    assert page.count("Appears on") == int(sees)


def test_announce_page_publishes_once(client: Client, student: Membership, ta: Membership) -> None:
    client.force_login(ta.user)
    address = f"/c/{ta.course.slug}/announcements"
    body = {"title": "Moved", "body": "To 024", "public": "on", "nonce": "nonce-0001"}

    assert "Publish and mail 1 person" in text_of(client.get(address))
    for _ in range(2):
        assert client.post(f"{address}/new", body)["Location"] == address
    other = client.post(f"{address}/new", body | {"title": "Other"})
    wrong = client.post(f"{address}/new", body | {"title": ""})

    assert (other.status_code, wrong.status_code) == (422, 422)
    assert [news.title for news in Announcement.objects.all()] == ["Moved"]
    assert [message.address for message in Message.objects.all()] == [student.user.email]
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["announce"]


def test_announce_is_for_staff(client: Client, student: Membership) -> None:
    client.force_login(student.user)

    response = client.post(
        f"/c/{student.course.slug}/announcements/new", {"title": "Ha", "body": "x"}
    )

    assert response.status_code == 403
    assert Announcement.objects.count() == 0


@pytest.mark.parametrize("size", [1, 5])
def test_announcements_query_count(
    client: Client, ta: Membership, size: int, django_assert_num_queries: Any
) -> None:
    for _ in range(size):
        make_announcement(ta.course, author=ta.user)
    client.force_login(ta.user)

    # session, user, course with membership; who is told, news
    with django_assert_num_queries(5):
        client.get(f"/c/{ta.course.slug}/announcements")
