"""Every constraint that a model declares is in the database, and the database holds to it.

``BREACHES`` names each of them, with what has to be changed in a valid row to break it. A new
constraint without a line here fails ``test_every_constraint_has_a_breach``.
"""

from copy import copy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from assignments.models import (
    Assignment,
    Draft,
    DraftField,
    DraftPaper,
    Extension,
    StoredFile,
    Submission,
)
from courses.models import Course, TableUpload
from grading.models import (
    AttendanceMark,
    Component,
    GradeEntry,
    GradeItem,
    ParticipationPoint,
    PassClause,
    PassRule,
    Release,
    Result,
    ResultRun,
    RubricLevel,
    RubricRow,
)
from presentations.models import (
    Allocation,
    FinalProject,
    Pin,
    PlaceOffer,
    PreferenceChoice,
    PreferenceList,
    PreferenceRound,
    Presentation,
    Presenter,
    ProjectMember,
    Proposal,
    ProposalDecision,
    QueueEvent,
    Slides,
    Swap,
    UnavailableMeeting,
    UnwantedPaper,
)
from seminar.accounts.actions import audit
from seminar.accounts.models import ApiToken, Nonce
from seminar.notifications.actions import write
from seminar.notifications.models import Message
from tests.factories.courses import (
    NOON,
    make_announcement,
    make_application,
    make_course,
    make_meeting,
    make_member,
    make_module,
    make_paper,
    make_prerequisite,
)

OURS = {"accounts", "notifications", "courses", "presentations", "assignments", "grading", "desk"}
LATER, BEFORE = NOON + timedelta(days=7), NOON - timedelta(days=7)
HASH = "0" * 64

