"""Every page as its visitors: on a small phone, a phone and at a desk, in light and dark.

Nothing scrolls sideways, there is one first heading, axe finds nothing, no script complains, and
nothing is fetched from elsewhere. One world for each part of the term; every fault is collected.
Who opens what stands in tests/e2e/visits.py.
"""

import os
import re
from datetime import date
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.hashers import make_password
from playwright.sync_api import Page

from courses.actions import Statement, send_application
from courses.models import Membership
from grading import actions as grading
from presentations import actions as presentations
from seminar.accounts.models import User
from seminar.notifications.models import Message
from tests import axe
from tests.e2e.browser import Desk, desk, picture
from tests.e2e.visits import STAGES, paths
from tests.e2e.world import (
    World,
    berlin,
    finish_term,
    grade,
    hand_in_report,
    hold_final_talk,
    mark_meeting,
    set_clock,
    submit_list,
    world,
    write_report,
)
from tests.factories.courses import make_member, make_user

__all__ = ["desk", "world"]
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

# What a stage needs to be walked: its visitors, and what stands for the words in braces.
Setting = tuple[dict[str, User], dict[str, object]]


def before_the_term(world: World) -> Setting:
    opened = berlin(date(2025, 10, 20), 18, 1)
    set_clock(berlin(date(2025, 10, 21)))
    ada = world.let_in(world.ada, opened)
    submit_list(world, ada, at=opened)
    submit_list(world, world.ben, at=opened)
    newcomer = make_user("Nora Newcomer")
    applicant = make_user("Paul Applicant", password=make_password(None))
    # An address that is not confirmed cannot be guarded by a second factor.
    EmailAddress.objects.create(user=newcomer, email=newcomer.email, verified=True, primary=True)
    creator = make_user("Clara Creator", may_create_courses=True)
    statement = Statement(level="Master, 1st semester", courses_passed=("nlp",))
    send_application(world.course, user=applicant, statement=statement, at=opened)
    guarded = make_user("Greta Guarded")
    TOTP.activate(guarded, generate_totp_secret())
    RecoveryCodes.activate(guarded)
    people = {"newcomer": newcomer, "applicant": applicant, "creator": creator, "guarded": guarded}
    auditor = make_member(world.course, "auditor", name="Aude Auditor").user
    codes = {
        "ada": ada.code,
        "round": world.round.pk,
        "message": Message.objects.filter(text__contains="http").earliest("pk").code,
    }
    return people | {"auditor": auditor}, codes


def during_the_term(world: World) -> Setting:
    ada = world.let_in(world.ada, berlin(date(2025, 10, 20)))
    run = allocate(world, ada, world.ben)
    hand_in_report(world, ada, "report-1")
    write_report(world, world.cleo, "report-1", at=berlin(date(2025, 11, 4)))
    mark_meeting(world, world.course.meetings.get(key="intro-1"), [ada, world.ben, world.cleo])
    set_clock(berlin(date(2025, 11, 4), 19))
    talk = ada.talks.get()
    hold_final_talk(world, [world.ben], at=berlin(date(2025, 11, 4)))
    final = world.ben.talks.live().get(kind="final").presentation
    other = world.ben.talks.live().get(kind="in_class")
    swap = presentations.propose_swap(
        talk.pk, other.pk, "I am away that week.", ada, berlin(date(2025, 11, 4))
    )
    return {}, {
        "ada": ada.code,
        "swap": swap["swap"],
        "cleo": world.cleo.code,
        "late": world.cleo.code,
        "receipt": ada.submissions.get().code,
        "talk": talk.presentation.code,
        "place": talk.pk,
        "round": world.round.pk,
        "run": run,
        "final": final.code,
    }


def after_the_term(world: World) -> Setting:
    ada = world.let_in(world.ada, berlin(date(2025, 10, 20)))
    allocate(world, ada, world.cleo)
    hand_in_report(world, ada, "report-1")
    at = berlin(date(2026, 2, 3))
    set_clock(at)
    finish_term(world)
    grade(world, ada, "report-1")
    item = world.course.grade_items.get(key="report-1")
    grading.release_item(item, by=world.instructor, at=at)
    return {}, {"ada": ada.code}


def allocate(world: World, *members: Membership) -> str:
    """Let some submit lists that begin differently, allocate, publish; return the run's code."""
    for skip, member in enumerate(members):
        submit_list(world, member, at=berlin(date(2025, 10, 20), 18, 1), skip=skip)
    at, by = berlin(date(2025, 10, 24), 18, 2), world.instructor.user
    presentations.allocate_round(world.round.pk, by, at)
    run = world.round.allocations.get()
    presentations.publish_allocation(run.pk, by, at)
    return run.code


SETTINGS = {"before": before_the_term, "during": during_the_term, "after": after_the_term}


@pytest.mark.parametrize("stage", STAGES)
def test_every_page_fits_and_breaks_no_rule(desk: Desk, world: World, stage: str) -> None:
    people, codes = SETTINGS[stage](world)
    people |= {"ada": world.ada, "cleo": world.cleo.user}
    people |= {"ta": world.ta.user, "instructor": world.instructor.user}
    seats: dict[str, Page] = {}
    faults: list[str] = []
    for who, lines in paths(STAGES[stage]):
        page = seats.get(who) or seats.setdefault(who, desk.seat(people.get(who), audited=True))
        for line in lines:
            path = line.format(**codes)
            address = path if path.startswith("/") else f"{world.home}{path}"
            answer = page.goto(address)
            place = f"{address} as {who}"
            if (
                answer is None
                or answer.status != 200
                or urlsplit(page.url).path != urlsplit(address).path
            ):
                faults.append(f"{place}: answered {answer and answer.status} at {page.url}")
                continue
            faults += [f"{place}: {fault}" for fault in faults_of(page, f"{stage}-{who}-{line}")]
    assert not faults, "\n".join(faults)


def faults_of(page: Page, name: str) -> list[str]:
    """Return what is wrong with the page that is open, in words."""
    headings = page.get_by_role("heading", level=1).count()
    faults = [] if headings == 1 else [f"{headings} first headings"]
    faults += axe.faults_of(page)
    if os.environ.get("PICTURES"):
        keep_pictures(page, re.sub(r"\W+", "-", name).strip("-"))
    return faults


def keep_pictures(page: Page, name: str) -> None:
    """Keep a picture of the open page on a phone and at a desk, in light and dark."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 844 if width < 800 else 900})
            picture(page, f"{name}-{width}-{theme}")
