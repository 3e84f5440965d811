"""Text that depends on the size of its widget."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text
from textual.app import RenderResult
from textual.widget import Widget


class FittedText(Widget):
    """Widget whose text is computed from its width and height on every render."""

    DEFAULT_CSS = """
    FittedText { text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._make_text: Callable[[int, int], Text] = lambda width, rows: Text()

    def show(self, make_text: Callable[[int, int], Text]) -> None:
        """Replace the text; `make_text` is called with the number of columns and rows."""
        self._make_text = make_text
        self.refresh()

    def render(self) -> RenderResult:
        return self._make_text(self.content_size.width, self.content_size.height)
