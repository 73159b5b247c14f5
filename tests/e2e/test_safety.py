"""What must never be lost, and never happen twice: two tabs, two clicks, no session, no network."""

from datetime import date

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Locator, Page, expect

from assignments import actions
from assignments.models import DraftField
from courses.models import Membership
from presentations.actions import prepare_list
from presentations.models import PreferenceList, QueueEvent
from tests.e2e.browser import PHONE, Desk, picture, session_of
from tests.e2e.world import World, berlin, set_clock

FIELD = "Paper A, summary"


@pytest.fixture
def writer(world: World) -> Membership:
    """Ada on 4 November, with the two papers of her first report chosen."""
    at = berlin(date(2025, 11, 4), 19)
    set_clock(at)
    member = world.let_in(world.ada, at)
    report = world.course.assignments.get(key="report-1")
    actions.choose_papers(report, member, keys=["chinchilla", "scaling-laws"], at=at)
    return member


def open_report(world: World, page: Page) -> Locator:
    """Open the report in a window and return its first summary."""
    page.goto(f"{world.home}work/report-1/edit")
    return page.get_by_label(FIELD, exact=True)


def stored() -> str:
    """Return the summary that the server has, or nothing."""
    row = DraftField.objects.filter(slot=0, part="summary").first()
    return row.text if row else ""


def state(page: Page) -> Locator:
    return page.get_by_role("status").filter(has_text="aved").first


def test_two_tabs_on_one_text_show_both_and_lose_neither(
    desk: Desk, world: World, writer: Membership
) -> None:
    first = desk.seat(writer.user)
    second = first.context.new_page()
    here, there = open_report(world, first), open_report(world, second)

    here.fill("Written in the first tab.")
    here.blur()
    expect(state(first)).to_contain_text("All changes saved")
    there.fill("Written in the second tab.")
    there.blur()

    conflict = second.get_by_role("alert")
    expect(conflict).to_contain_text("This was changed on another device")
    expect(conflict).to_contain_text("Written in the first tab.")
    expect(conflict).to_contain_text("Written in the second tab.")
    picture(second, "conflict")
    assert stored() == "Written in the first tab."

    second.get_by_role("button", name="Keep both").click()
    expect(conflict).to_have_count(0)
    expect(state(second)).to_contain_text("All changes saved")
    assert stored() == "Written in the second tab.\n\nWritten in the first tab."


def test_two_tabs_without_javascript_show_both_and_lose_neither(
    desk: Desk, world: World, writer: Membership
) -> None:
    first = desk.seat(writer.user, javascript=False, size=PHONE)
    second = first.context.new_page()
    here, there = open_report(world, first), open_report(world, second)

    here.fill("Written in the first tab.")
    first.get_by_role("button", name="Save draft").last.click()
    expect(first.get_by_text("All changes saved")).to_be_visible()
    there.fill("Written in the second tab.")
    second.get_by_role("button", name="Save draft").last.click()

    expect(there).to_have_value("Written in the second tab.")
    expect(second.get_by_text("Written in the first tab.").first).to_be_visible()
    picture(second, "conflict-plain")
    assert stored() == "Written in the first tab."

    second.get_by_role("button", name="Keep mine").click()
    expect(second.get_by_text("All changes saved")).to_be_visible()
    assert stored() == "Written in the second tab."


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
def test_double_click_on_submit_my_list_takes_one_number(
    desk: Desk, world: World, javascript: bool
) -> None:
    at = berlin(date(2025, 10, 20), 18, 1)
    set_clock(at)
    member = world.let_in(world.ada, at)
    keys = list(world.round.papers.values_list("key", flat=True)[:6])
    prepare_list(world.round.pk, member, keys, 0, "", at)
    page = desk.seat(world.ada, javascript=javascript)
    page.goto(f"{world.home}preferences")

    page.get_by_role("button", name="Submit my list").dblclick()

    expect(page.get_by_role("heading", name="You are number 1")).to_be_visible()
    assert [row.number for row in PreferenceList.objects.all()] == [1]
    assert [event.number for event in QueueEvent.objects.filter(kind="submitted")] == [1]


def test_text_written_after_the_session_ended_comes_back_and_is_saved(
    desk: Desk, world: World, writer: Membership
) -> None:
    page = desk.seat(writer.user)
    box = open_report(world, page)
    Session.objects.all().delete()

    box.fill("Written after the session had ended.")
    box.blur()

    expect(page.get_by_text("You are signed out. Your text is kept").first).to_be_visible()
    expect(box).to_have_value("Written after the session had ended.")
    picture(page, "signed-out")
    assert stored() == ""

    again = {"name": "sessionid", "value": session_of(writer.user), "url": desk.address}
    page.context.add_cookies([again])
    box = open_report(world, page)
    expect(box).to_have_value("Written after the session had ended.")
    expect(state(page)).to_contain_text("All changes saved")
    assert stored() == "Written after the session had ended."


def test_text_written_offline_is_saved_when_the_network_is_back(
    desk: Desk, world: World, writer: Membership
) -> None:
    page = desk.seat(writer.user)
    box = open_report(world, page)
    page.context.set_offline(True)

    box.fill("Written in a tunnel.")
    box.blur()

    expect(page.get_by_text("You are offline.")).to_be_visible()
    expect(state(page)).to_contain_text("Kept on this device")
    picture(page, "offline")
    assert stored() == ""

    page.context.set_offline(False)
    expect(state(page)).to_contain_text("All changes saved")
    expect(page.get_by_text("You are offline.")).to_have_count(0)
    assert stored() == "Written in a tunnel."
