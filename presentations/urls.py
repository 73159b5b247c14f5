from django.urls import path

from presentations import views

app_name = "presentations"
urlpatterns = [
    path("preferences", views.rounds, name="rounds"),
    path("preferences/<slug:key>", views.preferences, name="preferences"),
    path("presentations", views.presentations, name="presentations"),
    path("presentations/<slug:code>", views.presentation, name="presentation"),
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
