"""The Wilson interval, against its definition as the roots of an equation, and against published values."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from mnist_tui.engine.analysis.intervals import wilson_interval


def by_equation(correct, total, z):
    """The fractions p at which the observed one lies z standard errors away: (k/n - p)² = z²·p·(1-p)/n."""
    observed, factor = correct / total, z * z / total
    roots = np.roots([1 + factor, -(2 * observed + factor), observed * observed])
    return float(min(roots.real)), float(max(roots.real))


@pytest.mark.parametrize(
    ("correct", "total"), [(1, 2), (1, 10), (5, 10), (8, 10), (260, 297), (9837, 10_000), (5861, 6000), (1, 60_000)]
)
@pytest.mark.parametrize("z", [1.0, 1.959963984540054, 2.5758293035489004])
def test_is_the_roots_of_its_equation(correct, total, z):
    assert wilson_interval(correct, total, z) == pytest.approx(by_equation(correct, total, z), abs=1e-9)


@pytest.mark.parametrize(("correct", "total"), [(0, 10), (3, 10), (10, 10), (297, 297), (9837, 10_000)])
def test_is_scipys(correct, total):
    reference = binomtest(correct, total).proportion_ci(0.95, method="wilson")
    assert wilson_interval(correct, total) == pytest.approx((reference.low, reference.high), abs=1e-12)


def test_95_percent_is_the_default():
    assert wilson_interval(7, 9) == wilson_interval(7, 9, norm.ppf(0.975))


def test_none_and_all_of_ten():
    # z²/(n+z²) = 0.2775, as in the textbooks.
    assert wilson_interval(0, 10) == pytest.approx((0.0, 0.27753), abs=5e-6)
    assert wilson_interval(10, 10) == pytest.approx((0.72247, 1.0), abs=5e-6)


def test_stays_within_zero_and_one():
    for total in range(1, 400):
        for correct in (0, total):
            low, high = wilson_interval(correct, total)
            assert 0 <= low < high <= 1


def test_mirrored_for_wrong_answers():
    low, high = wilson_interval(37, 120)
    assert wilson_interval(83, 120) == pytest.approx((1 - high, 1 - low), abs=1e-15)


def test_nothing_counted():
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert not any(math.isnan(end) for end in wilson_interval(0, 0))
