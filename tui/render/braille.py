"""Braille rasters of points and lines, and navigation between points: pure numpy, without colours or widgets.

Each cell has a grid of two columns by four rows of dots, those of the braille characters. On most terminals the dots
are equally spaced in both directions, so the aspect ratio is preserved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DOT_COLUMNS, DOT_ROWS = 2, 4
"""Dots per cell."""
# Bits of the code point by row and column of the dot (Unicode, block Braille Patterns).
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)


@dataclass(frozen=True, slots=True)
class Window:
    """The visible part of the plane: its centre, its scale and its size in cells."""

    x: float
    """Horizontal coordinate of the centre."""
    y: float
    scale: float
    """Distance in the plane between adjacent dots."""
    columns: int
    """Width in cells."""
    rows: int

    def dots(self, points: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the column and row of the dot of each point, (N, 2) for (N, 2) points; they may lie outside."""
        across = (points[:, 0] - self.x) / self.scale + (self.columns * DOT_COLUMNS - 1) / 2
        down = (self.y - points[:, 1]) / self.scale + (self.rows * DOT_ROWS - 1) / 2
        dots = np.stack([across, down], axis=1).clip(-1e9, 1e9)  # far outside, yet without integer overflow
        return np.asarray(np.rint(dots), dtype=np.int64)

    def cells(self, points: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the column and row of the cell of each point, (N, 2) for (N, 2) points; they may lie outside."""
        return np.asarray(self.dots(points) // np.array([DOT_COLUMNS, DOT_ROWS]))

    def cell_centre(self, column: float, row: float) -> tuple[float, float]:
        """Return the coordinates of the centre of a cell."""
        across = (column + 0.5) * DOT_COLUMNS - self.columns * DOT_COLUMNS / 2
        down = (row + 0.5) * DOT_ROWS - self.rows * DOT_ROWS / 2
        return self.x + across * self.scale, self.y - down * self.scale

    def contains(self, x: float, y: float) -> bool:
        """Return whether a point of the plane is visible."""
        column, row = self.cells(np.array([[x, y]]))[0]
        return bool(0 <= column < self.columns and 0 <= row < self.rows)


def fit_window(points: NDArray[np.floating], columns: int, rows: int) -> Window:
    """Return the tightest window of the given size that contains all of the (N, 2) points."""
    if not len(points):
        return Window(0.0, 0.0, 1.0, columns, rows)
    low, high = points.min(axis=0), points.max(axis=0)
    width, height = (high - low).tolist()
    x, y = ((low + high) / 2).tolist()
    scale = max(width / max(1, columns * DOT_COLUMNS - 1), height / max(1, rows * DOT_ROWS - 1))
    return Window(x, y, scale or 1.0, columns, rows)


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """Rasterised points or lines, each cell with a class."""

    chars: NDArray[np.str_]
    """(rows, columns): single characters; a space if the cell is empty."""
    classes: NDArray[np.int16]
    """(rows, columns): the class that determines the colour of a cell; -1 if the cell is empty."""
    raised: NDArray[np.bool_]
    """(rows, columns): whether a cell shows raised points."""


def raster(
    points: NDArray[np.floating],
    classes: NDArray[np.integer],
    window: Window,
    *,
    raised: NDArray[np.bool_] | None = None,
    digits: bool = False,
) -> Raster:
    """Rasterise points.

    A cell can have only one colour, that of its majority class (ties go to the smallest class), but has the dots of
    all of its points. In a cell with raised points, only those are drawn and counted.

    Args:
        points: (N, 2)
        classes: (N,), starting at 0.
        raised: (N,): points that are drawn on top of the others.
        digits: draw the last digit of the class in each cell instead of dots.
    """
    columns, rows = window.columns, window.rows
    dots = window.dots(points)
    inside = ((dots >= 0) & (dots < np.array([columns * DOT_COLUMNS, rows * DOT_ROWS]))).all(axis=1)
    dots, labels = dots[inside], classes[inside].astype(np.int64)
    cells = dots[:, 1] // DOT_ROWS * columns + dots[:, 0] // DOT_COLUMNS
    over = np.zeros(rows * columns, bool)
    if raised is not None:
        over[cells[raised[inside]]] = True
        kept = raised[inside] | ~over[cells]
        dots, labels, cells = dots[kept], labels[kept], cells[kept]

    count = int(labels.max()) + 1 if len(labels) else 1
    votes = np.bincount(cells * count + labels, minlength=rows * columns * count).reshape(-1, count)
    majority = np.where(votes.any(axis=1), votes.argmax(axis=1), -1).astype(np.int16)
    if digits:
        chars = np.array(list("0123456789 "))[np.where(majority < 0, 10, majority % 10)]
    else:
        chars = braille_chars(dots, columns, rows)
    shape = rows, columns
    return Raster(chars.reshape(shape), majority.reshape(shape), over.reshape(shape))


def braille_chars(dots: NDArray[np.int64], columns: int, rows: int) -> NDArray[np.str_]:
    """Return the (rows, columns) braille characters with the (N, 2) dots set; a space for an empty cell."""
    lit = np.zeros((rows * DOT_ROWS, columns * DOT_COLUMNS), np.uint8)
    lit[dots[:, 1], dots[:, 0]] = 1
    bits = lit.reshape(rows, DOT_ROWS, columns, DOT_COLUMNS) * _BITS[None, :, None, :]
    codes = bits.sum(axis=(1, 3), dtype=np.uint32)
    return np.where(codes == 0, np.uint32(ord(" ")), 0x2800 + codes).astype(np.uint32).view("<U1")


def nearest(points: NDArray[np.floating], candidates: NDArray[np.bool_], x: float, y: float) -> int | None:
    """Return the index of the candidate nearest to (x, y), the first one on a tie; None without candidates."""
    indices = np.flatnonzero(candidates)
    if not len(indices):
        return None
    offsets = points[indices] - np.array([x, y])
    return int(indices[np.einsum("ij,ij->i", offsets, offsets).argmin()])


def next_point(
    points: NDArray[np.floating], candidates: NDArray[np.bool_], start: int, across: int, up: int
) -> int | None:
    """Return the nearest candidate in one of the four directions, for cursor movement.

    Candidates within 45° of the direction take precedence over others in the same half-plane. Coincident points are
    visited in index order (right and up: ascending), so that each of them can be reached.

    Args:
        points: (N, 2)
        candidates: (N,): points that can be reached.
        start: index of the current point, which need not be a candidate.
        across, up: the direction: one of them is 1 or -1, the other 0.

    Returns:
        The index of the point, or None if there is no candidate in that direction.
    """
    offsets = points - points[start]
    forward = across + up
    ahead = (offsets[:, 0] if across else offsets[:, 1]) * forward
    aside = np.abs(offsets[:, 1] if across else offsets[:, 0])
    coincident = np.flatnonzero(candidates & (ahead == 0) & (aside == 0))
    later = coincident[(coincident - start) * forward > 0]
    if len(later):
        return int(later[0] if forward > 0 else later[-1])
    for region in (candidates & (ahead > 0) & (aside <= ahead), candidates & (ahead > 0)):
        indices = np.flatnonzero(region)
        if len(indices):
            distances = np.hypot(ahead[indices], aside[indices])
            closest = indices[distances == distances.min()]
            return int(closest[0] if forward > 0 else closest[-1])
    return None
