"""What a chart shows, and its axes: limits, round ticks and their labels; pure numbers, nothing is drawn here."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np

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
    layer: int = 0
    """A line is drawn in front of those of lower layers, and takes turns with others of its own."""


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


def within(ys: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values that are no further outside the limits than these are apart.

    What lies outside is not seen, but a line to a point far outside takes as long as it is.
    """
    return ys.clip(low - (high - low), high + (high - low))


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