Row = models.Model
BREACHES: dict[str, tuple[str, dict[str, Any]]] = {
    "accounts_user_email_lower": ("accounts.User", {"email": "Ada@example.org"}),
    "accounts_user_name_given": ("accounts.User", {"name": ""}),
    "accounts_auditentry_has_verb": ("accounts.AuditEntry", {"verb": ""}),
    "accounts_nonce_once_per_user": ("accounts.Nonce", {"verb": "other"}),
    "accounts_nonce_long_enough": ("accounts.Nonce", {"nonce": "short"}),
    "accounts_apitoken_name_given": ("accounts.ApiToken", {"name": ""}),
    "accounts_apitoken_digest_is_sha256": ("accounts.ApiToken", {"digest": "0" * 63}),
    "accounts_apitoken_scopes_known": ("accounts.ApiToken", {"scopes": "write read"}),
    "accounts_apitoken_ends_later": ("accounts.ApiToken", {"expires_at": NOON}),
    "notifications_message_state_known": (
        "notifications.Message",
        {"state": "odd", "ended_at": NOON},
    ),
    "notifications_message_stream_known": ("notifications.Message", {"stream": "odd"}),
    "notifications_message_ended_iff_not_queued": ("notifications.Message", {"ended_at": NOON}),
    "notifications_message_lease_has_end": ("notifications.Message", {"lease": "x"}),
    "notifications_message_has_key": ("notifications.Message", {"key": ""}),
    "courses_course_state_known": ("courses.Course", {"state": "odd"}),
    "courses_course_capacity_sane": ("courses.Course", {"capacity": 10_001}),
    "courses_course_slug_shape": ("courses.Course", {"slug": "Not a slug"}),
    "courses_course_title_given": ("courses.Course", {"title": ""}),
    "courses_coursepolicy_version_once": ("courses.CoursePolicy", {"sealed": True}),
    "courses_coursepolicy_version_from_1": ("courses.CoursePolicy", {"version": 0}),
    "courses_coursepolicy_late_percent": (
        "courses.CoursePolicy",
        {"late_percent_per_day": Decimal("100.01")},
    ),
    "courses_coursepolicy_late_factor": (
        "courses.CoursePolicy",
        {"late_attendance_factor": Decimal("1.01")},
    ),
    "courses_coursepolicy_late_days": ("courses.CoursePolicy", {"late_days": 366}),
    "courses_prerequisite_key_once": ("courses.Prerequisite", {"title": "Other"}),
    "courses_membership_once_per_course": ("courses.Membership", {"role": "auditor"}),
    "courses_membership_role_known": ("courses.Membership", {"role": "odd"}),
    "courses_membership_state_known": ("courses.Membership", {"state": "odd"}),
    "courses_membership_active_has_joined": ("courses.Membership", {"joined_at": None}),
    "courses_application_decision_known": (
        "courses.Application",
        {"decision": "odd", "decided_at": NOON, "decided_by": "courses.Membership"},
    ),
    "courses_application_decided_by_someone": (
        "courses.Application",
        {"decision": "accepted", "decided_at": NOON},
    ),
    "courses_application_decided_has_time": ("courses.Application", {"decision": "accepted"}),
    "courses_application_declined_has_reason": (
        "courses.Application",
        {"decision": "declined", "decided_at": NOON, "decided_by": "courses.Membership"},
    ),
    "courses_module_key_once": ("courses.Module", {"title": "Other"}),
    "courses_module_not_own_parent": ("courses.Module", {"id": 77, "parent_id": 77}),
    "courses_meeting_key_once": ("courses.Meeting", {"title": "Other"}),
    "courses_meeting_kind_known": ("courses.Meeting", {"kind": "odd"}),
    "courses_meeting_ends_after_start": ("courses.Meeting", {"ends": "16:00"}),
    "courses_meeting_date_sane": ("courses.Meeting", {"date": "1999-12-31"}),
    "courses_meeting_talk_minutes_sane": ("courses.Meeting", {"talk_minutes": 0}),
    "courses_meeting_changeover_sane": ("courses.Meeting", {"changeover_minutes": 121}),
    "courses_paper_key_once": ("courses.Paper", {"title": "Other"}),
    "courses_paper_has_use": ("courses.Paper", {"reportable": False, "presentable": False}),
    "courses_paper_capacity_sane": ("courses.Paper", {"capacity": 101}),
    "courses_paper_year_sane": ("courses.Paper", {"year": 1899}),
    "courses_announcement_key_once": ("courses.Announcement", {"title": "Other"}),
    "courses_tableupload_kind_known": ("courses.TableUpload", {"kind": "odd"}),
    "courses_tableupload_encoding_known": ("courses.TableUpload", {"encoding": "odd"}),
    "presentations_round_key_once": ("presentations.PreferenceRound", {"title": "Other"}),
    "presentations_round_closes_later": ("presentations.PreferenceRound", {"closes_at": NOON}),
    "presentations_round_lengths": ("presentations.PreferenceRound", {"max_length": 0}),
    "presentations_list_once_per_student": ("presentations.PreferenceList", {"number": 2}),
    "presentations_list_number_once": (
        "presentations.PreferenceList",
        {"membership": "courses.Membership other"},
    ),
    "presentations_list_number_iff_submitted": (
        "presentations.PreferenceList",
        {"submitted_at": None},
    ),
    "presentations_list_number_from_1": ("presentations.PreferenceList", {"number": 0}),
    "presentations_choice_position_once": (
        "presentations.PreferenceChoice",
        {"paper": "courses.Paper other"},
    ),
    "presentations_choice_paper_once": ("presentations.PreferenceChoice", {"position": 2}),
    "presentations_choice_from_1": ("presentations.PreferenceChoice", {"position": 0}),
    "presentations_event_seq_once": ("presentations.QueueEvent", {"number": 2}),
    "presentations_event_number_given_once": ("presentations.QueueEvent", {"seq": 2}),
    "presentations_event_kind_known": ("presentations.QueueEvent", {"kind": "odd"}),
    "presentations_allocation_run_once": ("presentations.Allocation", {"published_at": None}),
    "presentations_allocation_one_published": ("presentations.Allocation", {"run": 2}),
    "presentations_allocation_published_by": (
        "presentations.Allocation",
        {"published_at": None, "published_by": "accounts.User"},
    ),
    "presentations_presentation_kind_known": ("presentations.Presentation", {"kind": "odd"}),
    "presentations_presentation_mode_known": ("presentations.Presentation", {"mode": "odd"}),
    "presentations_presentation_paper_or_title": (
        "presentations.Presentation",
        {"kind": "final"},
    ),
    "presentations_presentation_one_live_per_paper": (
        "presentations.Presentation",
        {"position": 2},
    ),
    "presentations_presentation_order_once": (
        "presentations.Presentation",
        {"paper": "courses.Paper other"},
    ),
    "presentations_presentation_minutes_sane": ("presentations.Presentation", {"minutes": 0}),
    "presentations_presenter_seat_once": (
        "presentations.Presenter",
        {"membership": "courses.Membership other"},
    ),
    "presentations_presenter_one_live_talk_per_kind": ("presentations.Presenter", {"seat": 1}),
    "presentations_presenter_kind_known": ("presentations.Presenter", {"kind": "odd"}),
    "presentations_presenter_seat_sane": ("presentations.Presenter", {"seat": 100}),
    "presentations_presenter_ends_after_start": (
        "presentations.Presenter",
        {"ended_at": BEFORE},
    ),
    "presentations_presentation_one_live_per_project": (
        "presentations.Presentation final",
        {"position": 3},
    ),
    "presentations_round_unwanted_sane": ("presentations.PreferenceRound", {"max_unwanted": 101}),
    "presentations_unwanted_once": ("presentations.UnwantedPaper", {}),
    "presentations_unavailable_once": ("presentations.UnavailableMeeting", {}),
    "presentations_pin_one_live_per_student": ("presentations.Pin", {"reason": "other"}),
    "presentations_pin_reason": ("presentations.Pin", {"reason": ""}),
    "presentations_pin_lifted_by_someone": ("presentations.Pin", {"lifted_at": NOON}),
    "presentations_offer_one_open_per_place": (
        "presentations.PlaceOffer",
        {"membership": "courses.Membership other"},
    ),
    "presentations_offer_does_not_return": ("presentations.PlaceOffer", {"seat": 1}),
    "presentations_offer_state_known": (
        "presentations.PlaceOffer",
        {"state": "odd", "answered_at": NOON},
    ),
    "presentations_offer_answered_iff_not_open": (
        "presentations.PlaceOffer",
        {"state": "declined"},
    ),
    "presentations_offer_expires_later": ("presentations.PlaceOffer", {"expires_at": NOON}),
    "presentations_offer_seat_sane": ("presentations.PlaceOffer", {"seat": 100}),
    "presentations_offer_choice_sane": ("presentations.PlaceOffer", {"choice": 0}),
    "presentations_swap_proposed_once": ("presentations.Swap", {"message": "again"}),
    "presentations_swap_between_two": ("presentations.Swap", {"theirs": "presentations.Presenter"}),
    "presentations_swap_state_known": (
        "presentations.Swap",
        {"state": "odd", "answered_at": NOON},
    ),
    "presentations_swap_answered_iff_not_open": ("presentations.Swap", {"state": "declined"}),
    "presentations_swap_expires_later": ("presentations.Swap", {"expires_at": NOON}),
    "presentations_slides_version_once": ("presentations.Slides", {"name": "other"}),
    "presentations_slides_sha256": ("presentations.Slides", {"sha256": "x" * 64}),
    "presentations_slides_from_1": ("presentations.Slides", {"version": 0}),
    "presentations_project_mode_known": ("presentations.FinalProject", {"mode": "odd"}),
    "presentations_project_title_given": ("presentations.FinalProject", {"title": ""}),
    "presentations_project_worth_by_someone": (
        "presentations.FinalProject",
        {"worth_a_paper_at": NOON},
    ),
    "presentations_projectmember_once": ("presentations.ProjectMember", {"confirmed_at": None}),
    "presentations_projectmember_one_project": (
        "presentations.ProjectMember",
        {"project": "presentations.FinalProject other"},
    ),
    "presentations_projectmember_ends_after_start": (
        "presentations.ProjectMember",
        {"ended_at": BEFORE},
    ),
    "presentations_proposal_version_once": ("presentations.Proposal", {"title": "Other"}),
    "presentations_proposal_mode_known": ("presentations.Proposal", {"mode": "odd"}),
    "presentations_proposal_from_1": ("presentations.Proposal", {"version": 0}),
    "presentations_decision_verdict_known": (
        "presentations.ProposalDecision",
        {"verdict": "odd", "comment": "x"},
    ),
    "presentations_decision_comment_given": (
        "presentations.ProposalDecision",
        {"verdict": "declined", "comment": ""},
    ),
    "assignments_assignment_key_once": ("assignments.Assignment", {"title": "Other"}),
    "assignments_assignment_kind_known": ("assignments.Assignment", {"kind": "odd"}),
    "assignments_assignment_closes_later": ("assignments.Assignment", {"closes_at": NOON}),
    "assignments_assignment_report_has_module": ("assignments.Assignment", {"module": None}),
    "assignments_assignment_ranges": ("assignments.Assignment", {"summary_max": 4}),
    "assignments_extension_once": ("assignments.Extension", {"reason": "other"}),
    "assignments_extension_has_reason": ("assignments.Extension", {"reason": ""}),
    "assignments_draft_once": ("assignments.Draft", {"version": 2}),
    "assignments_draftpaper_slot_once": (
        "assignments.DraftPaper",
        {"paper": "courses.Paper other"},
    ),
    "assignments_draftpaper_distinct": ("assignments.DraftPaper", {"slot": 1}),
    "assignments_draftpaper_slot_sane": ("assignments.DraftPaper", {"slot": 10}),
    "assignments_draftfield_once": ("assignments.DraftField", {"text": "other"}),
    "assignments_draftfield_part_known": ("assignments.DraftField", {"part": "odd"}),
    "assignments_draftfield_slot_sane": ("assignments.DraftField", {"slot": 10}),
    "assignments_draftfield_index_sane": ("assignments.DraftField", {"index": 10_000}),
    "assignments_draftfield_text_length": ("assignments.DraftField", {"text": "x" * 1_000_000}),
    "assignments_storedfile_not_empty": ("assignments.StoredFile", {"size": 0}),
    "assignments_storedfile_sha256_length": ("assignments.StoredFile", {"sha256": "0" * 63}),
    "assignments_submission_number_once": ("assignments.Submission", {"late_days": 1}),
    "assignments_submission_from_1": ("assignments.Submission", {"number": 0}),
    "assignments_submission_hash_length": ("assignments.Submission", {"content_hash": "0"}),
    "assignments_submission_source_known": ("assignments.Submission", {"source": "odd"}),
    "grading_component_key_once": ("grading.Component", {"title": "Other"}),
    "grading_component_weight_sane": ("grading.Component", {"weight": Decimal("100.001")}),
    "grading_item_key_once": ("grading.GradeItem", {"title": "Other"}),
    "grading_item_kind_known": ("grading.GradeItem", {"kind": "odd"}),
    "grading_item_assignment_iff_kind": ("grading.GradeItem", {"kind": "assignment"}),
    "grading_item_talk_kind_iff_kind": ("grading.GradeItem", {"talk_kind": "final"}),
    "grading_item_weight_sane": ("grading.GradeItem", {"weight": Decimal(-1)}),
    "grading_item_max_sane": ("grading.GradeItem", {"max_points": Decimal(0)}),
    "grading_item_cap_sane": ("grading.GradeItem", {"meeting_cap": Decimal(-1)}),
    "grading_rubricrow_key_once": ("grading.RubricRow", {"title": "Other"}),
    "grading_rubricrow_max_sane": ("grading.RubricRow", {"max_points": Decimal(-1)}),
    "grading_rubriclevel_points_once": ("grading.RubricLevel", {"text": "Other"}),
    "grading_rubriclevel_points_sane": ("grading.RubricLevel", {"points": Decimal(-1)}),
    "grading_passrule_version_once": ("grading.PassRule", {"reason": "Other"}),
    "grading_passclause_component_once": ("grading.PassClause", {"position": 2}),
    "grading_passclause_total_once": ("grading.PassClause total", {"position": 2}),
    "grading_passclause_percent_sane": ("grading.PassClause", {"at_least": Decimal(101)}),
    "grading_entry_seq_once": ("grading.GradeEntry", {"points": Decimal(2)}),
    "grading_entry_kind_known": ("grading.GradeEntry", {"kind": "odd", "reason": "x"}),
    "grading_entry_points_iff_scored": ("grading.GradeEntry", {"points": None}),
    "grading_entry_points_sane": ("grading.GradeEntry", {"points": Decimal(-1)}),
    "grading_entry_exception_has_reason": ("grading.GradeEntry", {"kind": "override"}),
    "grading_release_once": ("grading.Release", {"at": LATER}),
    "grading_attendance_once": ("grading.AttendanceMark", {"status": "late"}),
    "grading_attendance_status_known": ("grading.AttendanceMark", {"status": "odd"}),
    "grading_participation_points_sane": ("grading.ParticipationPoint", {"points": Decimal(101)}),
    "grading_resultrun_number_once": ("grading.ResultRun", {"computed_at": NOON}),
    "grading_resultrun_one_waiting": ("grading.ResultRun", {"number": 2}),
    "grading_resultrun_frozen_by": ("grading.ResultRun", {"frozen_by": "accounts.User"}),
    "grading_resultrun_frozen_is_computed": ("grading.ResultRun", {"frozen_at": NOON}),
    "grading_resultrun_published_is_frozen": ("grading.ResultRun", {"published_at": NOON}),
    "grading_result_once": ("grading.Result", {"verdict": "secured"}),
    "grading_result_verdict_known": ("grading.Result", {"verdict": "odd"}),
}


