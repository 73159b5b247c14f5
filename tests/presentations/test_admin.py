"""The board: an instructor allocates, publishes and reassigns; nobody else gets anything."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from courses.models import Course, Membership
from presentations.models import Allocation, PreferenceRound, Presenter
from seminar.notifications.models import Message
from tests.factories.courses import make_course, make_meeting, make_member, make_paper
from tests.factories.presentations import (
    AFTER,
    DURING,
    make_round,
    make_students,
    make_submitted,
    make_talk,
)

ROUND = "admin:presentations_preferenceround"
TALK = "admin:presentations_presentation"


@pytest.fixture
def round_(course: Course) -> PreferenceRound:
    meeting = make_meeting(course)
    titles = ["ZeRO", "GPipe", "Megatron-LM"]
    papers = [make_paper(course, meeting=meeting, key=t.lower(), title=t) for t in titles]
    return make_round(course, papers)


@pytest.fixture
def browser(client: Client, instructor: Membership, set_clock: Any) -> Client:
    set_clock(AFTER)
    client.force_login(instructor.user)
    return client


def nonce_of(page: str) -> str:
    found = re.search(r'name="nonce" value="(\w+)"', page)
    assert found
    return found[1]


def allocate(browser: Client, round_: PreferenceRound) -> str:
    """Press Allocate on the board; return the address of the run's page."""
    board = browser.get(reverse(f"{ROUND}_change", args=[round_.pk])).content.decode()
    url = reverse(f"{ROUND}_allocate", args=[round_.pk])
    answer = browser.post(url, {"nonce": nonce_of(board)})
    assert answer.status_code == 302
    return answer["Location"]


def test_board_shows_state_lists_and_demand(
    browser: Client, round_: PreferenceRound, student: Membership, other_student: Membership
) -> None:
    make_submitted(round_, student, ["zero", "gpipe"])
    page = browser.get(reverse(f"{ROUND}_change", args=[round_.pk])).content.decode()
    assert "1 of 2 students have submitted a list" in page
    demand = page[page.index('id="demand"') :]
    assert "1 of 2 students have ranked. “ZeRO” is wanted most: 1 person ranks it first." in demand
    assert re.findall(r"<td>([^<]*)</td>", demand) == [
        *("1", "0", "–/1"),  # noqa: RUF001
        *("0", "1", "–/1"),  # noqa: RUF001
        *("0", "0", "–/1"),  # noqa: RUF001
    ]
    assert "Not allocated yet." in page


def test_board_before_closing_says_when_it_can_be_allocated(
    browser: Client, round_: PreferenceRound, set_clock: Any
) -> None:
    set_clock(DURING)
    page = browser.get(reverse(f"{ROUND}_change", args=[round_.pk])).content.decode()
    assert "one minute after the round closes, Fri 24 Oct 2025, 18:00 Berlin time" in page
    assert 'value="Allocate"' not in page


def test_allocate_round_then_preview_then_publish(
    browser: Client, round_: PreferenceRound, student: Membership, other_student: Membership
) -> None:
    make_submitted(round_, student, ["zero", "gpipe"])
    run_url = allocate(browser, round_)
    page = browser.get(run_url).content.decode()
    assert "Sends 2 mails: 1 with paper, date and why; 1 to people without a new paper" in page
    assert "20 of 120 minutes are used." in page
    assert f"{other_student.user.name}: submitted no list" in page
    assert Presenter.objects.count() == 0
    answer = browser.post(f"{run_url}publish/", {"nonce": nonce_of(page)}, follow=True)
    page = answer.content.decode()
    assert "Published: 1 talk. Mails to 2 people are on their way." in page
    assert Presenter.objects.get().membership == student
    assert "Publish and tell" not in page


def test_allocate_round_and_publish_clicked_twice_happen_once(
    browser: Client, round_: PreferenceRound, student: Membership
) -> None:
    make_submitted(round_, student, ["zero", "gpipe"])
    url = reverse(f"{ROUND}_allocate", args=[round_.pk])
    answers = [browser.post(url, {"nonce": "nonce-0001"})["Location"] for _ in range(2)]
    assert answers[0] == answers[1]
    for _ in range(2):
        browser.post(f"{answers[0]}publish/", {"nonce": "nonce-0002"})
    assert (Allocation.objects.count(), Presenter.objects.count()) == (1, 1)


