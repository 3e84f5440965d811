"""What small screens over a view share: the view behind them, dimmed."""

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

from mnist_tui.tui.terminal.capabilities import NEEDED

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A small screen over a view; gives an `Answer` or None. Textual's own takes too long for a key's answer.

    Where the terminal is too small it hides, and the view says what size is needed.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (NEEDED[0], "-wide-enough")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (NEEDED[1], "-high-enough")]

    _was_shown = False

    def _screen_resized(self, size: Size) -> None:
        if size != self._compositor.size:  # it is told of its first size too, when it is drawn already
            super()._screen_resized(size)

    def _on_screen_resume(self, event: ScreenResume) -> None:
        """Draw it once at first: Textual finds its styles again, lays it out, and then draws it a second time."""
        if self._was_shown:
            return
        self._was_shown = True
        event.prevent_default()
        self.stack_updates += 1
        self.app._refresh_notifications()
        self._update_auto_focus()
        width, height = size = self.app.size
        for length, breakpoints in ((width, self.HORIZONTAL_BREAKPOINTS), (height, self.VERTICAL_BREAKPOINTS)):
            self.add_class(*self._get_breakpoint_classes(length, breakpoints))
        self._refresh_layout(size)

    def render(self) -> VisualType:  # type: ignore[override]  # Textual takes any, and says so of `Widget.render`
        behind = super().render()
        return Dimmed(behind) if isinstance(behind, BackgroundScreen) else behind


class Dimmed(Visual):
    """A dimmed screen, which mixes the colours of every style once and not for every piece of text."""

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
