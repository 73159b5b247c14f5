"""The world holds a row of every model in every relation: a new model without one fails here."""

import pytest
from django.apps import apps
from django.db.models import Model

from courses.models import Course, Membership
from tests.authz.objects import path_to
from tests.authz.world import World
from tests.test_constraints import OURS

pytestmark = pytest.mark.django_db
MODELS = [model for model in apps.get_models() if model._meta.app_label in OURS]
BY_SLUG = {"accounts.AuditEntry", "notifications.Message"}
# Belong to a person or to no one, never to a course: who may see them is said by other means.
OF_NO_COURSE = {
    "accounts.User": "people are in many courses; their memberships are below",
    "accounts.ApiToken": "a token acts for its person, wherever that person may",
    "accounts.Nonce": "answered requests belong to a person and are on no page",
    "assignments.StoredFile": "equal files are stored once, for whoever handed them in",
    "courses.Course": "is the course",
}
# What only one student of a course has in this world.
OF_ONE = {
    "courses.Application": "students were entered by staff here; those who applied have one",
}


def label(model: type[Model]) -> str:
    return model._meta.label


OF_A_COURSE = [model for model in MODELS if label(model) not in OF_NO_COURSE]
OF_A_PERSON = [
    model for model in MODELS if path_to(model, Membership) and label(model) not in OF_ONE
]


def test_models_without_a_course_are_known() -> None:
    without = {label(model) for model in MODELS if path_to(model, Course) is None} - BY_SLUG

    assert without == set(OF_NO_COURSE)


@pytest.mark.parametrize("place", ["here", "there", "draft", "archive"])
def test_every_model_has_a_row_in_every_course(place: str, world: World) -> None:
    course = getattr(world, place).course
    missing = []
    for model in OF_A_COURSE:
        by = {"course_slug": course.slug}
        if label(model) not in BY_SLUG:
            by = {path_to(model, Course): course}
        if not model._base_manager.filter(**by).exists():
            missing.append(label(model))

    assert missing == []


@pytest.mark.parametrize("who", ["student", "other_student"])
def test_every_personal_model_has_a_row_of_both_students(who: str, world: World) -> None:
    owner = world.here.people[who]
    missing = [
        label(model)
        for model in OF_A_PERSON
        if not model._base_manager.filter(**{path_to(model, Membership): owner}).exists()
    ]

    assert missing == []


def test_what_belongs_to_nobody_has_rows(world: World) -> None:
    empty = [name for name in OF_NO_COURSE if not apps.get_model(name)._base_manager.exists()]

    assert empty == []


def test_what_is_hidden_is_there_and_hidden(world: World) -> None:
    here = world.here

    assert here.hidden_item.entries.count() == here.shown_item.entries.count() == 2
    assert not here.hidden_item.releases.exists()
    assert here.shown_item.releases.count() == 2
    assert here.run.published_at is not None
    assert here.waiting_run.published_at is None
    assert here.cancelled_final.cancelled_at is not None
    assert here.later_news.published_at > here.news.published_at
    assert {name: place.course.state for name, place in world.places.items()} == {
        "here": "active",
        "there": "active",
        "draft": "draft",
        "archive": "archived",
    }
