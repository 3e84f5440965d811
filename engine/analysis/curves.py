"""Learning curves as they are looked at: smoothed, and of all epochs or the last ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_tui.engine.runs.history import History

LARGEST = 230.0
"""Logarithm of the largest power that a smoothing reckons with, far below what a float can hold."""
Role: TypeAlias = Literal["batches", "training", "validation"]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Loss and accuracy of one run along its epochs."""

    run: str
    """The run's name."""
    role: Role
    """`batches` within the epochs, measured while training; `training` and `validation` at each epoch's end."""
    xs: NDArray[np.float64]
    """(points,): epochs since the start, ascending; 0.5 is the middle of the first."""
    loss: NDArray[np.float64]
    """(points,): mean cross-entropy per image, in nats."""
    acc: NDArray[np.float64]
    """(points,): fractions."""


@dataclass(frozen=True, slots=True, eq=False)
class CurvesData:
    """Curves that are laid over each other."""

    curves: tuple[Curve, ...]
    x_range: tuple[float, float]
    """The epochs that are looked at."""
    best: int = 0
    """The epoch of the lowest validation loss, of a single run; 0 where there is none yet."""


def run_curves(history: History, *, smoothing: float = 0.0, last: int = 0, name: str = "") -> CurvesData:
    """Training and validation of one run, and a fine line within the epochs.

    Args:
        smoothing: weight of the past, from 0 to below 1.
        last: how many of the last epochs are looked at; 0 is all.
    """
    epochs = history.epochs
    # With the whole run's epochs on the axis the curves would crowd at the left edge while it is young.
    newest = float(epochs[-1].epoch) if epochs else 0.0
    running = history.progress
    if running is not None and running.epoch > newest:
        newest = running.epoch - 1 + running.batch / max(running.batches, 1)
    x_range = _range(max(newest, 1.0), last)
    fine_x, *fine = history.fine_curve(first_epoch=int(x_range[0]) + 1)
    x = np.array([epoch.epoch for epoch in epochs], float)

    def curve(role: Role, xs: NDArray[np.float64], loss: ArrayLike, acc: ArrayLike) -> Curve:
        return Curve(name, role, xs, *(smooth(np.asarray(ys, float), smoothing) for ys in (loss, acc)))

    curves = (
        curve("batches", fine_x, *fine),
        curve("training", x, [e.train_loss for e in epochs], [e.train_acc for e in epochs]),
        curve("validation", x, [e.valid_loss for e in epochs], [e.valid_acc for e in epochs]),
    )
    return CurvesData(curves, x_range, history.best.epoch if history.best else 0)


def comparison(runs: Sequence[tuple[str, History]], *, smoothing: float = 0.0, last: int = 0) -> CurvesData:
    """The validation curves of several runs, each with its name."""
    newest = max((history.epochs[-1].epoch for _, history in runs if history.epochs), default=1)
    curves = []
    for name, history in runs:
        epochs = history.epochs
        loss, acc = np.array([e.valid_loss for e in epochs]), np.array([e.valid_acc for e in epochs])
        xs = np.array([e.epoch for e in epochs], float)
        curves.append(Curve(name, "validation", xs, smooth(loss, smoothing), smooth(acc, smoothing)))
    return CurvesData(tuple(curves), _range(float(max(newest, 1)), last))


def smooth(ys: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Exponential moving average, corrected for its start; `weight` is the share of the past, 0 changes nothing."""
    if weight == 0 or len(ys) == 0:
        return ys
    known = np.isfinite(ys)
    values = ys[known]
    averages = np.empty(len(values))
    block = max(1, int(-LARGEST / math.log(weight)))
    last = 0.0
    for start in range(0, len(values), block):
        part = values[start : start + block]
        powers = weight ** np.arange(1, len(part) + 1)
        averages[start : start + block] = powers * (last + (1 - weight) * np.cumsum(part / powers))
        last = averages[start + len(part) - 1]
    averages /= 1 - weight ** np.arange(1, len(values) + 1)
    so_far = np.cumsum(known)  # what is not known is as it was before
    return np.where(so_far > 0, np.append(averages, np.nan)[so_far - 1], ys)


def _range(newest: float, last: int) -> tuple[float, float]:
    return (max(0.0, newest - last), newest) if last else (0.0, newest)
