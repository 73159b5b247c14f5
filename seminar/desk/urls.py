from django.urls import path

from seminar.desk.views import course, course_file, demo, health, home, people, styleguide

app_name = "desk"
urlpatterns = [
    path("", home.home, name="home"),
    path("c/<slug:slug>/", home.course_home, name="course_home"),
    path("c/<slug:slug>/about", course.about, name="about"),
    path("c/<slug:slug>/schedule", course.schedule, name="schedule"),
    path("c/<slug:slug>/people/<slug:code>/state", people.change_state, name="change_state"),
    path("c/<slug:slug>/manage/course-file", course_file.course_file, name="course_file"),
    path(
        "c/<slug:slug>/manage/course-file/export",
        course_file.export_course_file,
        name="export_course_file",
    ),
    path("courses/new", course_file.new_course, name="new_course"),
    path("demo/sign-in", demo.demo_sign_in, name="demo_sign_in"),
    path("demo/clock", demo.clock, name="clock"),
    path("mailbox", demo.mailbox, name="mailbox"),
    path("mailbox/<str:code>", demo.mailbox_message, name="mailbox_message"),
    path("styleguide", styleguide.styleguide, name="styleguide"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
