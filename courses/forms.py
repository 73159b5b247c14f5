"""Forms of a course: applying, deciding, leaving, news."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from courses.actions import Statement
from courses.models import Application, Course, Membership
from courses.rules import Actor, Prerequisites, State, check_prerequisites, next_states
from seminar.lib.form_fields import LineField


class ApplicationForm(forms.Form):
    """What an applicant states. ``course`` says which courses stand on its list."""

    level = LineField(
        label=_("Level of study"),
        max_length=100,
        help_text=_("For example: Master Computer Science, 3rd semester."),
    )
    courses_passed = forms.MultipleChoiceField(
        label=_("Courses you have passed"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    equivalent = forms.CharField(
        label=_("Equivalent knowledge"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Other courses or experience that stand for those above: which, and where."),
    )
    frameworks = forms.CharField(
        label=_("Frameworks you know"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For example: PyTorch, two projects; Hugging Face, tried once."),
    )
    motivation = forms.CharField(
        label=_("Why you want to join"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, course: Course, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.course = course
        offered = [(passed.key, passed.title) for passed in course.prerequisites.all()]
        if offered:
            self.fields["courses_passed"].choices = offered  # type: ignore[attr-defined]
        else:
            del self.fields["courses_passed"]

    def statement(self) -> Statement:
        """Return what was stated, for the action. Only for a valid form."""
        passed = tuple(self.cleaned_data.get("courses_passed", ()))
        return Statement(**self.cleaned_data | {"courses_passed": passed})

    def prerequisites(self) -> Prerequisites:
        """Judge what was ticked and written. Only for a valid form."""
        statement = self.statement()
        offered = {passed.key for passed in self.course.prerequisites.all()}
        return check_prerequisites(
            self.course.prerequisites_needed,
            statement.courses_passed,
            offered,
            statement.equivalent,
        )


class DecisionForm(forms.Form):
    """One decision about one application. The action says when a reason is obligatory."""

    decision = forms.ChoiceField(choices=Application.Decision.choices)
    reason = forms.CharField(required=False, max_length=2000)


class StateForm(forms.Form):
    """Where a membership goes next, with the reason the person reads."""

    state = forms.ChoiceField(label=_("What happens"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The person reads it in the mail."),
    )

    WORDS = {
        State.SUSPENDED: _(
            "Suspend: no access until you let the person in again. The place is kept."
        ),
        State.WITHDRAWN: _("Withdraw: the person leaves the course. The place becomes free."),
        State.ACTIVE: _("Let in: the person has access again."),
        State.WAITLISTED: _("Put on the waiting list."),
    }

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        after = next_states(State(membership.state), Actor.STAFF)
        choices = [(state.value, self.WORDS[state]) for state in after if state in self.WORDS]
        self.fields["state"].choices = choices  # type: ignore[attr-defined]


class AnnouncementForm(forms.Form):
    """News for everybody in the course."""

    title = LineField(label=_("Title"), max_length=200)
    body = forms.CharField(
        label=_("Text"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Markdown works: **bold**, - list, [link](https://…)."),
    )
    public = forms.BooleanField(
        label=_("Show it on the public course page too"), required=False, initial=True
    )
