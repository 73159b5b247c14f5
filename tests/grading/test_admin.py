import pytest
from django.test import Client
from django.urls import reverse

from grading.actions import freeze_results, release_item
from tests.factories.courses import NOON, make_meeting, make_member
from tests.factories.grading import (
    hand_in,
    make_component,
    make_item,
    make_pass_rule,
    mark,
    score,
)

MODELS = [
    *("component", "gradeitem", "gradeentry", "release", "attendancemark"),
    *("resultrun", "result", "passrule"),
]


@pytest.fixture
def rows(course, student, ta, instructor):
    component = make_component(course, "reports", 100)
    make_pass_rule(course, [(component, "50")])
    item = make_item(component)
    hand_in(item, student)
    score(item, student, "5")
    release_item(item, by=ta, at=NOON)
    mark(make_meeting(course), student, "late", ta)
    freeze_results(course, by=instructor.user, at=NOON)


@pytest.mark.parametrize("model", MODELS)
def test_instructors_read_their_own_course_and_nobody_writes(
    model, rows, course, instructor, other_course
):
    stranger = make_member(other_course, "instructor")
    client = Client()
    url = reverse(f"admin:grading_{model}_changelist")
    client.force_login(instructor.user)
    own = client.get(url)
    assert own.status_code == 200
    assert own.context["cl"].result_count >= 1
    row = own.context["cl"].result_list[0]
    change = reverse(f"admin:grading_{model}_change", args=[row.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {}).status_code == 403
    assert client.get(reverse(f"admin:grading_{model}_add")).status_code == 403
    assert client.post(reverse(f"admin:grading_{model}_delete", args=[row.pk])).status_code == 403
    client.force_login(stranger.user)
    assert client.get(url).context["cl"].result_count == 0
    assert client.get(change).status_code in {302, 403, 404}


@pytest.mark.parametrize("model", MODELS)
def test_students_and_tas_do_not_enter(model, rows, student, ta):
    client = Client()
    for member in (student, ta):
        client.force_login(member.user)
        assert client.get(reverse(f"admin:grading_{model}_changelist")).status_code in {302, 403}
