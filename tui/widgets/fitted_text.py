"""Words that are laid out for the space they have."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text
from textual.app import RenderResult
from textual.widget import Widget


class FittedWords(Widget):
    """Asks for its words with its own width and height whenever it is drawn."""

    DEFAULT_CSS = """
    FittedWords { text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._words: Callable[[int, int], Text] = lambda width, rows: Text()

    def show(self, words: Callable[[int, int], Text]) -> None:
        """Show these words instead; `words` is given columns and rows."""
        self._words = words
        self.refresh()

    def render(self) -> RenderResult:
        return self._words(self.content_size.width, self.content_size.height)
