"""Reads matrix.toml: what everybody is answered, policy by policy, and the exceptions."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.authz.objects import RELATIONS

TABLE = Path(__file__).with_name("matrix.toml")
KINDS = frozenset({"ok", "login", "confirm", "403", "404", "405", "refused", "-"})
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class Expectation:
    """The class of answer, and where that is written."""

    kind: str
    exception: int | None = None


@dataclass(frozen=True)
class Exempt:
    """An address that answers somebody otherwise than its policy says, with the reason."""

    name: str
    actors: frozenset[str]
    relations: frozenset[str]
    methods: frozenset[str]
    kind: str
    reason: str

    def meets(self, name: str, actor: str, relation: str, method: str) -> bool:
        return (
            name == self.name
            and (not self.actors or actor in self.actors)
            and (not self.relations or relation in self.relations)
            and (not self.methods or method in self.methods)
        )


class Matrix:
    """The table. A cell of it is "read" or "read|write"."""

    def __init__(self, text: str) -> None:
        table = tomllib.loads(text)
        self.most_exceptions: int = table["most_exceptions"]
        self.rows: dict[str, dict[str, dict[str, str]]] = {
            policy: {actor: split(line) for actor, line in row.items()}
            for policy, row in table["policy"].items()
        }
        self.exceptions = [exempt(facts) for facts in table.get("exception", [])]

    @classmethod
    def read(cls) -> "Matrix":
        return cls(TABLE.read_text())

    def expected(self, cell: Any) -> Expectation:
        """What a cell must be answered. Raises KeyError where the table says nothing."""
        facts = (cell.address.name, cell.actor, cell.call.relation, cell.method)
        for number, exception in enumerate(self.exceptions):
            if exception.meets(*facts):
                return Expectation(exception.kind, number)
        text = self.rows[cell.address.policy.name][cell.actor][cell.call.relation]
        read, _, write = text.partition("|")
        return Expectation(write or read if cell.method in UNSAFE else read)


def split(line: str) -> dict[str, str]:
    """One line of a row: an answer for each relation."""
    answers = line.split()
    assert len(answers) == len(RELATIONS), line
    assert {kind for answer in answers for kind in answer.split("|")} <= KINDS, line
    return dict(zip(RELATIONS, answers, strict=True))


def exempt(facts: dict[str, Any]) -> Exempt:
    known = {"name", "actors", "relations", "methods", "kind", "reason"}
    assert set(facts) <= known, facts
    assert facts["reason"].strip(), facts
    lists = {part: frozenset(facts.get(part, ())) for part in ("actors", "relations", "methods")}
    return Exempt(name=facts["name"], kind=facts["kind"], reason=facts["reason"], **lists)
