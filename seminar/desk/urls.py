from django.urls import path

from seminar.desk.views import course, demo, health, home

app_name = "desk"
urlpatterns = [
    path("", home.home, name="home"),
    path("c/<slug:slug>/", home.course_home, name="course_home"),
    path("c/<slug:slug>/about", course.about, name="about"),
    path("c/<slug:slug>/schedule", course.schedule, name="schedule"),
    path("demo/sign-in", demo.demo_sign_in, name="demo_sign_in"),
    path("demo/clock", demo.clock, name="clock"),
    path("mailbox", demo.mailbox, name="mailbox"),
    path("mailbox/<str:code>", demo.mailbox_message, name="mailbox_message"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
