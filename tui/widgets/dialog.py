"""What small screens over a view share: the view behind them, dimmed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeVar

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Size
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen

from tui.terminal import NEEDED

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A small screen over a view; gives an `Answer` or None. Textual's own takes too long for a key's answer.

    Where the terminal is too small it hides, and the view says what size is needed.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (NEEDED[0], "-wide-enough")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (NEEDED[1], "-high-enough")]

    def _screen_resized(self, size: Size) -> None:
        if size != self._compositor.size:  # it is told of its first size too, when it is drawn already
            super()._screen_resized(size)

    def render(self) -> RenderableType:
        behind = super().render()
        return Dimmed(behind) if isinstance(behind, BackgroundScreen) else behind


class Dimmed:
    """A dimmed screen, which mixes the colours of every style once and not for every piece of text."""

    def __init__(self, behind: BackgroundScreen) -> None:
        self._behind = behind

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        colour = self._behind.color
        for text, style, control in console.render(self._behind.screen._compositor, options):
            yield Segment(text, style if control else _dimmed(style, colour), control)


@lru_cache(4096)
def _dimmed(style: Style | None, colour: Color) -> Style | None:
    (segment,) = BackgroundScreen.process_segments([Segment("x", style)], colour)
    return segment.style
