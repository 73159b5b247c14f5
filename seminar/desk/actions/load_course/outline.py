"""The outline of a course: people, table of contents, meetings, papers, news."""

from typing import Any

from django.utils.translation import gettext as _

from courses.models import (
    Announcement,
    CoursePolicy,
    Meeting,
    Membership,
    Module,
    Paper,
    Prerequisite,
)
from courses.queries import places_taken
from courses.rules import local_instant
from presentations.models import Presenter
from seminar.accounts.actions import take_back_claims
from seminar.accounts.models import User
from seminar.accounts.queries import Account, accounts_by_address
from seminar.desk.actions.load_course.context import Load
from seminar.desk.rules.course_file import schema

COURSE_FIELDS = (
    "title", "short_name", "term", "language", "zone", "capacity", "state", "mode", "room",
    "forum_url", "contact",
)  # fmt: skip
ABOUT_FIELDS = {
    "description": "description",
    "audience": "audience",
    "structure": "structure",
    "reports": "reports_text",
    "talks": "talks_text",
    "final_presentations": "finals_text",
    "mini_assignments": "minis_text",
}
PAPER_FIELDS = (
    "title", "authors", "venue", "year", "arxiv", "url", "abstract", "reportable", "presentable",
    "capacity",
)  # fmt: skip


def course_fields(file: schema.CourseFile) -> dict[str, Any]:
    """Return the columns of the course row."""
    return {
        **{name: getattr(file.course, name) for name in COURSE_FIELDS},
        **{column: getattr(file.course.about, name) for name, column in ABOUT_FIELDS.items()},
        "prerequisites_needed": file.prerequisites.needed,
    }


def check_capacity(load: Load) -> None:
    """Refuse fewer places than are taken. The course is locked."""
    taken = 0 if load.is_new else places_taken(load.course)
    if load.file.course.capacity < taken:
        rule = _("%(taken)s places are taken; the course cannot have fewer.") % {"taken": taken}
        path = ("course", "capacity")
        load.ledger.refuse(path, "capacity_below_use", load.file.course.capacity, rule)


def put_policy(load: Load) -> None:
    """Write a new version of the switches if one of them differs from the version in force."""
    wanted = load.file.policies.model_dump()
    newest = load.course.policies.order_by("-version").first()
    differing = {
        name: value
        for name, value in wanted.items()
        if newest is None or getattr(newest, name) != value
    }
    if newest is not None and not differing:
        load.ledger.unchanged["policy"] += 1
        return
    CoursePolicy.objects.create(
        course=load.course,
        version=newest.version + 1 if newest else 1,
        created_at=load.at,
        created_by=load.by,
        reason=_("Course file"),
        **wanted,
    )
    key = load.course.slug
    if newest is None:
        load.ledger.create("policy", key)
        return
    load.ledger.unchanged["policy"] += 1
    for name, value in differing.items():
        load.ledger.touch("policy", key, name, before=getattr(newest, name), after=value)


def put_prerequisites(load: Load) -> None:
    """Bring the list of prerequisite courses to the file's; one that was ticked stays."""
    existing = {row.key: row for row in load.course.prerequisites.all()}
    for position, part in enumerate(load.file.prerequisites.courses):
        load.ledger.put(
            "prerequisite",
            part.key,
            existing.pop(part.key, None),
            Prerequisite,
            identity={"course": load.course, "key": part.key},
            fields={"title": part.title, "position": position},
        )
    ticked = {row.pk for row in existing.values() if row.application_set.exists()}
    section = ("prerequisites", "courses")
    for row in existing.values():
        if row.pk in ticked:
            rule = _("It is not in the file, but applicants have named it. Put it back.")
            load.ledger.refuse(section, "in_use", row.key, rule)
    unused = (row for row in existing.values() if row.pk not in ticked)
    load.ledger.remove("prerequisite", section, unused)


