"""Widget for grids of grey images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from mnist_tui.tui.render import grey_cells
from mnist_tui.tui.render.grey_cells import LEVELS, STYLES, Cells, Style
from mnist_tui.tui.render.palette import grey_ramp


@dataclass(frozen=True, slots=True)
class Picture:
    """An image and its caption."""

    image: np.ndarray
    """(S, S) uint8."""
    caption: str = ""


class ImageGrid(Widget):
    """Grid that shows as many pictures as fit, row by row."""

    DEFAULT_CSS = """
    ImageGrid { width: 1fr; height: 1fr; }
    """

    style: reactive[Style] = reactive("half")
    small: reactive[bool] = reactive(True)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.pictures: list[Picture] = []
        """The pictures, including those that do not fit."""
        self._rows: list[list[tuple[str, int, int]]] = []
        self._drawn: tuple[object, ...] = ()

    def show(self, pictures: list[Picture]) -> None:
        """Replace the pictures."""
        self.pictures = pictures
        self._drawn = ()
        self.refresh()

    def next_style(self) -> None:
        """Cycle through half blocks, braille and ASCII."""
        self.style = STYLES[(STYLES.index(self.style) + 1) % len(STYLES)]

    def capacity(self) -> tuple[int, int]:
        """Return how many pictures fit per row and per column, at least one each."""
        return grid_capacity(self.size, self.style, small=self.small)

    def render_line(self, y: int) -> Strip:
        self._draw()
        width = self.size.width
        base = self.rich_style
        if y >= len(self._rows):
            return Strip.blank(width, base)
        palette = self.palette()
        segments = [
            Segment(text, base + grey_style(palette, ink, paper) if ink >= 0 or paper >= 0 else base)
            for text, ink, paper in self._rows[y]
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def _draw(self) -> None:
        columns, rows = self.capacity()
        key = (columns, rows, self.style, self.small)
        if self._drawn == key:
            return
        self._drawn = key
        block = compose(self.pictures[: columns * rows], columns, self.style, small=self.small)
        self._rows = [grey_cells.runs(block, row) for row in range(block.shape[0])] if block else []

    def palette(self) -> tuple[str, ...]:
        """Return the theme's greys, from paper to ink."""
        variables = self.app.theme_variables
        key = variables["background"], variables["foreground"]
        if key not in _RAMPS:
            _RAMPS[key] = grey_ramp(*key, LEVELS)
        return _RAMPS[key]


def grid_capacity(size: Size, style: Style, *, small: bool) -> tuple[int, int]:
    """Return how many captioned pictures fit per row and per column of `size`, at least one each."""
    width, height = grey_cells.cell_size(style, small=small)
    return max(1, (size.width + 1) // (width + 1)), max(1, size.height // (height + 1))


def compose(pictures: list[Picture], columns: int, style: Style, *, small: bool) -> Cells | None:
    """Arrange captioned pictures in rows of `columns`; return None if there are none."""
    if not pictures:
        return None
    blocks = []
    for picture in pictures:
        image = grey_cells.image_cells(picture.image, style, small=small)
        blocks.append(grey_cells.stack([image, grey_cells.text_cells(picture.caption, image.shape[1])]))
    rows = [grey_cells.beside(blocks[start : start + columns]) for start in range(0, len(blocks), columns)]
    width = rows[0].shape[1]
    return grey_cells.stack([_widen(row, width) for row in rows])


def _widen(block: Cells, width: int) -> Cells:
    missing = width - block.shape[1]
    if missing == 0:
        return block
    empty = np.full((block.shape[0], missing), -1, np.int16)
    return grey_cells.beside([block, Cells(np.full(empty.shape, " "), empty, empty)], gap=0)


_RAMPS: dict[tuple[str, str], tuple[str, ...]] = {}
_STYLES: dict[tuple[tuple[str, ...], int, int], RichStyle] = {}


def grey_style(ramp: tuple[str, ...], ink: int, paper: int) -> RichStyle:
    """Return the style for two levels of the ramp; -1 leaves the terminal's default colour."""
    style = _STYLES.get((ramp, ink, paper))
    if style is None:
        style = RichStyle(
            color=ramp[ink] if ink >= 0 else None,
            bgcolor=ramp[paper] if paper >= 0 else None,
        )
        _STYLES[ramp, ink, paper] = style
    return style
