from django.urls import path

from seminar.accounts import views

app_name = "accounts"
urlpatterns = [
    path("me", views.me, name="me"),
    path("me/second-factor", views.second_factor, name="second_factor"),
    path("me/theme", views.set_theme, name="set_theme"),
    path("account/no-password", views.no_password, name="no_password"),
    path("account/tokens", views.tokens, name="tokens"),
    path("account/tokens/new", views.create_token, name="create_token"),
    path("account/tokens/<slug:code>/revocation", views.revoke_token, name="revoke_token"),
]
