"""Learning curves as chart lines: which curves there are, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mnist_tui.engine.analysis.curves import CurvesData, comparison, run_curves
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.render.axes import Line, Plot

ZOOMS = (0, 10, 3)
"""How many of the last epochs are shown; 0 is all."""
SMOOTHINGS = (0.0, 0.6, 0.9)
COLOURS = ("#4e9de6", "#f0a030", "#3fb68b", "#e5637a", "#b07fe0", "#c9c14b", "#52c7d9", "#e38ccf")
"""Colours of runs that are laid over each other."""


@dataclass(frozen=True, slots=True)
class CurveOptions:
    """How curves are shown; the keys change it."""

    log: bool = False
    smoothing: int = 0
    zoom: int = 0

    def next_smoothing(self) -> CurveOptions:
        return replace(self, smoothing=(self.smoothing + 1) % len(SMOOTHINGS))

    def next_zoom(self) -> CurveOptions:
        return replace(self, zoom=(self.zoom + 1) % len(ZOOMS))

    def words(self) -> str:
        """What differs from the plain view, for a chart's border; empty where nothing does."""
        parts = []
        if self.log:
            parts.append("log")
        if self.smoothing:
            parts.append(f"smoothed {self.weight:g}")
        if self.last:
            parts.append(f"last {self.last} epochs")
        return ", ".join(parts)

    @property
    def weight(self) -> float:
        """How much the past weighs."""
        return SMOOTHINGS[self.smoothing]

    @property
    def last(self) -> int:
        """How many of the last epochs are shown; 0 is all."""
        return ZOOMS[self.zoom]


ROLE_COLOURS = {"batches": "fine", "training": "train", "validation": "valid"}


def run_plots(history: History, options: CurveOptions) -> tuple[Plot, Plot]:
    """Loss and accuracy of one run: training and validation per epoch, and a fine line within the epochs."""
    data = run_curves(history, smoothing=options.weight, last=options.last)
    names = [(curve.role, ROLE_COLOURS[curve.role]) for curve in data.curves]
    return _plots(data, names, options, "the curves begin with the first batches")


def comparison_plots(histories: list[tuple[str, History]], options: CurveOptions) -> tuple[Plot, Plot]:
    """Validation loss and accuracy of several runs over each other."""
    data = comparison(histories, smoothing=options.weight, last=options.last)
    names = [(curve.run, COLOURS[i % len(COLOURS)]) for i, curve in enumerate(data.curves)]
    return _plots(data, names, options, "no epoch to show yet")


def _plots(data: CurvesData, names: Sequence[tuple[str, str]], options: CurveOptions, empty: str) -> tuple[Plot, Plot]:
    """The data as two charts; `names` gives each curve's label and colour."""
    loss, acc = [], []
    for curve, (label, colour) in zip(data.curves, names, strict=True):
        trimmed = curve.role == "batches"
        loss.append(Line(label, curve.xs, curve.loss, colour, trimmed))
        acc.append(Line(label, curve.xs, curve.acc, colour, trimmed))
    return (
        Plot(lines=tuple(loss), x_range=data.x_range, log=options.log, empty=empty),
        Plot(lines=tuple(acc), x_range=data.x_range, percent=True, empty=empty),
    )