def put_staff(load: Load) -> dict[str, Membership]:
    """Make accounts and memberships for the people of the file; return them by address.

    A new account has no password: its owner sets one by a reset mail. An account that exists keeps
    its name, a membership that exists its state; people who are not in the file stay. An account
    whose address nobody ever confirmed is taken from whoever signed up with it.
    """
    accounts = accounts_by_address(person.email for person in load.file.staff)
    rows = {row.user_id: row for row in load.course.memberships.select_related("user")}
    people: dict[str, Membership] = {}
    for index, person in enumerate(load.file.staff):
        account = accounts.get(person.email)
        if account is None:
            made = User.objects.create_user(person.email, name=person.name)
            account = Account(made, is_claimed=False)
        user = account.user
        existing = rows.get(user.pk)
        refusal = _staff_refusal(user, existing, people)
        if refusal:
            load.ledger.refuse(("staff", index, "email"), refusal[0], person.email, refusal[1])
            continue
        fields: dict[str, Any] = {
            "role": person.role,
            "contact": person.contact,
            "office_hours": person.office_hours,
        }
        if existing is None:
            fields |= {"state": Membership.State.ACTIVE, "joined_at": load.at}
            if account.is_claimed:
                load.ledger.unchanged["account"] += 1
                load.ledger.touch(
                    "account", person.email, "name", before=user.name, after=person.name
                )
                [user] = take_back_claims({user.pk: person.name}, by=load.by, at=load.at)
        people[person.email] = load.ledger.put(
            "person",
            person.email,
            existing,
            Membership,
            identity={"course": load.course, "user": user},
            fields=fields,
        )
    return people


def _staff_refusal(
    user: User, existing: Membership | None, people: dict[str, Membership]
) -> tuple[str, str] | None:
    """Return code and words of why somebody cannot be among the staff; None where they can."""
    if any(member.user_id == user.pk for member in people.values()):
        return "same_person", _("This is a second address of somebody the file names already.")
    if existing is not None and existing.role not in Membership.STAFF:
        words = _("This person is in the course as %(role)s.") % {"role": existing.role}
        return "not_staff", words
    if existing is None and not user.is_active:
        return "account_closed", _("The account is closed. An operator can open it again.")
    if existing is None and user.is_superuser:
        words = _("This account runs the installation and can be in no course. Use another one.")
        return "operator", words
    return None


def put_modules(load: Load) -> tuple[dict[str, Module], list[Module]]:
    """Bring the table of contents to the file's; return it by key, and what is left over.

    Parents come before their parts; anchors are set once the meetings are there.
    """
    existing = {row.key: row for row in load.course.modules.all()}
    modules: dict[str, Module] = {}
    order = {part.key: position for position, part in enumerate(load.file.modules)}
    for part in _parents_first(load.file.modules):
        modules[part.key] = load.ledger.put(
            "module",
            part.key,
            existing.pop(part.key, None),
            Module,
            identity={"course": load.course, "key": part.key},
            fields={
                "title": part.title,
                "description": part.description,
                "parent_id": modules[part.parent].pk if part.parent else None,
                "position": order[part.key],
            },
        )
    return modules, list(existing.values())


def put_meetings(
    load: Load, modules: dict[str, Module], people: dict[str, Membership]
) -> tuple[dict[str, Meeting], list[Meeting]]:
    """Bring the meetings to the file's; return them by key, and what is left over.

    Whether a meeting is cancelled is not the file's business and stays. So does that it was led by
    somebody who is no longer among the staff: a file names active people only.
    """
    rows = load.course.meetings.prefetch_related("modules", "led_by__user")
    existing = {row.key: row for row in rows}
    gone = {
        row.key: {
            leader.pk: leader.user.email for leader in row.led_by.all() if not leader.is_staff
        }
        for row in existing.values()
    }
    meetings: dict[str, Meeting] = {}
    for short in load.file.meetings:
        part = schema.completed(short, load.file.meeting_defaults)
        names = ("kind", "title", "topics", "date", "starts", "ends", "room", "online_link",
                 "online_note", "talk_minutes", "changeover_minutes")  # fmt: skip
        meeting = load.ledger.put(
            "meeting",
            part.key,
            existing.pop(part.key, None),
            Meeting,
            identity={"course": load.course, "key": part.key},
            fields={name: getattr(part, name) for name in names},
        )
        covered = {modules[key].pk: key for key in part.covers}
        leaders = {people[email].pk: email for email in part.led_by if email in people}
        leaders |= gone.get(part.key, {})
        load.ledger.link("meeting", part.key, meeting, "modules", covered)
        load.ledger.link("meeting", part.key, meeting, "led_by", leaders)
        meetings[part.key] = meeting
    return meetings, list(existing.values())


