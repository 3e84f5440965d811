"""Accumulates an epoch's loss and accuracy on the device, waiting for it only when progress is reported."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor

from mnist_tui.engine.events import Progress
from mnist_tui.engine.hardware import devices
from mnist_tui.engine.training.evaluate import judge

CURVE_POINTS = 60
"""Approximate number of points of an epoch's batch curve; each is the mean over a group of batches."""


class Tally:
    """Collects the logits of an epoch's batches and evaluates them on demand."""

    def __init__(self, epoch: int, sizes: np.ndarray) -> None:
        """`sizes`: (batches,) number of examples in each batch of the epoch."""
        self.epoch, self.sizes = epoch, sizes
        self.batch = 0
        """Number of batches added."""
        self.reported_at = time.perf_counter()
        self._pending_outputs: list[tuple[Tensor, Tensor]] = []
        self._reported = 0
        self._host = np.zeros((2, len(sizes)))
        self._group = max(1, round(len(sizes) / CURVE_POINTS))

    @property
    def unreported(self) -> int:
        """Number of batches since the last progress report."""
        return self.batch - self._reported

    def add(self, logits: Tensor, y: Tensor, batches: int = 1) -> None:
        """Add batches without waiting for the device.

        Args:
            logits: (examples, classes) of consecutive batches; y: (examples,) int64, their classes.
            batches: Number of batches.
        """
        self._pending_outputs.append((logits, y))
        self.batch += batches

    def reported_batches(self) -> tuple[int, Tensor, Tensor]:
        """Return the number of reported batches, their losses and their correct predictions: (batches,) float64."""
        losses, correct = torch.tensor(self._host[:, : self._reported])
        return self._reported, losses, correct

    def restore(self, losses: Tensor, correct: Tensor) -> None:
        """Restore the values returned by `reported_batches`; these batches count as reported."""
        self.batch = self._reported = len(losses)
        self._host[:, : self.batch] = torch.stack((losses, correct)).numpy()

    def progress(self) -> Progress:
        """Wait for the device and report the progress of the epoch."""
        first, last, group = self._reported, self.batch, self._group
        device = self._pending_outputs[-1][0].device
        self._host[:, first:last] = self._losses_and_correct(self.sizes[first:last])
        now = time.perf_counter()
        rate = int(self.sizes[first:last].sum()) / max(now - self.reported_at, 1e-9)
        self._reported, self.reported_at = last, now
        complete = last == len(self.sizes)
        starts = range(first // group * group, last if complete else last // group * group, group)
        groups = [self._mean(start, min(start + group, last)) for start in starts]
        loss, acc = self.means()
        return Progress(
            epoch=self.epoch,
            batch=last,
            batches=len(self.sizes),
            loss=loss,
            acc=acc,
            examples_per_second=rate,
            losses=[round(loss, 5) for loss, _ in groups],
            accs=[round(acc, 5) for _, acc in groups],
            group=group,
            memory=devices.memory_in_use(device),
        )

    def means(self) -> tuple[float, float]:
        """Return the mean loss and accuracy per example over the reported batches."""
        return self._mean(0, self._reported)

    def _losses_and_correct(self, sizes: np.ndarray) -> np.ndarray:
        """Return mean loss and correct predictions of each batch since the last report: (2, batches)."""
        logits, y = zip(*self._pending_outputs, strict=True)
        self._pending_outputs.clear()
        losses, is_correct = judge(torch.cat([part.t() for part in logits], 1), torch.cat(y))
        examples = torch.stack((losses, is_correct.to(losses.dtype))).cpu().numpy()
        sums = np.add.reduceat(examples.astype(np.float64), np.cumsum(sizes) - sizes, axis=1)
        sums[0] /= sizes
        return sums

    def _mean(self, first: int, last: int) -> tuple[float, float]:
        """Return loss and accuracy per example over a range of batches."""
        sizes = self.sizes[first:last]
        losses, correct = self._host[:, first:last]
        examples = int(sizes.sum())
        return float(losses @ sizes) / examples, float(correct.sum()) / examples
