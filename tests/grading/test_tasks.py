import pytest

from grading.actions import request_results
from grading.models import Result, ResultRun
from grading.queries import content_of, facts_of, staff_standings
from grading.tasks import compute_results
from tests.factories.courses import NOON, make_course, make_meeting, make_member
from tests.factories.grading import hand_in, make_component, make_item, make_pass_rule, score


@pytest.mark.usefixtures("set_clock")
def test_compute_results_fills_each_requested_run_once(course, student, ta):
    courses = [course, make_course()]
    for one in courses:
        member = student if one == course else make_member(one)
        component = make_component(one, "reports", 100)
        make_pass_rule(one, [(component, "50")])
        item = make_item(component)
        hand_in(item, member)
        score(item, member, "5")
        request_results(one, by=ta.user, at=NOON)
    assert compute_results() == 2
    assert compute_results() == 0
    assert ResultRun.objects.filter(computed_at=NOON).count() == 2
    for one in courses:
        [judged] = staff_standings(facts_of(one), at=NOON)
        assert Result.objects.get(run__course=one).content == content_of(judged)


@pytest.mark.usefixtures("set_clock")
def test_compute_results_goes_on_after_a_course_that_fails(course, student, caplog):
    broken = make_course(title="Broken")
    make_meeting(broken)
    for one in (broken, course):
        make_pass_rule(one, [(make_component(one, "reports", 100), "50")])
        request_results(one, by=None, at=NOON)
    type(broken).objects.filter(pk=broken.pk).update(zone="Nowhere/City")
    assert compute_results() == 1
    assert list(ResultRun.objects.filter(computed_at=NOON)) == [course.result_runs.get()]
    assert [record.exc_info[1].args for record in caplog.records if record.exc_info]
    type(broken).objects.filter(pk=broken.pk).update(zone="Europe/Berlin")
    assert compute_results() == 1


def test_the_schedule_names_the_task(settings):
    named = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert compute_results.name in named
