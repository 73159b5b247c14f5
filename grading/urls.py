from django.urls import path

from grading import views

app_name = "grading"
urlpatterns = [
    path("grading", views.queue, name="queue"),
    path("grading/<slug:key>", views.item, name="item"),
    path("grading/<slug:key>/next", views.next_to_grade, name="next"),
    path("grading/<slug:key>/<slug:code>", views.grade, name="grade"),
    path("grading/<slug:key>/<slug:code>/exception", views.decide_item, name="decide_item"),
    path("attendance", views.attendance, name="attendance"),
    path("attendance/<slug:key>", views.take_attendance, name="take_attendance"),
    path("participation/<slug:key>", views.participation, name="participation"),
    path("standing", views.standing, name="standing"),
    path("work/<slug:key>/feedback", views.feedback, name="feedback"),
    path("manage/release", views.release, name="release"),
    path("manage/gradebook", views.gradebook, name="gradebook"),
    path("manage/gradebook.csv", views.gradebook_csv, name="gradebook_csv"),
    path("manage/gradebook/import", views.import_scores, name="import_scores"),
    path(
        "manage/gradebook/import/<slug:code>", views.import_scores_file, name="import_scores_file"
    ),
    path("manage/gradebook/<slug:code>", views.student, name="student"),
    path(
        "manage/gradebook/<slug:code>/excuse-before-joining",
        views.excuse_items_before_joining,
        name="excuse_items_before_joining",
    ),
    path("manage/results", views.results, name="results"),
    path("manage/results.csv", views.results_csv, name="results_csv"),
    path("manage/pass-rule", views.change_pass_rule, name="change_pass_rule"),
]
