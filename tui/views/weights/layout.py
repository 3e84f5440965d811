"""Where things stand in the Weights view: sizes worked out from the space there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mnist_tui.tui.render.signed_cells import picture_size

PICTURE = picture_size(small=False)
"""Columns and rows of the large picture of one unit."""
SMALL = picture_size(small=True)
MOST = 5
"""Pictures in a row and rows on a page, where there is space for so many."""
BARS = 15
"""Columns that the bars need at least."""
PANEL = PICTURE[0] + 1 + BARS
"""Columns that a unit's panel beside the grid needs."""
GAP = 2
"""Columns between the grid and the panel."""
TALL = 33
"""Rows from which the exciting images stand under the picture."""
HEADING = 1
STRIP = 4
"""Rows that the outgoing weights need at least, their heading included."""


@dataclass(frozen=True, slots=True)
class GridLayout:
    """A page of pictures."""

    columns: int
    rows: int
    width: int
    """Of the grid in cells."""
    small: bool
    """Whether the pictures are small: as wanted, or because large ones don't fit."""

    @property
    def page(self) -> int:
        """Pictures on a page."""
        return self.columns * self.rows


def grid_layout(width: int, height: int, *, small: bool, panel: bool) -> GridLayout:
    """The page for a space of `width` × `height` cells.

    Args:
        small: whether small pictures are wanted.
        panel: whether a unit's panel stands beside the grid.
    """
    room = width - PANEL - GAP if panel else width
    small = small or room < PICTURE[0] or height < PICTURE[1] + 1
    one = SMALL if small else PICTURE
    columns, rows = max(1, (room + 1) // (one[0] + 1)), max(1, height // (one[1] + 1))
    if panel or (columns >= MOST and rows >= MOST):
        columns, rows = min(columns, MOST), min(rows, MOST)
    return GridLayout(columns, rows, columns * (one[0] + 1) - 1, small)


@dataclass(frozen=True, slots=True)
class UnitLayout:
    """The parts of a unit's panel."""

    way: Literal["beside", "under"]
    """Where the exciting images stand: beside the picture and the bars, or under them."""
    bars: int
    """Columns of the bars."""
    images: tuple[int, int]
    """Columns and rows of the exciting images, their heading included; no rows where there is no space."""
    outgoing: tuple[int, int]
    """Columns and rows of the outgoing weights, their heading included."""
    small: bool
    """Whether the exciting images are small."""


def unit_layout(width: int, height: int, *, small: bool) -> UnitLayout:
    """The panel for a space of `width` × `height` cells, at least `PANEL` wide and 16 high.

    Args:
        small: whether small exciting images are wanted.
    """
    under = width < PANEL + 1 + SMALL[0] or (width < 100 and height >= TALL)
    if under:
        rest = height - PICTURE[1] - 1
        one = SMALL[1] + 1
        lines = max(0, (rest - HEADING - STRIP) // one)
        images = HEADING + lines * one if lines else 0
        small = small or images < HEADING + PICTURE[1] + 1
        return UnitLayout("under", width - PICTURE[0] - 1, (width, images), (width, max(0, rest - images)), small)
    small = small or width < PANEL + 1 + PICTURE[0]
    one = SMALL[0] if small else PICTURE[0]
    columns = (width - PANEL) // (one + 1)
    wide = columns * (one + 1) - 1
    bars = width - PICTURE[0] - 1 - wide - 1
    return UnitLayout("beside", bars, (wide, height), (width - wide - 1, height - PICTURE[1]), small)
