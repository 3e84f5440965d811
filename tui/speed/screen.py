"""Screens that are styled, laid out and drawn no more often than they must be."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.events import ScreenResume
from textual.geometry import Size
from textual.screen import Screen

from mnist_tui.tui.speed.switch import enabled

Answer = TypeVar("Answer")


class QuickScreen(Screen[Answer]):
    """A screen of a mode, shown again and again."""

    IN_FIRST_FRAME: ClassVar[bool] = False
    """Whether the app begins with it."""

    styled_for = ""
    """The theme of its styles."""
    _is_drawn = False

    def compose(self) -> ComposeResult:
        """Set the classes of the screen's breakpoints before the first styles are found (override `start`).

        Textual sets them after the first layout, and finds the styles of all widgets a second time. Gain, with the rest
        of `start`: 10 % of the time until the first frame.
        """
        if self.IN_FIRST_FRAME and enabled("start"):
            breakpoints = self.HORIZONTAL_BREAKPOINTS or [], self.VERTICAL_BREAKPOINTS or []
            for length, steps in zip(self.app.size, breakpoints, strict=True):
                self.add_class(*[name for least, name in reversed(steps) if length >= least][:1])
        yield from ()

    def _compositor_refresh(self) -> None:
        """Draw nothing during a batch update (override `start`).

        Textual draws the screen and then throws the drawing away, because the batch holds it back. Gain: see `compose`.
        """
        if not (self.IN_FIRST_FRAME and enabled("start") and self.app._batch_count):
            super()._compositor_refresh()

    def _screen_resized(self, size: Size) -> None:
        """Draw a screen that is shown again once, and lay it out only where that changed meanwhile (override `resume`).

        Textual lays out every widget of a screen that is shown again, draws what changed, and then draws everything
        once more, although its size is what it was. Gain: 14 % of the work that a switch of views takes, and 40 % of
        the time until its frame is there.
        """
        if not enabled("resume") or size != self._compositor.size or not self.stack_updates or not self.is_current:
            super()._screen_resized(size)
        elif self is self.app.screen:  # else a dialog that was laid out for the first time lies over it
            self._draw_again()

    def _draw_again(self) -> None:
        self._repaint_required = False  # which was set when it was left
        self._compositor._dirty_regions.add(self.size.region)
        if self._layout_required:
            self._layout_required = False
            self._refresh_layout()
        else:
            self._compositor.update_widgets(self._dirty_widgets)
            self._compositor_refresh()
        self._is_drawn = True

    def _on_screen_resume(self, event: ScreenResume) -> None:
        """Find styles again only for another theme or at the first visit (override `styles`), and draw once (`resume`).

        Textual finds the styles of all widgets anew whenever a screen is shown, which takes longer than to draw it.
        Gain: 45 % of the work that a switch of views takes.
        """
        if enabled("styles"):
            event.refresh_styles = self.styled_for != self.app.theme
            self.styled_for = self.app.theme
        if self._is_drawn:
            self._is_drawn = False
            if not event.refresh_styles:  # what Textual does, but for drawing everything
                event.prevent_default()
                self.stack_updates += 1
                self.app._refresh_notifications()
                self._update_auto_focus()
