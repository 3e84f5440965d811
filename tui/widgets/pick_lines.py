"""List of short texts, in columns, whose items can be opened while it has the focus."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import RenderResult
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from mnist_tui.tui.keys import bindings


class PickLines(Widget, can_focus=True):
    """Items from top to bottom, then in the next column; the page of the cursor is shown."""

    DEFAULT_CSS = """
    PickLines { text-wrap: nowrap; text-overflow: ellipsis; }
    """
    BINDINGS = bindings("list")

    cursor: reactive[int] = reactive(0)
    """Index of the selected item; it is marked only while the list has the focus."""

    class Moved(Message):
        """The cursor is on another item."""

        def __init__(self, item: int) -> None:
            super().__init__()
            self.item = item

    class Opened(Message):
        """The item under the cursor was opened."""

        def __init__(self, item: int) -> None:
            super().__init__()
            self.item = item

    def __init__(self, *, id: str, width: int = 0) -> None:
        """Create an empty list; `width`: columns of an item, 0 for the whole width."""
        super().__init__(id=id)
        self._item_width, self._heading = width, 0
        self.items: Sequence[Text] = ()

    def show(self, items: Sequence[Text], *, heading: int = 0) -> None:
        """Replace the items; the first `heading` ones can't be opened."""
        self.items, self._heading = items, heading
        self.can_focus = len(items) > heading
        self.cursor = max(0, min(max(heading, self.cursor), len(items) - 1))
        self.refresh()

    def _shape(self) -> tuple[int, int]:
        """Return the number of columns and rows that fit."""
        columns = self.content_size.width // self._item_width if self._item_width else 1
        return max(1, columns), max(1, self.content_size.height)

    def _first(self) -> int:
        """Return the index of the first item of the page."""
        columns, rows = self._shape()
        return self.cursor // (columns * rows) * columns * rows

    def render(self) -> RenderResult:
        columns, rows = self._shape()
        first = self._first()
        page = range(first, min(first + columns * rows, len(self.items)))
        width = self._item_width or self.content_size.width
        lines = []
        for row in range(min(rows, len(page))):
            line = Text(no_wrap=True)
            for index in page[row::rows]:
                item = self.items[index].copy()
                if index == self.cursor and self.has_focus:
                    item = Text(item.plain, "bold reverse")
                item.pad_right(max(0, width - item.cell_len))
                line.append_text(item)
            lines.append(line)
        return Text("\n").join(lines)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action not in ("move", "open") or len(self.items) > self._heading

    def action_move(self, rows: int, columns: int) -> None:
        self._go(self.cursor + rows + columns * self._shape()[1])

    def _go(self, item: int) -> None:
        if self._heading <= item < len(self.items):
            self.cursor = item
            self.post_message(self.Moved(item))

    def action_open(self) -> None:
        self.post_message(self.Opened(self.cursor))

    def on_focus(self) -> None:
        self.refresh()
        if len(self.items) > self._heading:
            self.post_message(self.Moved(self.cursor))

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: Click) -> None:
        """Move the cursor to the clicked item; open it if the cursor is already there."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        columns, rows = self._shape()
        column = offset.x // self._item_width if self._item_width else 0
        item = self._first() + column * rows + offset.y
        if column < columns and self._heading <= item < len(self.items):
            again = item == self.cursor and event.chain > 1
            self._go(item)
            if again:
                self.action_open()
