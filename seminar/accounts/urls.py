from django.urls import path

from seminar.accounts import views

app_name = "accounts"
urlpatterns = [
    path("me", views.me, name="me"),
    path("me/theme", views.set_theme, name="set_theme"),
]
