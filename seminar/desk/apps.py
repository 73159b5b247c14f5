from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class DeskConfig(AppConfig):
    name = "seminar.desk"
    label = "desk"


class SeminarAdminConfig(AdminConfig):
    """Django's admin with our site: instructors enter it through their courses."""

    default_site = "seminar.desk.admin.SeminarAdminSite"
