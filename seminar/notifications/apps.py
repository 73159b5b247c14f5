from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "seminar.notifications"
    label = "notifications"