def declared() -> dict[str, tuple[type[Row], models.BaseConstraint]]:
    """Every constraint of our models by name."""
    return {
        constraint.name: (model, constraint)
        for model in apps.get_models()
        if model._meta.app_label in OURS
        for constraint in model._meta.constraints
    }


def test_every_constraint_has_a_breach() -> None:
    assert sorted(BREACHES) == sorted(declared())


def test_every_constraint_is_in_the_database(db: None) -> None:
    missing = []
    for name, (model, constraint) in declared().items():
        assert name.startswith(f"{model._meta.app_label}_")
        with connection.cursor() as cursor:
            table = model._meta.db_table
            found = connection.introspection.get_constraints(cursor, table).get(name)
        kind = "check" if isinstance(constraint, models.CheckConstraint) else "unique"
        if not (found and found[kind]):
            missing.append(name)

    assert missing == []


@pytest.mark.plants_violation("I-60", "I-62", reason="rows of every table that fit no course")
@pytest.mark.parametrize("name", BREACHES)
def test_the_database_refuses_a_breach(name: str, rows: dict[str, Row]) -> None:
    label, changes = BREACHES[name]
    _model, constraint = declared()[name]
    row = another(rows[label], {key: rows.get(value, value) if isinstance(value, str) else value
                                for key, value in changes.items()})  # fmt: skip

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        type(row)._base_manager.bulk_create([row])

    if isinstance(constraint, models.CheckConstraint) or connection.vendor == "postgresql":
        assert name in str(refusal.value)
    else:
        assert "UNIQUE" in str(refusal.value)


