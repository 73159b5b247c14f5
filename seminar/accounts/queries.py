"""Reads about people."""

from seminar.accounts.models import User


def display_name(user: User) -> str:
    """Return what a person is called on pages and in mails."""
    return user.name