def put_anchors(load: Load, modules: dict[str, Module], meetings: dict[str, Meeting]) -> None:
    """Tie modules to the meetings given by hand."""
    for part in load.file.modules:
        module = modules[part.key]
        anchor = meetings[part.anchor] if part.anchor else None
        if module.anchor_id != (anchor.pk if anchor else None):
            load.ledger.touch(
                "module",
                part.key,
                "anchor",
                before=module.anchor.key if module.anchor else "",
                after=part.anchor or "",
            )
            module.anchor = anchor
            module.save(update_fields=["anchor"])


def put_papers(
    load: Load, modules: dict[str, Module], meetings: dict[str, Meeting]
) -> tuple[dict[str, Paper], list[Paper]]:
    """Bring the reading lists to the file's; return them by key, and what is left over."""
    existing = {row.key: row for row in load.course.papers.all()}
    seats = _seats_in_use(load)
    papers: dict[str, Paper] = {}
    for position, part in enumerate(load.file.papers):
        if part.capacity < seats.get(part.key, 0):
            rule = _("%(seats)s people present it. Reassign them first.")
            load.ledger.refuse(
                ("papers", position, "capacity"),
                "capacity_below_use",
                part.capacity,
                rule % {"seats": seats[part.key]},
            )
        papers[part.key] = load.ledger.put(
            "paper",
            part.key,
            existing.pop(part.key, None),
            Paper,
            identity={"course": load.course, "key": part.key},
            fields={
                **{name: getattr(part, name) for name in PAPER_FIELDS},
                "module_id": modules[part.module].pk,
                "meeting_id": meetings[part.meeting].pk if part.meeting else None,
                "position": position,
            },
        )
    return papers, list(existing.values())


def put_announcements(load: Load) -> None:
    """Bring the news of the file up to date.

    What was written on the pages has no key: a file names it by its code, and one that does not
    name it leaves it alone. A file says minutes; the second in which news came out stays.
    """
    rows = list(load.course.announcements.all())
    written = {row.code.lower(): row for row in rows if not row.key}
    existing = {row.key: row for row in rows if row.key}
    for part in load.file.announcements:
        moment = part.published
        published_at = local_instant(moment.day, moment.at, load.course.zone, moment.fold)
        row = existing.pop(part.key, None) or written.get(part.key)
        if row is not None and row.published_at.replace(second=0, microsecond=0) == published_at:
            published_at = row.published_at
        load.ledger.put(
            "announcement",
            part.key,
            row,
            Announcement,
            identity={"course": load.course, "key": part.key},
            fields={
                "title": part.title,
                "body": part.body,
                "public": part.public,
                "published_at": published_at,
            },
        )
    load.ledger.remove("announcement", ("announcements",), existing.values())


def _parents_first(modules: tuple[schema.Module, ...]) -> list[schema.Module]:
    done: dict[str, schema.Module] = {}
    waiting = list(modules)
    while waiting:
        ready = [part for part in waiting if part.parent is None or part.parent in done]
        done |= {part.key: part for part in ready}
        waiting = [part for part in waiting if part.key not in done]
    return list(done.values())


def _seats_in_use(load: Load) -> dict[str, int]:
    """Return how many people present each paper now, by key. One query."""
    live = Presenter.objects.live().filter(
        presentation__course=load.course, presentation__cancelled_at=None
    )
    seats: dict[str, int] = {}
    for key in live.filter(presentation__paper__isnull=False).values_list(
        "presentation__paper__key", flat=True
    ):
        seats[key] = seats.get(key, 0) + 1
    return seats
