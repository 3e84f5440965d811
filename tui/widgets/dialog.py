"""What small screens over a view share."""

from __future__ import annotations

from typing import TypeVar

from mnist_tui.tui.speed.dialog import QuickDialog
from mnist_tui.tui.terminal.capabilities import NEEDED

Answer = TypeVar("Answer")


class Dialog(QuickDialog[Answer]):
    """A small screen over a view; gives an `Answer` or None.

    Where the terminal is too small it hides, and the view says what size is needed.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (NEEDED[0], "-wide-enough")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (NEEDED[1], "-high-enough")]
