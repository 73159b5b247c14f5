"""The one Celery application.

The database is the queue of record: beat only ticks, each task asks the database what is due, and
a lost or doubled tick changes nothing. The web process never talks to the broker.
"""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seminar.settings.local")

TRANSPORT_ALIASES["filesystem"] = "seminar.lib.file_broker:Transport"

app = Celery("seminar")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
