"""Line charts in cells: axes and ticks as plotext draws them, and the lines between them; plotext's only importer.

plotext keeps what it was given between two plots, changes data under a logarithmic scale, draws beyond its limits and
takes up to fifty milliseconds for a restless line. So it is given ticks of our own and no lines, and only where the
ticks are others than before.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.color import Color
from textual.geometry import Size
from textual.strip import Strip
from textual_plotext import PlotextPlot

from mnist_tui.tui.render import ansi
from mnist_tui.tui.render.braille import trace
from mnist_tui.tui.render.palette import plot_colour

TRIM = (0.1, 0.9)
"""Quantiles of a trimmed line that the limits hold."""
MAX_POINTS = 240
"""Points of one line that are drawn; more cost time and show nothing."""
MAX_VALUE = 1e100
"""What is larger is left out as what is not finite is: the space between two such values is no number any more."""
FLAT = 1e-6
"""A line that varies by less than this share of its height is drawn as a flat one: no label could tell its ends."""
LONG = 1e6
"""From here on labels have exponents."""


AROUND = (2, 3)
"""Columns, besides the labels, and rows that plotext's frame and ticks take."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart."""

    label: str
    xs: np.ndarray
    """(points,) ascending."""
    ys: np.ndarray
    """(points,); points that are not finite are left out."""
    colour: str
    """A colour of the theme, such as `primary`, or any that Textual knows."""
    trimmed: bool = False
    """The limits need not hold its outermost points, such as the first steep batches of a training."""


@dataclass(frozen=True, slots=True)
class Plot:
    """What a chart shows."""

    lines: tuple[Line, ...] = ()
    x_range: tuple[float, float] = (0.0, 1.0)
    log: bool = False
    percent: bool = False
    """The values are fractions, and the ticks say per cent."""
    empty: str = ""
    """Said where there is nothing to draw."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Axes and ticks, in cells."""

    size: Size
    labels: tuple[str, ...]
    """Of the values, at the left."""
    label_rows: tuple[int, ...]
    """From the bottom."""
    marks: tuple[str, ...]
    """Below."""
    mark_columns: tuple[int, ...]
    theme: str


