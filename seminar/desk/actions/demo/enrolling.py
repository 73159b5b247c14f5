"""The demo's people: who asked for a place, who got one, who left, what they were told."""

from datetime import datetime
from functools import partial

from allauth.account.models import EmailAddress

from courses.actions import (
    Statement,
    accept_applications,
    announce,
    change_state,
    decide_application,
    send_application,
)
from courses.models import Membership
from seminar.accounts.actions import audit
from seminar.accounts.models import User
from seminar.desk.actions.demo.stage import Script, Stage
from seminar.desk.rules.demo import Applicant, Decision, News


def add_enrolment(script: Script, stage: Stage) -> None:
    """Add applications, decisions, the auditor and announcements."""
    at = stage.term.at
    for person in stage.story.applicants:
        script.add(at(person.applied), partial(apply_for, stage, person))
    for decision in stage.story.decisions:
        script.add(at(decision.at), partial(decide, stage, decision))
    if stage.story.auditor:
        script.add(at(stage.story.auditor.at), partial(let_audit, stage))
    for news in stage.story.news:
        script.add(at(news.at), partial(tell, stage, news))


def person_of(name: str, email: str, at: datetime) -> User:
    """Return somebody's account; made with a confirmed address and no password if there is none."""
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, name=name)
        User.objects.filter(pk=user.pk).update(date_joined=at)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def apply_for(stage: Stage, person: Applicant, at: datetime) -> None:
    """Sign up and ask for a place."""
    statement = Statement(
        level=person.level,
        courses_passed=person.passed,
        equivalent=person.equivalent,
        frameworks=person.knows,
        motivation=person.why,
    )
    user = person_of(person.name, person.email, at)
    send_application(stage.course, user=user, statement=statement, at=at)


def decide(stage: Stage, decision: Decision, at: datetime) -> None:
    """Accept, put on the waiting list, decline, or end a membership."""
    lead = stage.lead
    if decision.accept:
        codes = [stage.member(who).code for who in decision.accept]
        accept_applications(stage.course, codes=codes, by=lead, at=at)
    elif decision.withdraw:
        leaver = stage.member(decision.withdraw)
        change_state(leaver, state="withdrawn", reason=decision.reason, by=lead.user, at=at)
    else:
        verdict = "waitlisted" if decision.waitlist else "declined"
        decide_application(
            stage.member(decision.waitlist or decision.decline),
            decision=verdict,
            reason=decision.reason,
            by=lead,
            at=at,
        )


def let_audit(stage: Stage, at: datetime) -> None:
    """Let somebody read along. There is no application for that: staff add auditors."""
    auditor = stage.story.auditor
    assert auditor is not None, "added only where there is one"
    course, lead = stage.course, stage.lead
    member = Membership.objects.create(
        course=course,
        user=person_of(auditor.name, auditor.email, at),
        role=Membership.Role.AUDITOR,
        state=Membership.State.ACTIVE,
        joined_at=at,
    )
    audit(
        "add_member",
        at=at,
        actor=lead.user,
        subject=f"membership {member.code}",
        course_slug=course.slug,
        after={"role": member.role, "state": member.state},
    )


def tell(stage: Stage, news: News, at: datetime) -> None:
    """Publish an announcement."""
    announce(
        stage.course,
        title=news.title,
        body=news.body,
        public=news.public,
        by=stage.member(news.by),
        at=at,
    )
