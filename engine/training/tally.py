"""Counting an epoch on the device, so that nobody waits for it between two reports."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor

from mnist_tui.engine.events import Progress
from mnist_tui.engine.hardware import devices
from mnist_tui.engine.training.evaluate import judge

CURVE_POINTS = 60
"""About so many points of an epoch's fine curve; each is the mean over a group of batches."""


class Tally:
    """Keeps the logits of an epoch's batches until somebody asks what they come to."""

    def __init__(self, epoch: int, sizes: np.ndarray) -> None:
        """`sizes`: (batches,) examples in each batch of the epoch."""
        self.epoch, self.sizes = epoch, sizes
        self.batch = 0
        """Batches that were counted."""
        self.reported_at = time.perf_counter()
        self._answers: list[tuple[Tensor, Tensor]] = []
        self._reported = 0
        self._host = np.zeros((2, len(sizes)))
        self._group = max(1, round(len(sizes) / CURVE_POINTS))

    @property
    def unreported(self) -> int:
        """Batches since the last progress."""
        return self.batch - self._reported

    def add(self, logits: Tensor, y: Tensor, batches: int = 1) -> None:
        """Count some batches, without waiting for the device.

        Args:
            logits: (examples, classes) of these batches, one behind the other; y: (examples,) int64, their classes.
        """
        self._answers.append((logits, y))
        self.batch += batches

    def counted(self) -> tuple[int, Tensor, Tensor]:
        """The batches that were reported, their losses and their right answers: (batches,) float64 each."""
        losses, correct = torch.tensor(self._host[:, : self._reported])
        return self._reported, losses, correct

    def restore(self, losses: Tensor, correct: Tensor) -> None:
        """Go on from what `counted` gave; those batches count as reported."""
        self.batch = self._reported = len(losses)
        self._host[:, : self.batch] = torch.stack((losses, correct)).numpy()

    def progress(self) -> Progress:
        """Wait for the device and say how far the epoch is."""
        first, last, group = self._reported, self.batch, self._group
        device = self._answers[-1][0].device
        self._host[:, first:last] = self._judge(self.sizes[first:last])
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
        """Loss and accuracy per example over what was reported."""
        return self._mean(0, self._reported)

    def _judge(self, sizes: np.ndarray) -> np.ndarray:
        """(2, batches): the mean loss of each batch that was added since the last report, and its right answers."""
        logits, y = zip(*self._answers, strict=True)
        self._answers.clear()
        losses, right = judge(torch.cat([part.t() for part in logits], 1), torch.cat(y))
        examples = torch.stack((losses, right.to(losses.dtype))).cpu().numpy()
        sums = np.add.reduceat(examples.astype(np.float64), np.cumsum(sizes) - sizes, axis=1)
        sums[0] /= sizes
        return sums

    def _mean(self, first: int, last: int) -> tuple[float, float]:
        sizes = self.sizes[first:last]
        losses, correct = self._host[:, first:last]
        examples = int(sizes.sum())
        return float(losses @ sizes) / examples, float(correct.sum()) / examples
