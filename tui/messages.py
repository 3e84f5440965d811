"""Messages from worker threads to the app and its views."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:  # the first frame must not wait for them
    from mnist_tui.engine.events import Event
    from mnist_tui.engine.hardware.devices import Device
    from mnist_tui.engine.runs.history import History
    from mnist_tui.tui.state.training_thread import FollowingThread


class EngineEvent(Message):
    """The training said something."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event
        """What it said."""


class TrainingEnded(Message):
    """The training's thread is done; no event follows."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__()
        self.error = error
        """Why it failed, or None."""


class Followed(Message):
    """Another process's training said something."""

    def __init__(self, thread: FollowingThread, history: History | None, events: list[Event], live: bool) -> None:
        super().__init__()
        self.thread = thread
        """Who read it."""
        self.history = history
        """All that was told before, where it was read from the beginning; None afterwards."""
        self.events = events
        """What came since then."""
        self.live = live
        """False in the last message: nobody trains the run any more."""


class JobUpdate(Message, bubble=False):
    """A job of the receiver has progressed or ended."""

    def __init__(self, deliver: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self.deliver = deliver
        """Calls back with what is new; nothing where the job was cancelled meanwhile."""


class DevicesFound(Message):
    """torch is imported and this machine's devices are known."""

    def __init__(self, devices: list[Device], cores: int) -> None:
        super().__init__()
        self.devices = devices
        """The fastest first; empty where torch can't be imported."""
        self.cores = cores
        """CPU cores that this process may use."""
