"""Lists collected on paper."""

from functools import partial
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from courses.access import INSTRUCTOR
from presentations import actions
from presentations.api.ranking import RoundApi
from presentations.rules import PREFERENCES_COLUMNS
from seminar.lib import clock
from seminar.lib.rest import operation
from seminar.lib.table_api import Imported, TableFile, imported
from seminar.lib.tables import Table


class ImportPreferences(RoundApi):
    policy = INSTRUCTOR

    @operation(
        "import_preferences",
        "Enter lists from paper: email,choice_1,choice_2,… in order of arrival",
        body=TableFile,
        answer=Imported,
        idempotent=True,
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        round_, facts = self.found(key), self.body(TableFile)
        who: dict[str, Any] = {"by": self.membership, "at": clock.now(), "nonce": self.nonce}

        def apply(table: Table, plan: str | None) -> dict[str, Any]:
            return actions.import_preferences(round_.pk, table, expected=plan, **who)

        plan = partial(actions.plan_of_preferences, round_)
        return self.answer(Imported, imported(facts, PREFERENCES_COLUMNS, plan, apply))
