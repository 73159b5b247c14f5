"""What several answers of grading share."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import Http404
from rest_framework import serializers

from courses.access import CourseApi
from courses.models import Meeting, Membership
from grading import queries
from grading.models import GradeItem
from seminar.lib.numbers import exact
from seminar.lib.rest import (
    Answer,
    Number,
    Points,
    Quantity,
)


class Exact(serializers.CharField):
    """A fraction in lowest terms."""

    def to_representation(self, value: Any) -> str:
        return exact(value)


class Student(Answer):
    """A student by public code."""

    code = serializers.CharField()
    name = serializers.CharField(source="user.name")


class PartNumbers(Number):
    """Percent of a part: what is sure, what is still possible, what is decided so far."""

    ceiling = Number()
    running = Number(allow_null=True)


class Folded(Answer):
    """What the history of a grade comes to."""

    score = Points(allow_null=True)
    excused = serializers.BooleanField()
    override = Points(allow_null=True)


class Cell(Answer):
    """One item as far as the reader may know it. ``points`` have late deductions taken off."""

    item = serializers.CharField(source="item.key")
    title = serializers.CharField(source="item.title")
    kind = serializers.CharField(source="item.kind")
    weight = Points(source="item.weight")
    max_points = Points(source="item.max_points")
    bonus = serializers.BooleanField(
        source="item.bonus", help_text="it comes on top of its component"
    )
    status = serializers.CharField(help_text="a word of the status vocabulary")
    points = Quantity(allow_null=True)
    raw = Folded(allow_null=True)
    late_days = serializers.IntegerField()
    due = serializers.DateTimeField(allow_null=True)
    present = serializers.IntegerField(help_text="meetings attended, for attendance")
    taken = serializers.IntegerField(help_text="meetings that count so far, for attendance")


class Component(Answer):
    """A part of the grade with its items. ``at_least`` is its pass mark in percent."""

    key = serializers.CharField()
    title = serializers.CharField()
    weight = Points()
    at_least = Exact(allow_null=True)
    numbers = PartNumbers()
    items = Cell(many=True)


class Clause(Answer):
    """One condition of the pass rule; ``component`` null is the total."""

    component = serializers.CharField(allow_null=True)
    at_least = serializers.CharField()
    holds = serializers.BooleanField(allow_null=True)


class Standing(Answer):
    """Where a student stands, in words first. Numbers are percent."""

    sentence = serializers.CharField()
    verdict = serializers.CharField(help_text="secured, open, unreachable")
    passed = serializers.BooleanField(allow_null=True, help_text="the published result")
    rule = serializers.ListField(child=serializers.CharField())
    clauses = Clause(many=True)
    total = PartNumbers()
    components = Component(many=True)


def components_of(groups: Sequence[Any], content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return components with their numbers, as runs of results store them."""
    return [
        {
            "key": group.component.key,
            "title": group.component.title,
            "weight": group.component.weight,
            "at_least": group.at_least,
            "numbers": content["components"][group.component.key],
            "items": group.cells,
        }
        for group in groups
    ]


class GradingApi(CourseApi):
    """A view that finds items, students and meetings of its course."""

    def item(self, key: str) -> GradeItem:
        """Return the item. Raises Http404."""
        found = queries.item_by_key(self.course, key)
        if found is None:
            raise Http404
        return found

    def student(self, code: str) -> Membership:
        """Return the student. Raises Http404."""
        found = queries.student_by_code(self.course, code)
        if found is None:
            raise Http404
        return found

    def meeting(self, key: str) -> Meeting:
        """Return the meeting. Raises Http404."""
        found = queries.meeting_by_key(self.course, key)
        if found is None:
            raise Http404
        return found
