"""The API of preferences and talks: ranking, allocation, who presents what."""

from django.urls import path

from presentations.api.allocation import Allocate, AllocationBoard, OneRun, Publish, Replay
from presentations.api.changes import (
    AcceptOffer,
    AcceptSwap,
    ChangeCapacity,
    ConfirmPresence,
    DeclineOffer,
    DeclineSwap,
    Offers,
    OneOffer,
    OneSwap,
    PreviewCapacity,
    ProposeSwap,
    SwapPresenters,
    Swaps,
    WithdrawFromTalk,
    WithdrawPresenter,
    WithdrawSwap,
)
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

TALK = "presentations/<slug:code>"
PLACE = f"{TALK}/presenters/<slug:member>"
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
    path(f"{PLACE}/withdrawal", WithdrawPresenter.as_view(), name="withdraw_presenter"),
    path(f"{PLACE}/swap", SwapPresenters.as_view(), name="swap_presenters"),
    path(f"{TALK}/confirmation", ConfirmPresence.as_view(), name="confirm_presence"),
    path(f"{TALK}/withdrawal", WithdrawFromTalk.as_view(), name="withdraw_from_talk"),
    path(f"{TALK}/swaps", ProposeSwap.as_view(), name="propose_swap"),
    path("offers", Offers.as_view(), name="offers"),
    path("offers/<slug:code>", OneOffer.as_view(), name="offer"),
    path("offers/<slug:code>/acceptance", AcceptOffer.as_view(), name="accept_offer"),
    path("offers/<slug:code>/refusal", DeclineOffer.as_view(), name="decline_offer"),
    path("swaps", Swaps.as_view(), name="swaps"),
    path("swaps/<slug:code>", OneSwap.as_view(), name="swap"),
    path("swaps/<slug:code>/acceptance", AcceptSwap.as_view(), name="accept_swap"),
    path("swaps/<slug:code>/refusal", DeclineSwap.as_view(), name="decline_swap"),
    path("swaps/<slug:code>/withdrawal", WithdrawSwap.as_view(), name="withdraw_swap"),
    path("papers/<slug:key>/capacity", ChangeCapacity.as_view(), name="change_capacity"),
    path("papers/<slug:key>/capacity/preview", PreviewCapacity.as_view(), name="preview_capacity"),
]
