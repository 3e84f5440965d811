"""Selection of the run, epoch and split that the views show."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_tui.engine.analysis.subject import SPLITS, Split, Subject
from mnist_tui.tui.messages import Post, SubjectChanged

if TYPE_CHECKING:
    from mnist_tui.engine.runs.history import History

SCAN_SHARE = 0.02
"""Maximum fraction of a core spent on scanning for new epochs of a training run."""


class Scrubber:
    """Selects an epoch and a split of a run, and posts every change.

    Unless an epoch is selected explicitly, it follows the newest epoch during training, and then the best one.
    """

    def __init__(self, post: Post) -> None:
        self.folder: Path | None = None
        self.split: Split = "test"
        self.epochs: tuple[int, ...] = ()
        """Epochs with stored weights."""
        self.best = 0
        """The best epoch of the run's history; 0 if there is none."""
        self.partial: int | None = None
        """The epoch that was stopped early; None if there is none."""
        self.dataset = ""
        """Name of the run's data set; empty if unknown."""
        self._post = post
        self._growing = False
        self._next_scan = 0.0
        self._pinned: int | None = None

    @property
    def follows(self) -> bool:
        """Whether no epoch is selected explicitly."""
        return self._pinned is None

    @property
    def subject(self) -> Subject | None:
        """Selected subject; None if no weights are stored yet."""
        if self.folder is None or not self.epochs:
            return None
        following = self.epochs[-1] if self._growing or self.best not in self.epochs else self.best
        epoch = self._pinned if self._pinned in self.epochs else following
        return Subject(self.folder, epoch, self.split)

    def select_run(self, folder: Path | None, history: History, *, growing: bool) -> None:
        """Select a run, or update its epochs.

        Args:
            folder: folder of the run; a different one resets the selected epoch.
            history: events of the run so far.
            growing: whether the run is still training.
        """
        from mnist_tui.engine.runs.folder import RunFolder

        is_other = folder != self.folder
        if is_other:
            self._pinned = None
        self.folder, self._growing = folder, growing
        started_at = time.monotonic()
        # Scanning thousands of files after each of many short epochs would slow down the screen more and more.
        if is_other or not growing or started_at >= self._next_scan:
            self.epochs = tuple(RunFolder(folder).epochs()) if folder is not None else ()
            now = time.monotonic()
            self._next_scan = now + (now - started_at) / SCAN_SHARE
        self.best, self.partial = history.best.epoch if history.best else 0, history.partial_epoch
        self.dataset = history.started.dataset if history.started else ""
        self._post(SubjectChanged())

    def step(self, by: int) -> None:
        """Select the epoch `by` positions later among the stored ones, or the last one in that direction."""
        subject = self.subject
        if subject is not None:
            index = self.epochs.index(subject.epoch) + by
            self.choose(self.epochs[max(0, min(len(self.epochs) - 1, index))])

    def choose(self, epoch: int) -> None:
        """Select an epoch."""
        self._pinned = epoch
        self._post(SubjectChanged())

    def follow(self) -> None:
        """Deselect the epoch, and follow."""
        self._pinned = None
        self._post(SubjectChanged())

    def next_split(self) -> None:
        """Select the next split, cycling through test, validation and training."""
        self.choose_split(SPLITS[(SPLITS.index(self.split) + 1) % len(SPLITS)])

    def choose_split(self, split: Split) -> None:
        """Select a split."""
        self.split = split
        self._post(SubjectChanged())
