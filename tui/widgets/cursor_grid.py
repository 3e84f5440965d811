"""Image grid with captions and a cursor."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from mnist_tui.tui.render import grey_cells
from mnist_tui.tui.render.palette import rich_colours
from mnist_tui.tui.widgets.image import ImageGrid, Picture, grey_style


class CursorGrid(ImageGrid):
    """Grid of captioned pictures, one of them under the cursor; all captions have `lines` lines.

    Each picture has a margin column on its left and, if there is room, on its right; both show the cursor.
    """

    DEFAULT_CSS = """
    CursorGrid { width: 1fr; height: 1fr; }
    """

    cursor: reactive[int] = reactive(0)
    """Index of the selected picture among those shown."""
    lines: reactive[int] = reactive(1)

    class Pressed(Message):
        """A picture was clicked."""

        def __init__(self, picture: int) -> None:
            super().__init__()
            self.picture = picture
            """Index among the pictures shown."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._images: list[list[list[tuple[str, int, int]]]] = []
        self._images_for: tuple[object, ...] = ()

    @property
    def cell(self) -> tuple[int, int]:
        """Columns and rows of a picture with its caption, excluding margins."""
        width, height = grey_cells.cell_size(self.style, small=self.small)
        return width, height + self.lines

    def capacity(self) -> tuple[int, int]:
        """Return how many pictures fit per row and per column, at least one each."""
        width, height = self.cell
        return max(1, self.size.width // (width + 1)), max(1, self.size.height // height)

    def show(self, pictures: list[Picture]) -> None:
        """Replace the pictures."""
        self._images_for = ()
        super().show(pictures)

    def render_line(self, y: int) -> Strip:
        columns, rows = self.capacity()
        (width, height), base = self.cell, self.rich_style
        row, line = divmod(y, height)
        if row >= rows or row * columns >= len(self.pictures):
            return Strip.blank(self.size.width, base)
        mark = base + RichStyle(color=rich_colours(self.app.theme_variables)["accent"], bold=True)
        left, right = ("[", "]") if self.style == "ascii" else ("▐", "▌")
        first = row * columns
        segments: list[Segment] = []
        for picture in range(first, min(first + columns, len(self.pictures))):
            here, before = picture == self.cursor, picture - 1 == self.cursor and picture > first
            segments.append(Segment(left if here else right if before else " ", mark if here or before else base))
            segments += self._line(picture, line, width, base, mark if here else base)
            if here and picture + 1 == min(first + columns, len(self.pictures)):
                segments.append(Segment(right, mark))
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def _line(self, picture: int, line: int, width: int, base: RichStyle, caption: RichStyle) -> list[Segment]:
        """Return one line of a picture or of its caption."""
        image = self._drawn_images()[picture]
        if line >= len(image):
            text = [*self.pictures[picture].caption.split("\n"), *[""] * self.lines][line - len(image)]
            return [Segment(text[:width].center(width), caption)]
        palette = self.palette()
        return [
            Segment(text, base + grey_style(palette, ink, paper) if ink >= 0 or paper >= 0 else base)
            for text, ink, paper in image[line]
        ]

    def _drawn_images(self) -> list[list[list[tuple[str, int, int]]]]:
        """Return the rows of each image as spans of uniform colour, cached so that cursor movement is cheap."""
        columns, rows = self.capacity()
        key = (self.style, self.small, columns * rows)
        if self._images_for != key:
            self._images_for = key
            shown = self.pictures[: columns * rows]
            blocks = [grey_cells.image_cells(picture.image, self.style, small=self.small) for picture in shown]
            self._images = [[grey_cells.runs(block, row) for row in range(block.shape[0])] for block in blocks]
        return self._images

    def on_click(self, event: Click) -> None:
        columns, _ = self.capacity()
        width, height = self.cell
        column, row = (event.x - 1) // (width + 1), event.y // height
        picture = row * columns + column
        if 0 <= column < columns and picture < len(self.pictures):
            self.post_message(self.Pressed(picture))
