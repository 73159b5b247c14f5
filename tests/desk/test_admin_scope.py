"""Whatever the admin lists, an instructor finds nothing of another course in it."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from courses.admin import CourseScopedAdmin
from courses.models import Course, Membership
from seminar.accounts.actions import audit
from seminar.accounts.models import User
from seminar.notifications.actions import enqueue
from tests.factories.courses import (
    NOON,
    make_announcement,
    make_application,
    make_course,
    make_meeting,
    make_member,
    make_module,
    make_paper,
)
from tests.test_constraints import grade_rows, round_rows, talk_rows, work_rows

SECRET = "secret"


def fill(course: Course) -> None:
    """Give a course a row of everything that the admin lists, titled as secret as can be."""
    people = {"name": "Sara Secret"}
    member = make_member(course, "instructor", **people)
    student = make_member(course, **people)
    meeting, module = make_meeting(course), make_module(course)
    paper = make_paper(course, module=module, meeting=meeting)
    make_application(course, **people)
    make_announcement(course, author=member.user)
    found: list[Any] = [meeting, module, paper, *course.announcements.all()]
    found += round_rows(course, student, paper) + talk_rows(course, student, paper, meeting)
    found += work_rows(course, student, paper, module) + grade_rows(course, student, meeting)
    for row in found:
        if hasattr(row, "title"):
            type(row).objects.filter(pk=row.pk).update(title=f"Secret {row._meta.model_name}")
    audit("x", at=NOON, actor=member.user, subject="Secret thing", course_slug=course.slug)
    enqueue(
        "grading/mail/published",
        key="secret:1",
        to=student.user,
        at=NOON,
        context={"course": course},
        course_slug=course.slug,
    )


@pytest.fixture
def hidden(db: None) -> Course:
    """A draft of somebody else's."""
    course = make_course(title="Secret Seminar", slug="secret-seminar", short_name="SECRET")
    Course.objects.filter(pk=course.pk).update(state=Course.State.DRAFT, term="Secret term")
    fill(course)
    return course


def changelist(model: type[models.Model], client: Client) -> Any:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    return client.get(reverse(name))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


SCOPED = {model for model, by in admin.site._registry.items() if isinstance(by, CourseScopedAdmin)}


def test_the_rows_that_must_stay_hidden_are_there(hidden: Course, operator: User) -> None:
    """Else the test below would find nothing anywhere."""
    client = signed_in(operator)
    empty = {
        model._meta.label
        for model in SCOPED
        if SECRET not in changelist(model, client).content.decode().lower()
    }
    assert empty == set()


def test_changelists_show_instructors_nothing_of_another_course(
    hidden: Course, instructor: Membership
) -> None:
    client = signed_in(instructor.user)
    found = {model: changelist(model, client) for model in admin.site._registry}
    status = {model: response.status_code for model, response in found.items()}
    assert status == {model: 200 if model in SCOPED else 403 for model in found}
    telling = {
        model._meta.label
        for model, response in found.items()
        if SECRET in response.content.decode().lower()
    }
    assert telling == set()


def test_the_admin_holds_models_of_ours_only() -> None:
    labels = {model._meta.app_label for model in admin.site._registry}

    assert labels == {
        *("accounts", "notifications", "courses", "presentations", "assignments", "grading")
    }
