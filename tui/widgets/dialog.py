"""Base class of dialogs."""

from __future__ import annotations

from typing import TypeVar, cast

from textual.await_complete import AwaitComplete

from mnist_tui.tui.speed.dialog import QuickDialog
from mnist_tui.tui.terminal.capabilities import NEEDED

Answer = TypeVar("Answer")


class Dialog(QuickDialog[Answer]):
    """Modal screen that returns an `Answer` or None.

    It is hidden if the terminal is too small; the view below then shows the required size.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (NEEDED[0], "-wide-enough")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (NEEDED[1], "-high-enough")]

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Close the dialog.

        Does nothing if it is closed: a second key may have been pressed before the first one closed it.
        """
        if self.app.screen is self:
            return super().dismiss(result)
        return cast("AwaitComplete", AwaitComplete.nothing())  # type: ignore[no-untyped-call]