def another(row: Row, changes: dict[str, Any]) -> Row:
    """A second row like this one, not stored, with other values in some fields."""
    twin = copy(row)
    twin._state = copy(row._state)
    twin.pk, twin._state.adding = None, True
    for field in row._meta.concrete_fields:
        if field.unique and field.name not in changes and isinstance(field, models.CharField):
            setattr(twin, field.attname, getattr(row, field.attname)[:-1] + "x")
    for name, value in changes.items():
        setattr(twin, name, value)
    return twin


@pytest.fixture
def rows(db: None) -> dict[str, Row]:
    """A valid row of every model that has constraints, by label; "other" is a second person."""
    course = make_course()
    member, other = make_member(course), make_member(course)
    module, meeting = make_module(course), make_meeting(course)
    found: list[Row] = [course, course.policies.get(), member.user, member, module, meeting]
    found += [make_prerequisite(course), make_application(course)]
    found += [make_announcement(course, key="news"), audit("x", at=NOON, actor=None, subject="x")]
    file = {"kind": "roster", "name": "people.csv", "encoding": "utf-8", "content": b"x"}
    found += [TableUpload.objects.create(course=course, by=member.user, at=NOON, **file)]
    paper, second = make_paper(course, module=module), make_paper(course, module=module)
    facts = {"user": member.user, "nonce": "nonce-0001", "verb": "x", "created_at": NOON}
    found += [paper, Nonce.objects.create(**facts, body_hash=HASH, answer={})]
    life = {"created_at": NOON, "expires_at": LATER}
    found += [
        ApiToken.objects.create(user=member.user, name="t", digest=HASH, scopes="read", **life)
    ]
    write(key="k", to=None, address="a@example.org", kind="x", subject="s", text="t", at=NOON)
    found += [Message.objects.get()]
    found += round_rows(course, member, paper) + talk_rows(course, member, paper, meeting)
    found += wish_rows(found, paper, meeting)
    project, final, *project_rows = final_rows(course, member, meeting)
    found += [project, *project_rows]
    found += change_rows(found, other, paper)
    found += work_rows(course, member, paper, module)
    found += grade_rows(course, member, meeting)
    named = {row._meta.label: row for row in found}
    total = PassClause.objects.create(rule=named["grading.PassRule"], at_least=50, position=9)
    return named | {
        "courses.Membership other": other,
        "courses.Paper other": second,
        "presentations.Presentation final": final,
        "presentations.FinalProject other": FinalProject.objects.create(
            course=course, mode="new_mechanism", title="Other", created_at=NOON
        ),
        "grading.PassClause total": total,
    }


