"""A run that the views show instead of this console's own training."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_tui.engine.runs.history import History
from mnist_tui.tui.render.texts import printable

if TYPE_CHECKING:  # the first frame must not wait for what trains
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.engine.runs.remote import Request
    from mnist_tui.tui.messages import RunFollowed
    from mnist_tui.tui.state.training_thread import FollowingThread


@dataclass(slots=True)
class ShownRun:
    """A stored run, or one that another process trains."""

    folder: RunFolder
    history: History
    follower: FollowingThread | None = None
    """Reads its events while another process trains it."""

    @property
    def name(self) -> str:
        """The run's name without control characters."""
        return printable(self.folder.name)

    @property
    def is_followed(self) -> bool:
        """Whether another process trains it now."""
        return self.follower is not None

    @property
    def is_paused(self) -> bool:
        """Whether its training is paused."""
        return self.is_followed and self.history.phase is not None and self.history.phase.name == "paused"

    @property
    def elapsed(self) -> float | None:
        """Seconds that its training has taken so far; None where it is over, or has not begun."""
        started = self.history.started
        return max(0.0, time.time() - started.time) + started.elapsed if self.is_followed and started else None

    def is_from(self, news: RunFollowed) -> bool:
        """Return whether the news were read by this run's follower, not by one that was cancelled meanwhile."""
        return self.follower is not None and self.follower.number == news.follower

    def request(self, request: Request) -> None:
        """Ask the process that trains it to pause, resume or stop.

        Raises:
            RunError: the request can't be written.
        """
        from mnist_tui.engine.runs.remote import send

        if self.is_followed:
            send(self.folder, request)

    def close(self) -> None:
        """Follow it no longer."""
        if self.follower is not None:
            self.follower.cancel()
            self.follower = None
