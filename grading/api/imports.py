"""Scores from a file."""

from functools import partial
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import STAFF, CourseApi
from grading.actions.imports import import_scores, plan_of_scores
from grading.rules.imports import SCORES_COLUMNS
from seminar.lib import clock
from seminar.lib.rest import operation
from seminar.lib.table_api import Imported, ScoresFile, imported
from seminar.lib.tables import Table


class ImportScores(CourseApi):
    policy = STAFF

    @operation(
        "import_scores",
        "Add scores from a file: email,item,score,state; releases nothing",
        body=ScoresFile,
        answer=Imported,
        idempotent=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        facts, at = self.body(ScoresFile), clock.now()
        who: dict[str, Any] = {"by": self.membership, "at": at, "nonce": self.nonce}

        def apply(table: Table, plan: str | None) -> dict[str, Any]:
            return import_scores(self.course, table, reason=facts["reason"], expected=plan, **who)

        plan = partial(plan_of_scores, self.course, at=at)
        return self.answer(Imported, imported(facts, SCORES_COLUMNS, plan, apply))
