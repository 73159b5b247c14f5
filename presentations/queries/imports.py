"""What lists collected on paper are held against."""

from courses.models import Membership
from courses.queries import email_key
from presentations import rules
from presentations.models import PreferenceList, PreferenceRound
from presentations.queries.allocations import published_of
from presentations.queries.rounds import papers_of_round


def queue_facts(round_: PreferenceRound) -> rules.QueueFacts:
    """Return students, papers and the queue of a round. Four queries.

    Exact only for a caller that holds the round's lock.
    """
    lists = dict(PreferenceList.objects.filter(round=round_).values_list("membership_id", "number"))
    students = Membership.objects.filter(course=round_.course_id).students().active()
    return rules.QueueFacts(
        students={
            email_key(row.user): rules.Ranker(
                row.code, row.user.name, row.pk in lists, lists.get(row.pk) or 0
            )
            for row in students.select_related("user")
        },
        papers=tuple(paper.key for paper in papers_of_round(round_)),
        min_length=round_.min_length,
        max_length=round_.max_length,
        last_number=round_.last_number,
        is_published=published_of(round_) is not None,
    )
