"""The messages from threads and state objects to the app, and from jobs to their owners."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message
from textual.notifications import Notification, Notify, SeverityLevel

if TYPE_CHECKING:  # the first frame must not wait for them
    from mnist_tui.engine.events import Event
    from mnist_tui.engine.hardware.devices import Device
    from mnist_tui.engine.runs.history import History

Post = Callable[[Message], object]
"""Puts a message into the app's queue; callable from any thread."""


def notification(text: str, severity: SeverityLevel = "information", timeout: float = 5.0) -> Notify:
    """Return the message that makes the app show `text`, taken literally, for `timeout` seconds."""
    return Notify(Notification(text, severity=severity, timeout=timeout, markup=False))


# -- from threads ----------------------------------------------------------------------------------------------


@dataclass(eq=False)
class EngineEvent(Message):
    """An event of this console's training."""

    event: Event


@dataclass(eq=False)
class TrainingEnded(Message):
    """The training's thread is done; no event follows."""

    error: Exception | None
    """Why it failed, or None."""


@dataclass(eq=False)
class RunFollowed(Message):
    """News of a run that another process trains."""

    follower: int
    """The number of the thread that read it."""
    history: History | None
    """All earlier events, where the log was read from its beginning; None afterwards."""
    events: list[Event]
    """The events since then."""
    live: bool
    """False in the last message: no process trains the run any more."""


@dataclass(eq=False)
class JobUpdate(Message, bubble=False):
    """A job of the receiver has progressed or ended."""

    deliver: Callable[[], Awaitable[None]]
    """Calls back with what is new; nothing where the job was cancelled meanwhile."""


@dataclass(eq=False)
class DevicesFound(Message):
    """torch is imported and this machine's devices are known."""

    devices: list[Device]
    """The fastest first; empty where torch can't be imported."""
    cores: int
    """CPU cores that this process may use."""


# -- from state objects ----------------------------------------------------------------------------------------


@dataclass(eq=False)
class TrainingStarted(Message):
    """This console's training has begun."""


@dataclass(eq=False)
class TrainingChanged(Message):
    """The training, or which run is shown, has another state than before."""


@dataclass(eq=False)
class SubjectChanged(Message):
    """Another run, epoch or split is selected, or the selected run has grown."""


@dataclass(eq=False)
class ExportFinished(Message):
    """An export has written files."""

    path: Path
    """What is worth copying: the figure, or the folder of several."""


@dataclass(eq=False)
class ExportsChanged(Message):
    """The line about the exports has another text."""
