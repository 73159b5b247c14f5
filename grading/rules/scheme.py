"""What counts, and how much. Weights are percent of the whole; nothing is ever rescaled.

Source: PRODUCT 3.5.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

WHOLE = Decimal(100)


class ItemKind(StrEnum):
    """What an item scores."""

    ASSIGNMENT = "assignment"
    PRESENTATION = "presentation"
    ATTENDANCE = "attendance"
    PARTICIPATION = "participation"


@dataclass(frozen=True)
class Item:
    """One scored thing: its weight in percent of the whole, its maximum in points.

    ``bonus``: it comes on top. It is no part of what its component is made of; what it earns is
    added, and a component is never worth more than its weight.
    """

    key: str
    kind: ItemKind
    weight: Decimal
    max: Decimal
    title: str = ""
    bonus: bool = False


@dataclass(frozen=True)
class Component:
    """A weighted part: either items or further components, at most two deep.

    ``drop_lowest`` items of equal weight are left out of each evaluation; one always stays.
    """

    key: str
    title: str
    weight: Decimal
    items: tuple[Item, ...] = ()
    children: tuple[Component, ...] = ()
    drop_lowest: int = 0

    @property
    def parts(self) -> tuple[Item, ...]:
        """The items that it is made of: all but those that come on top."""
        return tuple(item for item in self.items if not item.bonus)

    @property
    def bonus(self) -> tuple[Item, ...]:
        """The items that come on top."""
        return tuple(item for item in self.items if item.bonus)

    def walk(self) -> Iterator[Component]:
        """Yield this component and those in it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Scheme:
    """The components at the top; together they weigh exactly 100."""

    components: tuple[Component, ...]

    def walk(self) -> Iterator[Component]:
        """Yield every component, parents first."""
        for component in self.components:
            yield from component.walk()

    def items(self) -> Iterator[Item]:
        """Yield every item in order."""
        for component in self.walk():
            yield from component.items


@dataclass(frozen=True)
class SchemeProblem:
    """One breach: a code, the component or item it is about ("" for the whole), two numbers.

    Codes: ``top_not_100 parts_differ empty mixed too_deep repeated_key repeated_item
    weight_not_positive max_not_positive drop_unequal drop_leaves_none``. ``found`` and
    ``expected`` are sums or counts where the code is about one.
    """

    code: str
    key: str
    found: Decimal | None = None
    expected: Decimal | None = None


def scheme_refusals(scheme: Scheme) -> tuple[SchemeProblem, ...]:
    """Return everything wrong with a scheme, from the top down; empty if it may be used."""
    return (
        *_top(scheme),
        *(p for c in scheme.components for p in _component(c, depth=1)),
        *_repeated("repeated_key", [component.key for component in scheme.walk()]),
        *_repeated("repeated_item", [item.key for item in scheme.items()]),
    )


def _top(scheme: Scheme) -> Iterator[SchemeProblem]:
    total = sum((component.weight for component in scheme.components), Decimal(0))
    if total != WHOLE:
        yield SchemeProblem("top_not_100", "", total, WHOLE)


def _component(component: Component, depth: int) -> Iterator[SchemeProblem]:
    key = component.key
    if component.weight <= 0:
        yield SchemeProblem("weight_not_positive", key, component.weight)
    if depth > 2:
        yield SchemeProblem("too_deep", key)
    if component.items and component.children:
        yield SchemeProblem("mixed", key)
    parts = [item.weight for item in component.parts]
    parts += [child.weight for child in component.children]
    if not parts:
        yield SchemeProblem("empty", key)
    elif sum(parts) != component.weight:
        yield SchemeProblem("parts_differ", key, sum(parts, Decimal(0)), component.weight)
    yield from _drops(component)
    for item in component.items:
        yield from _item(item)
    for child in component.children:
        yield from _component(child, depth + 1)


def _item(item: Item) -> Iterator[SchemeProblem]:
    if item.weight <= 0:
        yield SchemeProblem("weight_not_positive", item.key, item.weight)
    if item.max <= 0:
        yield SchemeProblem("max_not_positive", item.key, item.max)


def _drops(component: Component) -> Iterator[SchemeProblem]:
    if not component.drop_lowest:
        return
    if len({item.weight for item in component.parts}) > 1:
        yield SchemeProblem("drop_unequal", component.key)
    if not 0 < component.drop_lowest < len(component.parts):
        found = Decimal(component.drop_lowest)
        yield SchemeProblem("drop_leaves_none", component.key, found, Decimal(len(component.parts)))


def _repeated(code: str, keys: list[str]) -> Iterator[SchemeProblem]:
    return (SchemeProblem(code, key) for key, times in Counter(keys).items() if times > 1)
