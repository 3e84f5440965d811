"""The table of attacks: each is a function that gets a folder of its own and returns what happened, in a few words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.attack.place import Place

Act = Callable[["Place"], str | None]


class Bad(AssertionError):  # noqa: N818 - what is tested, not an error of the test
    """What should not have happened."""


class Skipped(Exception):  # noqa: N818 - not an error
    """The attack is not possible on this machine; the message says why."""


@dataclass(frozen=True)
class Case:
    """An attack, and where it is made."""

    name: str
    where: str
    act: Act
    seconds: float
    """Longest time of all its commands together."""
    brief: bool
    """Whether it is one of the few that the ordinary tests run."""

    @property
    def room(self) -> str:
        """Name of the module of this package that has it."""
        return self.act.__module__


CASES: list[Case] = []


def attack(name: str, where: str, *, seconds: float = 30.0, brief: bool = False) -> Callable[[Act], Act]:
    """Add the function to the table."""

    def add(act: Act) -> Act:
        CASES.append(Case(name, where, act, seconds, brief))
        return act

    return add


def expect(condition: object, words: str) -> None:
    """Raise `Bad` unless the condition holds."""
    if not condition:
        raise Bad(words)
