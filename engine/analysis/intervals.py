"""Confidence intervals."""

from __future__ import annotations

import math


def wilson_interval(correct: int, total: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return the Wilson score interval of a fraction such as an accuracy, by default at 95 % confidence.

    Returns:
        The lower and upper bound as fractions; (0, 1) if `total` is 0.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if total == 0:
        return 0.0, 1.0
    p, square = correct / total, z * z / total
    middle = (p + square / 2) / (1 + square)
    half = z * math.sqrt(p * (1 - p) / total + square / (4 * total)) / (1 + square)
    # At 0 and 1 the closed form suffers from rounding errors.
    low = 0.0 if correct == 0 else middle - half
    high = 1.0 if correct == total else middle + half
    return low, high
