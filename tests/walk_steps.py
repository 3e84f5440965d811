"""The steps of a random walk: keys, mouse, sizes and pastes, decided by a generator of random numbers."""

from __future__ import annotations

import random
from dataclasses import dataclass

from mnist_tui.tui.keys import TABLE, VIEWS

SIZES = ((200, 60), (160, 45), (120, 40), (80, 24), (60, 20))
"""Sizes of the terminal at the start."""
WILD = (*SIZES, *SIZES, (40, 12), (20, 5), (1, 1), (300, 10), (10, 80))
"""Sizes that it may be given later."""
PASTES = ("true:3 pred:5", "\x1b[2J\x07", "[red]{0}%s", "9" * 40, "\n\n", "-1e999", "../../x", "３\u202e€")


@dataclass(frozen=True)
class Step:
    """One action of a user."""

    kind: str
    key: str = ""
    spot: tuple[float, float] = (0.0, 0.0)
    """Where, as shares of the screen's width and height."""
    to: tuple[float, float] = (0.0, 0.0)
    size: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        match self.kind:
            case "key" | "paste":
                return self.key if self.kind == "key" else f"paste {self.key!r}"
            case "size":
                return f"size {self.size[0]}×{self.size[1]}"
            case "wait":
                return "wait"
        return f"{self.kind} {self.spot[0]:.2f} {self.spot[1]:.2f}"


def keys_of(*scopes: str) -> list[str]:
    """The keys of some scopes of the table."""
    return [key for scope in scopes for entry in TABLE[scope] for key in entry.keys.split(",")]


EXPORTS = ["e", "E"]
"""Rare: each takes matplotlib seconds."""
MOVES = ["tab", "shift+tab", "enter", "escape", "backspace", "up", "down", "left", "right", "home", "end"]
LETTERS = "0123456789az,.:-/"
EVERY_KEY = sorted({*keys_of(*TABLE), *MOVES, *LETTERS, "space", "ctrl+p"} - set(EXPORTS))
OWN_KEYS = {
    "setup": [*keys_of("setup", "field", "choice"), "left", "right", "tab", *"0123456789,", "backspace"],
    "training": [*keys_of("training"), "space", "s", "g"],
    "runs": [*keys_of("runs", "compare", "run table"), "up", "down", "pagedown", "home"],
    "confusion": keys_of("confusion", "subject"),
    "mistakes": keys_of("mistakes", "subject"),
    "projection": keys_of("projection", "legend", "subject"),
    "imagine": keys_of("imagine", "subject"),
    "weights": keys_of("weights", "subject"),
    "data": keys_of("data"),
}


def plan(chance: random.Random, count: int) -> list[Step]:
    """Plan the actions of a user: open a view, use it for a while, open the next."""
    steps: list[Step] = []
    while len(steps) < count:
        view = chance.choice(VIEWS)
        steps += [Step("key", "escape"), Step("key", view.digit)]
        steps += [_step(chance, OWN_KEYS[view.mode]) for _ in range(chance.randrange(3, 14))]
    return steps[:count]


def _step(chance: random.Random, own: list[str]) -> Step:
    spot, to = ((chance.random(), chance.random()) for _ in range(2))
    kind = chance.random()
    if kind < 0.02:
        return Step("key", chance.choice([*EXPORTS, "enter"]))
    if kind < 0.6:
        return Step("key", chance.choice(own if kind < 0.45 else EVERY_KEY))
    for name, share in (("click", 0.68), ("twice", 0.71), ("move", 0.76), ("up", 0.79), ("down", 0.82), ("drag", 0.86)):
        if kind < share:
            return Step(name, spot=spot, to=to)
    if kind < 0.93:
        return Step("size", size=chance.choice(WILD))
    return Step("paste", chance.choice(PASTES)) if kind < 0.95 else Step("wait")
