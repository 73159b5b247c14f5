from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "seminar.accounts"
    label = "accounts"