def round_rows(course: Course, member: Row, paper: Row) -> list[Row]:
    window = {"opens_rule": "x", "opens_at": NOON, "closes_rule": "x", "closes_at": LATER}
    round_ = PreferenceRound.objects.create(
        course=course, key="round", title="Round", min_length=1, max_length=5, last_number=1,
        last_event=1, **window,
    )  # fmt: skip
    round_.papers.set([paper])
    ranking = PreferenceList.objects.create(
        round=round_, membership=member, number=1, submitted_at=NOON, changed_at=NOON
    )
    return [
        round_,
        ranking,
        PreferenceChoice.objects.create(list=ranking, paper=paper, position=1),
        QueueEvent.objects.create(
            round=round_, seq=1, kind="submitted", membership=member, number=1, papers=[], at=NOON
        ),
        Allocation.objects.create(
            round=round_, run=1, run_at=NOON, rule_version="1", input_hash=HASH,
            inputs={}, outcome={}, published_at=NOON,
        ),
    ]  # fmt: skip


def talk_rows(course: Course, member: Row, paper: Row, meeting: Row) -> list[Row]:
    talk = Presentation.objects.create(
        course=course, kind="in_class", paper=paper, meeting=meeting, position=1, minutes=20
    )
    seat = {"seat": 0, "reason": "choice", "since": NOON}
    presenter = Presenter.objects.create(
        presentation=talk, membership=member, kind="in_class", **seat
    )
    return [talk, presenter]


