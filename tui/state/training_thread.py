"""The threads behind the screen: one trains, one follows what another process trains."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from textual.message_pump import MessagePump

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.events import Event, RunFinished
from mnist_tui.engine.hardware.torch_import import import_torch, is_imported
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.follow import POLL_SECONDS, Follower
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.training.control import Control
from mnist_tui.tui.messages import EngineEvent, Followed, TrainingEnded

PATIENCE = 1.0
"""Seconds after which the training begins whatever the screen does."""


class TrainingThread(threading.Thread):
    """Trains and posts what is said to `target`.

    A daemon thread with a control of its own: leaving the console never waits for a download or a stuck device.
    """

    def __init__(self, target: MessagePump, config: RunConfig, train: Callable[[Control], Iterator[Event]]) -> None:
        """`train`: makes the events; called in the thread."""
        super().__init__(name="training", daemon=True)
        self.config = config
        self.control = Control()
        self.failed = False
        """Whether it ended otherwise than completed or stopped."""
        self.seen = threading.Event()
        """Set when the screen shows that it trains."""
        self._receiver, self._train = target, train
        self._heard = True

    def run(self) -> None:
        error: Exception | None = None
        try:
            if not is_imported():  # beside the screen's own imports both would take twice as long
                self.seen.wait(PATIENCE)
            import_torch()
            for event in self._train(self.control):
                if isinstance(event, RunFinished):
                    self.failed = event.status == "failed" or not event.stored
                self._tell(EngineEvent(event))
        except Exception as failure:
            error, self.failed = failure, True
        self._tell(TrainingEnded(error))

    def _tell(self, message: EngineEvent | TrainingEnded) -> None:
        if self._heard:
            try:
                self._receiver.post_message(message)
            except RuntimeError:  # the screen is gone for good; the training is not
                self._heard = False


class FollowingThread(threading.Thread):
    """Reads what another process says of its run and posts it to `target`, until it is let go or the run ends."""

    def __init__(self, target: MessagePump, folder: RunFolder) -> None:
        super().__init__(name="following", daemon=True)
        self.folder = folder
        self._receiver = target
        self._enough = threading.Event()

    def let_go(self) -> None:
        """Post nothing more."""
        self._enough.set()

    def run(self) -> None:
        follower = Follower(self.folder)
        history: History | None = History()
        live = True
        try:
            while live and not self._enough.is_set():
                live = self.folder.is_live()  # before reading: what was written until then is there
                events: list[Event] = []
                while more := follower.read():
                    if follower.restarted:
                        history, events = History(), []
                    events += more
                if history is not None:  # what was told before anybody looked is folded here, not on the screen
                    history = History.of(events)
                    events = []
                if (events or history is not None or not live) and not self._enough.is_set():
                    self._receiver.post_message(Followed(self, history, events, live))
                history = None
                self._enough.wait(POLL_SECONDS)
        except RuntimeError:  # the screen is gone for good
            pass
        finally:
            follower.close()
