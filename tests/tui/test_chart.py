"""What a chart draws, before plotext does: ticks, limits, thinning and smoothing, over many random ranges."""

import itertools
import math
from decimal import Decimal

import numpy as np
import pytest
from textual.app import App
from textual.color import Color

from mnist_tui.engine.analysis.curves import smooth
from mnist_tui.tui.render.axes import (
    MAX_POINTS,
    Line,
    Plot,
    limits,
    linear_ticks,
    log_ticks,
    prepared,
    thin,
    tick_label,
    whole_ticks,
    within,
)
from mnist_tui.tui.speed import chart as quick
from mnist_tui.tui.widgets.chart import Chart, draw
from tests.tui.conftest import needs

PLAIN, LOG, PERCENT = Plot(), Plot(log=True), Plot(percent=True)


def line(ys, xs=None, **options):
    xs = range(len(ys)) if xs is None else xs
    return Line("a line", np.array(xs, float), np.array(ys, float), "red", **options)


def ranges(count=2000, seed=0):
    """Random limits of all magnitudes that a loss or an accuracy can have, and how many ticks fit."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        low = random.uniform(-1, 1) * 10 ** random.uniform(-4, 4)
        span = max(10 ** random.uniform(-5, 4), abs(low) * 1e-5)
        yield low, low + span, int(random.integers(2, 20))


def is_round(step):
    """Whether a distance is 1, 2 or 5 times a power of ten."""
    digits = Decimal(f"{step:.9e}").normalize().as_tuple().digits
    return digits in ((1,), (2,), (5,))


class TestLinearTicks:
    def test_within_the_limits_few_and_ascending(self):
        for low, high, most in ranges():
            ticks = linear_ticks(low, high, most)
            slack = (high - low) * 1e-6
            assert 1 <= len(ticks) <= most
            assert low - slack <= ticks[0] <= ticks[-1] <= high + slack
            assert all(a < b for a, b in itertools.pairwise(ticks))

    def test_round_and_evenly_spaced(self):
        for low, high, most in ranges(seed=1):
            ticks = linear_ticks(low, high, most)
            gaps = np.diff(ticks)
            if len(gaps):
                step = float(f"{gaps[0]:.6g}")  # what the subtraction of neighbours lost is rounded away
                assert gaps == pytest.approx(step, rel=1e-6)
                assert is_round(step)
                # Each is a multiple of the distance, so zero is among them where it is within the limits.
                assert np.array(ticks) / step == pytest.approx(np.round(np.array(ticks) / step), rel=1e-9, abs=1e-6)

    def test_no_more_room_is_left_than_must_be(self):
        # A reader needs some ticks: less than a third of what fits only where the next finer step is too many.
        for low, high, most in ranges(seed=2):
            ticks = linear_ticks(low, high, most)
            assert len(ticks) >= max(1, most // 3)

    def test_golden(self):
        assert linear_ticks(0.0, 1.0, 6) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        assert linear_ticks(0.93, 0.99, 4) == [0.94, 0.96, 0.98]
        assert linear_ticks(-1.2, 3.4, 5) == [-1.0, 0.0, 1.0, 2.0, 3.0]


class TestLogTicks:
    def logarithms(self, seed):
        random = np.random.default_rng(seed)
        for _ in range(2000):
            low = random.uniform(-7, 3)
            yield low, low + 10 ** random.uniform(-2, 1), int(random.integers(2, 20))

    def test_within_the_limits_few_and_ascending(self):
        for low, high, most in self.logarithms(0):
            ticks = log_ticks(low, high, most)
            assert 1 <= len(ticks) <= most
            assert low - 1e-9 <= ticks[0] <= ticks[-1] <= high + 1e-9
            assert all(a < b for a, b in itertools.pairwise(ticks))

    def test_labels_tell_the_ticks_apart_and_are_true(self):
        for low, high, most in self.logarithms(1):
            ticks = log_ticks(low, high, most)
            values = [float(tick_label(tick, LOG, ticks)) for tick in ticks]
            assert all(a < b for a, b in itertools.pairwise(values)), (low, high, most, values)
            for tick, value in zip(ticks, values, strict=True):
                assert value == pytest.approx(10**tick, rel=0.05)

    def test_golden(self):
        values = [round(10**tick, 9) for tick in log_ticks(-2, 0, 7)]
        assert values == [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]
        assert log_ticks(-6, 3, 4) == pytest.approx([-6, -3, 0, 3])


class TestWholeTicks:
    def test_within_the_limits_few_round_and_ascending(self):
        random = np.random.default_rng(0)
        for _ in range(2000):
            low = float(random.integers(0, 3)) * float(random.integers(0, 1000))
            high = low + float(random.integers(1, 10)) * 10 ** float(random.integers(0, 4))
            most = int(random.integers(2, 20))
            ticks = whole_ticks(low, high, most)
            assert 1 <= len(ticks) <= most, (low, high, most)
            assert low <= ticks[0] <= ticks[-1] <= high
            gaps = set(np.diff(ticks).tolist())
            assert len(gaps) <= 1
            assert all(gap > 0 and is_round(gap) for gap in gaps)

    def test_epochs_on_an_ordinary_terminal(self):
        # Eighty columns have room for eight numbers.
        for epochs in range(1, 1001):
            ticks = whole_ticks(0.0, float(epochs), 8)
            assert all(isinstance(tick, int) for tick in ticks)
            assert min(epochs, 3) <= len(ticks) <= 8, epochs

    def test_within_the_first_epoch(self):
        assert whole_ticks(0.0, 1.0, 8) == [0, 1]
        assert whole_ticks(0.0, 10.0, 11) == list(range(11))


class TestLabels:
    @pytest.mark.parametrize("plot", [PLAIN, PERCENT])
    def test_are_exact(self, plot):
        # A round number is written in full: what stands beside the axis is where the tick is.
        for low, high, most in ranges(seed=3):
            ticks = linear_ticks(low, high, most)
            values = [float(tick_label(tick, plot, ticks).removesuffix("%")) for tick in ticks]
            expected = np.array(ticks) * (100 if plot.percent else 1)
            assert values == pytest.approx(expected, rel=1e-6, abs=1e-12), (low, high, most)

    def test_golden(self):
        ticks = [0.94, 0.96, 0.98]
        assert [tick_label(tick, PERCENT, ticks) for tick in ticks] == ["94%", "96%", "98%"]
        assert [tick_label(tick, PLAIN, ticks) for tick in ticks] == ["0.94", "0.96", "0.98"]
        ticks = [0.995, 1.0]
        assert [tick_label(tick, PERCENT, ticks) for tick in ticks] == ["99.5%", "100.0%"]
        ticks = [0.0, 1.0, 2.0]
        assert [tick_label(tick, PLAIN, ticks) for tick in ticks] == ["0", "1", "2"]
        ticks = [-2.0, math.log10(0.05), 0.0, 1.0]
        assert [tick_label(tick, LOG, ticks) for tick in ticks] == ["0.01", "0.05", "1", "10"]


class TestThin:
    @pytest.mark.parametrize("count", [241, 242, 300, 999, 10_000])
    def test_keeps_the_extremes_and_the_bound(self, count):
        for seed in range(20):
            random = np.random.default_rng(seed)
            ys = random.normal(size=count)
            # The extremes stand alone, where taking every n-th point would miss them.
            ys[random.integers(count)], ys[random.integers(count)] = 50, -50
            xs = np.sort(random.uniform(0, 10, count))
            thinned_xs, thinned_ys = thin(xs, ys, 240)
            assert len(thinned_xs) == len(thinned_ys) <= 240
            assert len(thinned_xs) > 120
            assert thinned_ys.max() == ys.max()
            assert thinned_ys.min() == ys.min()
            assert (np.diff(thinned_xs) > 0).all()
            # Points are left out, and none is made up.
            assert set(zip(thinned_xs, thinned_ys, strict=True)) <= set(zip(xs, ys, strict=True))

    def test_keeps_the_extremes_of_every_stretch(self):
        # A wave of 60 periods keeps all of its peaks.
        xs = np.arange(12_000) / 200
        _, ys = thin(xs, np.sin(2 * np.pi * xs), 240)
        peaks = np.sin(2 * np.pi * xs).max()
        assert (ys > 0.99 * peaks).sum() >= 60
        assert (ys < -0.99 * peaks).sum() >= 60

    @pytest.mark.parametrize("count", [0, 1, 2, 239, 240])
    def test_few_points_stay(self, count):
        xs, ys = np.arange(count), np.arange(count) ** 2
        thinned = thin(xs, ys, 240)
        np.testing.assert_array_equal(thinned[0], xs)
        np.testing.assert_array_equal(thinned[1], ys)

    def test_flat_line(self):
        xs, ys = thin(np.arange(1000.0), np.ones(1000), 240)
        assert 1 < len(xs) <= 240
        assert (ys == 1).all()


class TestSmooth:
    def expected(self, ys, weight):
        """The weighted mean of all values so far, each a step older weighing `weight` times as much."""
        return [np.average(ys[: i + 1], weights=weight ** np.arange(i, -1, -1.0)) for i in range(len(ys))]

    @pytest.mark.parametrize("weight", [0.3, 0.6, 0.9, 0.99])
    def test_is_the_weighted_mean_of_the_past(self, weight):
        ys = np.random.default_rng(0).normal(size=60)
        assert smooth(ys, weight) == pytest.approx(self.expected(ys, weight), abs=1e-12)

    def test_starts_where_the_line_starts(self):
        # Without the correction the first points would be drawn towards zero.
        assert smooth(np.array([5.0, 5.0, 5.0]), 0.9) == pytest.approx([5, 5, 5])
        assert smooth(np.array([2.0, 0.0]), 0.9)[0] == pytest.approx(2)

    def test_no_weight_changes_nothing(self):
        ys = np.array([3.0, math.nan, 1.0])
        np.testing.assert_array_equal(smooth(ys, 0.0), ys)
        assert len(smooth(np.array([]), 0.9)) == 0

    def test_values_that_are_not_finite_do_not_spread(self):
        ys = np.array([1.0, math.nan, 3.0, math.inf, 2.0])
        result = smooth(ys, 0.6)
        expected = self.expected(np.array([1.0, 3.0, 2.0]), 0.6)
        assert result[[0, 2, 4]] == pytest.approx(expected)

    def test_not_finite_at_the_start(self):
        result = smooth(np.array([math.nan, 4.0]), 0.6)
        assert math.isnan(result[0])
        assert result[1] == pytest.approx(4)

    def test_line_given_stays_as_it_is(self):
        ys = np.array([1.0, 2.0])
        ys.setflags(write=False)
        smooth(ys, 0.9)


class TestLimits:
    def test_hold_every_point_with_a_little_air(self):
        random = np.random.default_rng(0)
        for _ in range(300):
            lines = [line(random.normal(size=random.integers(1, 50)) * 10 ** random.uniform(-5, 5)) for _ in range(3)]
            low, high = limits(lines, PLAIN)
            least, most = min(each.ys.min() for each in lines), max(each.ys.max() for each in lines)
            assert low < least
            assert high > most
            assert high - low <= 1.2 * (most - least) or most == least

    @pytest.mark.parametrize("value", [0.0, 1.0, -3.0, 1e-6, 1e6])
    def test_a_flat_line_has_room(self, value):
        low, high = limits([line([value, value])], PLAIN)
        assert low < value < high

    @pytest.mark.parametrize("value", [1.0, 1e30])
    def test_a_line_that_is_nearly_flat_is_drawn_as_a_flat_one(self, value):
        low, high = limits([line([value, value * (1 + 1e-12)])], PLAIN)
        assert high - low > value * 0.05

    def test_logarithms(self):
        low, high = limits([line([0.001, 0.1, 10.0])], LOG)
        assert low == pytest.approx(-3 - 0.2)
        assert high == pytest.approx(1 + 0.2)

    @pytest.mark.parametrize("accs", [[0.9, 0.99], [0.2, 0.999], [0.5, 1.0], [1.0, 1.0], [0.0, 1.0], [0.97]])
    def test_no_accuracy_above_all(self, accs):
        low, high = limits([line(accs)], PERCENT)
        assert max(accs) <= high <= 1.0
        assert low < min(accs)

    def test_a_trimmed_line_does_not_stretch_them(self):
        # The first batches of a training lie far above everything that follows.
        fine = line([100.0] * 5 + [0.5] * 95, trimmed=True)
        low, high = limits([fine, line([0.3, 0.6])], PLAIN)
        assert 0.6 < high < 1
        assert low < 0.3

    def test_a_trimmed_line_alone_is_held(self):
        low, high = limits([line([100.0] + [0.5] * 99, trimmed=True)], PLAIN)
        assert low < 0.5
        assert high > 100


class TestPrepared:
    def test_what_can_not_be_drawn_is_left_out(self):
        ys = [1.0, math.nan, math.inf, -math.inf, 2.0, 3.0]
        result = prepared(line(ys), Plot(x_range=(0.0, 10.0)))
        assert result.xs.tolist() == [0.0, 4.0, 5.0]
        assert result.ys.tolist() == [1.0, 2.0, 3.0]
        result = prepared(line([1.0, 2.0], xs=[math.nan, 1.0]), Plot(x_range=(0.0, 10.0)))
        assert result.xs.tolist() == [1.0]

    def test_range(self):
        result = prepared(line(range(10)), Plot(x_range=(3.0, 5.0)))
        assert result.xs.tolist() == [3.0, 4.0, 5.0]

    def test_logarithm_of_zero(self):
        # A loss of exactly 0 has no place on a logarithmic axis, and must not end the drawing.
        plot = Plot(x_range=(0.0, 10.0), log=True)
        result = prepared(line([1.0, 0.0, -0.5, 0.01]), plot)
        assert result.ys.tolist() == [1.0, 0.01]
        assert all(map(math.isfinite, limits([result], plot)))
        assert len(prepared(line([0.0, 0.0]), plot).xs) == 0

    def test_zero_stays_on_a_linear_axis(self):
        assert prepared(line([1.0, 0.0]), Plot(x_range=(0.0, 10.0))).ys.tolist() == [1.0, 0.0]

    def test_thinned_after_the_cut(self):
        # Zooming in shows what a thinned whole line has lost.
        result = prepared(line(range(10_000)), Plot(x_range=(5000.0, 5100.0)))
        assert len(result.xs) == 101
        assert len(prepared(line(range(10_000)), Plot(x_range=(0.0, 10_000.0))).xs) <= MAX_POINTS

    def test_empty(self):
        assert len(prepared(line([]), PLAIN).xs) == 0

    def test_keeps_the_rest(self):
        given = line([0.5], trimmed=True)
        result = prepared(given, PLAIN)
        assert (result.label, result.colour, result.trimmed) == (given.label, given.colour, True)

    def test_what_is_too_large_for_an_axis_is_left_out(self):
        # Their distance is infinite, and so would be the air around them.
        assert prepared(line([1e308, -1e308, 2.0]), Plot(x_range=(0.0, 10.0))).ys.tolist() == [2.0]


class TestDrawing:
    @pytest.mark.parametrize("log", [False, True])
    @pytest.mark.parametrize("ys", [[1e30, 3e35], [1e6, 1e6 + 1], [1.0, 1 + 1e-13], [-1e99, 1e99], [1e-90, 1e99]])
    async def test_no_value_and_no_size_is_too_much(self, ys, log):
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
        """The first and the last point stand beside the axes, the highest and the lowest near the frame."""
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
        """The first batches lie far above everything that follows, and the limits need not hold them."""
        ys = np.concatenate([np.full(5, 1e6), np.full(95, 0.5)])
        app = Showing(Plot((line(ys, np.linspace(0, 1, 100), trimmed=True), line([0.3, 0.6], [0.0, 1.0]))))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            shown = [strip.text for strip in app.screen._compositor.render_strips()]
            first, last = shown[0].index("┌") + 1, shown[0].index("┐") - 1
            assert all(any(braille(words[x]) for words in shown) for x in range(first + 4, last + 1))
            assert not any("\u2800" < character <= "\u28ff" for character in shown[0])

    async def test_ticks_stand_at_their_values(self):
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
    """What numpy draws is what plotext draws."""

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

    def test_no_tick_has_no_row_less(self):
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
    async def test_charts_use_it(self, monkeypatch):
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
