"""Model fields that several apps share."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.functions import Length

from seminar.lib import codes

# `name__length__gte=1` in constraints: both databases then refuse an empty or oversized text.
models.CharField.register_lookup(Length)
models.TextField.register_lookup(Length)


if TYPE_CHECKING:
    Text = models.CharField[str, str]
else:
    Text = models.CharField


class CodeField(Text):
    """A public code, made at creation and never changed."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 16)
        kwargs.setdefault("default", codes.new_code)
        kwargs.setdefault("unique", True)
        kwargs.setdefault("editable", False)
        super().__init__(**kwargs)