def wish_rows(found: list[Row], paper: Row, meeting: Row) -> list[Row]:
    ranking = next(row for row in found if isinstance(row, PreferenceList))
    return [
        UnwantedPaper.objects.create(list=ranking, paper=paper),
        UnavailableMeeting.objects.create(list=ranking, meeting=meeting),
        Pin.objects.create(
            round=ranking.round,
            membership=ranking.membership,
            paper=paper,
            reason="why",
            set_at=NOON,
            set_by=ranking.membership.user,
        ),
    ]


def change_rows(found: list[Row], other: Row, paper: Row) -> list[Row]:
    """An offer, a swap with a second presenter, and slides."""
    presenter = next(row for row in found if isinstance(row, Presenter))
    round_ = next(row for row in found if isinstance(row, PreferenceRound))
    talk, user = presenter.presentation, presenter.membership.user
    theirs = Presenter.objects.create(
        presentation=talk, membership=other, kind="in_class", seat=5, reason="choice", since=NOON,
        ended_at=NOON,
    )  # fmt: skip
    return [
        PlaceOffer.objects.create(
            round=round_, paper=paper, seat=0, membership=presenter.membership, number=1, choice=1,
            offered_at=NOON, expires_at=LATER,
        ),
        Swap.objects.create(mine=presenter, theirs=theirs, proposed_at=NOON, expires_at=LATER),
        Slides.objects.create(
            presentation=talk, version=1, sha256=HASH, name="a.pdf", size=1, uploaded_at=NOON,
            uploaded_by=user,
        ),
    ]  # fmt: skip