def test_allocate_round_refused_says_why_on_the_board(
    browser: Client, round_: PreferenceRound, set_clock: Any
) -> None:
    set_clock(DURING)
    url = reverse(f"{ROUND}_allocate", args=[round_.pk])
    page = browser.post(url, {"nonce": "nonce-0001"}, follow=True).content.decode()
    assert "This round can be allocated from Fri 24 Oct 2025, 18:01 Berlin time" in page
    assert Allocation.objects.count() == 0


def test_publish_allocation_of_an_outdated_run_says_why(
    browser: Client, round_: PreferenceRound, student: Membership
) -> None:
    make_submitted(round_, student, ["zero", "gpipe"])
    run_url = allocate(browser, round_)
    Membership.objects.filter(pk=student.pk).update(state="withdrawn")
    assert "Allocate again, then publish." in browser.get(run_url).content.decode()
    answer = browser.post(f"{run_url}publish/", {"nonce": "nonce-0002"}, follow=True)
    assert "Something this run rests on has changed since." in answer.content.decode()
    assert Presenter.objects.count() == 0


def test_reassign_presentation_takes_four_clicks_from_the_index(
    browser: Client, course: Course, student: Membership, other_student: Membership
) -> None:
    talk = make_talk(course, student)

    def link(page: str, words: str) -> str:
        """Return where the last link with these words leads."""
        found: list[str] = re.findall(rf'<a[^>]*href="([^"]+)"[^>]*>\s*{words}', page)
        return found[-1]

    def click(url: str) -> str:
        return browser.get(url).content.decode()

    index = click(reverse("admin:index"))
    talks = click(link(index, "Presentations</a>"))  # 1
    url = link(talks, "Reassign")
    candidates = click(url)  # 2
    preview = click(url + link(candidates, "Choose"))  # 3
    assert "2 mails go out" in preview
    assert 'value="Reassign and tell 2 people"' in preview
    sent = {"nonce": nonce_of(preview), "to": other_student.code, "reason": "Ill"}
    page = browser.post(url, sent, follow=True).content.decode()  # 4
    assert f"{other_student.user.name} now presents this talk." in page
    assert talk.presenters.live().get().membership == other_student
    assert Message.objects.count() == 2


def test_reassign_presentation_without_a_reason_shows_the_preview_again(
    browser: Client, course: Course, student: Membership, other_student: Membership
) -> None:
    place = make_talk(course, student).presenters.get()
    url = reverse(f"{TALK}_reassign", args=[place.pk])
    answer = browser.post(url, {"nonce": "nonce-0001", "to": other_student.code, "reason": " "})
    assert answer.status_code == 422
    assert "Say why: it is kept with the change." in answer.content.decode()
    assert Presenter.objects.live().get() == place


def test_reassign_presentation_to_somebody_with_a_talk_offers_the_others(
    browser: Client, course: Course, student: Membership, other_student: Membership
) -> None:
    place = make_talk(course, student).presenters.get()
    make_talk(course, other_student)
    url = reverse(f"{TALK}_reassign", args=[place.pk])
    answer = browser.get(url, {"to": other_student.code})
    assert answer.status_code == 409
    assert "Ben Other has a talk of this kind already." in answer.content.decode()


def test_reassign_presentation_says_what_to_do_when_nobody_is_free(
    browser: Client, course: Course, student: Membership, other_student: Membership
) -> None:
    place = make_talk(course, student).presenters.get()
    url = reverse(f"{TALK}_reassign", args=[place.pk])
    assert "Nobody is free" not in browser.get(url).content.decode()

    make_talk(course, other_student)
    page = browser.get(url).content.decode()

    assert "Nobody is free: every other student of this course presents already." in page
    assert f'href="/c/{course.slug}/people"' in page
    assert f'href="/c/{course.slug}/manage/gradebook/{student.code}"' in page


def publish(round_: PreferenceRound) -> None:
    """Make an empty run of the round its published one."""
    Allocation.objects.create(
        round=round_,
        run=1,
        run_at=AFTER,
        rule_version="1",
        input_hash="0" * 64,
        inputs={},
        outcome={},
        published_at=AFTER,
    )


