"""Where the views are looking: which run, which epoch, which split."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_tui.engine.analysis.subject import SPLITS, Split, Subject

if TYPE_CHECKING:
    from mnist_tui.engine.runs.history import History


LOOK_SHARE = 0.02
"""About this share of a core goes at most into looking for a growing run's new epochs."""


class Scrubber:
    """Moves through the epochs of a run and through its splits.

    Until somebody moves it, it follows: the newest epoch while the run trains, the best one when it is over.
    """

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.split: Split = "test"
        self.epochs: tuple[int, ...] = ()
        """The epochs whose weights are stored."""
        self.best = 0
        """The epoch with the lowest validation loss."""
        self._growing = False
        self._next_look = 0.0
        self._pinned: int | None = None

    @property
    def follows(self) -> bool:
        """Whether nobody chose an epoch."""
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
        """Take notice of a run, or of how far it has come.

        Args:
            folder: the run's; another one than before lets go of the chosen epoch.
            history: what it has said so far.
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

    def step(self, by: int) -> None:
        """Go `by` stored epochs on, as far as there are any."""
        subject = self.subject
        if subject is not None:
            place = self.epochs.index(subject.epoch) + by
            self._pinned = self.epochs[max(0, min(len(self.epochs) - 1, place))]

    def choose(self, epoch: int) -> None:
        """Go to an epoch."""
        self._pinned = epoch

    def follow(self) -> None:
        """Let go of the chosen epoch."""
        self._pinned = None

    def next_split(self) -> None:
        """Test, validation, training, and again test."""
        self.split = SPLITS[(SPLITS.index(self.split) + 1) % len(SPLITS)]
