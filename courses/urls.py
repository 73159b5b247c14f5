from django.urls import path

from courses import views

app_name = "courses"
urlpatterns = [
    path("join", views.join, name="join"),
    path("enrolment", views.enrolment, name="enrolment"),
    path("enrolment/withdrawal", views.withdraw_application, name="withdraw_application"),
    path("people", views.people, name="people"),
    path("people.csv", views.roster_csv, name="roster_csv"),
    path("people/import", views.import_roster, name="import_roster"),
    path("people/import/<slug:code>", views.import_roster_file, name="import_roster_file"),
    path("people/acceptances", views.accept_applications, name="accept_applications"),
    path("people/<slug:code>/decision", views.decide_application, name="decide_application"),
    path("papers", views.papers, name="papers"),
    path("papers/<slug:key>", views.paper, name="paper"),
    path("announcements", views.announcements, name="announcements"),
    path("announcements/new", views.announce, name="announce"),
]
