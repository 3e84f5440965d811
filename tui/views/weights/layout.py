"""Layout of the Weights view, computed from the available space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mnist_tui.tui.render.signed_cells import picture_size

PICTURE = picture_size(small=False)
"""Columns and rows of a large picture of a unit."""
SMALL = picture_size(small=True)
MAX_GRID = 5
"""Largest number of columns and rows of pictures on a page."""
BARS = 15
"""Minimum width of the bars."""
PANEL = PICTURE[0] + 1 + BARS
"""Minimum width of the unit panel next to the grid."""
GAP = 2
"""Columns between grid and panel."""
TALL = 33
"""Smallest height at which the most activating images are placed below the picture."""
HEADING = 1
STRIP = 4
"""Minimum height of the outgoing weights, including their heading."""


@dataclass(frozen=True, slots=True)
class GridLayout:
    """A page of pictures."""

    columns: int
    rows: int
    width: int
    """Width of the grid in cells."""
    small: bool
    """Whether the pictures are small: by choice, or because large ones do not fit."""

    @property
    def page(self) -> int:
        """Number of pictures per page."""
        return self.columns * self.rows


def grid_layout(width: int, height: int, *, small: bool, panel: bool) -> GridLayout:
    """Return the layout of a page of `width` × `height` cells.

    Args:
        small: whether small pictures are preferred.
        panel: whether to reserve space for the unit panel next to the grid.
    """
    room = width - PANEL - GAP if panel else width
    small = small or room < PICTURE[0] or height < PICTURE[1] + 1
    one = SMALL if small else PICTURE
    columns, rows = max(1, (room + 1) // (one[0] + 1)), max(1, height // (one[1] + 1))
    if panel or (columns >= MAX_GRID and rows >= MAX_GRID):
        columns, rows = min(columns, MAX_GRID), min(rows, MAX_GRID)
    return GridLayout(columns, rows, columns * (one[0] + 1) - 1, small)


@dataclass(frozen=True, slots=True)
class UnitLayout:
    """Sizes of the parts of the unit panel."""

    arrangement: Literal["beside", "below"]
    """Position of the most activating images: beside or below the picture and the bars."""
    bars: int
    """Columns of the bars."""
    images: tuple[int, int]
    """Columns and rows of the most activating images with their heading; 0 rows if there is no space."""
    outgoing: tuple[int, int]
    """Columns and rows of the outgoing weights with their heading."""
    small: bool
    """Whether the most activating images are small."""


def unit_layout(width: int, height: int, *, small: bool) -> UnitLayout:
    """Return the layout of a panel of `width` × `height` cells, at least `PANEL` × 16.

    Args:
        small: whether small images are preferred.
    """
    below = width < PANEL + 1 + SMALL[0] or (width < 100 and height >= TALL)
    if below:
        rest = height - PICTURE[1] - 1
        one = SMALL[1] + 1
        lines = max(0, (rest - HEADING - STRIP) // one)
        images = HEADING + lines * one if lines else 0
        small = small or images < HEADING + PICTURE[1] + 1
        return UnitLayout("below", width - PICTURE[0] - 1, (width, images), (width, max(0, rest - images)), small)
    small = small or width < PANEL + 1 + PICTURE[0]
    one = SMALL[0] if small else PICTURE[0]
    columns = (width - PANEL) // (one + 1)
    wide = columns * (one + 1) - 1
    bars = width - PICTURE[0] - 1 - wide - 1
    return UnitLayout("beside", bars, (wide, height), (width - wide - 1, height - PICTURE[1]), small)
