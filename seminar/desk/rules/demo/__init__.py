"""The demo: who can be tried with one click, what happened in its courses, who wrote what. Pure."""

from seminar.desk.rules.demo.accounts import ACCOUNTS, EMAILS, DemoAccount
from seminar.desk.rules.demo.pdf import pdf_of
from seminar.desk.rules.demo.story import (
    Applicant,
    Decision,
    FinalTalk,
    News,
    RankedAt,
    Story,
    StudentWork,
    TalkGrade,
    read_story,
)
from seminar.desk.rules.demo.term import Term, whole_weeks
from seminar.desk.rules.demo.writing import (
    PaperTexts,
    drawn,
    experiment_pages,
    moment_between,
    points_for,
    read_texts,
    report_parts,
)

__all__ = [
    "ACCOUNTS",
    "EMAILS",
    "Applicant",
    "Decision",
    "DemoAccount",
    "FinalTalk",
    "News",
    "PaperTexts",
    "RankedAt",
    "Story",
    "StudentWork",
    "TalkGrade",
    "Term",
    "drawn",
    "experiment_pages",
    "moment_between",
    "pdf_of",
    "points_for",
    "read_story",
    "read_texts",
    "report_parts",
    "whole_weeks",
]
