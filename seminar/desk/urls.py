from django.urls import path

from seminar.desk.views import demo, health

app_name = "desk"
urlpatterns = [
    path("demo/sign-in", demo.demo_sign_in, name="demo_sign_in"),
    path("demo/clock", demo.clock, name="clock"),
    path("mailbox", demo.mailbox, name="mailbox"),
    path("mailbox/<str:code>", demo.mailbox_message, name="mailbox_message"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
