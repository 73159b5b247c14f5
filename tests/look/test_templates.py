"""The frame and the components, drawn without a database."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from django.template.loader import render_to_string

from seminar.desk.forms import SampleForm
from seminar.desk.queries.styleguide import samples
from seminar.lib.templatetags.seminar_format import first_names
from tests.look.pages import (
    AT,
    NOW,
    Course,
    Member,
    Message,
    Person,
    course_page,
    draw,
    style_guide,
)


class Outline(HTMLParser):
    """Elements and attributes of a page, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attrs for name, attrs in self.elements if name == tag)

    def ids(self) -> list[str]:
        return [attrs["id"] for _, attrs in self.elements if attrs.get("id")]  # type: ignore[misc]


def nav_words(html: str, nav: str) -> list[str]:
    part = re.search(rf'<nav class="{nav}".*?</nav>', html, re.DOTALL)
    assert part
    return re.findall(r"<span>([^<]+)</span></a>", part.group())


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("student", ["Home", "Schedule", "Papers", "Preferences", "My work", "My standing"]),
        ("auditor", ["Home", "Schedule", "Papers", "Preferences", "My work", "My standing"]),
        ("ta", ["Home", "Grading", "Attendance", "Presentations", "Schedule", "Papers"]),
        ("instructor", ["Home", "Schedule", "Allocation", "Grading", "People", "Results"]),
        (None, ["About", "Schedule", "Join"]),
    ],
)
def test_course_nav_offers_the_pages_of_the_role(role: str | None, words: list[str]) -> None:
    assert nav_words(course_page(role), "coursenav") == words


def test_course_nav_of_an_applicant_is_that_of_a_visitor() -> None:
    assert nav_words(course_page("student", "applied"), "coursenav") == [
        "About",
        "Schedule",
        "Join",
    ]


def test_course_nav_marks_the_current_page_once() -> None:
    html = course_page(nav_active="work")
    nav = re.search(r'<nav class="coursenav".*?</nav>', html, re.DOTALL)
    assert nav
    assert re.findall(r'aria-current="page">.*?<span>([^<]+)<', nav.group(), re.DOTALL) == [
        "My work"
    ]


def test_tab_bar_has_four_pages_and_the_rest_under_more() -> None:
    words = nav_words(course_page(), "tabbar")
    assert words[:4] == ["Home", "Schedule", "My work", "My standing"]
    assert words[4:] == ["Home", "Schedule", "Papers", "Preferences", "My work", "My standing"]


def test_page_has_language_skip_link_main_and_one_live_region() -> None:
    outline = Outline(course_page())
    assert next(outline.all("html"))["lang"] == "en"
    assert next(outline.all("a"))["href"] == "#main"
    assert [attrs["id"] for attrs in outline.all("main")] == ["main"]
    assert outline.ids().count("live") == 1


def test_page_has_one_first_heading_and_no_id_twice() -> None:
    outline = Outline(style_guide())
    assert len(list(outline.all("h1"))) == 1
    assert sorted(outline.ids()) == sorted(set(outline.ids()))


def test_headings_skip_no_level() -> None:
    levels = [
        int(tag[1]) for tag, _ in Outline(style_guide()).elements if re.fullmatch("h[1-6]", tag)
    ]
    assert [after for before, after in pairwise(levels) if after > before + 1] == []


@pytest.mark.parametrize(("theme", "written"), [("dark", "dark"), ("light", "light"), ("", None)])
def test_theme_is_written_by_the_server(theme: str, written: str | None) -> None:
    assert next(Outline(draw("404.html", theme=theme)).all("html")).get("data-theme") == written


def test_signed_in_person_can_sign_out_without_a_script() -> None:
    html = course_page()
    assert '<form method="post" action="/account/logout/">' in html
    assert "Ada Lovelace" in html


def test_visitor_is_offered_to_sign_in_and_to_come_back() -> None:
    html = draw("404.html")
    assert 'href="/account/login/' in html
    assert "hx-headers" not in html  # a visitor needs no token, and so no cookie


def test_scripts_come_from_this_server_and_wait() -> None:
    scripts = [attrs for attrs in Outline(course_page()).all("script") if "src" in attrs]
    assert [attrs["src"] for attrs in scripts] == [
        "/static/django_htmx/htmx-2.min.js",
        "/static/js/app.js",
    ]
    assert all("defer" in attrs for attrs in scripts)


