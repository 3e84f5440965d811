"""The threads behind the screen: one trains, one follows what another process trains."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.events import Event, RunFinished
from mnist_tui.engine.hardware.torch_import import import_torch, is_imported
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.follow import POLL_SECONDS, Follower
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.training.control import Control
from mnist_tui.tui.messages import EngineEvent, Post, RunFollowed, TrainingEnded

PATIENCE = 1.0
"""Seconds after which the training begins whatever the screen does."""

Train = Callable[[Control], Iterator[Event]]
"""Trains under a control, and yields its events."""


def starting(config: RunConfig, runs_dir: Path, data_dir: str | None, name: str) -> Train:
    """Return what trains a new run."""

    def train(control: Control) -> Iterator[Event]:
        from mnist_tui.engine.session import start

        return start(config, runs_dir, data_dir=data_dir, name=name, control=control)

    return train


def resuming(folder: RunFolder, data_dir: str | None, epochs: int) -> Train:
    """Return what resumes a stored run until it has so many epochs."""

    def train(control: Control) -> Iterator[Event]:
        from mnist_tui.engine.session import resume

        return resume(folder, data_dir=data_dir, control=control, epochs=epochs)

    return train


class TrainingThread(threading.Thread):
    """Trains and posts every event.

    A daemon thread with a control of its own: leaving the console never waits for a download or a stuck device.
    """

    def __init__(self, post: Post, config: RunConfig, train: Train) -> None:
        """`train`: makes the events; called in the thread."""
        super().__init__(name="training", daemon=True)
        self.config = config
        self.control = Control()
        self.failed = False
        """Whether it ended otherwise than completed or stopped."""
        self.seen = threading.Event()
        """Set when the screen shows that it trains."""
        self._post, self._train = post, train
        self._has_screen = True

    def run(self) -> None:
        error: Exception | None = None
        try:
            if not is_imported():  # beside the screen's own imports both would take twice as long
                self.seen.wait(PATIENCE)
            import_torch()
            for event in self._train(self.control):
                if isinstance(event, RunFinished):
                    self.failed = event.status == "failed" or not event.stored
                self._send(EngineEvent(event))
        except Exception as failure:
            error, self.failed = failure, True
        self._send(TrainingEnded(error))

    def _send(self, message: EngineEvent | TrainingEnded) -> None:
        if self._has_screen:
            try:
                self._post(message)
            except RuntimeError:  # the screen is gone for good; the training is not
                self._has_screen = False


class FollowingThread(threading.Thread):
    """Reads the events of a run that another process trains and posts them, until it is cancelled or the run ends."""

    def __init__(self, post: Post, folder: RunFolder, number: int) -> None:
        """`number`: stands in every message, to tell it from those of an earlier follower."""
        super().__init__(name="following", daemon=True)
        self.number = number
        self._post, self._folder = post, folder
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Post nothing more."""
        self._cancelled.set()

    def run(self) -> None:
        follower = Follower(self._folder)
        history: History | None = History()
        live = True
        try:
            while live and not self._cancelled.is_set():
                live = self._folder.is_live()  # before reading: what was written until then is there
                events: list[Event] = []
                while more := follower.read():
                    if follower.restarted:
                        history, events = History(), []
                    events += more
                if history is not None:  # earlier events are folded here, not in the app's thread
                    history = History.of(events)
                    events = []
                if (events or history is not None or not live) and not self._cancelled.is_set():
                    self._post(RunFollowed(self.number, history, events, live))
                history = None
                self._cancelled.wait(POLL_SECONDS)
        except RuntimeError:  # the screen is gone for good
            pass
        finally:
            follower.close()
