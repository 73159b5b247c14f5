from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core.checks import Tags, register

from seminar.desk import checks


class DeskConfig(AppConfig):
    name = "seminar.desk"
    label = "desk"

    def ready(self) -> None:
        register(checks.every_view_declares_its_policy, Tags.urls)


class SeminarAdminConfig(AdminConfig):
    """Django's admin with our site: instructors enter it through their courses."""

    default_site = "seminar.desk.admin.SeminarAdminSite"
