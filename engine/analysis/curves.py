"""Learning curves, optionally smoothed and limited to the last epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_tui.engine.runs.history import History

MAX_LOG_POWER = 230.0
"""Logarithm of the largest power used in smoothing, well within the range of a float."""
Role: TypeAlias = Literal["batches", "training", "validation"]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Loss and accuracy of one run over its epochs."""

    run: str
    """The run's name."""
    role: Role
    """`batches`: measured during training, within the epochs; `training` and `validation`: at the end of each epoch."""
    xs: NDArray[np.float64]
    """(points,): position in epochs, ascending; 0.5 is the middle of the first epoch."""
    loss: NDArray[np.float64]
    """(points,): mean cross-entropy per image in nats."""
    acc: NDArray[np.float64]
    """(points,): accuracy as a fraction."""


@dataclass(frozen=True, slots=True, eq=False)
class CurvesData:
    """Curves in a common plot."""

    curves: tuple[Curve, ...]
    x_range: tuple[float, float]
    """First and last visible epoch."""
    best: int = 0
    """Epoch with the lowest validation loss of a single run; 0 if there is none."""


def run_curves(history: History, *, smoothing: float = 0.0, last: int = 0, name: str = "") -> CurvesData:
    """Return the training, validation and batch curves of one run.

    Args:
        smoothing: weight of the previous average, from 0 to below 1.
        last: number of last epochs to show; 0 for all.
    """
    epochs = history.epochs
    # An axis over all planned epochs would squeeze the curves of a young run against its left end.
    newest = float(epochs[-1].epoch) if epochs else 0.0
    running = history.progress
    if running is not None and running.epoch > newest:
        newest = running.epoch - 1 + running.batch / max(running.batches, 1)
    x_range = _range(max(newest, 1.0), last)
    batch_x, *batch = history.fine_curve(first_epoch=int(x_range[0]) + 1)
    x = np.array([epoch.epoch for epoch in epochs], float)

    def curve(role: Role, xs: NDArray[np.float64], loss: ArrayLike, acc: ArrayLike) -> Curve:
        return Curve(name, role, xs, *(smooth(np.asarray(ys, float), smoothing) for ys in (loss, acc)))

    curves = (
        curve("batches", batch_x, *batch),
        curve("training", x, [e.train_loss for e in epochs], [e.train_acc for e in epochs]),
        curve("validation", x, [e.valid_loss for e in epochs], [e.valid_acc for e in epochs]),
    )
    return CurvesData(curves, x_range, history.best.epoch if history.best else 0)


def comparison(runs: Sequence[tuple[str, History]], *, smoothing: float = 0.0, last: int = 0) -> CurvesData:
    """Return the validation curves of several runs, given by name."""
    newest = max((history.epochs[-1].epoch for _, history in runs if history.epochs), default=1)
    curves = []
    for name, history in runs:
        epochs = history.epochs
        loss, acc = np.array([e.valid_loss for e in epochs]), np.array([e.valid_acc for e in epochs])
        xs = np.array([e.epoch for e in epochs], float)
        curves.append(Curve(name, "validation", xs, smooth(loss, smoothing), smooth(acc, smoothing)))
    return CurvesData(tuple(curves), _range(float(max(newest, 1)), last))


def smooth(ys: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Return the exponential moving average with bias correction; `weight` is that of the past, 0 for no smoothing."""
    if weight == 0 or len(ys) == 0:
        return ys
    finite = np.isfinite(ys)
    values = ys[finite]
    averages = np.empty(len(values))
    block = max(1, int(-MAX_LOG_POWER / math.log(weight)))
    last = 0.0
    for start in range(0, len(values), block):
        part = values[start : start + block]
        powers = weight ** np.arange(1, len(part) + 1)
        averages[start : start + block] = powers * (last + (1 - weight) * np.cumsum(part / powers))
        last = averages[start + len(part) - 1]
    averages /= 1 - weight ** np.arange(1, len(values) + 1)
    count_so_far = np.cumsum(finite)  # a missing value repeats the last average
    return np.where(count_so_far > 0, np.append(averages, np.nan)[count_so_far - 1], ys)


def _range(newest: float, last: int) -> tuple[float, float]:
    return (max(0.0, newest - last), newest) if last else (0.0, newest)
