"""Lines of a chart before they are drawn: thinning, smoothing, limits and clipping."""

import math

import numpy as np
import pytest

from mnist_tui.engine.analysis.curves import smooth
from mnist_tui.tui.render.axes import (
    MAX_POINTS,
    Plot,
    limits,
    prepared,
    thin,
)
from tests.tui.chart_helpers import LOG, PERCENT, PLAIN, line


class TestThin:
    @pytest.mark.parametrize("count", [241, 242, 300, 999, 10_000])
    def test_keeps_the_extremes_and_the_bound(self, count):
        for seed in range(20):
            random = np.random.default_rng(seed)
            ys = random.normal(size=count)
            # Isolated extremes, which taking every n-th point would miss.
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

    def test_the_given_line_is_unchanged(self):
        ys = np.array([1.0, 2.0])
        ys.setflags(write=False)
        smooth(ys, 0.9)


class TestLimits:
    def test_limits_include_every_point_with_a_margin(self):
        random = np.random.default_rng(0)
        for _ in range(300):
            lines = [line(random.normal(size=random.integers(1, 50)) * 10 ** random.uniform(-5, 5)) for _ in range(3)]
            low, high = limits(lines, PLAIN)
            least, most = min(each.ys.min() for each in lines), max(each.ys.max() for each in lines)
            assert low < least
            assert high > most
            assert high - low <= 1.2 * (most - least) or most == least

    @pytest.mark.parametrize("value", [0.0, 1.0, -3.0, 1e-6, 1e6])
    def test_a_flat_line_has_a_margin(self, value):
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
    def test_no_accuracy_limit_above_1(self, accs):
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
    def test_values_that_can_not_be_drawn_are_left_out(self):
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
        # A loss of exactly 0 can't be drawn on a logarithmic axis, and must not end the line.
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

    def test_values_too_large_for_an_axis_are_left_out(self):
        # Their distance is infinite, and so would be the margin.
        assert prepared(line([1e308, -1e308, 2.0]), Plot(x_range=(0.0, 10.0))).ys.tolist() == [2.0]
