"""A stored or followed run, shown instead of this console's own training."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_tui.engine.runs.history import History
from mnist_tui.tui.render.texts import printable

if TYPE_CHECKING:  # not imported before the first frame
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.engine.runs.remote import Request
    from mnist_tui.tui.messages import RunFollowed
    from mnist_tui.tui.state.training_thread import FollowingThread


@dataclass(slots=True)
class ShownRun:
    """A stored run, or one trained by another process."""

    folder: RunFolder
    history: History
    follower: FollowingThread | None = None
    """Thread that reads new events while another process trains the run."""

    @property
    def name(self) -> str:
        """Name of the run without control characters."""
        return printable(self.folder.name)

    @property
    def is_followed(self) -> bool:
        """Whether another process is training the run."""
        return self.follower is not None

    @property
    def is_paused(self) -> bool:
        """Whether the training is paused."""
        return self.is_followed and self.history.phase is not None and self.history.phase.name == "paused"

    @property
    def elapsed(self) -> float | None:
        """Duration of the training so far in seconds; None if it has ended or not started."""
        started = self.history.started
        return max(0.0, time.time() - started.time) + started.elapsed if self.is_followed and started else None

    def accepts(self, message: RunFollowed) -> bool:
        """Return whether a message is from the current follower, and not from a cancelled one."""
        return self.follower is not None and self.follower.number == message.follower

    def request(self, request: Request) -> None:
        """Ask the training process to pause, resume or stop.

        Raises:
            RunError: the request can't be written.
        """
        from mnist_tui.engine.runs.remote import send

        if self.is_followed:
            send(self.folder, request)

    def close(self) -> None:
        """Stop following the run."""
        if self.follower is not None:
            self.follower.cancel()
            self.follower = None
