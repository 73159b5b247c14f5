"""The API of grading: scoring, release, attendance, standings, results.

What a student is answered rests on released facts only: the same functions as the pages.
"""

from django.urls import path

from grading.api.imports import ImportScores
from grading.api.meetings import Attendance, Participation, TakeAttendance
from grading.api.scoring import (
    DecideItem,
    GradeItemView,
    Item,
    NextToGrade,
    OneGrade,
    Queue,
    Release,
)
from grading.api.standings import (
    ExcuseBeforeJoining,
    Gradebook,
    OneStudent,
    OwnFeedback,
    OwnStanding,
)
from grading.api.term import (
    FreezeResults,
    PassRule,
    PassRulePreview,
    PublishResults,
    ReadResultsState,
    RequestResults,
    Results,
)

urlpatterns = [
    path("grading", Queue.as_view(), name="queue"),
    path("grading/next", NextToGrade.as_view(), name="next"),
    path("grading/<slug:key>", Item.as_view(), name="item"),
    path("grading/<slug:key>/<slug:code>", OneGrade.as_view(), name="grade"),
    path("grading/<slug:key>/<slug:code>/entries", GradeItemView.as_view(), name="grade_item"),
    path("grading/<slug:key>/<slug:code>/exceptions", DecideItem.as_view(), name="decide_item"),
    path("release", Release.as_view(), name="release"),
    path("attendance", Attendance.as_view(), name="attendance"),
    path("attendance/<slug:key>", TakeAttendance.as_view(), name="take_attendance"),
    path("participation/<slug:key>", Participation.as_view(), name="participation"),
    path("standing", OwnStanding.as_view(), name="standing"),
    path("work/<slug:key>/feedback", OwnFeedback.as_view(), name="feedback"),
    path("gradebook", Gradebook.as_view(), name="gradebook"),
    path("gradebook/import", ImportScores.as_view(), name="import_scores"),
    path("gradebook/<slug:code>", OneStudent.as_view(), name="student"),
    path(
        "gradebook/<slug:code>/excuses-before-joining",
        ExcuseBeforeJoining.as_view(),
        name="excuse_items_before_joining",
    ),
    path("results", Results.as_view(), name="results"),
    path("results/state", ReadResultsState.as_view(), name="results_state"),
    path("results/computation", RequestResults.as_view(), name="request_results"),
    path("results/freeze", FreezeResults.as_view(), name="freeze_results"),
    path("results/publication", PublishResults.as_view(), name="publish_results"),
    path("pass-rule", PassRule.as_view(), name="pass_rule"),
    path("pass-rule/preview", PassRulePreview.as_view(), name="pass_rule_preview"),
]
