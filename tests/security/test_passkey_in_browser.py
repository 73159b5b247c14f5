"""A passkey, from adding it to signing in with it, in a real browser with a virtual key."""

import re
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from playwright.sync_api import Page, expect

from courses.models import Membership
from tests.e2e.browser import PHONE, Desk, desk, picture
from tests.security.people import PASSWORD, own_cache, with_app, with_password

__all__ = ["desk"]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True),
]
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def plug_in_key(page: Page) -> None:
    """Give the browser a key that says yes to everything."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})


def path_of(page: Page) -> str:
    return urlsplit(page.url).path


def type_password(page: Page, member: Membership) -> None:
    page.goto("/account/login/")
    page.get_by_label("Email").fill(member.user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_staff_add_a_passkey_and_sign_in_with_it(
    desk: Desk, ta: Membership, settings: LazySettings
) -> None:
    settings.STAFF_SECOND_FACTOR = True
    own_cache(settings)
    with_password(ta.user)
    wanted = f"/c/{ta.course.slug}/people"
    page = desk.seat()
    plug_in_key(page)
    type_password(page, ta)
    page.goto(wanted)
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up your second factor")
    picture(page, "second-factor")

    page.get_by_role("link", name="Add a key").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("My laptop")
    page.get_by_label("Sign in with it alone").check()
    picture(page, "add-key")
    page.get_by_role("button", name="Add the key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    picture(page, "recovery-codes")
    assert Authenticator.objects.filter(user=ta.user, type="webauthn").count() == 1

    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("button", name="Use your key or passkey").click()
    page.wait_for_url(re.compile(re.escape(wanted)))

    page.goto("/account/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "login" not in url)
    page.goto(wanted)
    assert path_of(page) == wanted


def test_a_key_that_fails_says_so_and_a_code_still_works(
    desk: Desk, ta: Membership, settings: LazySettings
) -> None:
    own_cache(settings)
    with_app(ta.user)
    page = desk.seat(size=PHONE)
    page.goto("/account/login/")
    note = page.locator("[data-passkey-failed]")
    expect(note).to_be_hidden()
    refuse = "() => Promise.reject(new DOMException('cancelled', 'NotAllowedError'))"
    page.evaluate(f"() => {{ navigator.credentials.get = {refuse}; }}")

    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(note).to_be_visible()
    expect(note).to_contain_text("That did not work")
    type_password(page, ta)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your second factor")
    picture(page, "code")


ADMIN_PAGES = (
    "/admin/",
    "/admin/courses/membership/",
    "/admin/courses/meeting/add/",
    "/admin/accounts/user/",
    "/admin/accounts/auditentry/",
    "/api/v1/docs/",
)


def test_the_admin_and_the_api_page_work_under_the_policy(
    desk: Desk, operator: object, ta: Membership
) -> None:
    """``desk`` fails on every complaint of the console, so on everything the policy refused."""
    page = desk.seat(operator)  # type: ignore[arg-type]

    for path in (*ADMIN_PAGES, f"/admin/accounts/user/{ta.user.pk}/change/"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
    page.goto("/api/v1/docs/")
    expect(
        page.get_by_text("list_courses").or_(page.get_by_text("/api/v1/courses", exact=True)).first
    ).to_be_visible()
