"""What the terminal can show."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from mnist_tui.tui.render.grey_cells import Style

NEEDED = (60, 20)
"""Columns and rows under which neither views nor dialogs are drawn."""


def is_interactive() -> bool:
    """Whether somebody can see a screen and type: not in a pipe, not on a terminal that can't move its cursor.

    Textual draws on stderr where that is a terminal, so all three must be one.
    """
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams) and os.environ.get("TERM") != "dumb"


def speaks_utf8(console: Console) -> bool:
    """Whether blocks and braille come out: the console writes to nowhere, so the screen's own stream is asked too."""
    screen = getattr(sys.__stderr__, "encoding", None) or "utf-8"
    return all(encoding.lower().startswith("utf") for encoding in (console.encoding, screen))


def best_image_style(console: Console) -> Style:
    """Half blocks where there are greys enough, braille with few colours, ASCII where the encoding is not UTF-8."""
    if not speaks_utf8(console):
        return "ascii"
    return "half" if console.color_system in ("truecolor", "256") and not console.no_color else "braille"
