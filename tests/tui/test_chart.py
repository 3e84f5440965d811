"""Drawn charts: every size and range, and the fast tracer against plotext, cell by cell."""

import itertools
import math

import numpy as np
import pytest
from textual.app import App
from textual.color import Color

from mnist_tui.tui.render.axes import (
    Plot,
    within,
)
from mnist_tui.tui.speed import chart as quick
from mnist_tui.tui.widgets.chart import Chart, draw
from tests.tui.chart_helpers import line
from tests.tui.conftest import needs


class TestDrawing:
    @pytest.mark.parametrize("log", [False, True])
    @pytest.mark.parametrize("ys", [[1e30, 3e35], [1e6, 1e6 + 1], [1.0, 1 + 1e-13], [-1e99, 1e99], [1e-90, 1e99]])
    async def test_every_value_and_size_is_drawn(self, ys, log):
        app = Showing(Plot((line(ys, [0.0, 1.0]),), log=log))
        async with app.run_test() as pilot:
            for width in (60, 40, 20, *range(16, 0, -1)):
                await pilot.resize_terminal(width, 12)
                await pilot.pause()
                shown = [strip.text for strip in app.screen._compositor.render_strips()]
                assert all(len(words) == width for words in shown)
                if width >= 40 and (not log or min(ys) > 0):
                    assert any("\u2800" < character <= "\u28ff" for words in shown for character in words)

    @pytest.mark.parametrize("plot", [{}, {"percent": True, "x_range": (0.2, 0.7)}, {"log": True}])
    async def test_the_lines_fill_the_frame_at_every_size(self, plot):
        """The first and the last point are beside the axes, the highest and the lowest near the frame."""
        ys = [0.3, 0.9, 0.1, 0.5]
        app = Showing(Plot((line(ys, np.linspace(*plot.get("x_range", (0.0, 1.0)), 4)),), **plot))
        async with app.run_test() as pilot:
            for width, height in itertools.product((13, 20, 47, 80, 161), (5, 6, 9, 24, 45)):
                await pilot.resize_terminal(width, height)
                await pilot.pause()
                shown = [strip.text for strip in app.screen._compositor.render_strips()]
                assert all(len(words) == width for words in shown)
                (top,) = [row for row, words in enumerate(shown) if "┌" in words]
                (bottom,) = [row for row, words in enumerate(shown) if "└" in words]
                first, last = shown[top].index("┌") + 1, shown[top].index("┐") - 1
                assert (top, bottom, last) == (0, height - 2, width - 2)
                assert (shown[bottom].index("└"), shown[bottom].index("┘")) == (first - 1, last + 1)
                lit = np.array([[braille(words[x]) for x in range(first, last + 1)] for words in shown[1:bottom]])
                assert lit[:, 0].any()
                assert lit[:, -1].any()
                air = 1 + len(lit) // 10
                assert lit[:air].any()
                assert lit[-air:].any()

    @pytest.mark.parametrize("log", [False, True])
    async def test_a_single_spike_among_thousands_of_points_is_seen(self, log):
        ys = np.full(9_000, 4.0)
        ys[4_321], ys[7_000] = 9.0, 0.2
        app = Showing(Plot((line(ys, np.linspace(0, 1, len(ys))),), log=log))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            shown = [strip.text for strip in app.screen._compositor.render_strips()]
            first, last = shown[0].index("┌") + 1, shown[0].index("┐") - 1
            for rows, place in (((1, 2), 4_321), ((20, 21), 7_000)):
                columns = {x for row in rows for x in range(first, last + 1) if braille(shown[row][x])}
                middle = first + place / len(ys) * (last - first)
                assert columns
                assert columns <= {math.floor(middle), math.ceil(middle)}

    async def test_a_line_that_leaves_the_frame_comes_back(self):
        """The first batches are far above all others, and may exceed the limits."""
        ys = np.concatenate([np.full(5, 1e6), np.full(95, 0.5)])
        app = Showing(Plot((line(ys, np.linspace(0, 1, 100), trimmed=True), line([0.3, 0.6], [0.0, 1.0]))))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            shown = [strip.text for strip in app.screen._compositor.render_strips()]
            first, last = shown[0].index("┌") + 1, shown[0].index("┐") - 1
            assert all(any(braille(words[x]) for words in shown) for x in range(first + 4, last + 1))
            assert not any("\u2800" < character <= "\u28ff" for character in shown[0])

    async def test_ticks_are_drawn_at_their_values(self):
        """A line from one tick's value to another begins and ends in their rows."""
        app = Showing(Plot((line([0.2, 0.8], [0.0, 1.0]),), (0.0, 1.0)))
        async with app.run_test(size=(60, 23)) as pilot:
            await pilot.pause()
            shown = [strip.text for strip in app.screen._compositor.render_strips()]
            for label, column in (("0.2┤", 4), ("0.8┤", 58)):
                row = next(words for words in shown if words.startswith(label))
                assert "\u2800" < row[column] <= "\u28ff"


