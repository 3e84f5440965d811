"""Screens without redundant style updates, layouts and repaints."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.events import ScreenResume
from textual.geometry import Size
from textual.screen import Screen

from mnist_tui.tui.speed.switch import enabled

Answer = TypeVar("Answer")


class QuickScreen(Screen[Answer]):
    """Screen of a mode, which is shown repeatedly."""

    IN_FIRST_FRAME: ClassVar[bool] = False
    """Whether this is the first screen of the app."""

    styled_for = ""
    """Theme for which the styles were computed."""
    _is_drawn = False

    def compose(self) -> ComposeResult:
        """Set the classes of the breakpoints before the styles are first computed (override `start`).

        Textual sets them after the first layout, and then computes the styles of all widgets again. Gain, with the rest
        of `start`: 7 % of the time until the first frame.
        """
        if self.IN_FIRST_FRAME and enabled("start"):
            breakpoints = self.HORIZONTAL_BREAKPOINTS or [], self.VERTICAL_BREAKPOINTS or []
            for length, steps in zip(self.app.size, breakpoints, strict=True):
                self.add_class(*[name for least, name in reversed(steps) if length >= least][:1])
        yield from ()

    def _compositor_refresh(self) -> None:
        """Skip repaints during a batch update (override `start`).

        Textual renders the screen and then discards the result because of the batch. Gain: see `compose`.
        """
        if not (self.IN_FIRST_FRAME and enabled("start") and self.app._batch_count):
            super()._compositor_refresh()

    def _screen_resized(self, size: Size) -> None:
        """Repaint a resumed screen once, and update the layout only if it has changed (override `resume`).

        Textual updates the layout of all widgets of a resumed screen, repaints the changes, and then repaints
        everything again, even if the size has not changed. Gain: 11 % of the time until the frame of a view
        that was opened before.
        """
        if not enabled("resume") or size != self._compositor.size or not self.stack_updates or not self.is_current:
            super()._screen_resized(size)
        elif self is self.app.screen:  # otherwise a new dialog covers it
            self._draw_again()

    def _draw_again(self) -> None:
        self._repaint_required = False  # set when the screen was left
        self._compositor._dirty_regions.add(self.size.region)
        if self._layout_required:
            self._layout_required = False
            self._refresh_layout()
        else:
            self._compositor.update_widgets(self._dirty_widgets)
            self._compositor_refresh()
        self._is_drawn = True

    def _on_screen_resume(self, event: ScreenResume) -> None:
        """Recompute styles only for the first visit or a new theme (override `styles`), and repaint once (`resume`).

        Textual recomputes the styles of all widgets whenever a screen is shown, which takes longer than the repaint.
        Gain: 15 % of the time until the frame of a view that was opened before.
        """
        if enabled("styles"):
            event.refresh_styles = self.styled_for != self.app.theme
            self.styled_for = self.app.theme
        if self._is_drawn:
            self._is_drawn = False
            if not event.refresh_styles:  # as in Textual, but without the repaint
                event.prevent_default()
                self.stack_updates += 1
                self.app._refresh_notifications()
                self._update_auto_focus()
