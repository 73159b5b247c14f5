"""A page that forgot to say who may open it stops ``manage.py check``, and so lint and start.

Our own views declare their policy where they are written. What other packages bring is declared
here, address by address and model by model: no prefix is trusted. An address that nobody declared
is an error, and so is a line here that no address needs any more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.checks import CheckMessage, Error
from django.urls import URLPattern, URLResolver, get_resolver
from django.views.generic import RedirectView

from seminar.lib.access import PUBLIC, Policy, policy_of

# Pages of somebody who is not signed in yet; who is signed in is led home.
ENTRANCE = Policy("account.entrance")
# The page between the password and the second factor; others are led to the first page.
HALFWAY = Policy("account.halfway")
# Pages about one's own account.
OWN_ACCOUNT = Policy("account.own")
# The same, where the password or a second factor has to be shown again first.
CONFIRMED = Policy("account.confirmed")

# Pages of the admin site itself: operators and whoever instructs a course.
SITE = Policy("admin.site")
# Lists and pages of rows that belong to courses: an instructor finds those of the own courses.
ROWS = Policy("admin.rows")
# The page of such a row, where nothing can be changed.
READ_ONLY_ROWS = Policy("admin.read_only_rows")
# The same, where a plain fact can be mended on the page.
CORRECTABLE_ROWS = Policy("admin.correctable_rows")
# Pages of ours beside those of a model, which TOOL_PAGES names: they do something to a row of the
# own courses.
TOOLS = Policy("admin.tools")
# Rows that belong to no course, for operators.
OPERATORS_ROWS = Policy("admin.operators_rows")
# Adding and deleting where neither is possible, and look-ups that no form uses: nobody.
NOBODY = Policy("admin.nobody")

OTHERS: Mapping[str, Policy] = {
    "account_login": ENTRANCE,
    "account_signup": ENTRANCE,
    "account_reset_password": ENTRANCE,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "account_confirm_email": PUBLIC,
    "account_email_verification_sent": PUBLIC,
    "account_inactive": PUBLIC,
    "account_logout": PUBLIC,
    "account_confirm_login_code": HALFWAY,
    "account_reauthenticate": OWN_ACCOUNT,
    "account_email": OWN_ACCOUNT,
    "account_change_password": OWN_ACCOUNT,
    "account_set_password": OWN_ACCOUNT,
    "mfa_authenticate": HALFWAY,
    "mfa_login_webauthn": ENTRANCE,
    "mfa_index": OWN_ACCOUNT,
    "mfa_reauthenticate": OWN_ACCOUNT,
    "mfa_reauthenticate_webauthn": OWN_ACCOUNT,
    "mfa_activate_totp": CONFIRMED,
    "mfa_deactivate_totp": CONFIRMED,
    "mfa_view_recovery_codes": CONFIRMED,
    "mfa_generate_recovery_codes": CONFIRMED,
    "mfa_download_recovery_codes": CONFIRMED,
    "mfa_list_webauthn": OWN_ACCOUNT,
    "mfa_add_webauthn": CONFIRMED,
    "mfa_remove_webauthn": CONFIRMED,
    "mfa_edit_webauthn": CONFIRMED,
    "admin:index": SITE,
    "admin:login": SITE,
    "admin:logout": PUBLIC,
    "admin:password_change": SITE,
    "admin:password_change_done": SITE,
    "admin:autocomplete": NOBODY,
    "admin:jsi18n": SITE,
    "admin:view_on_site": SITE,
    "admin:app_list": SITE,
    "admin:catch_all_view": SITE,
}

ADMINS: Mapping[str, Policy] = {
    "accounts.User": OPERATORS_ROWS,
    "accounts.AuditEntry": ROWS,
    "notifications.Message": ROWS,
    "courses.Course": CORRECTABLE_ROWS,
    "courses.Membership": ROWS,
    "courses.Application": ROWS,
    "courses.Module": CORRECTABLE_ROWS,
    "courses.Meeting": CORRECTABLE_ROWS,
    "courses.Paper": CORRECTABLE_ROWS,
    "courses.Announcement": CORRECTABLE_ROWS,
    "presentations.PreferenceRound": ROWS,
    "presentations.PreferenceList": ROWS,
    "presentations.Allocation": ROWS,
    "presentations.Presentation": ROWS,
    "presentations.Presenter": ROWS,
    "assignments.Assignment": ROWS,
    "assignments.Submission": ROWS,
    "assignments.Draft": ROWS,
    "assignments.Extension": ROWS,
    "grading.Component": ROWS,
    "grading.GradeItem": ROWS,
    "grading.PassRule": ROWS,
    "grading.GradeEntry": ROWS,
    "grading.Release": ROWS,
    "grading.AttendanceMark": ROWS,
    "grading.ParticipationPoint": ROWS,
    "grading.ResultRun": ROWS,
    "grading.Result": ROWS,
}
# What ``get_urls`` of a model's admin adds, one by one: its admin's policy is not taken for theirs.
TOOL_PAGES = frozenset(
    {
        "admin:presentations_preferenceround_allocate",
        "admin:presentations_preferenceround_assign",
        "admin:presentations_preferenceround_late",
        "admin:presentations_preferenceround_lift",
        "admin:presentations_preferenceround_log",
        "admin:presentations_preferenceround_pin",
        "admin:presentations_preferenceround_publish",
        "admin:presentations_preferenceround_run",
        "admin:presentations_presentation_reassign",
    }
)
# Models whose row is shown on a page of ours in the place of a form.
BOARDS = frozenset({"presentations.PreferenceRound"})
PAGES_OF_ROWS = frozenset({"changelist", "change", "history", "add", "delete"})


@dataclass(frozen=True)
class Address:
    """One line of the table of contents: where it is, what it is called, what answers."""

    route: str
    name: str
    view: Any
    pattern: URLPattern

    @property
    def model_admin(self) -> admin.ModelAdmin | None:
        """The model's admin that this page belongs to, if it is one's."""
        view = self.view
        while view is not None:
            for owner in (getattr(view, "model_admin", None), getattr(view, "__self__", None)):
                if isinstance(owner, admin.ModelAdmin):
                    return owner
            view = getattr(view, "__wrapped__", None)
        return None

    @property
    def is_old_address_of_a_row(self) -> bool:
        """Whether it is the one address without a name that Django gives every row of an admin."""
        leads_on = getattr(self.view, "view_class", None) is RedirectView
        return leads_on and self.pattern.name is None and self.route.endswith("/<path:object_id>/")

    @property
    def policy(self) -> Policy | None:
        """Who may open it, as its view or a table above declares; None if nothing does."""
        if declared := policy_of(self.view):
            return declared
        if owner := self.model_admin:
            return self.policy_of_rows(owner)
        return OTHERS.get(self.name)

    def policy_of_rows(self, owner: admin.ModelAdmin) -> Policy | None:
        """Return the policy of a page of a model's admin."""
        label = owner.model._meta.label
        prefix = f"admin:{owner.opts.app_label}_{owner.opts.model_name}_"
        page = self.name.removeprefix(prefix)
        if self.is_old_address_of_a_row:
            return SITE  # it leads to the present one
        if page not in PAGES_OF_ROWS or name_of(self.view) != f"{page}_view":
            return TOOLS if self.name in TOOL_PAGES else None
        if page in {"add", "delete"}:
            return NOBODY
        policy = ADMINS.get(label)
        is_form = page == "change" and label not in BOARDS
        return READ_ONLY_ROWS if policy == ROWS and is_form else policy


