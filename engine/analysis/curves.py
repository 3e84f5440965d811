"""Learning curves, optionally smoothed and limited to the last epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_tui.engine.events import Epoch
from mnist_tui.engine.runs.history import History

MAX_LOG_POWER = 230.0
"""Logarithm of the largest power used in smoothing, well within the range of a float."""
MAX_DATASET_NAME = 40
"""Maximum length of the name of a data set in characters; a stored one may be anything."""
Role: TypeAlias = Literal["batches", "training", "validation"]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Loss and accuracy of one run over its epochs."""

    run: str
    """The run's name."""
    dataset: str
    """Name of the run's data set."""
    role: Role
    """`batches`: measured during training, within the epochs; `training` and `validation`: at the end of each epoch."""
    xs: NDArray[np.float64]
    """(points,): position in epochs, ascending; 0.5 is the middle of the first epoch."""
    loss: NDArray[np.float64]
    """(points,): mean cross-entropy per image in nats, as measured."""
    acc: NDArray[np.float64]
    """(points,): accuracy as a fraction, as measured."""
    smoothed_loss: NDArray[np.float64] | None = None
    """(points,): moving average to draw in place of `loss`; None if the curve is not smoothed."""
    smoothed_acc: NDArray[np.float64] | None = None
    """(points,): moving average to draw in place of `acc`."""


@dataclass(frozen=True, slots=True, eq=False)
class CurvesData:
    """Curves in a common plot."""

    curves: tuple[Curve, ...]
    x_range: tuple[float, float]
    """First and last visible epoch."""
    results: tuple[Epoch | None, ...] = ()
    """For each run the best epoch, as measured; None if there is none."""

    @property
    def warning(self) -> str:
        """A remark if the runs were trained on different data sets; otherwise empty."""
        names = sorted({curve.dataset for curve in self.curves})
        return f"different data sets, not comparable: {', '.join(names)}" if len(names) > 1 else ""


def run_curves(history: History, *, smoothing: float = 0.0, last: int = 0, name: str = "") -> CurvesData:
    """Return the training, validation and batch curves of one run.

    Args:
        smoothing: weight of the previous average of the batch curve, from 0 to below 1; means of epochs stay as they
            are.
        last: number of last epochs to show; 0 for all.
    """
    epochs = history.epochs
    # An axis over all planned epochs would squeeze the curves of a young run against its left end.
    x = _positions(epochs)
    newest = float(x[-1]) if epochs else 0.0
    running = history.progress
    if running is not None and running.epoch > newest:
        newest = running.epoch - 1 + running.batch / max(running.batches, 1)
    x_range = _range(max(newest, 1.0), last)

    def curve(role: Role, loss: ArrayLike, acc: ArrayLike) -> Curve:
        return Curve(name, _dataset(history), role, x, np.asarray(loss, float), np.asarray(acc, float))

    curves = (
        _batch_curve(history, name, smoothing, first_epoch=int(x_range[0]) + 1),
        curve("training", [e.train_loss for e in epochs], [e.train_acc for e in epochs]),
        curve("validation", [e.valid_loss for e in epochs], [e.valid_acc for e in epochs]),
    )
    return CurvesData(curves, x_range, (history.best,))


def _batch_curve(history: History, name: str, smoothing: float, first_epoch: int) -> Curve:
    """Return the batch curve from `first_epoch` on; the moving average starts with the run, not with the window."""
    xs, loss, acc = history.fine_curve(first_epoch=1 if smoothing else first_epoch)
    start = int(np.searchsorted(xs, first_epoch - 1, side="right"))
    averages = (smooth(ys, smoothing)[start:] if smoothing else None for ys in (loss, acc))
    return Curve(name, _dataset(history), "batches", xs[start:], loss[start:], acc[start:], *averages)


def comparison(runs: Sequence[tuple[str, History]], *, smoothing: float = 0.0, last: int = 0) -> CurvesData:
    """Return the validation curves of several runs, given by name; `smoothing` adds moving averages to draw."""
    newest = max((history.epochs[-1].epoch for _, history in runs if history.epochs), default=1)
    curves = []
    for name, history in runs:
        epochs = history.epochs
        loss, acc = np.array([e.valid_loss for e in epochs]), np.array([e.valid_acc for e in epochs])
        averages = (smooth(ys, smoothing) if smoothing else None for ys in (loss, acc))
        curves.append(Curve(name, _dataset(history), "validation", _positions(epochs), loss, acc, *averages))
    results = tuple(history.best for _, history in runs)
    return CurvesData(tuple(curves), _range(float(max(newest, 1)), last), results)


def _positions(epochs: Sequence[Epoch]) -> NDArray[np.float64]:
    """Return where each epoch ended; a partial one ended before its number."""
    return np.array([epoch.epoch - 1 + epoch.trained for epoch in epochs], float)


def _dataset(history: History) -> str:
    return history.started.dataset[:MAX_DATASET_NAME] if history.started else "unknown data set"


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
