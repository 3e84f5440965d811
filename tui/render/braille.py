"""Points and lines as terminal cells, and the way from point to point: pure numpy, no colours and no widgets.

A picture is made of dots, two columns and four rows to a cell, as the braille characters have them. On most
terminals these dots lie equally far apart in both directions, so distances look as long as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DOT_COLUMNS, DOT_ROWS = 2, 4
"""Dots of a cell."""
# Bits of the code point by row and column of the dot (Unicode, block Braille Patterns).
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the plane that is seen: so many cells, around a centre."""

    x: float
    """Of the centre."""
    y: float
    scale: float
    """Length in the plane from one dot to the next."""
    columns: int
    """Cells."""
    rows: int

    def dots(self, points: NDArray[np.floating]) -> NDArray[np.int64]:
        """The (N, 2) column and row of each of (N, 2) points' dots; outside the picture too."""
        across = (points[:, 0] - self.x) / self.scale + (self.columns * DOT_COLUMNS - 1) / 2
        down = (self.y - points[:, 1]) / self.scale + (self.rows * DOT_ROWS - 1) / 2
        places = np.stack([across, down], axis=1).clip(-1e9, 1e9)  # far enough, and still whole numbers
        return np.asarray(np.rint(places), dtype=np.int64)

    def cells(self, points: NDArray[np.floating]) -> NDArray[np.int64]:
        """The (N, 2) column and row of each point's cell; outside the picture too."""
        return np.asarray(self.dots(points) // np.array([DOT_COLUMNS, DOT_ROWS]))

    def place(self, column: float, row: float) -> tuple[float, float]:
        """The point of the plane in the middle of a cell."""
        across = (column + 0.5) * DOT_COLUMNS - self.columns * DOT_COLUMNS / 2
        down = (row + 0.5) * DOT_ROWS - self.rows * DOT_ROWS / 2
        return self.x + across * self.scale, self.y - down * self.scale

    def holds(self, x: float, y: float) -> bool:
        """Whether a point of the plane is seen."""
        column, row = self.cells(np.array([[x, y]]))[0]
        return bool(0 <= column < self.columns and 0 <= row < self.rows)


def whole(points: NDArray[np.floating], columns: int, rows: int) -> Window:
    """The window in which (N, 2) points are seen all, as large as can be."""
    if not len(points):
        return Window(0.0, 0.0, 1.0, columns, rows)
    low, high = points.min(axis=0), points.max(axis=0)
    width, height = (high - low).tolist()
    x, y = ((low + high) / 2).tolist()
    scale = max(width / max(1, columns * DOT_COLUMNS - 1), height / max(1, rows * DOT_ROWS - 1))
    return Window(x, y, scale or 1.0, columns, rows)


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """A picture of points in classes."""

    chars: NDArray[np.str_]
    """(rows, columns) of single characters, a space where there is no point."""
    classes: NDArray[np.int16]
    """(rows, columns): the class that a cell shows, -1 where there is no point."""
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
    """Draw points.

    A cell has one colour, so it takes the class of most of its points, the smallest of several with as many; its dots
    are those of all its points. Where a cell holds raised points, these alone are seen in it.

    Args:
        points: (N, 2)
        classes: (N,), from 0.
        raised: (N,): which points lie over the others.
        digits: draw each cell as its class's last digit instead of dots.
    """
    columns, rows = window.columns, window.rows
    dots = window.dots(points)
    inside = ((dots >= 0) & (dots < np.array([columns * DOT_COLUMNS, rows * DOT_ROWS]))).all(axis=1)
    dots, seen = dots[inside], classes[inside].astype(np.int64)
    cells = dots[:, 1] // DOT_ROWS * columns + dots[:, 0] // DOT_COLUMNS
    over = np.zeros(rows * columns, bool)
    if raised is not None:
        over[cells[raised[inside]]] = True
        kept = raised[inside] | ~over[cells]
        dots, seen, cells = dots[kept], seen[kept], cells[kept]

    count = int(seen.max()) + 1 if len(seen) else 1
    votes = np.bincount(cells * count + seen, minlength=rows * columns * count).reshape(-1, count)
    shown = np.where(votes.any(axis=1), votes.argmax(axis=1), -1).astype(np.int16)
    if digits:
        chars = np.array(list("0123456789 "))[np.where(shown < 0, 10, shown % 10)]
    else:
        chars = braille_chars(dots, columns, rows)
    shape = rows, columns
    return Raster(chars.reshape(shape), shown.reshape(shape), over.reshape(shape))


def braille_chars(dots: NDArray[np.int64], columns: int, rows: int) -> NDArray[np.str_]:
    """The (rows, columns) characters that have these (N, 2) dots, a space where there are none."""
    lit = np.zeros((rows * DOT_ROWS, columns * DOT_COLUMNS), np.uint8)
    lit[dots[:, 1], dots[:, 0]] = 1
    bits = lit.reshape(rows, DOT_ROWS, columns, DOT_COLUMNS) * _BITS[None, :, None, :]
    codes = bits.sum(axis=(1, 3), dtype=np.uint32)
    return np.where(codes == 0, np.uint32(ord(" ")), 0x2800 + codes).astype(np.uint32).view("<U1")


def nearest(points: NDArray[np.floating], chosen: NDArray[np.bool_], x: float, y: float) -> int | None:
    """The chosen point that lies nearest to a place, the first of several as near; None where none is chosen."""
    places = np.flatnonzero(chosen)
    if not len(places):
        return None
    steps = points[places] - np.array([x, y])
    return int(places[np.einsum("ij,ij->i", steps, steps).argmin()])


def step(points: NDArray[np.floating], chosen: NDArray[np.bool_], start: int, across: int, up: int) -> int | None:
    """The point that a step in one of the four directions leads to: the nearest of those that lie that way.

    What lies that way is not more to the side than ahead; only where nothing does, all that lies ahead counts. Points
    at the same place stand in a row by their index, from left to right and from bottom to top, so that none of them
    is hidden for ever.

    Args:
        points: (N, 2); chosen: (N,): the points that can be reached.
        start: the point to step from, chosen or not.
        across, up: the direction: one of them is 1 or -1, the other one 0.

    Returns:
        None where no chosen point lies ahead.
    """
    steps = points - points[start]
    forward = across + up
    ahead = (steps[:, 0] if across else steps[:, 1]) * forward
    aside = np.abs(steps[:, 1] if across else steps[:, 0])
    pile = np.flatnonzero(chosen & (ahead == 0) & (aside == 0))
    later = pile[(pile - start) * forward > 0]
    if len(later):
        return int(later[0] if forward > 0 else later[-1])
    for way in (chosen & (ahead > 0) & (aside <= ahead), chosen & (ahead > 0)):
        places = np.flatnonzero(way)
        if len(places):
            distances = np.hypot(ahead[places], aside[places])
            closest = places[distances == distances.min()]
            return int(closest[0] if forward > 0 else closest[-1])
    return None