def test_htmx_neither_evaluates_nor_keeps_pages() -> None:
    config = next(a for a in Outline(course_page()).all("meta") if a.get("name") == "htmx-config")
    content = config["content"] or ""
    assert '"allowEval":false' in content
    assert '"historyCacheSize":0' in content
    assert '{"code":"422","swap":true}' in content


def test_message_is_announced_politely() -> None:
    html = course_page(messages=[Message("Report 1 submitted.", "success")])
    assert re.search(
        r'id="messages" class="messages" role="status">.*Report 1 submitted\.', html, re.DOTALL
    )


def test_demo_bar_shows_the_demo_time_in_the_zone_of_the_course() -> None:
    assert "Fri 7 Nov 2025, 16:00 Berlin time" in course_page(demo=True, now=NOW)
    assert "demobar" not in course_page(demo=False)


def form_page() -> str:
    form = SampleForm({"language": "en"})
    form.full_clean()
    summary = render_to_string("components/errors.html", {"form": form})
    return summary + render_to_string("components/fields.html", {"form": form})


def test_error_summary_links_to_fields_that_exist() -> None:
    outline = Outline(form_page())
    targets = [a["href"].removeprefix("#") for a in outline.all("a") if a["href"]]
    assert targets == ["id_strength", "id_paper_0", "id_own_work"]
    assert set(targets) <= set(outline.ids())


def test_error_summary_takes_the_focus() -> None:
    heading = next(Outline(form_page()).all("h2"))
    assert "autofocus" in heading
    assert heading["tabindex"] == "-1"


def test_every_description_of_a_control_exists() -> None:
    outline = Outline(form_page())
    named = [a["aria-describedby"] for _, a in outline.elements if a.get("aria-describedby")]
    wanted = {part for names in named for part in (names or "").split()}
    assert wanted == {
        "id_strength_hint",
        "id_strength_error",
        "id_paper_hint",
        "id_paper_error",
        "id_slides_hint",
        "id_own_work_hint",
        "id_own_work_error",
    }
    assert wanted <= set(outline.ids())


def test_every_control_has_a_label() -> None:
    outline = Outline(form_page())
    labels = {attrs["for"] for attrs in outline.all("label")}
    controls = {
        attrs["id"]
        for tag in ("input", "select", "textarea")
        for attrs in outline.all(tag)
        if attrs.get("type") != "hidden"
    }
    assert controls == labels


def test_optional_fields_are_marked_and_required_ones_are_not_starred() -> None:
    html = form_page()
    assert html.count("(optional)") == 2  # topics and slides
    assert "*" not in html


def test_group_is_a_fieldset_with_its_error() -> None:
    assert re.search(
        r'<fieldset class="field field-group bad"[^>]*>\s*<legend>Paper A', form_page()
    )


def test_errors_of_a_refusal_are_listed_without_a_form() -> None:
    problems = [{"text": "Paper 3 is in the list twice", "href": "#p3"}]
    html = render_to_string("components/errors.html", {"problems": problems})
    assert '<a href="#p3">Paper 3 is in the list twice</a>' in html


def test_no_errors_write_nothing() -> None:
    assert render_to_string("components/errors.html", {"form": SampleForm()}).strip() == ""


def test_pill_has_icon_word_and_tone() -> None:
    html = render_to_string("components/pill.html", {"status": "submitted_late"})
    assert re.fullmatch(
        r'<span class="pill pill-warn"><svg.*</svg>Submitted late</span>\s*', html, re.DOTALL
    )


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (60, "Ada Lovelace, Grace Hopper, Kurt Gödel"),
        (37, "Ada Lovelace, Grace Hopper et al."),
        (26, "Ada Lovelace, Grace Hopper et al."),
        (25, "Ada Lovelace et al."),
        (5, "Ada Lovelace et al."),
    ],
)
def test_names_are_cut_between_names(length: int, shown: str) -> None:
    assert first_names("Ada Lovelace, Grace Hopper, Kurt Gödel", length) == shown


def test_one_long_name_stays_whole() -> None:
    assert first_names("The LLaMA Team and Friends", 10) == "The LLaMA Team and Friends"


