"""An app that outlives faults of Textual for which there is no public remedy; always on, since it gains no speed."""

from __future__ import annotations

import logging
from typing import Any

from rich.console import RenderableType
from textual.app import App
from textual.events import Event, MouseEvent


class SteadyApp(App[int]):
    """An app that knows that it is ending, and what it failed with."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.is_leaving = False
        """Whether the app is being taken down."""
        self.fault: Exception | None = None
        """The first exception that ended the app; None where it was left."""

    def exit(self, result: int | None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        self.is_leaving = True
        super().exit(result, return_code, message)

    async def _shutdown(self) -> None:
        """Note that everything is taken down, for ends that come without `exit`; Textual has no event for this."""
        self.is_leaving = True
        await super()._shutdown()

    def _handle_exception(self, error: Exception) -> None:
        """Log, and otherwise ignore, what a view fails with while everything is taken down.

        A view's messages and timers may still meet widgets that are removed already. Textual would turn each into a
        crash report and an exit code of 1, and has no public hook for exceptions; it keeps the exception in a private
        attribute, hence `fault`.
        """
        if self.is_leaving:
            logging.getLogger(__name__).info("while leaving", exc_info=error)
        else:
            self.fault = self.fault or error
            super()._handle_exception(error)

    async def on_event(self, event: Event) -> None:
        """Log, and otherwise ignore, a mouse event that fails.

        Textual looks up the widget under the mouse without checking that it is still mounted, so that a click on a
        widget that was just removed would end the app. What a click does in a view comes later, in the widget's own
        turn, and fails as usual.
        """
        try:
            await super().on_event(event)
        except Exception:
            if not isinstance(event, MouseEvent):
                raise
            logging.getLogger(__name__).info("a mouse event found no widget", exc_info=True)
