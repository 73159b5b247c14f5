"""Pages: the ranking without JavaScript, talks, and what each answers when something is wrong."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import Course, CoursePolicy, Membership, Paper
from presentations.actions import (
    allocate_round,
    change_list,
    publish_allocation,
    submit_list,
)
from presentations.models import Allocation, PreferenceList, PreferenceRound, Presentation
from presentations.queries import list_of, preferences_of, ranking_of
from presentations.rules import Preferences
from seminar.notifications.models import Message
from tests.factories.courses import make_meeting, make_paper
from tests.factories.presentations import (
    AFTER,
    CLOSES,
    DURING,
    OPENS,
    keys_of,
    make_round,
    make_students,
    make_submitted,
    make_talk,
)

NONCES = iter(range(10_000))


@pytest.fixture
def round_(course: Course) -> PreferenceRound:
    meeting = make_meeting(course, key="talks")
    titles = ["ZeRO", "GPipe", "Megatron-LM"]
    papers = [make_paper(course, meeting=meeting, key=t.lower(), title=t) for t in titles]
    return make_round(course, papers)


@pytest.fixture
def url(round_: PreferenceRound) -> str:
    return reverse("presentations:preferences", args=[round_.course.slug, round_.key])


@pytest.fixture
def browser(client: Client, student: Membership, set_clock: Any) -> Client:
    set_clock(DURING)
    client.force_login(student.user)
    return client


LISTS = ("ranked", "unwanted", "unavailable")


def form_of(page: str) -> dict[str, Any]:
    """What a browser sends back: the hidden fields of the ranking, and the dates that are ticked."""
    page = page[page.find("data-rank-form") :]
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    ticked = re.findall(r'name="unavailable" value="([^"]*)" checked', page)
    fields = {name: value for name, value in hidden if name not in LISTS}
    lists = {part: [value for name, value in hidden if name == part] for part in LISTS}
    return fields | lists | {"unavailable": ticked}


def press(browser: Client, url: str, button: str, **more: Any) -> Any:
    page = browser.get(url).content.decode()
    return browser.post(url, form_of(page) | {"do": button} | more, follow=True)


def press_htmx(browser: Client, url: str, button: str, page: str = "", **more: Any) -> Any:
    page = page or browser.get(url).content.decode()
    htmx = {"HX-Request": "true"}
    return browser.post(url, form_of(page) | {"do": button} | more, headers=htmx)


def ranked(round_: PreferenceRound, who: Membership) -> tuple[str, ...]:
    return ranking_of(list_of(round_, who))


def test_preferences_every_button_works_without_javascript(
    browser: Client, url: str, round_: PreferenceRound, student: Membership
) -> None:
    for key in ("zero", "gpipe", "megatron-lm"):
        press(browser, url, f"add {key}")
    assert ranked(round_, student) == ("zero", "gpipe", "megatron-lm")
    press(browser, url, "up gpipe")
    assert ranked(round_, student) == ("gpipe", "zero", "megatron-lm")
    press(browser, url, "down gpipe")
    press(browser, url, "to megatron-lm", **{"to-megatron-lm": "1"})
    assert ranked(round_, student) == ("megatron-lm", "zero", "gpipe")
    press(browser, url, "save", **{"to-gpipe": "1"})
    assert ranked(round_, student) == ("gpipe", "megatron-lm", "zero")
    answer = press(browser, url, "remove zero")
    assert ranked(round_, student) == ("gpipe", "megatron-lm")
    assert answer.redirect_chain == [(f"{url}#paper-zero", 302)]
    answer = press(browser, url, "submit")
    assert "Your list is submitted. You are number 1." in answer.content.decode()
    press(browser, url, "up megatron-lm")
    list_ = list_of(round_, student)
    assert list_ is not None
    assert (list_.number, ranked(round_, student)) == (1, ("megatron-lm", "gpipe"))
    answer = press(browser, url, "withdraw")
    assert "Your list is withdrawn. Number 1 is gone." in answer.content.decode()


def test_preferences_shows_number_and_provisional_outcome(
    browser: Client,
    url: str,
    round_: PreferenceRound,
    student: Membership,
    other_student: Membership,
) -> None:
    make_submitted(round_, other_student, ["zero", "gpipe"])
    make_submitted(round_, student, ["zero", "gpipe"])
    page = browser.get(url).content.decode()
    assert "You are number 2" in page
    assert "GPipe, Mon 10 Nov 2025, 16:20 Berlin time" in page
    assert "Your first choice, ZeRO, went to someone before you." in page
    assert "This can change until Fri 24 Oct 2025, 18:00 Berlin time." in page
    assert "Changing the list does not cost your place." in page
    assert '<time datetime="2025-11-10T15:00:00Z">Mon 10 Nov 2025, 16:00 Berlin time</time>' in page
    assert other_student.user.name not in page


@pytest.mark.parametrize(("most", "hinted"), [(2, False), (3, True)])
def test_preferences_hint_at_more_papers_only_where_more_can_be_ranked(
    browser: Client, url: str, round_: PreferenceRound, student: Membership, most: int, hinted: bool
) -> None:
    papers = list(round_.papers.order_by("position"))
    PreferenceRound.objects.filter(pk=round_.pk).update(max_length=most)
    make_submitted(round_, student, [paper.key for paper in papers[:2]])
    Paper.objects.filter(pk__in=[paper.pk for paper in papers]).update(capacity=0)

    page = browser.get(url).content.decode()

    assert "no paper." in page
    assert ("Rank more papers to get one." in page) is hinted


def test_preferences_moves_wishes_between_three_groups(
    browser: Client, url: str, round_: PreferenceRound, student: Membership
) -> None:
    PreferenceRound.objects.filter(pk=round_.pk).update(max_unwanted=1)
    press(browser, url, "add zero")
    press(browser, url, "unwant zero")
    assert groups(browser, url) == {
        "ranked": [],
        "unranked": ["gpipe", "megatron-lm"],
        "unwanted": ["zero"],
    }
    page = press(browser, url, "unwant gpipe").content.decode()
    assert "You can say of at most 1 paper that you do not want it." in page
    press(browser, url, "to zero", **{"to-zero": "1"})
    press(browser, url, "unwant gpipe")
    press(browser, url, "arrange", unavailable=["talks"])
    assert groups(browser, url) == {
        "ranked": ["zero"],
        "unranked": ["megatron-lm"],
        "unwanted": ["gpipe"],
    }
    assert preferences_of(list_of(round_, student)) == Preferences(
        ("zero",), ("gpipe",), ("talks",)
    )
    press(browser, url, "remove gpipe")
    assert preferences_of(list_of(round_, student)) == Preferences(("zero",), (), ("talks",))


def groups(browser: Client, url: str) -> dict[str, list[str]]:
    page = browser.get(url).content.decode()
    found = {}
    for part in page.split('data-rank-group="')[1:]:
        found[part.partition('"')[0]] = re.findall(r'data-rank-item="([^"]+)"', part)
    return found


def test_preferences_without_javascript_says_where_the_moved_paper_is(
    browser: Client, url: str, round_: PreferenceRound, student: Membership
) -> None:
    make_submitted(round_, student, ["zero", "gpipe"])
    answer = press(browser, url, "up gpipe")
    assert answer.redirect_chain == [(f"{url}#paper-gpipe", 302)]
    assert "GPipe is now number 1 of 2. You would get GPipe." in answer.content.decode()


def test_preferences_answers_htmx_with_the_part_that_changed(
    browser: Client, url: str, round_: PreferenceRound, student: Membership
) -> None:
    make_submitted(round_, student, ["zero", "gpipe"])
    answer = press_htmx(browser, url, "up gpipe")
    part = answer.content.decode()
    assert (answer.status_code, "HX-Request" in answer["Vary"]) == (200, True)
    assert part.startswith('<div id="preferences"')
    assert (
        '<p class="vh" data-announce>GPipe is now number 1 of 2. You would get GPipe.</p>' in part
    )
    assert '<li id="paper-gpipe" data-rank-item="gpipe" data-moved>' in part
    assert ranked(round_, student) == ("gpipe", "zero")
    assert "HX-Request" in browser.get(url)["Vary"]


def test_preferences_refused_by_htmx_keeps_the_last_valid_list(
    browser: Client, url: str, round_: PreferenceRound, student: Membership
) -> None:
    make_submitted(round_, student, ["zero", "gpipe"])
    answer = press_htmx(browser, url, "remove gpipe")
    assert (answer.status_code, "Rank at least 2 papers." in answer.content.decode()) == (422, True)
    assert form_of(answer.content.decode())["ranked"] == ["zero", "gpipe"]
    assert ranked(round_, student) == ("zero", "gpipe")


def test_preferences_submitted_too_short_shows_what_was_sent(
    browser: Client, url: str, round_: PreferenceRound, student: Membership
) -> None:
    press(browser, url, "add zero")
    answer = press(browser, url, "submit", unavailable=["talks"])
    assert answer.status_code == 422
    assert form_of(answer.content.decode())["unavailable"] == ["talks"]


@pytest.fixture
def costly(round_: PreferenceRound, student: Membership) -> PreferenceRound:
    """A round in which a saved change costs the number, which is 1."""
    CoursePolicy.objects.update(edit_keeps_number=False)
    PreferenceRound.objects.filter(pk=round_.pk).update(max_unwanted=1)
    make_submitted(round_, student, ["zero", "gpipe"])
    return round_


def test_preferences_says_before_an_edit_that_it_costs_the_number(
    browser: Client, url: str, costly: PreferenceRound
) -> None:
    page = browser.get(url).content.decode()
    assert "gives you a new number at the end of the queue. So does withdrawing." in page
    assert "A saved change gives up number 1." in page
    assert "Save my changes" not in page


@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "plain"])
def test_preferences_collects_moves_that_cost_the_number_and_saves_them_at_once(
    browser: Client, url: str, costly: PreferenceRound, student: Membership, htmx: bool
) -> None:
    headers = {"HX-Request": "true"} if htmx else {}
    page = browser.get(url).content.decode()
    for button in ("up gpipe", "add megatron-lm", "to megatron-lm", "remove zero"):
        body = form_of(page) | {"do": button, "to-megatron-lm": "1" if "to" in button[:2] else ""}
        answer = browser.post(url, body, headers=headers)
        page = answer.content.decode()
        assert answer.status_code == 200
        assert ranked(costly, student) == ("zero", "gpipe")
    assert form_of(page)["ranked"] == ["megatron-lm", "gpipe"]
    assert "Your changes are not saved. Saving them gives up number 1" in page
    if htmx:
        assert "ZeRO is not ranked. Not saved yet." in page

    answer = browser.post(url, form_of(page) | {"do": "save"}, headers=headers, follow=True)

    assert "Your list is saved. You are number 2 now." in answer.content.decode()
    list_ = list_of(costly, student)
    assert list_ is not None
    assert (list_.number, ranked(costly, student)) == (2, ("megatron-lm", "gpipe"))


def test_preferences_refusing_collected_moves_loses_none(
    browser: Client, url: str, costly: PreferenceRound, student: Membership
) -> None:
    page = press_htmx(browser, url, "unwant gpipe").content.decode()
    answer = press_htmx(browser, url, "unwant zero", page)
    assert answer.status_code == 422
    assert form_of(answer.content.decode())["unwanted"] == ["gpipe"]
    answer = press_htmx(browser, url, "save", page)
    assert (answer.status_code, "Rank at least 2" in answer.content.decode()) == (422, True)
    assert form_of(answer.content.decode())["unwanted"] == ["gpipe"]
    assert preferences_of(list_of(costly, student)) == Preferences(("zero", "gpipe"))


def test_preferences_collected_over_a_stale_list_can_be_brought_back(
    browser: Client, url: str, costly: PreferenceRound, student: Membership
) -> None:
    page = press_htmx(browser, url, "up gpipe").content.decode()
    change_list(costly.pk, student, ["megatron-lm", "zero"], 1, "", DURING)
    answer = press_htmx(browser, url, "add megatron-lm", page).content.decode()
    assert "in another window" in answer
    assert form_of(answer)["ranked"] == ["megatron-lm", "zero"]
    assert offered(answer) == ["gpipe", "zero", "megatron-lm"]
    assert "Bring back my changes" in answer


def offered(page: str) -> list[str]:
    """The papers of the list that is offered once more, above the list as it stands."""
    head = page[: page.find("data-rank-form")]
    return re.findall(r'<input type="hidden" name="ranked" value="([^"]*)">', head)


def test_preferences_sealed_shows_the_number_alone_by_every_way(
    browser: Client, url: str, round_: PreferenceRound, student: Membership
) -> None:
    CoursePolicy.objects.update(sealed=True)
    make_submitted(round_, student, ["zero", "gpipe"])
    part = press_htmx(browser, url, "up gpipe").content.decode()
    assert '<p class="vh" data-announce>GPipe is now number 1 of 2.</p>' in part
    for page in (browser.get(url).content.decode(), part):
        assert "You are number 1" in page
        assert "If the round closed now" not in page
        assert "ou would get" not in page
    assert "would get" not in Message.objects.get().text


def test_preferences_can_be_prepared_but_not_submitted_before_opening(
    browser: Client, url: str, round_: PreferenceRound, student: Membership, set_clock: Any
) -> None:
    set_clock(OPENS - timedelta(hours=1))
    press(browser, url, "add zero")
    press(browser, url, "add gpipe")
    assert "Submit my list" not in browser.get(url).content.decode()
    answer = press(browser, url, "submit")
    assert answer.status_code == 409
    assert "The round opens Mon 20 Oct 2025, 18:00 Berlin time." in answer.content.decode()
    assert (ranked(round_, student), list_of(round_, student).number) == (("zero", "gpipe"), None)


def test_preferences_after_closing_refuses_a_move_with_the_result_in_place(
    browser: Client,
    url: str,
    round_: PreferenceRound,
    student: Membership,
    instructor: Membership,
    set_clock: Any,
) -> None:
    make_submitted(round_, student, ["zero", "gpipe"])
    form = form_of(browser.get(url).content.decode())
    code = allocate_round(round_.pk, instructor.user, AFTER)["code"]
    publish_allocation(Allocation.objects.get(code=code).pk, instructor.user, AFTER)
    set_clock(AFTER)
    answer = browser.post(url, form | {"do": "down zero"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "The round closed Fri 24 Oct 2025, 18:00 Berlin time." in page
    assert "You present “ZeRO” on Mon 10 Nov 2025." in page
    assert "You get your first choice: ZeRO." in page
    assert ranked(round_, student) == ("zero", "gpipe")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (["zero", "ghost"], "“ghost” is not a paper of this round."),
        (["zero", "zero"], "“zero” is on the list more than once."),
        (["zero"], "Rank at least 2 papers."),
    ],
)
def test_preferences_with_a_bad_list_names_what_is_wrong(
    browser: Client, url: str, sent: list[str], words: str
) -> None:
    form = form_of(browser.get(url).content.decode())
    answer = browser.post(url, form | {"ranked": sent, "do": "submit"})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert PreferenceList.objects.count() == 0


@pytest.mark.parametrize(
    "bad",
    [
        {"do": "up ghost"},
        {"do": "to zero", "to-zero": "many"},
        {"do": "to zero", "to-zero": "-1"},
        {"do": "explode"},
        {"do": "save", "version": "x"},
        {"do": "save", "ranked": [str(n) for n in range(201)]},
    ],
)
def test_preferences_with_what_no_button_sends_is_refused(
    browser: Client, url: str, bad: dict[str, Any]
) -> None:
    form = form_of(browser.get(url).content.decode()) | {"ranked": ["zero", "gpipe"]}
    answer = browser.post(url, form | bad)
    assert answer.status_code == 422
    assert PreferenceList.objects.count() == 0


def test_preferences_from_a_stale_tab_shows_the_other_list_and_offers_the_move_again(
    browser: Client, url: str, round_: PreferenceRound, student: Membership
) -> None:
    form = form_of(browser.get(url).content.decode())
    press(browser, url, "add zero")
    answer = browser.post(url, form | {"do": "add gpipe"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "in another window" in page
    assert ranked(round_, student) == ("zero",)
    assert offered(page) == ["zero", "gpipe"]
    again = {"ranked": offered(page), "version": "1", "do": "arrange"}
    browser.post(url, again | {"nonce": form_of(page)["nonce"]})
    assert ranked(round_, student) == ("zero", "gpipe")


@pytest.mark.parametrize("do", ["add zero", "remove gpipe"])
def test_preferences_does_not_offer_again_what_the_other_list_cannot_do(
    browser: Client, url: str, round_: PreferenceRound, student: Membership, do: str
) -> None:
    make_submitted(round_, student, ["gpipe", "megatron-lm"])
    form = form_of(browser.get(url).content.decode())
    change_list(round_.pk, student, ["zero", "megatron-lm"], 1, "", DURING)
    page = browser.post(url, form | {"do": do}).content.decode()
    assert "in another window" in page
    assert offered(page) == []


def test_preferences_of_an_unknown_round_is_not_found(browser: Client, course: Course) -> None:
    url = reverse("presentations:preferences", args=[course.slug, "nothing"])
    assert browser.get(url).status_code == 404


def test_rounds_goes_to_the_only_round(browser: Client, url: str, course: Course) -> None:
    answer = browser.get(reverse("presentations:rounds", args=[course.slug]))
    assert (answer.status_code, answer["Location"]) == (302, url)


def test_rounds_lists_several_with_the_own_number(
    browser: Client, course: Course, round_: PreferenceRound, student: Membership
) -> None:
    make_submitted(round_, student, ["zero", "gpipe"])
    make_round(course, title="Second round", opens_at=CLOSES, closes_at=AFTER)
    page = browser.get(reverse("presentations:rounds", args=[course.slug])).content.decode()
    assert page.count('class="title"') == 2
    assert "you are number 1" in page
    assert "Opens Fri 24 Oct 2025, 18:00 Berlin time" in page


def test_rounds_without_a_round_says_what_will_be_here(browser: Client, course: Course) -> None:
    page = browser.get(reverse("presentations:rounds", args=[course.slug])).content.decode()
    assert "No preference round yet" in page


def test_presentations_shows_who_presents_what_and_when(browser: Client, course: Course) -> None:
    meeting = make_meeting(course)
    ada, ben = make_students(course, 2)
    make_talk(course, ada, meeting=meeting, position=1)
    make_talk(course, ben, meeting=meeting, position=2)
    page = browser.get(reverse("presentations:presentations", args=[course.slug])).content.decode()
    assert re.findall(r"<time[^>]*>(\d\d:\d\d)</time>", page) == ["16:00", "16:20"]
    assert page.index("Student 000") < page.index("Student 001")


def test_presentations_without_talks_says_when_they_come(browser: Client, course: Course) -> None:
    page = browser.get(reverse("presentations:presentations", args=[course.slug])).content.decode()
    assert "No talks yet" in page


def test_presentation_explains_to_its_presenter(
    browser: Client,
    course: Course,
    round_: PreferenceRound,
    student: Membership,
    instructor: Membership,
) -> None:
    Course.objects.update(talks_text="Explain the *main idea*.")
    make_submitted(round_, student, ["zero", "gpipe"])
    code = allocate_round(round_.pk, instructor.user, AFTER)["code"]
    publish_allocation(Allocation.objects.get(code=code).pk, instructor.user, AFTER)
    talk = Presentation.objects.get()
    url = reverse("presentations:presentation", args=[course.slug, talk.code])
    page = browser.get(url).content.decode()
    assert "Mon 10 Nov 2025, 16:00\N{EN DASH}16:20 Berlin time" in page
    assert "<em>main idea</em>" in page
    assert "You get your first choice: ZeRO." in page
    browser.force_login(instructor.user)
    assert "Why did I get this?" not in browser.get(url).content.decode()


@pytest.mark.parametrize("size", [2, 12])
def test_pages_ask_a_bounded_number_of_questions(
    browser: Client,
    course: Course,
    student: Membership,
    django_assert_max_num_queries: Any,
    size: int,
) -> None:
    meeting = make_meeting(course)
    papers = [make_paper(course, meeting=meeting) for _ in range(size)]
    round_ = make_round(course, papers, max_unwanted=size)
    make_round(course)
    for member in [student, *make_students(course, size)]:
        wanted = Preferences(tuple(keys_of(round_)), (), (meeting.key,))
        submit_list(round_.pk, member, wanted, "", DURING)
    talks = [
        make_talk(course, member, meeting=make_meeting(course))
        for member in make_students(course, size)
    ]
    for page, bound in {
        reverse("presentations:preferences", args=[course.slug, round_.key]): 12,
        reverse("presentations:rounds", args=[course.slug]): 5,
        reverse("presentations:presentations", args=[course.slug]): 5,
        reverse("presentations:presentation", args=[course.slug, talks[0].code]): 7,
    }.items():
        with django_assert_max_num_queries(bound):
            assert browser.get(page).status_code == 200
