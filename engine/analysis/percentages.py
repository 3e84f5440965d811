"""Fractions as text. What is not certain is never rounded to 0 or 1."""

from __future__ import annotations

import math

MAX_DIGITS = 12
"""Maximum number of decimals that distinguish a probability from 1."""


def percent(fraction: float, digits: int = 2) -> str:
    """Format 0.98371 as `98.37 %`; a dash for NaN, `99.99 %` just below 1, and `<0.01 %` just above 0."""
    return "–" if math.isnan(fraction) else f"{percent_number(fraction, digits)} %"


def percent_number(fraction: float, digits: int = 2) -> str:
    """Format a fraction as `percent` does, without the sign."""
    return _rounded(fraction, 100, digits)


def percent_range(low: float, high: float, digits: int = 2) -> str:
    """Format an interval of fractions as `98.08–98.60`, without the sign."""
    return f"{percent_number(low, digits)}–{percent_number(high, digits)}"


def fraction_label(fraction: float, digits: int = 3) -> str:
    """Format 0.98371 as `0.984`; `0.999` just below 1, and `<0.001` just above 0."""
    return _rounded(fraction, 1, digits)


def probability_label(probability: float) -> str:
    """Format a softmax probability with enough digits to distinguish it from 1: `99.98 %`, `99.9999997 %`.

    A softmax is never 1; a 1 is the result of rounding to 64 bits.
    """
    if probability == 1:
        return ">99.9999999 %"
    for digits in range(2, MAX_DIGITS):
        if not f"{probability * 100:.{digits}f}".startswith("100"):
            return percent(probability, digits)
    return percent(probability, MAX_DIGITS)


def _rounded(fraction: float, scale: int, digits: int) -> str:
    if math.isnan(fraction):
        return "–"
    step, text = 10.0**-digits, f"{fraction * scale:.{digits}f}"
    if fraction < 1 and float(text) >= scale:
        return f"{scale - step:.{digits}f}"
    if fraction > 0 and float(text) == 0:
        return f"<{step:.{digits}f}"
    return text
