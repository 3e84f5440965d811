"""What stands in the place of a view where the terminal is too small for it."""

from __future__ import annotations

import textwrap

from rich.text import Text
from textual.widgets import Static

from mnist_tui.tui.terminal.capabilities import NEEDED

SIZE = f"{NEEDED[0]}×{NEEDED[1]}"
WORDS = (f"mnist-tui needs {SIZE} characters", f"needs {SIZE}", SIZE, "…")
"""What is said, and shorter and shorter ways to say it."""


class TooSmall(Static):
    """Says what size is needed, in words that fit."""

    def __init__(self) -> None:
        super().__init__(id="too-small")

    def render(self) -> Text:
        width, height = self.size
        return Text(next((words for words in WORDS if fits(words, width, height)), ""), justify="center")


def fits(words: str, width: int, height: int) -> bool:
    """Whether the words go into so many columns and rows without being cut."""
    lines = textwrap.wrap(words, max(width, 1), break_long_words=False)
    return len(lines) <= height and max(map(len, lines)) <= width
