"""Replacement for views in terminals that are too small."""

from __future__ import annotations

import textwrap

from rich.text import Text
from textual.widgets import Static

from mnist_tui.tui.terminal.capabilities import NEEDED

SIZE = f"{NEEDED[0]}×{NEEDED[1]}"
MESSAGES = (f"mnist-tui needs {SIZE} characters", f"needs {SIZE}", SIZE, "…")
"""The message, in successively shorter forms."""


class TooSmall(Static):
    """Shows the required terminal size, in the longest form that fits."""

    def __init__(self) -> None:
        super().__init__(id="too-small")

    def render(self) -> Text:
        width, height = self.size
        return Text(next((message for message in MESSAGES if fits(message, width, height)), ""), justify="center")


def fits(text: str, width: int, height: int) -> bool:
    """Return whether the wrapped text fits into the given columns and rows."""
    lines = textwrap.wrap(text, max(width, 1), break_long_words=False)
    return len(lines) <= height and max(map(len, lines)) <= width
