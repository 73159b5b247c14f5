"""News of a course."""

from datetime import datetime
from typing import Any

from django.db import transaction

from courses.models import Announcement, Course, Membership
from courses.queries import recipients
from seminar.accounts.actions import audit, once
from seminar.notifications.actions import enqueue_all
from seminar.notifications.models import Message


@transaction.atomic
def announce(  # noqa: PLR0913 - the facts of one announcement
    course: Course,
    *,
    title: str,
    body: str,
    public: bool,
    by: Membership,
    at: datetime,
    nonce: str = "",
) -> Announcement:
    """Publish news: on the course's pages at once, and one mail to each active member.

    The author gets no mail. ``body`` is Markdown; the mail carries it as it was typed. Locks the
    course, so that the same form sent twice is answered once. Raises what ``once`` raises.
    """
    course = Course.objects.select_for_update().get(pk=course.pk)

    def do() -> dict[str, Any]:
        news = Announcement.objects.create(
            course=course, title=title, body=body, public=public, published_at=at, author=by.user
        )
        audit(
            "announce",
            at=at,
            actor=by.user,
            subject=f"announcement {news.code}",
            course_slug=course.slug,
            after={"title": title, "public": public},
        )
        enqueue_all(
            "courses/mail/announcement",
            key=f"announcement:{news.code}",
            to=[member.user for member in recipients(course) if member.user_id != by.user_id],
            at=at,
            context={"course": course, "news": news, "author": by.user},
            course_slug=course.slug,
            stream=Message.Stream.OPTIONAL,
        )
        return {"code": news.code}

    body_of_request = [course.slug, title, body, public]
    answer = once(nonce, user=by.user, verb="announce", body=body_of_request, at=at, do=do)
    return Announcement.objects.get(code=answer["code"])
