"""Messages from threads and state objects to the app, and from jobs to their owners."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message
from textual.notifications import Notification, Notify, SeverityLevel

from mnist_tui.engine.errors import printable

if TYPE_CHECKING:  # not imported before the first frame
    from mnist_tui.engine.events import Event
    from mnist_tui.engine.hardware.devices import Device
    from mnist_tui.engine.runs.history import History

Post = Callable[[Message], object]
"""Posts a message to the app; thread-safe."""


def notification(text: str, severity: SeverityLevel = "information", timeout: float = 5.0) -> Notify:
    """Return the message that shows `text` without markup as a notification for `timeout` seconds."""
    return Notify(Notification(printable(text), severity=severity, timeout=timeout, markup=False))


# -- from threads ----------------------------------------------------------------------------------------------


@dataclass(eq=False)
class EngineEvent(Message):
    """Event of this console's training."""

    event: Event


@dataclass(eq=False)
class TrainingEnded(Message):
    """The training thread has ended; no more events follow."""

    error: Exception | None
    """The exception if it failed."""


@dataclass(eq=False)
class RunFollowed(Message):
    """New events of a run that another process trains."""

    follower: int
    """Number of the thread that read them."""
    history: History | None
    """All earlier events, if the log was read from its beginning; otherwise None."""
    events: list[Event]
    """New events since then."""
    live: bool
    """Whether the run is still training; False in the last message."""


@dataclass(eq=False)
class JobUpdate(Message, bubble=False):
    """Progress or the outcome of a job of the receiver."""

    deliver: Callable[[], Awaitable[None]]
    """Invokes the job's callbacks; does nothing if the job was cancelled."""


@dataclass(eq=False)
class DevicesFound(Message):
    """torch was imported and the devices of this machine were detected."""

    devices: list[Device]
    """From the fastest to the slowest, with those that can't be used; empty if torch can't be imported."""
    cores: int
    """Number of CPU cores available to this process."""
    problem: str = ""
    """Why torch can't be imported."""


# -- from state objects ----------------------------------------------------------------------------------------


@dataclass(eq=False)
class TrainingStarted(Message):
    """This console's training has started."""


@dataclass(eq=False)
class TrainingChanged(Message):
    """The state of the training or the shown run has changed."""


@dataclass(eq=False)
class SubjectChanged(Message):
    """The selected run, epoch or split has changed, or the selected run has new epochs."""


@dataclass(eq=False)
class ExportFinished(Message):
    """An export has written files."""

    path: Path
    """Path of the figure, or the folder of several figures."""


@dataclass(eq=False)
class ExportsChanged(Message):
    """The status line of the exports has changed."""
