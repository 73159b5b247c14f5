"""The round that a command names."""

from argparse import ArgumentParser

from django.core.management.base import CommandError

from courses.queries import course_by_slug
from presentations.models import PreferenceRound
from presentations.queries import round_by_key, rounds_of


def add_round(parser: ArgumentParser) -> None:
    """Add ``SLUG ROUND`` to a command."""
    parser.add_argument("slug", metavar="SLUG", help="the course")
    parser.add_argument("round", metavar="ROUND", help="the key of the round")


def round_named(slug: str, key: str) -> PreferenceRound:
    """Return the round. Raises CommandError that names what does not exist."""
    course = course_by_slug(slug)
    if course is None:
        raise CommandError(f"There is no course “{slug}”.")
    round_ = round_by_key(course, key)
    if round_ is None:
        known = ", ".join(each.key for each in rounds_of(course)) or "none"
        raise CommandError(f"There is no round “{key}” in “{slug}”. Its rounds: {known}.")
    return round_
