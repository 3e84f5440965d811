"""Header with the tabs of the views and the training status."""

from __future__ import annotations

from rich.text import Text
from textual.app import RenderResult
from textual.events import Click
from textual.reactive import reactive
from textual.widget import Widget

from mnist_tui.tui.keys import VIEWS
from mnist_tui.tui.render.palette import rich_colours

TAB_STYLES = ("name and titles", "titles", "short titles", "digits")
"""Levels of detail of the tabs, from the most detailed."""


class TopBar(Widget):
    """Tabs on the left, the training status on the right."""

    DEFAULT_CSS = """
    TopBar { dock: top; height: 1; background: $panel; color: $text-muted; }
    """

    status: reactive[Text] = reactive(Text())

    def __init__(self, mode: str) -> None:
        super().__init__()
        self._mode = mode
        self._tabs: list[tuple[int, int, str]] = []

    def render(self) -> RenderResult:
        width = self.size.width
        first = 0 if width >= 120 else 2 if width >= 80 else 3
        for style in TAB_STYLES[first:]:  # shorten the titles until the status fits
            text, self._tabs = self._draw_tabs(style)
            room = width - text.cell_len - 2
            if self.status.cell_len <= room:
                break
        status = self.status.copy()
        status.truncate(max(room, 0), overflow="ellipsis")
        text.append(" " * max(0, room - status.cell_len + 1))
        text.append_text(status)
        return text

    def _draw_tabs(self, style: str) -> tuple[Text, list[tuple[int, int, str]]]:
        """Return the tabs, and the first column, end column and mode of each."""
        colours = rich_colours(self.app.theme_variables)
        text = Text(no_wrap=True, overflow="ellipsis")
        if style == "name and titles":
            text.append(" mnist-tui ", f"bold {colours['accent']}")
        tabs = []
        for view in VIEWS:
            start = text.cell_len
            if view.mode == self._mode:
                text.append(f" {view.digit} {view.title} ", f"bold {colours['background']} on {colours['primary']}")
            else:
                text.append(f" {view.digit}", colours["accent"])
                if style != "digits":
                    text.append(f" {view.short if style == 'short titles' else view.title}")
                text.append(" " if self.size.width >= 100 else "")
            tabs.append((start, text.cell_len, view.mode))
        return text, tabs

    async def on_click(self, event: Click) -> None:
        for start, end, mode in self._tabs:
            if start <= event.x < end:
                await self.run_action(f"app.view('{mode}')")
