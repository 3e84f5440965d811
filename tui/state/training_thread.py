"""Threads that train a run, or follow a run trained by another process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from pathlib import Path

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.events import Event, Phase, RunFinished
from mnist_tui.engine.hardware.torch_import import import_torch, is_imported
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.follow import POLL_SECONDS, Follower
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.training.control import Control
from mnist_tui.tui.messages import EngineEvent, Post, RunFollowed, TrainingEnded
from mnist_tui.tui.terminal.handover import Handover

FIRST_FRAME_TIMEOUT_SECONDS = 1.0
"""Maximum time that the training waits for the screen before it starts."""

Train = Callable[[Control], Generator[Event, None, None]]
"""Trains under a control and yields events; saves the run when it is closed."""


def new_run(config: RunConfig, runs_dir: Path, data_dir: str | None, name: str) -> Train:
    """Return a function that trains a new run."""

    def train(control: Control) -> Generator[Event, None, None]:
        from mnist_tui.engine.session import start

        return start(config, runs_dir, data_dir=data_dir, name=name, control=control)

    return train


def resumed_run(folder: RunFolder, data_dir: str | None, epochs: int) -> Train:
    """Return a function that resumes a stored run up to a total number of epochs."""

    def train(control: Control) -> Generator[Event, None, None]:
        from mnist_tui.engine.session import resume

        return resume(folder, data_dir=data_dir, control=control, epochs=epochs)

    return train


class TrainingThread(threading.Thread):
    """Trains and posts every event.

    It is a daemon thread, so that leaving the console never waits for a download or a stuck device.
    """

    def __init__(self, post: Post, config: RunConfig, train: Train) -> None:
        """`train`: called in the thread; yields the events."""
        super().__init__(name="training", daemon=True)
        self.config = config
        self.control = Control()
        self.failed = False
        """Whether the training failed or could not be stored."""
        self.visible = threading.Event()
        """Set when the screen shows the training."""
        self.saved: Handover | None = None
        """The training saved by `hand_over`; None if it ended otherwise."""
        self._handover: Handover | None = None
        self._post, self._train = post, train
        self._has_screen = True

    def run(self) -> None:
        error: Exception | None = None
        try:
            if not is_imported():  # concurrent imports would slow down the screen
                self.visible.wait(FIRST_FRAME_TIMEOUT_SECONDS)
            import_torch()
            events = self._train(self.control)
            for event in events:
                if isinstance(event, RunFinished):
                    self.failed = event.status == "failed" or not event.stored
                self._send(EngineEvent(event))
                # A pause saves the state; a stop would also evaluate the network, which is not the run's end.
                if self._handover is not None and isinstance(event, Phase) and event.name == "paused":
                    events.close()
                    self.saved = self._handover
                    break
        except Exception as failure:
            error, self.failed = failure, True
        self._send(TrainingEnded(error))

    @property
    def is_handing_over(self) -> bool:
        """Whether the training is being saved for another process."""
        return self._handover is not None

    def hand_over(self, handover: Handover) -> None:
        """Save the training before its next batch and end it here; thread-safe."""
        self._handover = handover
        self.control.resume()  # from a pause of the user
        self.control.pause()

    def _send(self, message: EngineEvent | TrainingEnded) -> None:
        if self._has_screen:
            try:
                self._post(message)
            except RuntimeError:  # the event loop is closed; the training continues
                self._has_screen = False


class FollowingThread(threading.Thread):
    """Posts the events of a run trained by another process, until it is cancelled or the run ends."""

    def __init__(self, post: Post, folder: RunFolder, number: int) -> None:
        """`number`: included in every message, to identify messages of cancelled followers."""
        super().__init__(name="following", daemon=True)
        self.number = number
        self._post, self._folder = post, folder
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Stop following."""
        self._cancelled.set()

    def run(self) -> None:
        follower = Follower(self._folder)
        history: History | None = History()
        live = True
        try:
            while live and not self._cancelled.is_set():
                live = self._folder.is_live()  # checked before reading, so that no event is missed
                events: list[Event] = []
                while more := follower.read():
                    if follower.restarted:
                        history, events = History(), []
                    events += more
                if history is not None:  # earlier events are processed here, not in the app's thread
                    history = History.of(events)
                    events = []
                if (events or history is not None or not live) and not self._cancelled.is_set():
                    self._post(RunFollowed(self.number, history, events, live))
                history = None
                self._cancelled.wait(POLL_SECONDS)
        except RuntimeError:  # the event loop is closed
            pass
        finally:
            follower.close()
