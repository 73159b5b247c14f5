from django.urls import path

from presentations import views

app_name = "presentations"
urlpatterns = [
    path("preferences", views.rounds, name="rounds"),
    path("preferences/<slug:key>", views.preferences, name="preferences"),
    path("presentations", views.presentations, name="presentations"),
    path("presentations/<slug:code>", views.presentation, name="presentation"),
    path(
        "presentations/<slug:code>/withdrawal", views.withdraw_from_talk, name="withdraw_from_talk"
    ),
    path("presentations/<slug:code>/confirmation", views.confirm_presence, name="confirm_presence"),
    path("presentations/<slug:code>/swaps", views.propose_swap, name="propose_swap"),
    path(
        "presentations/<slug:code>/presenters/<slug:member>/withdrawal",
        views.withdraw_presenter,
        name="withdraw_presenter",
    ),
    path(
        "presentations/<slug:code>/presenters/<slug:member>/swap",
        views.swap_presenters,
        name="swap_presenters",
    ),
    path("offers/<slug:code>", views.offer, name="offer"),
    path("offers/<slug:code>/acceptance", views.accept_offer, name="accept_offer"),
    path("offers/<slug:code>/refusal", views.decline_offer, name="decline_offer"),
    path("swaps/<slug:code>", views.swap, name="swap"),
    path("swaps/<slug:code>/acceptance", views.accept_swap, name="accept_swap"),
    path("swaps/<slug:code>/refusal", views.decline_swap, name="decline_swap"),
    path("swaps/<slug:code>/withdrawal", views.withdraw_swap, name="withdraw_swap"),
    path("manage/papers/<slug:key>/capacity", views.change_capacity, name="change_capacity"),
    path("manage/finals", views.finals, name="finals"),
    path(
        "manage/finals/<slug:code>/cancellation", views.cancel_final_talk, name="cancel_final_talk"
    ),
    path(
        "manage/preferences/<slug:key>/import", views.import_preferences, name="import_preferences"
    ),
    path(
        "manage/preferences/<slug:key>/import/<slug:code>",
        views.import_preferences_file,
        name="import_preferences_file",
    ),
    path("manage/allocation", views.allocation, name="allocation"),
]
