"""The API of preferences and talks: ranking, allocation, who presents what."""

from django.urls import path

from presentations.api.allocation import Allocate, AllocationBoard, OneRun, Publish, Replay
from presentations.api.imports import ImportPreferences
from presentations.api.pins import EnterLateList, LiftPin, RoundPins
from presentations.api.ranking import OneRound, Rounds, SaveList, SubmitList, WithdrawList
from presentations.api.talks import (
    AssignPresenter,
    AssignPreview,
    CancelFinal,
    Candidates,
    Finals,
    OnePresentation,
    Places,
    Presentations,
    ReassignPresentation,
    ReassignPreview,
)

PLACE = "presentations/<slug:code>/presenters/<slug:member>"
urlpatterns = [
    path("rounds", Rounds.as_view(), name="rounds"),
    path("rounds/<slug:key>", OneRound.as_view(), name="round"),
    path("rounds/<slug:key>/list", SaveList.as_view(), name="save_list"),
    path("rounds/<slug:key>/list/submission", SubmitList.as_view(), name="submit_list"),
    path("rounds/<slug:key>/list/withdrawal", WithdrawList.as_view(), name="withdraw_list"),
    path("rounds/<slug:key>/import", ImportPreferences.as_view(), name="import_preferences"),
    path("rounds/<slug:key>/late-lists", EnterLateList.as_view(), name="enter_late_list"),
    path("rounds/<slug:key>/pins", RoundPins.as_view(), name="pin_student"),
    path("rounds/<slug:key>/pins/<slug:code>/lifting", LiftPin.as_view(), name="lift_pin"),
    path("rounds/<slug:key>/board", AllocationBoard.as_view(), name="board"),
    path("rounds/<slug:key>/allocations", Allocate.as_view(), name="allocate_round"),
    path("rounds/<slug:key>/allocations/<slug:code>", OneRun.as_view(), name="allocation"),
    path(
        "rounds/<slug:key>/allocations/<slug:code>/publication",
        Publish.as_view(),
        name="publish_allocation",
    ),
    path(
        "rounds/<slug:key>/allocations/<slug:code>/replay",
        Replay.as_view(),
        name="replay_allocation",
    ),
    path("presentations", Presentations.as_view(), name="presentations"),
    path("presentations/finals", Finals.as_view(), name="schedule_final_talk"),
    path("presentations/<slug:code>/cancellation", CancelFinal.as_view(), name="cancel_final_talk"),
    path("papers/<slug:key>/presenters", AssignPresenter.as_view(), name="assign_presenter"),
    path("papers/<slug:key>/presenters/preview", AssignPreview.as_view(), name="assign_preview"),
    path("people/<slug:code>/places", Places.as_view(), name="places"),
    path("presentations/<slug:code>", OnePresentation.as_view(), name="presentation"),
    path(f"{PLACE}/candidates", Candidates.as_view(), name="candidates"),
    path(f"{PLACE}/preview", ReassignPreview.as_view(), name="reassign_preview"),
    path(f"{PLACE}/reassignment", ReassignPresentation.as_view(), name="reassign_presentation"),
]