class Chart(PlotextPlot):
    """A line chart that fills its widget."""

    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; min-height: 4; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.shown = Plot()
        """What is drawn."""
        self._drawing: tuple[Plot, Size, str] | None = None
        self._drawn: list[Strip] = []
        self._frame: Frame | None = None
        self._strips: list[Strip] = []

    def show(self, plot: Plot) -> None:
        """Draw this instead."""
        self.shown = plot
        self.refresh()

    def render(self) -> Text:
        """What is said where there is nothing to draw."""
        return Text(f"\n{self.shown.empty}", style="dim", justify="center")

    def render_line(self, y: int) -> Strip:
        wanted = (self.shown, self.size, self.app.theme)
        # The drawing is kept: the widget is rendered again with every change of its border.
        if self._drawing is None or self._drawing[0] is not wanted[0] or self._drawing[1:] != wanted[1:]:
            self._drawing, self._drawn = wanted, self._draw()
        if not self._drawn:
            return super().render_line(y)
        strip = self._drawn[y] if y < len(self._drawn) else Strip([])
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def _draw(self) -> list[Strip]:
        plot = self.shown
        lines = [prepared(line, plot) for line in plot.lines]
        lines = [line for line in lines if len(line.xs)]
        if not lines or self.size.width < 12 or self.size.height < 4:
            return []
        low, high = limits(lines, plot)
        most = max(2, (self.size.height - 3) // 3)
        ticks = log_ticks(low, high, most) if plot.log else linear_ticks(low, high, most)
        labels = tuple(tick_label(tick, plot, ticks) for tick in ticks)
        columns, rows = self.size.width - max(map(len, labels)) - AROUND[0], self.size.height - AROUND[1]
        if columns < 2:
            return []
        marks = whole_ticks(*plot.x_range, max(2, self.size.width // 9))
        frame = self._framed(
            Frame(
                self.size,
                labels,
                tuple(cell_of(tick, low, high, rows) for tick in ticks),
                tuple(f"{mark:g}" for mark in marks),
                tuple(cell_of(mark, *plot.x_range, columns) for mark in marks),
                self.app.theme,
            )
        )
        points = [np.stack([line.xs, np.log10(line.ys) if plot.log else line.ys], axis=1) for line in lines]
        left, right = plot.x_range
        drawn = trace(points, (left, low), (right, high), columns, rows)
        paper = self._colour("background").rich_color
        styles = [Style.from_color(self._colour(line.colour).rich_color, paper) for line in lines]
        blank = Style.from_color(None, paper)
        first = self.size.width - columns - 1
        for row in range(rows):
            inside = [
                Segment(words, styles[place] if place >= 0 else blank)
                for words, place in runs(drawn.chars[row], drawn.classes[row])
            ]
            around = frame[row + 1]
            frame[row + 1] = Strip.join([around.crop(0, first), Strip(inside, columns), around.crop(first + columns)])
        return frame

    def _framed(self, frame: Frame) -> list[Strip]:
        """The axes with their ticks as plotext draws them; drawn again only where they are others than before."""
        if frame != self._frame:
            self._frame = frame
            width, height = frame.size
            plt = self.plt
            plt.clear_figure()
            plt.scatter([0], [0], marker=" ")  # without a point there are no axes
            plt.xlim(0, width - max(map(len, frame.labels)) - AROUND[0] - 1)
            plt.ylim(0, max(1, height - AROUND[1] - 1))
            plt.yticks(list(frame.label_rows), list(frame.labels))
            plt.xticks(list(frame.mark_columns) or [-1], list(frame.marks) or [""])  # without any it leaves no row
            paper = plot_colour(self._colour("background"))
            plt.canvas_color(paper)
            plt.axes_color(paper)
            plt.ticks_color(plot_colour(self._colour("secondary")))
            plt.plotsize(width, height)
            plt._set_size(width, height)  # plotsize alone is forgotten after a resize
            self._strips = ansi.strips(plt.build())
        return list(self._strips)

    def _colour(self, name: str) -> Color:
        return Color.parse(self.app.theme_variables.get(name, name))


def cell_of(value: float, low: float, high: float, cells: int) -> int:
    """Which of so many cells a value falls into, where the first one's middle is `low` and the last one's `high`."""
    return math.floor((value - low) / (high - low) * (cells - 1) + 0.5)


def runs(chars: np.ndarray, classes: np.ndarray) -> Iterator[tuple[str, int]]:
    """A row's stretches of one class, each with its characters."""
    bounds = [0, *(np.flatnonzero(np.diff(classes)) + 1).tolist(), len(classes)]
    text = "".join(chars.tolist())
    for first, last in itertools.pairwise(bounds):
        yield text[first:last], int(classes[first])


def prepared(line: Line, plot: Plot) -> Line:
    """The line within the chart's range, without what can't be drawn, thinned to `MAX_POINTS`."""
    xs, ys = np.asarray(line.xs, float), np.asarray(line.ys, float)
    first, last = plot.x_range
    keep = (np.abs(ys) < MAX_VALUE) & (xs >= first) & (xs <= last)
    if plot.log:
        keep &= ys > 0
    xs, ys = thin(xs[keep], ys[keep], MAX_POINTS)
    return replace(line, xs=xs, ys=ys)


def thin(xs: np.ndarray, ys: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` points that keep the line's extremes: the lowest and the highest of each stretch."""
    if len(xs) <= most:
        return xs, ys
    bounds = np.linspace(0, len(xs), most // 2 + 1).astype(int)
    keep = sorted({a + f(ys[a:b]) for a, b in itertools.pairwise(bounds) for f in (np.argmin, np.argmax)})
    return xs[keep], ys[keep]


def limits(lines: list[Line], plot: Plot) -> tuple[float, float]:
    """The lowest and highest value with a little air around them; as logarithms for a logarithmic axis."""
    firm = [line.ys for line in lines if not line.trimmed]
    loose = [np.quantile(line.ys, TRIM) for line in lines if line.trimmed]
    # Before there is a firm line, the loose one is all there is to see.
    values = np.concatenate(firm + loose if firm else [line.ys for line in lines])
    if plot.log:
        values = np.log10(values)
    low, high = float(values.min()), float(values.max())
    size = max(abs(low), abs(high))
    air = (high - low) * 0.05 if high - low > FLAT * size else max(size * 0.05, 1e-3)
    return low - air, min(high + air, 1.0) if plot.percent else high + air


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Round values between the limits, at most `most`."""
    for step in _steps(high - low, most):
        first = math.ceil(low / step - 1e-9)
        ticks = [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]
        if len(ticks) <= most:
            return ticks
    return [low, high]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Logarithms of round values between the limits (logarithms too), at most `most`."""
    decades = range(math.floor(low), math.ceil(high) + 1)
    for digits in ((1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        ticks = [math.log10(digit) + decade for decade in decades for digit in digits]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= most:
            return ticks or [low, high]
    stride = -(-len(ticks) // most)
    return ticks[::stride]


def whole_ticks(low: float, high: float, most: int) -> list[int]:
    """Whole numbers between the limits, at a round distance, at most `most`."""
    for step in _steps(high - low, most):
        ticks = [int(i * step) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]
        if step >= 1 and len(ticks) <= most:
            return ticks
    return [math.ceil(low)]


def tick_label(tick: float, plot: Plot, ticks: list[float]) -> str:
    """A tick in words, with no more digits than tell it from its neighbours."""
    if plot.log:
        return _short(10**tick, [10**other for other in ticks])
    scale, sign = (100, "%") if plot.percent else (1, "")
    values = [other * scale for other in ticks]
    if max(map(abs, values)) >= LONG:
        return _short(tick * scale, values) + sign
    return f"{tick * scale:.{_digits(values)}f}{sign}"


def _short(value: float, values: list[float]) -> str:
    """The value with as many digits as tell all of them apart, but two at least."""
    for digits in range(2, 15):
        if len({f"{other:.{digits}g}" for other in values}) == len(values):
            break
    return f"{float(f'{value:.{digits}g}'):g}"


def _digits(values: list[float]) -> int:
    """Decimals that write every value in full."""
    for digits in range(15):
        if all(math.isclose(round(value, digits), value, rel_tol=1e-7, abs_tol=1e-13) for value in values):
            return digits
    return 15


def _steps(span: float, most: int) -> list[float]:
    """Round distances, ascending from about the finest that could do."""
    exponent = math.floor(math.log10(max(span, 1e-12) / max(most, 1)))
    return [digit * 10.0**power for power in range(exponent, exponent + 4) for digit in (1, 2, 5)]
