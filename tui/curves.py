"""Learning curves as chart lines: which curves there are, and how they are shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.history import History
from tui.widgets.chart import Line, Plot, smooth

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
            parts.append(f"smoothed {SMOOTHINGS[self.smoothing]:g}")
        if ZOOMS[self.zoom]:
            parts.append(f"last {ZOOMS[self.zoom]} epochs")
        return ", ".join(parts)

    def x_range(self, last: float) -> tuple[float, float]:
        """The epochs that are shown where the newest point lies at `last`."""
        zoom = ZOOMS[self.zoom]
        return (max(0.0, last - zoom), last) if zoom else (0.0, last)


def run_plots(history: History, options: CurveOptions) -> tuple[Plot, Plot]:
    """Loss and accuracy of one run: training and validation per epoch, and a fine line within the epochs."""
    epochs = history.epochs
    # With the whole run's epochs on the axis the curves would crowd at the left edge while it is young.
    newest = float(epochs[-1].epoch) if epochs else 0.0
    running = history.progress
    if running is not None and running.epoch > newest:
        newest = running.epoch - 1 + running.batch / max(running.batches, 1)
    x_range = options.x_range(max(newest, 1.0))
    weight = SMOOTHINGS[options.smoothing]
    fine_x, fine_loss, fine_acc = history.fine_curve(first_epoch=int(x_range[0]) + 1)
    x = np.array([epoch.epoch for epoch in epochs], float)

    def lines(fine: np.ndarray, train: list[float], valid: list[float]) -> tuple[Line, ...]:
        return (
            Line("batches", fine_x, smooth(fine, weight), "fine", trimmed=True),
            Line("training", x, smooth(np.array(train), weight), "train"),
            Line("validation", x, smooth(np.array(valid), weight), "valid"),
        )

    loss = lines(fine_loss, [e.train_loss for e in epochs], [e.valid_loss for e in epochs])
    acc = lines(fine_acc, [e.train_acc for e in epochs], [e.valid_acc for e in epochs])
    empty = "the curves begin with the first batches"
    return (
        Plot(lines=loss, x_range=x_range, log=options.log, empty=empty),
        Plot(lines=acc, x_range=x_range, percent=True, empty=empty),
    )


def comparison_plots(histories: list[tuple[str, History]], options: CurveOptions) -> tuple[Plot, Plot]:
    """Validation loss and accuracy of several runs over each other."""
    last = max((h.epochs[-1].epoch for _, h in histories if h.epochs), default=1)
    x_range = options.x_range(float(max(last, 1)))
    weight = SMOOTHINGS[options.smoothing]
    loss, acc = [], []
    for i, (name, history) in enumerate(histories):
        x = np.array([epoch.epoch for epoch in history.epochs], float)
        colour = COLOURS[i % len(COLOURS)]
        loss.append(Line(name, x, smooth(np.array([e.valid_loss for e in history.epochs]), weight), colour))
        acc.append(Line(name, x, smooth(np.array([e.valid_acc for e in history.epochs]), weight), colour))
    empty = "no epoch to show yet"
    return (
        Plot(lines=tuple(loss), x_range=x_range, log=options.log, empty=empty),
        Plot(lines=tuple(acc), x_range=x_range, percent=True, empty=empty),
    )
