"""Error message of the filter in the Mistakes view."""

from __future__ import annotations

from functools import partial

from textual.widgets import Static

DELAY_SECONDS = 0.5
"""Delay before a filter is reported as invalid during typing."""


class FilterError(Static):
    """Error message that appears with a delay during typing, because a partially typed term is invalid."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._message = ""

    def show(self, message: str, *, typing: bool) -> None:
        """Show an error message; an empty one hides the widget.

        Args:
            typing: whether the filter is being edited, so that a new message is delayed.
        """
        self._message = message
        self.update(message)
        if not message or self.display or not typing:
            self.display = bool(message)
        else:
            self.set_timer(DELAY_SECONDS, partial(self._show_late, message))

    def _show_late(self, message: str) -> None:
        if message == self._message:
            self.display = True
