import pytest

from courses.models import Course, CoursePolicy, Membership
from presentations.models import Presenter
from presentations.queries import papers_of_round, provisional_outcome
from tests.api.calls import call, fields_of, get, refused, results, sent
from tests.factories.courses import make_meeting, make_member
from tests.factories.presentations import (
    AFTER,
    DURING,
    keys_of,
    make_round,
    make_students,
    make_submitted,
    make_talk,
)


@pytest.fixture(autouse=True)
def during(set_clock) -> None:
    set_clock(DURING)


def test_submit_list_gives_the_number(student: Membership) -> None:
    round_ = make_round(student.course)
    keys = keys_of(round_)
    path = f"rounds/{round_.key}"

    prepared = sent(
        call(student, "PUT", student.course, f"{path}/list", {"ranked": keys[:1], "version": 0})
    )
    short = call(student, "POST", student.course, f"{path}/list/submission", {"ranked": keys[:1]})
    answer = sent(
        call(student, "POST", student.course, f"{path}/list/submission", {"ranked": keys[:2]})
    )

    assert (prepared["number"], prepared["version"], prepared["outcome"]) == (None, 1, None)
    assert refused(short) == (422, "bad_list")
    assert (answer["number"], answer["state"]) == (1, "open")
    assert [paper["key"] for paper in answer["ranked"]] == keys[:2]
    assert [paper["key"] for paper in answer["unranked"]] == keys[2:]
    assert answer["outcome"]["paper"] == keys[0]
    assert get(student, student.course, path) == answer
    assert results(student, student.course, "rounds") == [
        {
            "key": round_.key,
            "title": "In-class papers",
            "state": "open",
            "opens_at": "2025-10-20T16:00:00Z",
            "closes_at": "2025-10-24T16:00:00Z",
            "number": 1,
        }
    ]


def test_a_list_carries_its_wishes_and_is_whole_without_them(student: Membership) -> None:
    round_ = make_round(student.course, max_unwanted=1)
    first, second, third = keys_of(round_)
    meeting = round_.papers.first().meeting.key
    path = f"rounds/{round_.key}"
    wishes = {"unwanted": [third], "unavailable": [meeting]}
    whole = {"ranked": [first, second], **wishes}

    prepared = sent(call(student, "PUT", student.course, f"{path}/list", whole | {"version": 0}))
    answer = sent(call(student, "POST", student.course, f"{path}/list/submission", whole))
    plain = {"ranked": [first, second], "version": answer["version"]}
    changed = sent(call(student, "PUT", student.course, f"{path}/list", plain))

    for one in (prepared, answer):
        assert [paper["key"] for paper in one["unwanted"]] == [third]
        assert (one["unavailable"], one["unranked"], one["max_unwanted"]) == ([meeting], [], 1)
    assert answer["outcome"]["paper"] is None
    assert (changed["unwanted"], changed["unavailable"], changed["number"]) == ([], [], 1)


def test_bad_wishes_are_refused_by_field_value_and_rule(student: Membership) -> None:
    round_ = make_round(student.course, max_unwanted=1)
    first, second, third = keys_of(round_)
    path = f"rounds/{round_.key}/list/submission"
    body = {"ranked": [first, second], "unwanted": [second, third], "unavailable": ["ghost"]}

    wrong = call(student, "POST", student.course, path, body)
    strange = call(student, "POST", student.course, path, body | {"unwanted": third})

    assert refused(wrong) == (422, "bad_list")
    assert [(p["field"], p["code"], p["value"]) for p in wrong.json()["problems"]] == [
        ("unwanted", "ranked", second),
        ("unwanted", "too_many", 2),
        ("unavailable", "unknown", "ghost"),
    ]
    assert fields_of(strange) == ["unwanted"]


def test_a_sealed_round_tells_scripts_the_number_alone(student: Membership) -> None:
    CoursePolicy.objects.update(sealed=True)
    round_ = make_round(student.course)
    body = {"ranked": keys_of(round_)[:2]}
    path = f"rounds/{round_.key}/list/submission"

    answer = sent(call(student, "POST", student.course, path, body))

    assert (answer["number"], answer["sealed"], answer["outcome"]) == (1, True, None)


