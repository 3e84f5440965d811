"""What the views answer for: which run, which epoch, which split."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_tui.engine.analysis.subject import SPLITS, Split, Subject
from mnist_tui.tui.messages import Post, SubjectChanged

if TYPE_CHECKING:
    from mnist_tui.engine.runs.history import History

LOOK_SHARE = 0.02
"""About this share of a core goes at most into looking for a growing run's new epochs."""


class Scrubber:
    """Moves through the epochs of a run and through its splits.

    Until an epoch is chosen, it follows: the newest epoch while the run trains, the best one when it is over. It posts
    every move.
    """

    def __init__(self, post: Post) -> None:
        self.folder: Path | None = None
        self.split: Split = "test"
        self.epochs: tuple[int, ...] = ()
        """The epochs whose weights are stored."""
        self.best = 0
        """The epoch with the lowest validation loss."""
        self._post = post
        self._growing = False
        self._next_look = 0.0
        self._pinned: int | None = None

    @property
    def follows(self) -> bool:
        """Whether no epoch is chosen."""
        return self._pinned is None

    @property
    def subject(self) -> Subject | None:
        """What the views answer for; None where no weights are stored yet."""
        if self.folder is None or not self.epochs:
            return None
        following = self.epochs[-1] if self._growing or self.best not in self.epochs else self.best
        epoch = self._pinned if self._pinned in self.epochs else following
        return Subject(self.folder, epoch, self.split)

    def look_at(self, folder: Path | None, history: History, *, growing: bool) -> None:
        """Select a run, or take notice of its growth.

        Args:
            folder: the run's; another one than before drops the chosen epoch.
            history: its events so far.
            growing: whether it still trains.
        """
        from mnist_tui.engine.runs.folder import RunFolder

        is_other = folder != self.folder
        if is_other:
            self._pinned = None
        self.folder, self._growing = folder, growing
        began = time.monotonic()
        # To look through thousands of files at each of many short epochs would take more and more of the screen's time.
        if is_other or not growing or began >= self._next_look:
            self.epochs = tuple(RunFolder(folder).epochs()) if folder is not None else ()
            now = time.monotonic()
            self._next_look = now + (now - began) / LOOK_SHARE
        self.best = history.best.epoch if history.best else 0
        self._post(SubjectChanged())

    def step(self, by: int) -> None:
        """Choose the epoch that is stored `by` places later, or the last one that way."""
        subject = self.subject
        if subject is not None:
            place = self.epochs.index(subject.epoch) + by
            self.choose(self.epochs[max(0, min(len(self.epochs) - 1, place))])

    def choose(self, epoch: int) -> None:
        """Choose an epoch."""
        self._pinned = epoch
        self._post(SubjectChanged())

    def follow(self) -> None:
        """Drop the chosen epoch."""
        self._pinned = None
        self._post(SubjectChanged())

    def next_split(self) -> None:
        """Select the next split: test, validation, training, and test again."""
        self.split = SPLITS[(SPLITS.index(self.split) + 1) % len(SPLITS)]
        self._post(SubjectChanged())
