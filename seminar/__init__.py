"""Seminar: software for running a university paper-reading seminar."""

from seminar.celery import app as celery_app

__all__ = ["celery_app"]
