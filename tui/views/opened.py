"""Registry of the mounted views."""

from __future__ import annotations

from mnist_tui.tui.speed.faults import RobustApp
from mnist_tui.tui.views.base import View


class OpenedViews:
    """Views from their mounting until their unmounting; they add and remove themselves."""

    def __init__(self, app: RobustApp) -> None:
        self._app = app
        self._views: list[View] = []

    def add(self, view: View) -> None:
        """Add a mounted view."""
        self._views.append(view)

    def remove(self, view: View) -> None:
        """Remove an unmounted view."""
        self._views.remove(view)

    def mounted(self) -> list[View]:
        """Return the views that can be updated; none during the shutdown of the app."""
        if self._app.is_leaving or not self._app.is_running:
            return []
        return [view for view in self._views if view.is_mounted]

    @property
    def on_top(self) -> View | None:
        """The visible view; None if a dialog covers it, and before the first and after the last frame."""
        screen = next(reversed(self._app.screen_stack), None)
        return screen if isinstance(screen, View) and not self._app.is_leaving else None
