"""The state of a run, reduced from its events; the source of charts, tables and lists."""

from __future__ import annotations

import bisect
import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mnist_tui.engine.config import MAX_EPOCHS

if TYPE_CHECKING:  # the first frame must not import numpy
    import numpy as np

    from mnist_tui.engine.events import Epoch, Event, Phase, Progress, RunFinished, RunStarted, Test

MAX_EPOCH_POINTS = 1000
"""Maximum number of points in the batch curve of one epoch; an event beyond it is invalid."""


def epoch_label(epoch: int, *, complete: bool) -> str:
    """Return an epoch's number, followed by a remark if it is partial."""
    return str(epoch) if complete else f"{epoch} (partial)"


@dataclass(slots=True)
class History:
    """Reduces events to a state, deterministically."""

    started: RunStarted | None = None
    phase: Phase | None = None
    progress: Progress | None = None
    """The latest progress of the current epoch."""
    epochs: list[Epoch] = field(default_factory=list)
    """In ascending order; a repeated epoch replaces the earlier one."""
    test: Test | None = None
    finished: RunFinished | None = None
    _batch_curves: dict[int, tuple[array[float], array[float], float]] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[Event]) -> History:
        """Create a history from events."""
        history = cls()
        for event in events:
            history.add(event)
        return history

    def add(self, event: Event) -> None:
        """Update the history with the next event."""
        # Imported here because the console's first frame needs an empty history but no events.
        from mnist_tui.engine.events import Epoch, Phase, Progress, RunFinished, RunStarted, Test

        match event:
            case RunStarted():
                self._start_or_resume(event)
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
                # Older versions did not record whether they tested a partial epoch.
                partial = event.epoch == self.partial_epoch
                self.test = replace(event, complete=False) if partial else event
            case RunFinished():
                self.finished = event

    def _start_or_resume(self, event: RunStarted) -> None:
        """Handle the start or resume of a run: discard what an earlier process recorded beyond this position."""
        self.started = event
        self.progress = self.test = self.finished = None
        self.epochs = [epoch for epoch in self.epochs if epoch.epoch < event.epoch]
        self._batch_curves = {
            epoch: points for epoch, points in self._batch_curves.items() if (epoch, 0) < (event.epoch, event.batch)
        }

    def _add_points(self, event: Progress) -> None:
        """Insert the new points of the batch curve at the positions of their batches, without duplicates or shifts."""
        group = max(event.group, 1)
        end = -(-event.batch // group) if event.batch == event.batches else event.batch // group
        points = list(zip(event.losses, event.accs, strict=False))
        if not len(points) <= end <= MAX_EPOCH_POINTS or not 0 < event.epoch <= MAX_EPOCHS:
            return
        losses, accs, _ = self._batch_curves.get(event.epoch, (array("d"), array("d"), 0.0))
        start = end - len(points)
        missing = array("d", [math.nan] * (start - len(losses)))  # from lines that were truncated
        self._batch_curves[event.epoch] = (
            losses[:start] + missing + array("d", [loss for loss, _ in points]),
            accs[:start] + missing + array("d", [acc for _, acc in points]),
            group / max(event.batches, 1),
        )

    @property
    def best(self) -> Epoch | None:
        """The complete epoch with the lowest validation loss; a partial epoch only if it is the first one."""
        # Older versions could mark a later partial epoch, too.
        candidates = [epoch for epoch in self.epochs if epoch.best]
        return max(candidates, key=lambda epoch: (epoch.complete, epoch.epoch), default=None)

    @property
    def current_epoch(self) -> int:
        """The epoch in training: the next one as soon as an epoch has ended; 0 before the start."""
        if self.started is None:
            return 0
        epoch = self.progress.epoch if self.progress else self.started.epoch
        if self.epochs and self.epochs[-1].epoch == epoch:
            return min(epoch + 1, max(epoch, self.planned_epochs))
        return epoch

    @property
    def planned_epochs(self) -> int:
        """Number of epochs that the run was configured for; 0 before the start."""
        epochs = self.started.config.get("epochs") if self.started else 0
        return epochs if isinstance(epochs, int) else 0

    @property
    def complete_epochs(self) -> int:
        """Number of complete epochs."""
        return max((epoch.epoch for epoch in self.epochs if epoch.complete), default=0)

    @property
    def partial_epoch(self) -> int | None:
        """The epoch whose stored weights, if there are any, are those of a part of it; None if there is none."""
        last, started = self.epochs[-1] if self.epochs else None, self.started
        if last is not None and not last.complete:
            return last.epoch
        # A resumed run replaces the weights of a partial epoch when the epoch is complete.
        if started is not None and started.batch and (last is None or last.epoch < started.epoch):
            return started.epoch
        return None

    @property
    def seconds_per_epoch(self) -> float:
        """Median duration of the complete epochs, in seconds; NaN if there is none."""
        from statistics import median

        seconds = [epoch.seconds for epoch in self.epochs if epoch.complete]
        return median(seconds) if seconds else float("nan")

    def fine_curve(self, first_epoch: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the loss and accuracy curves within the epochs.

        Args:
            first_epoch: The first epoch to include.

        Returns:
            Positions in epochs since the start (0.5 is the middle of the first epoch), mean losses and mean accuracies
            of groups of batches: three (points,) float64 arrays.
        """
        import numpy as np

        losses, accs = array("d"), array("d")
        epochs, counts, widths = [], [], []
        for epoch, (epoch_losses, epoch_accs, width) in sorted(self._batch_curves.items()):
            if epoch >= first_epoch:
                losses += epoch_losses
                accs += epoch_accs
                epochs.append(epoch)
                counts.append(len(epoch_losses))
                widths.append(width)
        ends = np.cumsum(counts, dtype=np.int64)
        within = np.arange(len(losses)) - np.repeat(ends - counts, counts)  # index of each point within its epoch
        newest = np.repeat(np.array(epochs, float), counts)
        size = np.repeat(np.array(widths, float), counts)
        # The last group of an epoch may have fewer batches than the others.
        starts, ends_of_groups = np.minimum(within * size, 1), np.minimum((within + 1) * size, 1)
        return newest - 1 + (starts + ends_of_groups) / 2, np.array(losses), np.array(accs)
