"""Learning rate schedules: pure functions of the step, so that a run can be resumed anywhere."""

from __future__ import annotations

import math
from collections.abc import Callable

WARM_UP = 0.1
"""Fraction of the steps in which one-cycle rises to the peak rate."""
START = 25.0
"""One-cycle starts at the peak rate divided by this."""
END = 1e4
"""One-cycle ends at its initial rate divided by this, effectively 0."""


def learning_rate(schedule: str, lr: float, step: int, steps: int) -> float:
    """Return the learning rate of a step.

    `constant` is `lr` throughout; `cosine` falls from `lr` to almost 0 along half a cosine; `one-cycle` rises to `lr`
    over the first tenth of the steps and then falls to almost 0, both along half a cosine, like torch's `OneCycleLR`.

    Args:
        schedule: One of `SCHEDULES`.
        lr: The peak learning rate.
        step: Index of the step, from 0.
        steps: Total number of steps of the training.
    """
    return SCHEDULES[schedule](lr, step, steps)


def _constant(lr: float, step: int, steps: int) -> float:
    return lr


def _cosine(lr: float, step: int, steps: int) -> float:
    return _between(lr, 0.0, step / steps)


def _one_cycle(lr: float, step: int, steps: int) -> float:
    top = max(WARM_UP * steps - 1, 0.0)
    if step < top:
        return _between(lr / START, lr, step / top)
    return _between(lr, lr / START / END, (step - top) / max(steps - 1 - top, 1.0))


def _between(first: float, last: float, share: float) -> float:
    """Interpolate from `first` at share 0 to `last` at share 1 along half a cosine."""
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


SCHEDULES: dict[str, Callable[[float, int, int], float]] = {
    "constant": _constant,
    "one-cycle": _one_cycle,
    "cosine": _cosine,
}
"""Each schedule's rate by the full rate, the step and the number of steps."""
