"""App with workarounds for faults of Textual; always enabled, because they are not optimizations."""

from __future__ import annotations

import logging
from typing import Any

from rich.console import RenderableType
from textual.app import App
from textual.events import Event, MouseEvent


class RobustApp(App[int]):
    """App that records its shutdown and the exception that ended it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.is_leaving = False
        """Whether the app is shutting down."""
        self.fault: Exception | None = None
        """Exception that ended the app; None if it was left normally."""

    def exit(self, result: int | None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        self.is_leaving = True
        super().exit(result, return_code, message)

    async def _shutdown(self) -> None:
        """Record the shutdown also if `exit` was not called; Textual has no event for it."""
        self.is_leaving = True
        await super()._shutdown()

    def _handle_exception(self, error: Exception) -> None:
        """Only log exceptions during the shutdown.

        Messages and timers of a view may still access removed widgets, which Textual reports as a crash with exit code
        1. It has no public hook for exceptions, and stores them in a private attribute, hence `fault`.
        """
        if self.is_leaving:
            logging.getLogger(__name__).info("exception during shutdown", exc_info=error)
        else:
            self.fault = self.fault or error
            super()._handle_exception(error)

    async def on_event(self, event: Event) -> None:
        """Only log exceptions in the dispatch of mouse events.

        Textual looks up the widget under the mouse without checking that it is still mounted, so that a click on a
        widget that was just removed would crash the app. Handlers of widgets run later, and are not affected.
        """
        try:
            await super().on_event(event)
        except Exception:
            if not isinstance(event, MouseEvent):
                raise
            logging.getLogger(__name__).info("the dispatch of a mouse event failed", exc_info=True)
