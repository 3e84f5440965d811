"""Line charts in cells, drawn by plotext; the only module that imports it.

plotext keeps state between plots, modifies data on a logarithmic scale and draws outside its limits. Therefore each
plot starts from a cleared figure, and logarithms, limits and ticks are computed here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.text import Text
from textual.color import Color
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from mnist_tui.tui.render import ansi
from mnist_tui.tui.render.axes import Plot, limits, linear_ticks, log_ticks, prepared, tick_label, whole_ticks, within
from mnist_tui.tui.render.palette import plot_colour
from mnist_tui.tui.speed.chart import Curve, Frame, Tracer, paint
from mnist_tui.tui.speed.switch import enabled


class Chart(Widget):
    """Line chart that fills its widget."""

    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; min-height: 4; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.shown = Plot()
        """Current plot."""
        self._drawing: tuple[Plot, Size, str] | None = None
        self._drawn: list[Strip] = []
        self._draw_chart = Tracer(draw).draw if enabled("chart") else draw

    def show(self, plot: Plot) -> None:
        """Replace the plot."""
        self.shown = plot
        self.refresh()

    def render(self) -> Text:
        """Return the placeholder for an empty plot."""
        return Text(f"\n{self.shown.empty}", style="dim", justify="center")

    def render_line(self, y: int) -> Strip:
        wanted = (self.shown, self.size, self.app.theme)
        # Cached, because the widget is rendered again whenever its border changes.
        if self._drawing is None or self._drawing[0] is not wanted[0] or self._drawing[1:] != wanted[1:]:
            self._drawing, self._drawn = wanted, self._draw()
        if not self._drawn:
            return super().render_line(y)
        strip = self._drawn[y] if y < len(self._drawn) else Strip([])
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def _draw(self) -> list[Strip]:
        plot, (width, height) = self.shown, self.size
        lines = [prepared(line, plot) for line in plot.lines]
        lines = [line for line in lines if len(line.xs)]
        if not lines or width < 12 or height < 4:
            return []
        low, high = limits(lines, plot)
        most = max(2, (height - 3) // 3)
        ticks = log_ticks(low, high, most) if plot.log else linear_ticks(low, high, most)
        marks = whole_ticks(*plot.x_range, max(2, width // 9))
        frame = Frame(
            width,
            height,
            x_range=plot.x_range,
            y_range=(low, high),
            x_ticks=tuple(map(float, marks)),
            x_labels=tuple(f"{mark:g}" for mark in marks),
            y_ticks=tuple(ticks),
            y_labels=tuple(tick_label(tick, plot, ticks) for tick in ticks),
            paper=self._colour("background"),
            ink=self._colour("secondary"),
        )
        if frame.inside[0] < 2:
            return []
        curves = []
        for line in lines:
            ys = within(np.log10(line.ys) if plot.log else line.ys, low, high)
            curves.append(Curve(np.stack([line.xs, ys], axis=1), self._colour(line.colour), line.layer))
        return self._draw_chart(frame, curves)

    def _colour(self, name: str) -> Color:
        return Color.parse(self.app.theme_variables.get(name, name))


def draw(frame: Frame, curves: Sequence[Curve]) -> list[Strip]:
    """Draw a chart with plotext and return its rows."""
    columns, rows = frame.inside
    left = frame.columns - columns - 1
    drawn = []
    for curve in curves:  # each of them alone, because plotext gives every cell to the last one
        lines = [strip.text[left : left + columns] for strip in _plot(frame, curve)[1 : rows + 1]]
        drawn.append(np.array([list(line) for line in lines]))
    return paint(frame, _plot(frame), drawn, curves)


def _plot(frame: Frame, curve: Curve | None = None) -> list[Strip]:
    """Draw a frame and, if given, a curve."""
    import plotext as plt

    plt.clear_figure()
    plt.limit_size(False, False)  # otherwise plotext limits the size to that of the terminal it detects
    plt.plotsize(frame.columns, frame.rows)
    plt.canvas_color(plot_colour(frame.paper))
    plt.axes_color(plot_colour(frame.paper))
    plt.ticks_color(plot_colour(frame.ink))
    plt.xlim(*frame.x_range)
    plt.ylim(*frame.y_range)
    x_ticks, y_ticks = (
        [low + (high - low) * cell / max(1, cells - 1) for cell in ticks]
        for ticks, (low, high), cells in zip(
            frame.tick_cells, (frame.x_range, frame.y_range), frame.inside, strict=True
        )
    )
    plt.yticks(y_ticks, list(frame.y_labels))
    # An invisible tick and point, because plotext omits the labels' row without ticks and the axes without points.
    left, right = frame.x_range
    outside = left - (right - left)
    plt.xticks(x_ticks or [outside], list(frame.x_labels) or [""])
    plt.scatter([outside], [frame.y_range[0]], marker=" ")
    if curve is not None:
        xs, ys = curve.points.T.tolist()
        plt.plot(xs, ys, marker="braille", color=plot_colour(curve.colour))
    return ansi.strips(plt.build())