def test_assign_presenter_takes_three_clicks_from_the_board(
    browser: Client, course: Course, round_: PreferenceRound, student: Membership
) -> None:
    noor = make_member(course, name="Noor van Dijk")
    make_talk(course, student, paper=round_.papers.get(key="zero"))
    publish(round_)
    board_url = reverse(f"{ROUND}_change", args=[round_.pk])
    board = browser.get(board_url).content.decode()
    assert "Unplaced: 1" in board
    url = reverse(f"{ROUND}_assign", args=[round_.pk, noor.code])
    assert re.findall(r'href="([^"]+)">Give a place<[^>]+> Noor van Dijk<', board) == [url]
    places = browser.get(url).content.decode()  # 1
    assert re.findall(r'href="(\?paper=[^"]+)"', places) == ["?paper=gpipe", "?paper=megatron-lm"]
    assert "no place is free" in places
    preview = browser.get(url + "?paper=gpipe").content.decode()  # 2
    assert "1 mail goes out" in preview
    assert 'value="Give the place and tell 1 person"' in preview
    assert Presenter.objects.count() == 1
    sent = {"nonce": nonce_of(preview), "paper": "gpipe", "reason": "Joined late"}
    answers = [browser.post(url, sent) for _ in range(2)]  # 3, twice
    assert [(a.status_code, a["Location"]) for a in answers] == [(302, board_url)] * 2
    page = browser.get(board_url).content.decode()
    assert "Noor van Dijk now presents “GPipe”. A mail to 1 person is on its way." in page
    assert "Every student has a talk in class." in page
    assert Presenter.objects.get(membership=noor).presentation.paper == round_.papers.get(
        key="gpipe"
    )
    assert Message.objects.count() == 1


def test_board_before_publication_offers_no_places(
    browser: Client, round_: PreferenceRound, student: Membership
) -> None:
    board = browser.get(reverse(f"{ROUND}_change", args=[round_.pk])).content.decode()
    assert "Give a place" not in board
    finals = reverse("presentations:finals", args=[round_.course.slug])
    assert f'href="{finals}"' in board
    url = reverse(f"{ROUND}_assign", args=[round_.pk, student.code])
    answer = browser.get(url, {"paper": "zero"})
    assert answer.status_code == 409
    assert "cannot be given: on offer in a round that is not published yet." in (
        answer.content.decode()
    )


def test_assign_presenter_without_a_reason_shows_the_preview_again(
    browser: Client, round_: PreferenceRound, student: Membership
) -> None:
    publish(round_)
    url = reverse(f"{ROUND}_assign", args=[round_.pk, student.code])
    answer = browser.post(url, {"nonce": "nonce-0001", "paper": "zero", "reason": " "})
    assert answer.status_code == 422
    assert "Say why: it is kept with the change." in answer.content.decode()
    assert Presenter.objects.count() == 0