def test_a_changed_list_keeps_its_number_and_a_stale_one_is_refused(student: Membership) -> None:
    round_ = make_round(student.course)
    keys = keys_of(round_)
    make_submitted(round_, student, keys[:2])
    path = f"rounds/{round_.key}/list"
    body = {"ranked": keys[1:], "version": 1}

    answer = sent(call(student, "PUT", student.course, path, body, key="change-once"))
    again = sent(call(student, "PUT", student.course, path, body, key="change-once"))
    stale = call(student, "PUT", student.course, path, {"ranked": keys, "version": 1})

    assert (answer["number"], answer["version"]) == (1, 2)
    assert again == answer
    assert refused(stale) == (409, "stale_list")


def test_withdraw_list_burns_the_number(student: Membership) -> None:
    round_ = make_round(student.course)
    make_submitted(round_, student, keys_of(round_)[:2])
    path = f"rounds/{round_.key}/list"

    answer = sent(call(student, "POST", student.course, f"{path}/withdrawal", {}))
    body = {"ranked": keys_of(round_)[:2]}
    after = sent(call(student, "POST", student.course, f"{path}/submission", body))

    assert (answer["number"], after["number"]) == (None, 2)


def test_a_ranking_is_read_strictly(student: Membership) -> None:
    round_ = make_round(student.course)
    path = f"rounds/{round_.key}/list"

    wrong = call(student, "PUT", student.course, path, {"ranked": [7], "version": -1})
    unknown = call(student, "PUT", student.course, path, {"ranked": ["no-paper"], "version": 0})

    assert fields_of(wrong) == ["ranked.0", "version"]
    assert refused(unknown) == (422, "bad_list")


def test_page_and_api_say_the_same_provisional_outcome(
    student: Membership, other_student: Membership, client
) -> None:
    round_ = make_round(student.course)
    keys = keys_of(round_)
    make_submitted(round_, other_student, keys[:2])
    make_submitted(round_, student, keys[:2])
    client.force_login(student.user)

    page = client.get(f"/c/{student.course.slug}/preferences/{round_.key}").context["page"].outcome
    answer = get(student, student.course, f"rounds/{round_.key}")["outcome"]

    assert page == provisional_outcome(round_, student, papers_of_round(round_))
    assert answer == {
        "number": page.number,
        "paper": page.paper.key,
        "choice": page.choice,
        "starts_at": page.starts_at.isoformat().replace("+00:00", "Z"),
        "reasons": list(page.reasons),
    }
    assert (answer["paper"], answer["choice"]) == (keys[1], 2)


def test_a_student_reads_nothing_of_other_lists(
    student: Membership, other_student: Membership
) -> None:
    round_ = make_round(student.course)
    make_submitted(round_, other_student, keys_of(round_)[:2])

    answer = call(student, "GET", student.course, f"rounds/{round_.key}").content.decode()

    assert other_student.user.name not in answer
    assert other_student.code not in answer


def test_allocate_and_publish_a_round(instructor: Membership, set_clock) -> None:
    course = instructor.course
    round_ = make_round(course)
    first, second = make_students(course, 2)
    keys = keys_of(round_)
    make_submitted(round_, second, keys[:2])
    make_submitted(round_, first, keys[:2])
    path = f"rounds/{round_.key}"
    assert refused(call(instructor, "POST", course, f"{path}/allocations", {})) == (
        409,
        "too_early",
    )
    set_clock(AFTER)

    run = sent(call(instructor, "POST", course, f"{path}/allocations", {}, key="run-once-1"), 201)
    again = sent(call(instructor, "POST", course, f"{path}/allocations", {}, key="run-once-1"), 201)
    board = get(instructor, course, f"{path}/board")
    published = sent(
        call(instructor, "POST", course, f"{path}/allocations/{run['code']}/publication", {})
    )

    assert again == run
    assert [
        (row["student"], row["number"], row["paper"], row["choice"]) for row in run["rows"]
    ] == [
        (second.code, 1, keys[0], 1),
        (first.code, 2, keys[1], 2),
    ]
    assert (run["newest"], run["current"], run["published_at"]) == (True, True, None)
    assert (board["students"], board["submitted"], board["refusal"]) == (2, 2, None)
    assert [line["code"] for line in board["runs"]] == [run["code"]]
    assert published["published_at"] == "2025-10-24T16:01:00Z"
    talks = results(first, course, "presentations")
    assert [[who["code"] for who in talk["presenters"]] for talk in talks] == [
        [second.code],
        [first.code],
    ]
    own = get(first, course, f"presentations/{talks[1]['code']}")
    assert own["why"]["choice"] == 2
    assert get(second, course, f"presentations/{talks[1]['code']}")["why"] is None
    assert get(first, course, path)["talk"] == talks[1]["code"]


