"""Drawn charts: every size and range, and the fast tracer against plotext, cell by cell."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from textual.app import App
from textual.color import Color

from mnist_tui.tui.render.axes import (
    Plot,
    linear_ticks,
    whole_ticks,
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


def tick_frames(count, seed=0):
    """Frames of random sizes and ranges with the ticks that a chart would have."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        low = float(random.uniform(-1, 1) * 10 ** random.uniform(-4, 4))
        high = low + float(10 ** random.uniform(-2, 4))
        width, height = int(random.integers(20, 120)), int(random.integers(10, 50))
        last = float(random.integers(1, 200))
        ys, xs = linear_ticks(low, high, max(2, (height - 3) // 3)), whole_ticks(0, last, max(2, width // 9))
        # Labels of one width, so that the plot area has the same size whatever the range.
        options = {"x_range": (0.0, last), "x_ticks": tuple(map(float, xs)), "x_labels": tuple(f"{x:03}" for x in xs)}
        labels = tuple(f"y{index:02}" for index in range(len(ys)))
        yield frame_of(width, height, (low, high), y_ticks=tuple(ys), y_labels=labels, **options)


def lit_cells(strips, frame):
    """Rows and columns of the plot area with dots; rows from the top."""
    columns, rows = frame.inside
    first = frame.columns - columns - 1
    area = [strip.text[first : first + columns] for strip in strips[1 : rows + 1]]
    return np.nonzero([[braille(character) for character in words] for words in area])


class TestTicks:
    """A tick lies in the cell in which a line with its value is drawn, at every size and range."""

    @pytest.mark.parametrize(("make", "count"), [(lambda: quick.Tracer(draw).draw, 60), (lambda: draw, 5)])
    def test_a_flat_line_is_in_the_row_of_its_tick(self, make, count):
        drawing = make()
        for frame in tick_frames(count):
            for tick, label in zip(frame.y_ticks, frame.y_labels, strict=True):
                strips = drawing(frame, [curve([(0.0, tick), (frame.x_range[1], tick)])])
                rows, _ = lit_cells(strips, frame)
                assert {strips[row + 1].text[:4] for row in rows.tolist()} == {f"{label}┤"}, (frame, tick)

    @pytest.mark.parametrize(("make", "count"), [(lambda: quick.Tracer(draw).draw, 20), (lambda: draw, 4)])
    def test_an_upright_line_is_in_the_column_of_its_tick(self, make, count):
        drawing = make()
        for frame in tick_frames(count, seed=1):
            plain = drawing(frame, [])
            axis = plain[-2].text
            marked = [index for index, character in enumerate(axis) if character == "┬"]
            first = frame.columns - frame.inside[0] - 1
            expected = [lit_cells(drawing(frame, [upright(frame, tick)]), frame)[1] + first for tick in frame.x_ticks]
            assert {int(column) for columns in expected for column in columns} >= set(marked)
            assert marked

    @pytest.mark.parametrize("rows", [4, 12, 17, 40])
    def test_the_cell_of_a_value_is_that_of_its_dot(self, rows):
        """A chart of `rows` rows has 4 times as many dots, the lowest at the lower limit, the highest at the upper."""
        shares = np.linspace(0, 1, 3001)
        expected = [round(share * (4 * rows - 1) + 1e-9) // 4 for share in shares.tolist()]
        assert [quick.cell_of(share, 0.0, 1.0, rows, 4) for share in shares.tolist()] == expected
        # Ticks that were rounded to rows were up to a row away from their lines.
        by_row = [math.floor(share * (rows - 1) + 0.5) for share in shares.tolist()]
        assert sum(a != b for a, b in zip(by_row, expected, strict=True)) > 100


def upright(frame, x):
    low, high = frame.y_range
    return curve([(x, low), (x, high)])


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


def curve(points, colour="#ff8800", layer=0):
    return quick.Curve(np.array(points, float), Color.parse(colour), layer)


SIX = ("#ff0000", "#00ff00", "#0000ff", "#ffff00", "#00ffff", "#ff00ff")


def colours_of(strips):
    """How many cells with dots have each colour."""
    return Counter(style.color.name for row in cells(strips) for character, style in row if braille(character))


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
        for layer, colour in enumerate(("#ff8800", "#0088ff", "#ff8800")[: random.integers(1, 4)]):
            count = int(random.integers(1, 241))
            xs = np.sort(random.uniform(0, 10, count))
            ys = within(random.normal((low + high) / 2, high - low, count), low, high)
            curves.append(curve(np.stack([xs, ys], axis=1), colour, layer // 2))
        assert cells(quick.Tracer(draw).draw(frame, curves)) == cells(draw(frame, curves))

    def test_lines_that_meet_are_all_visible(self):
        """A cell has one colour; where two lines lie on one another, each of them gets every other cell."""
        frame = frame_of(60, 12)
        flat = [curve([(0, 0.5), (10, 0.5)], colour) for colour in ("#ff8800", "#0088ff")]
        for drawing in (quick.Tracer(draw).draw, draw):
            colours = colours_of(drawing(frame, flat))
            columns = frame.inside[0]
            assert colours == {"#ff8800": columns // 2 + columns % 2, "#0088ff": columns // 2}

    def test_a_line_that_is_crossed_by_many_is_not_cut_more_often_than_they_are(self):
        frame = frame_of(160, 40)
        waves = [
            curve([(x, 0.5 + 0.4 * math.sin(3 * x + i)) for x in np.linspace(0, 10, 200)], c) for i, c in enumerate(SIX)
        ]
        alone = [colours_of(quick.Tracer(draw).draw(frame, [wave])).total() for wave in waves]
        together = colours_of(quick.Tracer(draw).draw(frame, waves))
        for colour, cells_alone in zip(SIX, alone, strict=True):
            assert together[colour] > 0.7 * cells_alone

    def test_a_line_in_front_is_whole(self):
        frame = frame_of(60, 12)
        behind = curve([(0, 0.5), (10, 0.5)], "#ff8800", layer=1)
        front = curve([(0, 0.2), (10, 0.8)], "#0088ff", layer=2)
        alone = colours_of(draw(frame, [front]))["#0088ff"]
        for order in ([behind, front], [front, behind]):
            for drawing in (quick.Tracer(draw).draw, draw):
                colours = colours_of(drawing(frame, order))
                assert colours["#0088ff"] == alone
                assert colours["#ff8800"] > 0

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