def test_pill_escapes_what_is_not_in_the_vocabulary() -> None:
    assert "<b>" not in render_to_string("components/pill.html", {"status": "<b>"})


def test_when_shows_zone_and_distance() -> None:
    context = {"at": AT, "zone": "Europe/Berlin", "now": NOW, "is_deadline": True}
    assert render_to_string("components/when.html", context).strip() == (
        '<span class="when"><time datetime="2025-11-09T23:00:00Z">Sun 9 Nov 2025, 23:59 Berlin time'
        '</time> <span class="muted">(in 2 days)</span></span>'
    )


def test_bullet_draws_earned_open_and_pass_mark() -> None:
    context = {
        "label": "Presentations",
        "earned": "9",
        "open": "15",
        "weight": "30",
        "pass_mark": "15",
    }
    html = render_to_string("components/bullet.html", context | {"text": "9 of 30 points"})
    lengths = re.findall(
        r'<(?:rect|line) class="bullet-(\w+)"[^>]*?(?:width="([\d.]+%)"|x1="([\d.]+%)")', html
    )
    assert lengths == [
        ("track", "100%", ""),
        ("open", "", "30.00%"),
        ("earned", "30.00%", ""),
        ("edge", "", "50.00%"),
        ("pass", "", "50.00%"),
    ]
    assert 'x2="80.00%"' in html
    assert 'aria-label="Presentations: 9 of 30 points"' in html


@pytest.mark.parametrize("page_number", [1, 3])
def test_pagination_leads_on_and_back(page_number: int) -> None:
    context = samples()["page_first"].paginator.page(page_number)
    html = render_to_string(
        "components/pagination.html", {"page_obj": context, "query": "&status=late"}
    )
    other = 2
    assert re.findall(r'href="([^"]+)"', html) == [f"?page={other}&amp;status=late"]


def test_forbidden_names_the_reason_and_the_role() -> None:
    html = draw(
        "403.html", user=Person(), course=Course(), membership=Member(), reason="Only TAs grade."
    )
    assert "Only TAs grade." in html
    assert "Your role here: student." in html


@pytest.mark.parametrize("template", ["400.html", "403.html", "403_csrf.html", "404.html"])
def test_error_page_says_what_to_do_next(template: str) -> None:
    assert 'href="/"' in draw(template)


def test_server_error_needs_no_context_at_all() -> None:
    html = render_to_string("500.html")
    assert next(Outline(html).all("html"))["lang"] == "en"
    assert "What you saved before is safe." in html


def test_sign_in_offers_demo_accounts_only_when_there_are_some() -> None:
    account = {"label": "Ada, student", "hint": "one report open", "code": "K7"}
    shown = draw("account/login.html", form=SampleForm(), demo_accounts=[account])
    hidden = draw("account/login.html", form=SampleForm(), demo_accounts=[])
    assert 'name="code" value="K7"' in shown
    assert "Try the demo" not in hidden


PASSWORD_PAGES = [
    ("account/signup.html", "Create an account"),
    ("account/logout.html", "Sign out?"),
    ("account/verification_sent.html", "Look into your mail"),
    ("account/password_reset.html", "Set a new password"),
    ("account/password_reset_done.html", "Look into your mail"),
    ("account/password_reset_from_key.html", "Choose a new password"),
    ("account/password_reset_from_key_done.html", "Your password is changed"),
    ("account/password_change.html", "Change password"),
    ("account/reauthenticate.html", "Is it still you?"),
    ("account/email_confirm.html", "This link no longer works"),
    ("mfa/index.html", "Second factor"),
    ("mfa/recovery_codes/generate.html", "Make new recovery codes?"),
    ("mfa/webauthn/authenticator_list.html", "Security keys and passkeys"),
]


@pytest.mark.parametrize(("template", "heading"), PASSWORD_PAGES)
def test_account_page_has_our_frame_and_one_heading(template: str, heading: str) -> None:
    html = draw(
        template,
        form=SampleForm(),
        authenticators={},
        MFA_SUPPORTED_TYPES=["totp", "webauthn", "recovery_codes"],
    )
    outline = Outline(html)
    assert next(outline.all("html"))["lang"] == "en"
    assert len(list(outline.all("main"))) == 1
    assert [" ".join(h.split()) for h in re.findall(r"<h1>(.*?)</h1>", html, re.DOTALL)] == [
        heading
    ]
