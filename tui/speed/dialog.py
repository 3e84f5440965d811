"""Dialogs that open quickly: laid out and drawn only once, over a screen that is dimmed quickly."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.css.styles import RulesMap
from textual.events import ScreenResume
from textual.geometry import Size
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.style import Style as VisualStyle
from textual.visual import RenderOptions, Visual, VisualType

from mnist_tui.tui.speed.switch import enabled

Answer = TypeVar("Answer")


class QuickDialog(ModalScreen[Answer]):
    """Modal screen without redundant layouts and repaints."""

    _was_shown = False

    def _screen_resized(self, size: Size) -> None:
        """Update the layout only if the size has changed (override `dialog`).

        Textual sends a dialog its initial size after its layout, which is then repeated. Gain: see
        `_on_screen_resume`.
        """
        if not enabled("dialog") or size != self._compositor.size:
            super()._screen_resized(size)

    def _on_screen_resume(self, event: ScreenResume) -> None:
        """Lay the dialog out and draw it once when it opens (override `dialog`).

        Textual recomputes all styles, computes the layout, sets the classes of the breakpoints, computes the layout
        again, and then draws the dialog a second time. Gain: 5 % of the time until the help is there.
        """
        if self._was_shown or not enabled("dialog"):
            return
        self._was_shown = True
        event.prevent_default()
        self.stack_updates += 1
        self.app._refresh_notifications()
        self._update_auto_focus()
        width, height = size = self.app.size
        for length, breakpoints in ((width, self.HORIZONTAL_BREAKPOINTS), (height, self.VERTICAL_BREAKPOINTS)):
            self.add_class(*self._get_breakpoint_classes(length, breakpoints or []))
        self._refresh_layout(size)

    def render(self) -> VisualType:  # type: ignore[override]  # as `Widget.render` allows
        """Dim the background (override `dimmed`). Gain: 15 % of the time until the help is there."""
        behind = super().render()
        return Dimmed(behind) if enabled("dimmed") and isinstance(behind, BackgroundScreen) else behind


class Dimmed(Visual):
    """Dimmed screen with cached colours.

    Textual blends the colours of every segment with each repaint.
    """

    def __init__(self, behind: BackgroundScreen) -> None:
        self._behind = behind

    def render_strips(self, width: int, height: int | None, style: VisualStyle, options: RenderOptions) -> list[Strip]:
        colour = self._behind.color
        return [
            Strip([Segment(text, _dimmed(style, colour)) for text, style, _ in strip], strip.cell_length)
            for strip in self._behind.screen._compositor.render_strips()
        ]

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self._behind.screen.size.height


@lru_cache(4096)
def _dimmed(style: Style | None, colour: Color) -> Style | None:
    (segment,) = BackgroundScreen.process_segments([Segment("x", style)], colour)
    return segment.style
