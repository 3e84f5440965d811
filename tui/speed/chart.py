"""Fast charts: lines drawn by numpy exactly as by plotext, inside a cached frame drawn by plotext."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip

from mnist_tui.tui.render.braille import DOT_COLUMNS, DOT_ROWS, braille_chars

FRAME_SIZE = (2, 3)
"""Columns (besides the labels) and rows taken by plotext's frame and ticks."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A chart without its lines."""

    columns: int
    """Total width in cells."""
    rows: int
    x_range: tuple[float, float]
    """Values at the first and the last column of dots of the plot area."""
    y_range: tuple[float, float]
    """Values at the bottom and the top row of dots."""
    x_ticks: tuple[float, ...]
    x_labels: tuple[str, ...]
    y_ticks: tuple[float, ...]
    y_labels: tuple[str, ...]
    paper: Color
    ink: Color

    @property
    def inside(self) -> tuple[int, int]:
        """Columns and rows of the plot area."""
        return self.columns - max(map(len, self.y_labels)) - FRAME_SIZE[0], self.rows - FRAME_SIZE[1]

    @property
    def tick_cells(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Columns and rows of the ticks, counted from the lower left: the cells in which a line has these values."""
        columns, rows = self.inside
        return (
            tuple(cell_of(tick, *self.x_range, columns, DOT_COLUMNS) for tick in self.x_ticks),
            tuple(cell_of(tick, *self.y_range, rows, DOT_ROWS) for tick in self.y_ticks),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A polyline."""

    points: NDArray[np.floating]
    """(N, 2): x and y; N > 0."""
    colour: Color
    layer: int = 0
    """A curve is in front of those of lower layers, and takes turns with others of its own."""


class Tracer:
    """Draws charts (override `chart`).

    plotext processes every dot in Python lists, and redraws axes, ticks and labels with each plot. Here numpy computes
    the dots, and the frame is redrawn only if a tick moves to another cell. Gain: 97 % of the CPU time for a chart of
    100×20 cells with three lines, 2 ms instead of 76 ms.
    """

    def __init__(self, draw: Callable[[Frame, Sequence[Curve]], list[Strip]]) -> None:
        """`draw`: draws a complete chart by plotext."""
        self._draw = draw
        self._frame: Frame | None = None
        self._strips: list[Strip] = []

    def draw(self, frame: Frame, curves: Sequence[Curve]) -> list[Strip]:
        """Return the rows of a chart, identical to those of the constructor's `draw`."""
        lines = [curve.points for curve in curves]
        return paint(frame, self._frame_rows(frame), trace(lines, frame.x_range, frame.y_range, *frame.inside), curves)

    def _frame_rows(self, frame: Frame) -> list[Strip]:
        """Return the rows of the frame, redrawn only if a tick or a label has changed."""
        columns, rows = frame.inside
        x_ticks, y_ticks = frame.tick_cells
        cells = replace(
            frame,
            x_range=(0.0, columns - 1.0),
            y_range=(0.0, max(1.0, rows - 1.0)),
            x_ticks=tuple(map(float, x_ticks)),
            y_ticks=tuple(map(float, y_ticks)),
        )
        if cells != self._frame:
            self._frame, self._strips = cells, self._draw(cells, ())
        return list(self._strips)


def paint(
    frame: Frame, strips: Sequence[Strip], drawn: Sequence[NDArray[np.str_]], curves: Sequence[Curve]
) -> list[Strip]:
    """Return the rows of a frame with curves in its plot area.

    Args:
        strips: the rows of the frame.
        drawn: each curve alone, (rows, columns) braille characters or spaces.
        curves: the curves, for their colours and layers.
    """
    columns, rows = frame.inside
    paper = frame.paper.rich_color
    styles = [Style.from_color(curve.colour.rich_color, paper) for curve in curves]
    blank = Style.from_color(None, paper)
    first = frame.columns - columns - 1
    stack = np.stack([np.full((rows, columns), " "), *drawn])
    which = owners(stack[1:] != " ", [curve.layer for curve in curves])
    chars = np.take_along_axis(stack, which[None] + 1, axis=0)[0]
    result = list(strips)
    for row in range(rows):
        inside = [Segment(text, styles[index] if index >= 0 else blank) for text, index in runs(chars[row], which[row])]
        outer = strips[row + 1]
        result[row + 1] = Strip.join([outer.crop(0, first), Strip(inside, columns), outer.crop(first + columns)])
    return result


def owners(crossed: NDArray[np.bool_], layers: Sequence[int]) -> NDArray[np.int16]:
    """Return which curve each cell shows, because a cell can have only one colour; -1 for none.

    Where curves of the same layer meet, the cells go to each of them in turn, from left to right. Thus curves that
    cross or lie on one another all remain visible, as dashes.

    Args:
        crossed: (curves, rows, columns): whether a curve has dots in a cell.
        layers: the curves' layers.
    """
    if not len(crossed):
        return np.full(crossed.shape[1:], -1, np.int16)
    depth = np.where(crossed, np.array(layers)[:, None, None], min(layers) - 1)
    front = crossed & (depth == depth.max(axis=0))
    count = front.sum(axis=0)
    which = np.where(count > 0, front.argmax(axis=0), -1)
    columns, rows = np.nonzero(count.T > 1)
    turn = np.arange(len(columns)) % count[rows, columns]
    which[rows, columns] = (front[:, rows, columns].cumsum(axis=0) == turn + 1).argmax(axis=0)
    return which.astype(np.int16)


def trace(
    lines: Sequence[NDArray[np.floating]],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    columns: int,
    rows: int,
) -> list[NDArray[np.str_]]:
    """Draw each line alone, as (rows, columns) braille characters or spaces.

    Args:
        lines: each (N, 2), N > 0; parts outside the plot area are clipped.
        x_range, y_range: values at the dots of the first and the last column, and of the bottom and the top row.
    """
    size = np.array([columns * DOT_COLUMNS, rows * DOT_ROWS])
    low, high = np.array([x_range, y_range]).T
    drawn = []
    for line in lines:
        # Same order of operations as in plotext, for identical rounding.
        corners = np.floor(np.round(0.5 + (size - 1) * (line - low) / (high - low), 8))
        dots = _along(corners)
        dots = dots[((dots >= 0) & (dots < size)).all(axis=1)]
        dots[:, 1] = size[1] - 1 - dots[:, 1]
        drawn.append(braille_chars(dots, columns, rows))
    return drawn


def _along(corners: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the (M, 2) dots of a gapless polyline through (N, 2) integer points."""
    steps = np.diff(corners, axis=0)
    counts = np.abs(steps).max(axis=1).astype(np.int64)
    which = np.repeat(np.arange(len(steps)), counts)
    part = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    slopes = steps / np.maximum(counts, 1)[:, None]
    between = corners[which] + part[:, None] * slopes[which]
    return np.concatenate([between, corners[-1:]]).astype(np.int64)  # truncated, not rounded, as in plotext


def cell_of(value: float, low: float, high: float, cells: int, dots: int) -> int:
    """Return the index of the cell with the dot of a value.

    Args:
        low, high: values at the first and the last dot.
        cells: number of cells, each with `dots` dots.
    """
    # plotext rounds ticks to cells but lines to dots, by which a tick may lie a cell away from the line at its value.
    return math.floor(round(0.5 + (cells * dots - 1) * (value - low) / (high - low), 8)) // dots


def runs(chars: NDArray[np.str_], classes: NDArray[np.int16]) -> Iterator[tuple[str, int]]:
    """Yield the characters and the class of each run of equal classes in a row."""
    bounds = [0, *(np.flatnonzero(np.diff(classes)) + 1).tolist(), len(classes)]
    text = "".join(chars.tolist())
    for first, last in itertools.pairwise(bounds):
        yield text[first:last], int(classes[first])
