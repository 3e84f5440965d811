"""The learning rate of every step: a function of the step alone, so that a run can be taken up anywhere."""

from __future__ import annotations

import math
from collections.abc import Callable

WARM_UP = 0.1
"""Share of the steps in which one-cycle rises to the full rate."""
START = 25.0
"""One-cycle begins at the full rate over this …"""
END = 1e4
"""… and ends at its beginning over this: in effect at nothing."""


def learning_rate(schedule: str, lr: float, step: int, steps: int) -> float:
    """The rate of one step.

    `constant` is `lr` throughout; `cosine` falls from it to almost 0 along half a cosine; `one-cycle` rises to it over
    the first tenth of the steps and then falls to almost 0, both along half a cosine, as torch's `OneCycleLR` does.

    Args:
        schedule: one of `SCHEDULES`.
        lr: the full rate.
        step: the step that is about to be taken, 0 the first.
        steps: how many the whole training has.
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
    """From `first` at share 0 to `last` at share 1, along half a cosine."""
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


SCHEDULES: dict[str, Callable[[float, int, int], float]] = {
    "constant": _constant,
    "one-cycle": _one_cycle,
    "cosine": _cosine,
}
"""Each schedule's rate by the full rate, the step and the number of steps."""