def test_assign_presenter_of_a_place_taken_meanwhile_offers_the_others(
    browser: Client,
    course: Course,
    round_: PreferenceRound,
    student: Membership,
    other_student: Membership,
) -> None:
    publish(round_)
    make_talk(course, other_student, paper=round_.papers.get(key="zero"))
    url = reverse(f"{ROUND}_assign", args=[round_.pk, student.code])
    answer = browser.post(url, {"nonce": "nonce-0001", "paper": "zero", "reason": "Late"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "“ZeRO” cannot be given: no place is free." in page
    assert re.findall(r'href="(\?paper=[^"]+)"', page) == ["?paper=gpipe", "?paper=megatron-lm"]


def test_assign_presenter_finds_nothing_of_another_course(
    browser: Client, course: Course, round_: PreferenceRound, student: Membership
) -> None:
    publish(round_)
    other = make_course()
    foreign_round, foreign_paper = make_round(other), make_paper(other)
    stranger = make_member(other)
    sent = {"nonce": "nonce-0001", "paper": foreign_paper.key, "reason": "Mine"}
    urls = [
        reverse(f"{ROUND}_assign", args=[round_.pk, student.code]),
        reverse(f"{ROUND}_assign", args=[round_.pk, stranger.code]),
        reverse(f"{ROUND}_assign", args=[foreign_round.pk, stranger.code]),
    ]
    assert [browser.post(url, sent).status_code for url in urls] == [404, 404, 404]
    assert Presenter.objects.count() == 0


def pages_of(course: Course) -> list[str]:
    round_ = make_round(course)
    place = make_talk(course, make_member(course)).presenters.get()
    run = Allocation.objects.create(
        round=round_,
        run=1,
        run_at=AFTER,
        rule_version="1",
        input_hash="0" * 64,
        inputs={},
        outcome={},
    )
    return [
        reverse(f"{ROUND}_change", args=[round_.pk]),
        reverse(f"{ROUND}_run", args=[round_.pk, run.code]),
        reverse(f"{TALK}_change", args=[place.presentation_id]),
        reverse(f"{ROUND}_assign", args=[round_.pk, place.membership.code]),
        reverse(f"{TALK}_reassign", args=[place.pk]),
    ]


@pytest.mark.parametrize("who", ["student", "auditor", "ta", "applicant", "outsider"])
def test_admin_lets_nobody_but_instructors_in(
    client: Client, course: Course, who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who).user)
    for url in pages_of(course):
        answer = client.get(url)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")


def test_admin_shows_an_instructor_nothing_of_another_course(
    browser: Client, course: Course
) -> None:
    other = make_course()
    pages = pages_of(other)
    answers = {url: browser.get(url).status_code for url in pages}
    # Django's own change page answers an unknown object with its index and a message.
    assert sorted(answers.values()) == [302, 404, 404, 404, 404]
    for name in ("preferenceround", "presentation", "presenter", "allocation", "preferencelist"):
        page = browser.get(reverse(f"admin:presentations_{name}_changelist")).content.decode()
        assert "result_list" not in page


def test_admin_posts_of_a_foreign_instructor_change_nothing(
    browser: Client, course: Course, student: Membership
) -> None:
    other = make_course()
    round_, stranger = make_round(other), make_member(other)
    place = make_talk(other, make_member(other)).presenters.get()
    sent = {"nonce": "nonce-0001", "to": stranger.code, "reason": "Mine"}
    assert browser.post(reverse(f"{ROUND}_allocate", args=[round_.pk]), sent).status_code == 404
    assert browser.post(reverse(f"{TALK}_reassign", args=[place.pk]), sent).status_code == 404
    assert (Allocation.objects.count(), Presenter.objects.live().get()) == (0, place)


def test_reassign_presentation_to_a_person_of_another_course_is_not_found(
    browser: Client, course: Course, student: Membership, outsider: Membership
) -> None:
    place = make_talk(course, student).presenters.get()
    url = reverse(f"{TALK}_reassign", args=[place.pk])
    sent = {"nonce": "nonce-0001", "to": outsider.code, "reason": "Why not"}
    assert browser.post(url, sent).status_code == 404


def test_allocate_and_publish_are_not_done_by_links(
    browser: Client, round_: PreferenceRound
) -> None:
    run_url = allocate(browser, round_)
    assert browser.get(reverse(f"{ROUND}_allocate", args=[round_.pk])).status_code == 405
    assert browser.get(f"{run_url}publish/").status_code == 405


@pytest.mark.parametrize("size", [2, 12])
def test_admin_pages_ask_a_bounded_number_of_questions(
    browser: Client, course: Course, size: int
) -> None:
    meeting = make_meeting(course)
    round_ = make_round(course, [make_paper(course, meeting=meeting) for _ in range(size)])
    for member in make_students(course, size):
        make_submitted(round_, member, [p.key for p in round_.papers.all()])
        make_talk(course, make_member(course), meeting=make_meeting(course))
    run_url = allocate(browser, round_)
    for _ in range(size - 1):
        make_round(course)
        browser.post(reverse(f"{ROUND}_allocate", args=[round_.pk]))
    place = Presenter.objects.all()[0]

    def asked(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(url).status_code == 200
        return len(captured)

    names = ("preferenceround", "presentation", "presenter", "allocation", "preferencelist")
    lists = {name: reverse(f"admin:presentations_{name}_changelist") for name in names}
    pages = {
        "board": reverse(f"{ROUND}_change", args=[round_.pk]),
        "run": run_url,
        "reassign": reverse(f"{TALK}_reassign", args=[place.pk]),
        "assign": reverse(f"{ROUND}_assign", args=[round_.pk, place.membership.code]),
    }
    assert {name: asked(url) for name, url in (lists | pages).items()} == {
        "preferenceround": 9,
        "presentation": 10,
        "presenter": 9,
        "allocation": 9,
        "preferencelist": 11,
        "board": 20,
        "run": 16,
        "reassign": 10,
        "assign": 14,
    }


# --- pins, late lists, replay -----------------------------------------------------------------


def test_pin_student_then_lift_pin_from_the_board(
    browser: Client, round_: PreferenceRound, student: Membership, other_student: Membership
) -> None:
    make_submitted(round_, other_student, ["zero", "gpipe"])
    board_url = reverse(f"{ROUND}_change", args=[round_.pk])
    url = reverse(f"{ROUND}_pin", args=[round_.pk, student.code])
    assert f'href="{url}"' in browser.get(board_url).content.decode()
    assert 'href="?paper=zero"' in browser.get(url).content.decode()
    preview = browser.get(url, {"paper": "zero"}).content.decode()
    assert "2 people get something else in the next run" in preview
    assert "No mail goes out." in preview
    sent = {"nonce": nonce_of(preview), "paper": "zero", "reason": "Guest talk"}
    page = browser.post(url, sent, follow=True).content.decode()
    assert f"“ZeRO” is pinned for {student.user.name}. Nobody is told." in page
    assert "Guest talk" in page
    lift = reverse(f"{ROUND}_lift", args=[round_.pk, student.code])
    assert f'href="{lift}"' in page
    sent = {"nonce": nonce_of(browser.get(lift).content.decode()), "reason": "No guest"}
    page = browser.post(lift, sent, follow=True).content.decode()
    assert f"The pin of {student.user.name} is lifted." in page
    assert 'id="pins"' not in page
    page = browser.get(lift, follow=True).content.decode()
    assert f"Nothing is pinned for {student.user.name} in this round." in page


def test_pin_student_refused_says_why(
    browser: Client, round_: PreferenceRound, student: Membership, other_student: Membership
) -> None:
    url = reverse(f"{ROUND}_pin", args=[round_.pk, student.code])
    other = reverse(f"{ROUND}_pin", args=[round_.pk, other_student.code])
    answer = browser.post(url, {"nonce": "nonce-0001", "paper": "zero", "reason": " "})
    assert answer.status_code == 422
    assert "Say why: it is kept with the change." in answer.content.decode()
    browser.post(url, {"nonce": "nonce-0002", "paper": "zero", "reason": "Why not"})
    answer = browser.post(other, {"nonce": "nonce-0003", "paper": "zero", "reason": "Me too"})
    assert answer.status_code == 409
    assert "All places of “ZeRO” are pinned or taken." in answer.content.decode()
    assert browser.get(url, {"paper": "ghost"}).status_code == 404
    lift = reverse(f"{ROUND}_lift", args=[round_.pk, student.code])
    assert browser.post(lift, {"nonce": "nonce-0004", "reason": ""}).status_code == 422


def test_enter_late_list_from_the_board(
    browser: Client, course: Course, round_: PreferenceRound
) -> None:
    noor = make_member(course, name="Noor", joined_at=AFTER)
    board = browser.get(reverse(f"{ROUND}_change", args=[round_.pk])).content.decode()
    url = reverse(f"{ROUND}_late", args=[round_.pk, noor.code])
    assert f'href="{url}"' in board
    page = browser.get(url).content.decode()
    sent = {"nonce": nonce_of(page), "choice_1": "zero", "choice_2": "zero"}
    answer = browser.post(url, sent)
    assert answer.status_code == 422
    assert "This paper is on the list more than once." in answer.content.decode()
    sent = {"nonce": "nonce-0002", "choice_1": "zero", "choice_2": "gpipe"}
    page = browser.post(url, sent, follow=True).content.decode()
    assert "Noor has number 1. A mail with the list is on its way." in page


def test_board_warns_of_talks_that_do_not_fit(browser: Client, round_: PreferenceRound) -> None:
    meeting = round_.papers.all()[0].meeting
    assert meeting
    meeting.talk_minutes, meeting.changeover_minutes = 60, 4
    meeting.save()
    page = browser.get(reverse(f"{ROUND}_change", args=[round_.pk])).content.decode()
    assert "3 talks do not fit into 120 minutes: 3 × 64 = 192. 1 can be given." in page  # noqa: RUF001


def test_replay_allocation_and_its_log_on_the_page(
    browser: Client, round_: PreferenceRound, student: Membership, other_student: Membership
) -> None:
    make_submitted(round_, student, ["zero", "gpipe"])
    make_submitted(round_, other_student, ["zero", "gpipe"])
    run_url = allocate(browser, round_)
    page = browser.get(run_url, {"replay": "1"}).content.decode()
    run = Allocation.objects.get()
    assert "Same bytes." in page
    assert "Your first choice, ZeRO, went to someone before you." in page
    assert "It would give everybody the same." in page
    answer = browser.get(reverse(f"{ROUND}_log", args=[round_.pk, run.code]))
    log = answer.json()
    assert answer["Content-Disposition"] == f'attachment; filename="allocation-{run.code}.json"'
    assert (log["inputs"], log["outcome"], log["input_hash"]) == (
        run.inputs,
        run.outcome,
        run.input_hash,
    )
    assert [event["number"] for event in log["queue"]] == [1, 2]