def final_rows(course: Course, member: Row, meeting: Row) -> list[Row]:
    """A project with its talk, a member, a proposal and the decision about it."""
    project = FinalProject.objects.create(
        course=course, mode="literature_review", title="Survey", created_at=NOON
    )
    talk = Presentation.objects.create(
        course=course, kind="final", title="Survey", project=project, meeting=meeting, position=2,
        minutes=12,
    )  # fmt: skip
    proposal = Proposal.objects.create(
        project=project, version=1, mode="literature_review", title="Survey", fields={},
        submitted_at=NOON, submitted_by=member,
    )  # fmt: skip
    return [
        project,
        talk,
        proposal,
        ProjectMember.objects.create(
            project=project, membership=member, since=NOON, confirmed_at=NOON
        ),
        ProposalDecision.objects.create(
            proposal=proposal, verdict="approved", decided_at=NOON, decided_by=member
        ),
    ]


def work_rows(course: Course, member: Row, paper: Row, module: Row) -> list[Row]:
    window = {"opens_rule": "x", "opens_at": NOON, "closes_rule": "x", "closes_at": LATER}
    report = Assignment.objects.create(
        course=course, key="report", kind="report", title="R", module=module, position=1, **window
    )
    own = {"assignment": report, "membership": member}
    draft = Draft.objects.create(**own, changed_at=NOON)
    return [
        report,
        draft,
        Extension.objects.create(
            **own, until=LATER, reason="ill", granted_by=member, granted_at=NOON
        ),
        DraftPaper.objects.create(draft=draft, slot=0, paper=paper),
        DraftField.objects.create(
            draft=draft, slot=0, part="summary", index=0, text="t", saved_at=NOON
        ),
        StoredFile.objects.create(sha256=HASH, size=1, stored_at=NOON),
        Submission.objects.create(**own, number=1, received_at=NOON, content={}, content_hash=HASH),
    ]


def grade_rows(course: Course, member: Row, meeting: Row) -> list[Row]:
    component = Component.objects.create(
        course=course, key="c", title="C", weight=Decimal(100), position=1
    )
    item = GradeItem.objects.create(
        course=course, component=component, key="i", title="I", kind="participation",
        weight=Decimal(100), max_points=Decimal(10), position=1,
    )  # fmt: skip
    row = RubricRow.objects.create(item=item, key="r", title="R", max_points=1, position=1)
    rule = PassRule.objects.create(course=course, version=1, created_at=NOON)
    run = ResultRun.objects.create(course=course, number=1, requested_at=NOON)
    mark = {"membership": member, "at": NOON, "by": member}
    return [
        component,
        item,
        row,
        rule,
        run,
        RubricLevel.objects.create(row=row, points=1, text="Good"),
        PassClause.objects.create(rule=rule, component=component, at_least=50, position=1),
        GradeEntry.objects.create(item=item, seq=1, kind="score", points=1, **mark),
        Release.objects.create(item=item, **mark),
        AttendanceMark.objects.create(meeting=meeting, status="in_room", **mark),
        ParticipationPoint.objects.create(item=item, meeting=meeting, points=1, **mark),
        Result.objects.create(run=run, membership=member, verdict="open", content={}),
    ]