def test_reassign_presentation_after_a_preview(
    instructor: Membership, student: Membership, other_student: Membership
) -> None:
    course = instructor.course
    talk = make_talk(course, student)
    path = f"presentations/{talk.code}/presenters/{student.code}"

    candidates = results(instructor, course, f"{path}/candidates")
    preview = get(instructor, course, f"{path}/preview?to={other_student.code}")
    body = {"to": other_student.code, "reason": "Ada is ill."}
    done = sent(call(instructor, "POST", course, f"{path}/reassignment", body))

    assert candidates == [
        {
            "code": other_student.code,
            "name": "Ben Other",
            "choice": None,
            "number": None,
            "free": True,
        }
    ]
    assert preview == {
        "choice": None,
        "told": [
            {"mail": "talk_taken", "name": "Ada Student"},
            {"mail": "talk_given", "name": "Ben Other"},
        ],
    }
    assert done == {"talk": talk.code, "told": 2}
    assert [row.membership for row in Presenter.objects.live()] == [other_student]
    assert refused(call(instructor, "POST", course, f"{path}/reassignment", body))[0] == 404


def test_reassign_refuses_somebody_of_another_course(
    instructor: Membership, student: Membership, outsider: Membership
) -> None:
    talk = make_talk(instructor.course, student)
    path = f"presentations/{talk.code}/presenters/{student.code}"
    body = {"to": outsider.code, "reason": "Why not."}

    answer = call(instructor, "POST", instructor.course, f"{path}/reassignment", body)

    assert refused(answer) == (422, "unknown")
    assert fields_of(answer) == ["to"]
    assert refused(call(instructor, "GET", instructor.course, f"{path}/preview")) == (
        422,
        "invalid",
    )


def test_schedule_final_talk_tells_the_group(course: Course) -> None:
    boss = make_member(course, "instructor")
    group = make_students(course, 2)
    meeting = make_meeting(course, kind="final_presentations")
    body = {
        "meeting": meeting.key,
        "title": "A review",
        "mode": "literature_review",
        "members": [member.code for member in group],
    }

    done = sent(call(boss, "POST", course, "presentations/finals", body), 201)
    wrong = call(boss, "POST", course, "presentations/finals", body | {"meeting": "none"})

    assert done["told"] == 2
    assert results(boss, course, "presentations")[0]["title"] == "A review"
    assert refused(wrong) == (422, "unknown")


def test_cancel_final_talk_frees_the_group(course: Course) -> None:
    boss = make_member(course, "instructor")
    group = make_students(course, 2)
    meeting = make_meeting(course, kind="final_presentations")
    body = {
        "meeting": meeting.key,
        "title": "A review",
        "mode": "literature_review",
        "members": [member.code for member in group],
    }
    code = sent(call(boss, "POST", course, "presentations/finals", body), 201)["talk"]
    path = f"presentations/{code}/cancellation"

    done = sent(call(boss, "POST", course, path, {"reason": "They changed the topic."}))
    again = call(boss, "POST", course, path, {"reason": "Once more."})

    assert done == {"talk": code, "told": 2}
    assert not Presenter.objects.live().exists()
    assert refused(again) == (409, "talk_cancelled")
    assert refused(call(group[0], "POST", course, path, {"reason": "Mine."}))[0] == 403


def test_assign_presenter_gives_a_free_place(course: Course) -> None:
    boss = make_member(course, "instructor")
    student, other = make_students(course, 2)
    talk = make_talk(course, student)
    talk.paper.capacity = 2
    talk.paper.save()
    path = f"papers/{talk.paper.key}/presenters"
    body = {"to": other.code, "reason": "Came late."}

    done = sent(call(boss, "POST", course, path, body))
    again = call(boss, "POST", course, path, body)

    assert done == {"talk": talk.code, "told": 2}
    assert refused(again) == (409, "has_a_talk")
    assert refused(call(student, "POST", course, path, body))[0] == 403
    assert refused(call(boss, "POST", course, "papers/none/presenters", body))[0] == 404
