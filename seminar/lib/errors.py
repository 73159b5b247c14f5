"""How a person's mistake travels from an action to the page, the API, the admin or the command."""

from typing import Any


class Refused(Exception):
    """An action that was not done, and why, in words for the person who asked.

    ``code`` is stable and for programs; ``message`` is for people and translated by the raiser;
    ``status`` is the HTTP status an edge answers with; ``problems`` lists (field, value, rule) when
    several things are wrong at once.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 409,
        problems: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.problems = problems or []

    def __str__(self) -> str:
        return str(self.message)
