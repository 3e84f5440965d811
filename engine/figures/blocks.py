"""A grid of small pictures with a caption under each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from mnist_tui.engine.figures.colours import FAINT
from mnist_tui.engine.figures.style import BASE, LINE, Page, Size

CAPTION = 0.85
"""Font size of captions, relative to ordinary text."""
CHAR_WIDTH = 0.62
"""Approximate width of a character, relative to the font size."""
MIN_PICTURE_WIDTH = 0.8
"""Minimum width of a picture, in inches."""
GAP = 0.12


@dataclass(frozen=True, slots=True)
class Grid:
    """Layout of a grid of pictures, in inches at the natural size."""

    count: int
    columns: int
    cell: float
    """Width and height of a picture including the gap to the next one."""
    lines: int
    """Number of lines per caption."""

    @property
    def rows(self) -> int:
        return max(1, math.ceil(self.count / self.columns))

    @property
    def row(self) -> float:
        """Height of a row, including captions."""
        return self.cell + self.lines * BASE * CAPTION * LINE / 72 + (0.04 if self.lines else 0.0)

    @property
    def size(self) -> Size:
        return Size(self.columns * self.cell, self.rows * self.row)


def layout(captions: Sequence[Sequence[str]], columns: int | None = None) -> Grid:
    """Lay out a grid for pictures with these captions, nearly square unless `columns` is given."""
    count = len(captions)
    columns = columns or max(1, math.ceil(math.sqrt(count)))
    longest = max((len(line) for caption in captions for line in caption), default=0)
    cell = max(MIN_PICTURE_WIDTH, longest * CHAR_WIDTH * BASE * CAPTION / 72) + GAP
    return Grid(count, columns, cell, max((len(caption) for caption in captions), default=0))


def draw(
    page: Page,
    axes: Axes,
    grid: Grid,
    images: NDArray[np.number],
    captions: Sequence[Sequence[str]],
    *,
    cmap: str = "gray_r",
    limits: tuple[float, float] | None = (0, 255),
    marked: int | None = None,
) -> AxesImage | None:
    """Draw (N, S, S) images into `axes`, row by row.

    Args:
        limits: Values at the ends of the colour map; None scales each picture by its own largest magnitude.
        marked: Index of a picture to be framed.

    Returns:
        An image to create a colour bar from; None if there are no images.
    """
    axes.set_xlim(0, grid.columns * grid.cell)
    axes.set_ylim(grid.rows * grid.row, 0)
    axes.set_aspect("equal")
    axes.axis("off")
    side = grid.cell - GAP
    shown: AxesImage | None = None
    frames = []
    for i, image in enumerate(images):
        x, y = i % grid.columns * grid.cell + GAP / 2, i // grid.columns * grid.row + GAP / 2
        low, high = limits or (-float(np.abs(image).max()) or -1.0, float(np.abs(image).max()) or 1.0)
        extent = (x, x + side, y + side, y)
        shown = axes.imshow(image, cmap=cmap, vmin=low, vmax=high, extent=extent, aspect="equal")
        frames.append(Rectangle((x, y), side, side))
        points = BASE * CAPTION * page.scale
        for k, line in enumerate(captions[i]):
            text = page.truncate(line, (grid.cell - 0.02) * page.scale, points)
            place = y + side + 0.03 + k * BASE * CAPTION * LINE / 72
            axes.text(x + side / 2, place, text, size=points, ha="center", va="top")
    axes.add_collection(PatchCollection(frames, facecolor="none", edgecolor=FAINT, linewidth=0.4 * page.scale))
    if marked is not None and marked < len(frames):
        axes.add_patch(
            Rectangle(frames[marked].get_xy(), side, side, fill=False, edgecolor="#d55e00", linewidth=2 * page.scale)
        )
    # imshow changes the limits to those of the last picture.
    axes.set_xlim(0, grid.columns * grid.cell)
    axes.set_ylim(grid.rows * grid.row, 0)
    return shown
