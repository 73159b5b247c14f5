"""Where students stand: to themselves, and to staff."""

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import INSTRUCTOR, STAFF, STUDENT, CourseApi
from grading import actions, queries
from grading.api.scoring import Entry
from grading.api.shapes import (
    Cell,
    Clause,
    Component,
    GradingApi,
    PartNumbers,
    Standing,
    Student,
    components_of,
)
from seminar.lib import clock
from seminar.lib.rest import (
    Answer,
    Nothing,
    Window,
    listed,
    operation,
)


class OwnStanding(CourseApi):
    policy = STUDENT

    @operation("read_standing", "Where one stands, by released facts only", answer=Standing)
    def get(self, request: Request, slug: str) -> Response:
        page = queries.standing_page(self.membership, at=clock.now())
        content = queries.content_of(page.judged)
        found = {
            "sentence": page.sentence.text(),
            "passed": page.result.passed if page.result else None,
            "rule": [words.text() for words in page.rule],
            "components": components_of(page.groups, content),
        }
        wanted = {name: content[name] for name in ("verdict", "clauses", "total")}
        return self.answer(Standing, wanted | found)


class Pick(Answer):
    """One criterion as it was judged."""

    title = serializers.CharField()
    points = serializers.CharField()
    max_points = serializers.CharField()
    level = serializers.CharField()


class Feedback(Answer):
    """Points and comments of one item: empty before the release."""

    item = Cell(source="cell")
    feedback = serializers.CharField(source="entry.feedback", allow_null=True)
    picks = Pick(many=True)


class OwnFeedback(CourseApi):
    policy = STUDENT

    @operation("read_feedback", "Points and comments once they are released", answer=Feedback)
    def get(self, request: Request, slug: str, key: str) -> Response:
        found = queries.feedback_of(self.course, self.membership, key, at=clock.now())
        if found is None:
            raise Http404
        names = tuple(Pick().fields)
        picks = [dict(zip(names, pick, strict=True)) for pick in found.picks]
        return self.answer(Feedback, {"cell": found.cell, "entry": found.entry, "picks": picks})


class GradebookPart(PartNumbers):
    """The numbers of one top component."""

    component = serializers.CharField()


class GradebookLine(Answer):
    """One row of the gradebook, by all facts."""

    student = Student(source="member")
    status = serializers.CharField()
    total = PartNumbers()
    components = GradebookPart(many=True)
    items = Cell(many=True, source="cells")


class Gradebook(CourseApi):
    policy = STAFF

    @operation(
        "read_gradebook",
        "All students and items, by all facts",
        answer=listed(GradebookLine),
        query=Window,
    )
    def get(self, request: Request, slug: str) -> Response:
        at = clock.now()
        facts = queries.facts_of(self.course)
        lines = queries.gradebook_of(facts, queries.staff_standings(facts, at=at), at=at)
        return self.window(GradebookLine, [gradebook_line(line) for line in lines])


def gradebook_line(line: Any) -> dict[str, Any]:
    """Return one row with its numbers as runs of results store them."""
    content = queries.content_of(line.judged)
    parts = [{"component": p.key} | content["components"][p.key] for p in line.parts]
    own = {"member": line.member, "status": line.status, "cells": line.cells}
    return own | {"total": content["total"], "components": parts}


class StudentDetail(Answer):
    """One student by all facts, with the history of each grade, newest first."""

    student = Student()
    verdict = serializers.CharField()
    rule = serializers.ListField(child=serializers.CharField())
    clauses = Clause(many=True)
    total = PartNumbers()
    components = Component(many=True)
    history = Entry(many=True)


class OneStudent(GradingApi):
    policy = STAFF

    @operation("read_student", "One student's standing, by all facts", answer=StudentDetail)
    def get(self, request: Request, slug: str, code: str) -> Response:
        member, at = self.student(code), clock.now()
        facts = queries.facts_of(self.course, only=member)
        judged = queries.staff_standings(facts, at=at)[0]
        content = queries.content_of(judged)
        groups = queries.groups_of(facts, judged, at=at, staff=True)
        found = {
            "student": member,
            "rule": [words.text() for words in queries.rule_words(facts)],
            "components": components_of(groups, content),
            "history": queries.histories_of(member),
        }
        return self.answer(StudentDetail, content | found)


class Excused(Answer):
    """The lines that were added, one for each item."""

    excused = Entry(many=True)


class ExcuseBeforeJoining(GradingApi):
    policy = INSTRUCTOR
    reads = OneStudent

    @operation(
        "excuse_items_before_joining",
        "Excuse what was due before a student joined and is missing",
        body=Nothing,
        answer=Excused,
    )
    def post(self, request: Request, slug: str, code: str) -> Response:
        """Add an excuse for each such item; done again, it finds nothing and changes nothing."""
        self.body(Nothing)
        member = self.student(code)
        lines = actions.excuse_items_before_joining(member, by=self.membership, at=clock.now())
        return self.answer(Excused, {"excused": lines})
