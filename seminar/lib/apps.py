from django.apps import AppConfig


class LibConfig(AppConfig):
    name = "seminar.lib"
    label = "seminar_lib"
