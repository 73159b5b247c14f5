"""What people call the rows and fields that a file changes."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ROWS: dict[str, str | Promise] = {
    "announcement": _("News"),
    "assignment": _("Assignment"),
    "component": _("Component"),
    "course": _("Course"),
    "item": _("Grade item"),
    "meeting": _("Meeting"),
    "module": _("Module"),
    "paper": _("Paper"),
    "pass rule": _("Pass rule"),
    "person": _("Person"),
    "policy": _("Switches"),
    "prerequisite": _("Prerequisite"),
    "round": _("Round"),
    "rubric row": _("Rubric row"),
}
FIELDS: dict[str, str | Promise] = {
    "arxiv": _("arXiv number"),
    "at_least": _("needed percent"),
    "auto_submit": _("drafts are handed in at the deadline"),
    "closes_at": _("closes"),
    "closes_rule": _("rule for closing"),
    "changeover_minutes": _("minutes between talks"),
    "drop_lowest": _("lowest that do not count"),
    "edit_keeps_number": _("a changed list keeps its number"),
    "extensions_asked": _("extensions asked for"),
    "fill": _("places people on papers they did not rank"),
    "finals_text": _("about the final presentations"),
    "forum_url": _("address of the forum"),
    "improvements": _("improvements asked for"),
    "incomplete_may_submit": _("incomplete reports may be handed in"),
    "late_attendance_factor": _("part that coming late counts"),
    "late_days": _("days that work may be late"),
    "late_percent_per_day": _("percent lost for each late day"),
    "led_by": _("led by"),
    "max_length": _("longest list"),
    "max_points": _("maximum of points"),
    "max_unwanted": _("papers one may say not to want"),
    "meeting_cap": _("most points in one meeting"),
    "min_length": _("shortest list"),
    "minis_text": _("about the mini-assignments"),
    "modules": _("covers"),
    "office_hours": _("office hours"),
    "online_link": _("online link"),
    "online_note": _("note on taking part online"),
    "opens_at": _("opens"),
    "opens_rule": _("rule for opening"),
    "pages_max": _("most pages"),
    "pages_min": _("fewest pages"),
    "papers_asked": _("papers asked for"),
    "position": _("place in the list"),
    "prerequisites_needed": _("prerequisites needed"),
    "presenter_may_report": _("presenters may report on their own paper"),
    "published_at": _("published"),
    "reports_text": _("about the reports"),
    "sealed": _("the queue stays hidden until it closes"),
    "short_name": _("short name"),
    "strengths": _("strengths asked for"),
    "summary_max": _("most sentences of the summary"),
    "summary_min": _("fewest sentences of the summary"),
    "talk_kind": _("kind of talk"),
    "talk_minutes": _("minutes of a talk"),
    "talks_text": _("about the talks"),
    "url": _("address"),
    "weaknesses": _("weaknesses asked for"),
}


def row_words(kind: str) -> str:
    """Return what people call a kind of row."""
    return str(ROWS.get(kind, kind))


def field_words(name: str) -> str:
    """Return what people call a field: one that is a word already stays as it is."""
    return str(FIELDS.get(name, name.removesuffix("_id").replace("_", " ")))
