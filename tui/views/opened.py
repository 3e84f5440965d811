"""The views that were opened so far."""

from __future__ import annotations

from mnist_tui.tui.speed.faults import SteadyApp
from mnist_tui.tui.views.base import View


class OpenedViews:
    """Each view from its first frame until it is unmounted; a view adds and removes itself."""

    def __init__(self, app: SteadyApp) -> None:
        self._app = app
        self._views: list[View] = []

    def add(self, view: View) -> None:
        """Add a view that was mounted."""
        self._views.append(view)

    def remove(self, view: View) -> None:
        """Remove a view that is unmounted."""
        self._views.remove(view)

    def mounted(self) -> list[View]:
        """Return the views that can be updated; none once the app is being taken down."""
        if self._app.is_leaving or not self._app.is_running:
            return []
        return [view for view in self._views if view.is_mounted]

    @property
    def on_top(self) -> View | None:
        """The view that is shown and not covered by a dialog; None before the first and after the last frame."""
        screen = next(reversed(self._app.screen_stack), None)
        return screen if isinstance(screen, View) and not self._app.is_leaving else None
