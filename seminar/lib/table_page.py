"""The two pages of every import: choose a file, then see what it does and do it.

The file is kept on the server between the two, and the button names the plan that was shown: what
is imported is what was seen, or nothing. Without JavaScript.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from seminar.lib.errors import Refused
from seminar.lib.plans import Plan
from seminar.lib.tables import LARGEST, Columns, Problem, Table, read_table

NAME_LENGTH = 150


class TableForm(forms.Form):
    """A CSV file and its encoding."""

    file = forms.FileField(
        label=_("CSV file"),
        allow_empty_file=True,  # the reader says so, beside everything else it says
        help_text=_("Up to 5,000 rows and 2 MiB. Separated by comma, semicolon or tab."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,text/csv"}),
    )
    encoding = forms.ChoiceField(
        label=_("Encoding"),
        help_text=_("Leave it at UTF-8. If letters are refused, choose what your program saves."),
        choices=[
            ("utf-8", _("UTF-8")),
            ("windows-1252", _("Windows-1252 (Excel, Western Europe)")),
            ("latin-1", _("Latin-1 (ISO 8859-1)")),
            ("utf-16", _("UTF-16 (Excel, “Unicode text”)")),
        ],
    )

    def kept(self) -> dict[str, Any]:
        """Return name, encoding and content, for what keeps them. Only for a valid form."""
        file = self.cleaned_data["file"]
        return {
            "name": "".join(c for c in file.name if c.isprintable())[-NAME_LENGTH:] or "file.csv",
            "encoding": self.cleaned_data["encoding"],
            "content": file.read(LARGEST + 1),
        }


class Upload(Protocol):
    """A kept file."""

    code: str
    name: str
    encoding: str
    content: Any
    imported_at: Any


class Shelf(Protocol):
    """Where files lie between the two pages; ``new`` takes what ``TableForm.kept`` returns."""

    def find(self, code: str) -> Any: ...
    def new(self, kept: dict[str, Any]) -> Any: ...
    def keep(self, upload: Any) -> None: ...
    def clear(self, upload: Any) -> None: ...


@dataclass(frozen=True)
class TablePages:
    """What differs between the imports. ``there`` makes the address of the second page.

    ``apply`` imports a table over (hash of the plan, nonce); ``back`` leads out, also when done.
    """

    template: str
    columns: Columns
    plan: Callable[[Table], Plan[Any]]
    apply: Callable[[Table, str, str], dict[str, Any]]
    shelf: Shelf
    there: Callable[[str], str]
    back: str
    context: dict[str, Any]

    def choose(self, request: HttpRequest) -> HttpResponse:
        """Take a file. A sound one is kept and shown; of any other everything wrong is listed."""
        form = TableForm(request.POST or None, request.FILES or None)
        problems: tuple[Problem, ...] = ()
        if form.is_bound and form.is_valid():
            upload = self.shelf.new(form.kept())
            plan = self.plan(self.table(upload))
            if not plan.problems:
                self.shelf.keep(upload)
                return redirect(self.there(upload.code))
            problems = plan.problems
        context = {"form": form, "problems": in_order(problems), "columns": self.columns.written()}
        return self.page(request, context, status=422 if form.is_bound else 200)

    def confirm(self, request: HttpRequest, code: str) -> HttpResponse:
        """Show what a kept file would do now; do it where that is what the button names.

        Raises Http404 for a file that does not lie here.
        """
        upload = self.shelf.find(code)
        if upload is None:
            raise Http404
        if upload.imported_at is not None:
            messages.info(request, _("This file is imported already."))
            return redirect(self.back)
        table, refusal = self.table(upload), None
        if request.method == "POST":
            try:
                return self.imported(request, upload, table)
            except Refused as found:
                refusal = found
        plan = self.plan(table)
        context = {
            "upload": upload,
            "table": table,
            "plan": plan,
            "refusal": refusal,
            "problems": in_order(plan.problems),
        }
        return self.page(request, context, status=refusal.status if refusal else 200)

    def imported(self, request: HttpRequest, upload: Upload, table: Table) -> HttpResponse:
        """Import the file; its code makes a second click harmless. Raises Refused."""
        found = self.apply(table, request.POST.get("plan", ""), upload.code)
        self.shelf.clear(upload)
        words = ngettext("Imported: %(n)d change.", "Imported: %(n)d changes.", found["changes"])
        messages.success(request, words % {"n": found["changes"]})
        return redirect(self.back)

    def page(self, request: HttpRequest, context: dict[str, Any], *, status: int) -> HttpResponse:
        """Draw one of the two pages; its forms come back to it."""
        frame = {"back": self.back, "action": request.path, **self.context}
        return render(request, self.template, frame | context, status=status)

    def table(self, upload: Upload) -> Table:
        """Read a kept file."""
        return read_table(bytes(upload.content), self.columns, upload.encoding)


def in_order(problems: tuple[Problem, ...]) -> list[Problem]:
    """Return problems by line, as many as are shown."""
    return sorted(problems, key=lambda problem: problem.line)[:100]
