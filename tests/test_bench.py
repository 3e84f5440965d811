"""The benchmarks' table: its verdicts, and the count of operations of an epoch."""

import itertools

import pytest

from bench.__main__ import BENCHES, LONG, line
from bench.row import Row, at_least, at_most, epoch_operations


@pytest.mark.parametrize(("values", "met"), [([9, 11, 12], True), ([9, 10, 11], True), ([8, 9, 12], False)])
def test_high_goal_is_judged_by_the_median(values, met):
    row = at_least("speed", 10, values, {}, "slow")
    assert row.met is met
    assert row.why == ("" if met else "slow")


@pytest.mark.parametrize(("values", "met"), [([1.0, 1.6, 9], True), ([1.0, 1.7, 1.8], False)])
def test_low_goal_is_judged_by_the_median(values, met):
    assert at_most("time", 1.6, " s", values, {}).met is met


def test_line_says_what_is_missed_and_why():
    assert line(Row("speed", "≥ 10×", "9×", False, "slow")) == "| speed | ≥ 10× | 9× | missed: slow |"
    assert line(Row("speed", "≥ 10×", "–", None, "no CUDA device")).endswith("| owed: no CUDA device |")


def test_slow_rows_exist():
    assert set(LONG) < set(BENCHES)


def test_operations_of_an_epoch():
    # Forward, for the weights, and for what all layers but the first are given.
    sizes = list(itertools.pairwise((784, 250, 100, 10)))
    forward = sum(2 * i * o for i, o in sizes)
    backward = forward + sum(2 * i * o for i, o in sizes[1:])
    assert epoch_operations() == 54_000 * (forward + backward) + 6_000 * forward
