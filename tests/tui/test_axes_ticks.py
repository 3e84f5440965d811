"""Ticks and their labels on linear, logarithmic and whole-number axes, over many random ranges."""

import itertools
import math
from decimal import Decimal

import numpy as np
import pytest

from mnist_tui.tui.render.axes import (
    linear_ticks,
    log_ticks,
    tick_label,
    whole_ticks,
)
from tests.tui.chart_helpers import LOG, PERCENT, PLAIN


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

    def test_ticks_are_as_dense_as_allowed(self):
        # A chart needs some ticks: less than a third of what fits only where the next finer step is too many.
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
        # A round number is written in full: the label is the exact position of the tick.
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
