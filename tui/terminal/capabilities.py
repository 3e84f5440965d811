"""Detection of terminal capabilities."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from mnist_tui.tui.render.grey_cells import Style

NEEDED = (60, 20)
"""Smallest terminal, in columns and rows, in which views and dialogs are drawn."""


def is_interactive() -> bool:
    """Return whether a full-screen interface is possible: no redirected stream and no `TERM=dumb`.

    All three standard streams must be terminals, because Textual draws on stderr.
    """
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams) and os.environ.get("TERM") != "dumb"


def supports_utf8(console: Console) -> bool:
    """Return whether block and braille characters can be displayed."""
    # Textual's console writes to a null device, so the encoding of the stream that it draws on is checked as well.
    screen = getattr(sys.__stderr__, "encoding", None) or "utf-8"
    return all(encoding.lower().startswith("utf") for encoding in (console.encoding, screen))


def best_image_style(console: Console) -> Style:
    """Return `half` with 256 colours or more, `braille` with fewer, and `ascii` without UTF-8."""
    if not supports_utf8(console):
        return "ascii"
    return "half" if console.color_system in ("truecolor", "256") and not console.no_color else "braille"