def every_view_declares_its_policy(**kwargs: Any) -> list[CheckMessage]:
    """Return an error for each address without a policy, and for each line that none needs."""
    found = list(addresses(get_resolver().url_patterns))
    return [*undeclared(found), *stale(found)]


def undeclared(found: list[Address]) -> list[CheckMessage]:
    """Return one error for each address that says nowhere who may open it."""
    return [
        Error(
            f"{address.route} leads to {address.view.__module__}.{address.view.__qualname__}, "
            "which declares no policy.",
            hint="Decorate it with a policy of courses.access or seminar.accounts.access. "
            "Views of other packages, and what an admin adds to its own pages, are declared in "
            "seminar.desk.checks.",
            id="desk.E001",
        )
        for address in found
        if address.policy is None
    ]


def stale(found: list[Address]) -> list[CheckMessage]:
    """Return one error for each declared name or model that is not there any more."""
    names = {address.name for address in found}
    labels = {owner.model._meta.label for address in found if (owner := address.model_admin)}
    gone = [*((set(OTHERS) | TOOL_PAGES) - names), *(set(ADMINS) - labels)]
    return [
        Error(f"{name} has a policy in seminar.desk.checks but no page.", id="desk.E002")
        for name in sorted(gone)
    ]


def addresses(patterns: list[Any], route: str = "", space: str = "") -> Iterator[Address]:
    """Walk the table of contents, every part of it."""
    for pattern in patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inside = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from addresses(pattern.url_patterns, here, inside)
        elif isinstance(pattern, URLPattern):
            view = pattern.callback
            yield Address(here, space + (pattern.name or name_of(view)), view, pattern)


def name_of(view: Any) -> str:
    """Return what a page without a name is called: its function's name."""
    return str(getattr(view, "__name__", ""))
