"""Image grid whose pictures can be opened while it has the focus."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render import grey_cells
from mnist_tui.tui.render.palette import rich_colours
from mnist_tui.tui.widgets.image import ImageGrid, Picture


class PickGrid(ImageGrid, can_focus=True):
    """Grid with a cursor that is shown and moved only while the grid has the focus."""

    BINDINGS = bindings("list")

    cursor: reactive[int] = reactive(0)
    """Index of the selected picture among those shown."""

    class Opened(Message):
        """The picture under the cursor was opened."""

        def __init__(self, grid: PickGrid, picture: int) -> None:
            super().__init__()
            self.grid, self.picture = grid, picture

        @property
        def control(self) -> PickGrid:
            return self.grid

    def show(self, pictures: list[Picture]) -> None:
        newly = bool(pictures) is not bool(self.pictures)
        super().show(pictures)
        self.cursor = max(0, min(self.cursor, len(pictures) - 1))
        if not pictures and self.has_focus:
            self.screen.set_focus(None)
        if newly and self.screen.is_current:
            self.screen.refresh_bindings()  # the keys of a view may depend on whether there are pictures

    @property
    def shown_count(self) -> int:
        """Number of pictures that fit."""
        columns, rows = self.capacity()
        return min(len(self.pictures), columns * rows)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action not in ("move", "open") or bool(self.pictures)

    def action_move(self, rows: int, columns: int) -> None:
        target = self.cursor + rows * self.capacity()[0] + columns
        if 0 <= target < self.shown_count:
            self.cursor = target

    def action_open(self) -> None:
        if self.cursor < self.shown_count:
            self.post_message(self.Opened(self, self.cursor))

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: Click) -> None:
        """Move the cursor to the clicked picture; open it if the cursor is already there."""
        columns, _ = self.capacity()
        width, height = grey_cells.cell_size(self.style, small=self.small)
        column, row = event.x // (width + 1), event.y // (height + 1)
        picture = row * columns + column
        if column < columns and picture < self.shown_count:
            # A click has given the focus to the grid before this.
            again, self.cursor = self.cursor == picture and event.chain > 1, picture
            if again:
                self.action_open()

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        columns, _ = self.capacity()
        width, height = grey_cells.cell_size(self.style, small=self.small)
        row, line = divmod(y, height + 1)
        if not self.has_focus or not self.pictures or self.cursor // columns != row:
            return strip
        mark = RichStyle(color=rich_colours(self.app.theme_variables)["accent"], bold=True)
        start = self.cursor % columns * (width + 1)
        if line == height:
            inside = Strip([Segment(s.text, mark + RichStyle(reverse=True)) for s in strip.crop(start, start + width)])
            strip = Strip.join([strip.crop(0, start), inside, strip.crop(start + width, self.size.width)])
        left, right = ("[", "]") if self.style == "ascii" else ("▐", "▌")
        for column, text in ((start - 1, left), (start + width, right)):
            if 0 <= column < self.size.width:
                ends = strip.crop(0, column), strip.crop(column + 1, self.size.width)
                strip = Strip.join([ends[0], Strip([Segment(text, self.rich_style + mark)]), ends[1]])
        return strip
