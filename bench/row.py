"""Rows of the benchmarks' table: each a goal and the figure beside it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from mnist_tui.engine.data.dataset import Dataset
from mnist_tui.engine.data.loading import load


@dataclass(frozen=True, slots=True)
class Row:
    """One goal and what was measured."""

    what: str
    goal: str
    figure: str
    met: bool | None
    """None where it could not be measured here."""
    why: str = ""
    """Why a goal was missed or could not be measured."""
    figures: dict[str, object] = field(default_factory=dict)
    """Every single measurement, for the JSON."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is measured on, and how thoroughly."""

    folder: Path
    """Where MNIST lies."""
    dataset: Dataset
    quick: bool
    """Whether a rough result is enough."""

    def repeats(self, full: int) -> int:
        """How often to measure: once or twice for a rough result."""
        return min(full, 2) if self.quick else full


Bench = Callable[[Setting], list[Row]]


def read(folder: Path) -> Dataset:
    """MNIST from the folder."""
    steps = load("mnist", folder, explicit_folder=True)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            dataset: Dataset = end.value
            return dataset


def at_least(what: str, goal: float, values: Sequence[float], figures: dict[str, object], why: str = "") -> Row:
    """A row for a ratio of times that should be high."""
    median = statistics.median(values)
    return Row(what, f"≥ {goal:g}×", _spread(values, "×"), median >= goal, "" if median >= goal else why, figures)


def at_most(
    what: str, goal: float, unit: str, values: Sequence[float], figures: dict[str, object], why: str = ""
) -> Row:
    """A row for a time or a ratio that should be low."""
    median = statistics.median(values)
    return Row(what, f"≤ {goal:g}{unit}", _spread(values, unit), median <= goal, "" if median <= goal else why, figures)


def _spread(values: Sequence[float], unit: str) -> str:
    if len(values) == 1:
        return f"{values[0]:.3g}{unit}"
    return f"{statistics.median(values):.3g}{unit} ({min(values):.3g} … {max(values):.3g})"


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def sgemm_rate(size: int = 1024, times: int = 10) -> float:
    """Floating-point operations a second of the best of some square products, on torch's threads."""
    a, b, out = (torch.randn(size, size) for _ in range(3))
    return 2 * size**3 / min(seconds(lambda: torch.mm(a, b, out=out)) for _ in range(times))


def epoch_operations(train: int = 54_000, valid: int = 6_000) -> float:
    """Floating-point operations of the matrix products of the notebook's epoch.

    Two for each weight and image forward, as many for its gradient, and as many again for the gradient of what a layer
    is given, which the first layer needs not.
    """
    first, deeper = 784 * 250, 250 * 100 + 100 * 10
    return 2.0 * (train * (2 * first + 3 * deeper) + valid * (first + deeper))
