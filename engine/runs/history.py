"""A run as its events have told it so far: what charts, tables and lists are made of."""

from __future__ import annotations

import bisect
import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mnist_tui.engine.config import MAX_EPOCHS

if TYPE_CHECKING:  # the first frame must not wait for numpy
    import numpy as np

    from mnist_tui.engine.events import Epoch, Event, Phase, Progress, RunFinished, RunStarted, Test

MAX_EPOCH_POINTS = 1000
"""More points of one epoch's fine curve are no training's."""


@dataclass(slots=True)
class History:
    """Folds events; the same events always make the same history."""

    started: RunStarted | None = None
    phase: Phase | None = None
    progress: Progress | None = None
    """The last progress of the running epoch."""
    epochs: list[Epoch] = field(default_factory=list)
    """By number; an epoch that is told again replaces what was told before."""
    test: Test | None = None
    finished: RunFinished | None = None
    _fine: dict[int, tuple[array[float], array[float], float]] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[Event]) -> History:
        """The history that `events` tell."""
        history = cls()
        for event in events:
            history.add(event)
        return history

    def add(self, event: Event) -> None:
        """Fold the next event."""
        # Here, because the console's first frame has a history and no event.
        from mnist_tui.engine.events import Epoch, Phase, Progress, RunFinished, RunStarted, Test

        match event:
            case RunStarted():
                self._begin(event)
            case Phase():
                self.phase = event
            case Progress():
                self.progress = event
                self._add_points(event)
            case Epoch():
                if self.epochs and event.epoch <= self.epochs[-1].epoch:
                    self.epochs = [epoch for epoch in self.epochs if epoch.epoch != event.epoch]
                bisect.insort(self.epochs, event, key=lambda epoch: epoch.epoch)
            case Test():
                self.test = event
            case RunFinished():
                self.finished = event

    def _begin(self, event: RunStarted) -> None:
        """A run begins, or goes on: what an earlier process told of what comes now is void."""
        self.started = event
        self.progress = self.test = self.finished = None
        self.epochs = [epoch for epoch in self.epochs if epoch.epoch < event.epoch]
        self._fine = {epoch: points for epoch, points in self._fine.items() if (epoch, 0) < (event.epoch, event.batch)}

    def _add_points(self, event: Progress) -> None:
        """Place the fine curve's next points by their batches, so that none is there twice or at a wrong place."""
        group = max(event.group, 1)
        end = -(-event.batch // group) if event.batch == event.batches else event.batch // group
        points = list(zip(event.losses, event.accs, strict=False))
        if not len(points) <= end <= MAX_EPOCH_POINTS or not 0 < event.epoch <= MAX_EPOCHS:
            return
        losses, accs, _ = self._fine.get(event.epoch, (array("d"), array("d"), 0.0))
        start = end - len(points)
        missing = array("d", [math.nan] * (start - len(losses)))  # lines that were torn
        self._fine[event.epoch] = (
            losses[:start] + missing + array("d", [loss for loss, _ in points]),
            accs[:start] + missing + array("d", [acc for _, acc in points]),
            group / max(event.batches, 1),
        )

    @property
    def best(self) -> Epoch | None:
        """The epoch with the lowest validation loss."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)

    @property
    def seconds_per_epoch(self) -> float:
        """Median time of the complete epochs, in seconds; NaN before the first."""
        from statistics import median

        seconds = [epoch.seconds for epoch in self.epochs if epoch.complete]
        return median(seconds) if seconds else float("nan")

    def fine_curve(self, first_epoch: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The training's loss and accuracy within the epochs.

        Args:
            first_epoch: earlier epochs are left out.

        Returns:
            Where each point lies, in epochs since the start (0.5 is the middle of the first epoch); the mean loss and
            the accuracy of the batches around it: three (points,) float64.
        """
        import numpy as np

        losses, accs = array("d"), array("d")
        epochs, counts, widths = [], [], []
        for epoch, (epoch_losses, epoch_accs, width) in sorted(self._fine.items()):
            if epoch >= first_epoch:
                losses += epoch_losses
                accs += epoch_accs
                epochs.append(epoch)
                counts.append(len(epoch_losses))
                widths.append(width)
        ends = np.cumsum(counts, dtype=np.int64)
        within = np.arange(len(losses)) - np.repeat(ends - counts, counts)  # the point's place in its epoch
        newest = np.repeat(np.array(epochs, float), counts)
        xs = newest - 1 + (within + 0.5) * np.repeat(np.array(widths, float), counts)
        return np.minimum(xs, newest), np.array(losses), np.array(accs)