def frame_of(width, height, y_range=(0.0, 1.0), **options):
    """A frame with the limits' own ticks."""
    whole = {
        "x_range": (0.0, 10.0),
        "x_ticks": (0.0, 5.0, 10.0),
        "x_labels": ("0", "5", "10"),
        "y_ticks": y_range,
        "y_labels": tuple(f"{value:.2g}" for value in y_range),
    }
    colours = {"paper": Color.parse("#102030"), "ink": Color.parse("#808080")}
    return quick.Frame(width, height, y_range=y_range, **whole | colours | options)


def curve(points, colour="#ff8800"):
    return quick.Curve(np.array(points, float), Color.parse(colour))


def cells(strips):
    """Characters, each with its colours."""
    return [[(character, segment.style) for segment in strip for character in segment.text] for strip in strips]


class TestTracer:
    """The tracer, which uses numpy, draws the same as plotext."""

    @pytest.mark.parametrize("seed", range(12))
    def test_every_cell_is_the_same(self, seed):
        random = np.random.default_rng(seed)
        scale = 10.0 ** random.integers(-30, 31)
        low, high = scale * np.sort(random.uniform(-1, 1, 2))
        frame = frame_of(int(random.integers(20, 180)), int(random.integers(4, 50)), (float(low), float(high)))
        curves = []
        for colour in ("#ff8800", "#0088ff", "#ff8800")[: random.integers(1, 4)]:
            count = int(random.integers(1, 241))
            xs = np.sort(random.uniform(0, 10, count))
            ys = within(random.normal((low + high) / 2, high - low, count), low, high)
            curves.append(curve(np.stack([xs, ys], axis=1), colour))
        assert cells(quick.Tracer(draw).draw(frame, curves)) == cells(draw(frame, curves))

    def test_an_axis_without_ticks_has_the_same_rows(self):
        frame = frame_of(40, 10, x_ticks=(), x_labels=())
        assert cells(quick.Tracer(draw).draw(frame, [])) == cells(draw(frame, []))
        assert "┐" in draw(frame, [])[0].text

    def test_the_frame_is_drawn_again_only_for_other_ticks(self):
        drawn = []

        def counted(frame, curves):
            drawn.append(frame)
            return draw(frame, curves)

        tracer, points = quick.Tracer(counted), curve([(0, 0.2), (10, 0.8)])
        tracer.draw(frame_of(60, 20), [points])
        tracer.draw(frame_of(60, 20), [points, points])
        tracer.draw(frame_of(60, 20, (0.0, 1.0001), y_ticks=(0.0, 1.0), y_labels=("0", "1")), [points])
        assert len(drawn) == 1, "its ticks are in the same cells"
        tracer.draw(frame_of(60, 20, (0.0, 2.0)), [points])
        tracer.draw(frame_of(61, 20, (0.0, 2.0)), [points])
        assert len(drawn) == 3

    @needs("chart")
    async def test_charts_use_the_tracer(self, monkeypatch):
        monkeypatch.setattr(
            "mnist_tui.tui.speed.chart.braille_chars", lambda dots, columns, rows: np.full((rows, columns), "x")
        )
        app = Showing(Plot((line([0.1, 0.9], [0.0, 1.0]),)))
        async with app.run_test(size=(60, 23)) as pilot:
            await pilot.pause()
            assert "xxx" in app.screen._compositor.render_strips()[5].text


def braille(character):
    return "\u2800" < character <= "\u28ff"


class Showing(App[None]):
    """Shows one chart."""

    def __init__(self, plot):
        super().__init__()
        self._plot = plot

    def compose(self):
        yield Chart(id="chart")

    def on_mount(self):
        self.query_one(Chart).show(self._plot)
