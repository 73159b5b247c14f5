"""Forms of pages that span apps."""

import base64
import binascii
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from seminar.desk.rules.course_file.reading import LARGEST
from seminar.lib.form_fields import ClockTimeField, DayField


class ClockForm(forms.Form):
    """A wall time in the course's zone that the demo's clock shall show."""

    date = DayField(label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}))
    time = ClockTimeField(label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}))


class SampleForm(forms.Form):
    """One field of each kind, for the style guide. It is drawn with errors and never saved."""

    strength = forms.CharField(
        label=_("Strength 3"),
        help_text=_("One or two sentences. Say what the authors did well and where you see it."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write a third strength for paper A")},
    )
    paper = forms.ChoiceField(
        label=_("Paper A"),
        choices=[("lora", "LoRA (Hu et al., 2021)"), ("zero", "ZeRO (Rajbhandari et al., 2020)")],
        widget=forms.RadioSelect,
        help_text=_("Choose the paper you report on."),
        error_messages={"required": _("Choose paper A")},
    )
    topics = forms.MultipleChoiceField(
        label=_("Topics you know"),
        choices=[("torch", "PyTorch"), ("jax", "JAX")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=[("en", _("English")), ("de", _("German"))]
    )
    slides = forms.FileField(label=_("Slides"), help_text=_("PDF, up to 20 MB."), required=False)
    own_work = forms.BooleanField(
        label=_("I wrote this myself"),
        help_text=_("You may quote; say where from."),
        error_messages={"required": _("Confirm that you wrote this yourself")},
    )
    matriculation = forms.CharField(label=_("Matriculation"), initial="2571234", disabled=True)


class CourseFileForm(forms.Form):
    """A course file: chosen from a disk, or, once it was previewed, sent along with the preview.

    ``cleaned_data["content"]`` are its bytes, one more than is read at most; ``preview`` names what was
    shown, and is empty before.
    """

    file = forms.FileField(
        label=_("Course file"),
        help_text=_("YAML, at most 1 MiB."),
        error_messages={"required": _("Choose a file.")},
    )
    confirm_scheme = forms.BooleanField(
        label=_("Also change weights and the pass rule, although grades exist"),
        help_text=_("Without this a file that changes them is refused once grades exist."),
        required=False,
    )
    content = forms.CharField(required=False, widget=forms.HiddenInput)
    preview = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].required = not self.data.get("content")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        sent, file = cleaned.get("content"), cleaned.get("file")
        try:
            kept = base64.b64decode(sent or "", validate=True)
        except (binascii.Error, ValueError):
            self.add_error("file", ValidationError(_("Choose the file again."), code="garbled"))
            kept = b""
        cleaned["content"] = kept or (file.read(LARGEST + 1) if file else b"")
        cleaned["preview"] = cleaned.get("preview", "") if kept else ""
        return cleaned
