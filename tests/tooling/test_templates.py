"""The template linter finds what it is for, and lets through what is right."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]


def check(folder: Path, name: str, source: str) -> subprocess.CompletedProcess[str]:
    (folder / name).write_text(source)
    command = [sys.executable, ROOT / "tools" / "check_templates.py", folder]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("source", "line", "fault"),
    [
        ("<p>\n  Save it\n</p>", 2, 'untranslated text "Save it"'),
        ("{% block title %}Reports{% endblock %}", 1, 'untranslated text "Reports"'),
        ("<p>{{ n }} of {{ m }}</p>", 1, 'untranslated text "of"'),
        ("<p>Größe</p>", 1, 'untranslated text "Größe"'),
        ('<input placeholder="Your name">', 1, 'untranslated placeholder="Your name"'),
        ('<nav aria-label="Course {{ c }}">', 1, 'untranslated aria-label="Course"'),
        ('<a title="More" href="/">{{ x }}</a>', 1, 'untranslated title="More"'),
        ('<img alt="A cat" src="c.png">', 1, 'untranslated alt="A cat"'),
        ('<input type="submit" value="Send">', 1, 'untranslated value="Send"'),
        (
            '{% include "b.html" with label="Save" only %}',
            1,
            'untranslated label="Save"; write label=_("Save")',
        ),
        ("<p></p>\n<script>go()</script>", 2, "inline <script>"),
        ("<style>p {}</style>", 1, "inline <style>"),
        ('<p style="color: red"></p>', 1, "inline style= on <p>"),
        ('<a onclick="go()" href="/"></a>', 1, "inline onclick= on <a>"),
        ('<a hx-on:click="go()" href="/"></a>', 1, "inline hx-on:click= on <a>"),
        ('<a href="javascript:go()"></a>', 1, "script in href= on <a>"),
        (
            '{% blocktranslate %}<b style="x">y</b>{% endblocktranslate %}',
            1,
            "inline style= on <b>",
        ),
        ("{{ body|safe }}", 1, "output without escaping"),
        ("{% autoescape off %}{{ x }}{% endautoescape %}", 1, "output without escaping"),
    ],
)
def test_page_is_refused(tmp_path: Path, source: str, line: int, fault: str) -> None:
    result = check(tmp_path, "page.html", source)

    assert result.stdout == f"{tmp_path / 'page.html'}:{line}: {fault}\n"
    assert result.returncode == 1


@pytest.mark.parametrize(
    "source",
    [
        '<p>{% translate "Save it" %}</p>',
        "{% blocktranslate count n=n %}One{% plural %}{{ n }} many{% endblocktranslate %}",
        "<p>{{ n }} / {{ m }} · 50 %</p>",
        "{# Save it #}<p>{% comment %}Save it{% endcomment %}</p>",
        "<code>make run</code>",
        '<span translate="no">Bo <b>Lindqvist</b></span>',
        '<input type="hidden" value="yes"><input placeholder="{% translate "Your name" %}">',
        '{% include "b.html" with label=_("Save") name="save" only %}',
        '<script src="{% static "js/a.js" %}" defer></script>',
        "<a>PDF</a>",
    ],
)
def test_page_is_accepted(tmp_path: Path, source: str) -> None:
    result = check(tmp_path, "page.html", source)

    assert (result.returncode, result.stdout) == (0, "")


def test_mail_is_refused(tmp_path: Path) -> None:
    source = "{% translate 'Hello' %} {{ name }}\n\nYour report is in.\n"

    result = check(tmp_path, "mail.txt", source)

    expected = f'{tmp_path / "mail.txt"}:3: untranslated text "Your report is in."\n'
    assert result.stdout == expected
    assert result.returncode == 1


def test_mail_with_a_link_is_accepted(tmp_path: Path) -> None:
    source = "{% translate 'Your report:' %}\n{{ site_url }}/c/{{ slug }}/work/{{ key }}\n"

    result = check(tmp_path, "mail.txt", source)

    assert (result.returncode, result.stdout) == (0, "")
