"""This console's training, and the run shown by the views: its own, a stored one, or one of another process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_tui.engine.errors import RunError
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.messages import Post, TrainingChanged, TrainingStarted, notification
from mnist_tui.tui.render.texts import state_label
from mnist_tui.tui.state.scrubber import Scrubber
from mnist_tui.tui.state.shown_run import ShownRun
from mnist_tui.tui.state.stopwatch import Stopwatch
from mnist_tui.tui.terminal.handover import Handover

if TYPE_CHECKING:  # not imported before the first frame
    from mnist_tui.engine.analysis.subject import Analyst
    from mnist_tui.engine.config import RunConfig
    from mnist_tui.engine.events import Event
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.engine.runs.remote import Request
    from mnist_tui.tui.messages import RunFollowed
    from mnist_tui.tui.state.training_thread import Train, TrainingThread

NOTICE_SECONDS = 15.0
"""Time for which a notice of the engine is shown."""


class Trainings:
    """Runs at most one training and follows at most one run.

    All methods must be called from the app's thread.
    """

    def __init__(self, post: Post, scrubber: Scrubber, analyst: Analyst, runs_dir: Path) -> None:
        """Create the object without starting a training.

        Args:
            scrubber: is kept on the shown run.
            analyst: its `data_dir` is the folder of the data sets.
            runs_dir: folder of new runs.
        """
        self.thread: TrainingThread | None = None
        """Training thread; None if this console is not training."""
        self.history = History()
        """Events of this console's current or last training."""
        self.folder: Path | None = None
        """Folder of that training; None until it exists."""
        self.failure: Exception | None = None
        """Exception of the last training if it failed."""
        self.shown: ShownRun | None = None
        """Run shown instead of this console's own."""
        self.revision = 0
        """Incremented with every event and change, so that views know when to redraw."""
        self.restart: Callable[[], None] = lambda: None
        """Starts the last training again."""
        self._post, self._scrubber, self._analyst, self._runs_dir = post, scrubber, analyst, runs_dir
        self._followers = count()
        self._stopwatch = Stopwatch()
        self._handover: Handover | None = None

    # -- state -------------------------------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether this console is training."""
        return self.thread is not None

    @property
    def is_following(self) -> bool:
        """Whether the shown run is being trained by another process."""
        return self.shown is not None and self.shown.is_followed

    @property
    def can_steer(self) -> bool:
        """Whether there is a training to pause or stop: this console's, or else the followed run."""
        return self.is_running or self.is_following

    @property
    def is_paused(self) -> bool:
        """Whether that training is paused."""
        if self.thread is not None:
            return self.thread.control.paused
        return self.shown is not None and self.shown.is_paused

    @property
    def shown_history(self) -> History:
        """Events of the shown run."""
        return self.shown.history if self.shown is not None else self.history

    @property
    def elapsed(self) -> float:
        """Duration of the shown training so far in seconds; of this console's, without pauses."""
        if self.shown is not None and (elapsed := self.shown.elapsed) is not None:
            return elapsed
        return self._stopwatch.seconds

    @property
    def status(self) -> tuple[str, str]:
        """State of this console's training, or else of the shown run, in short, and the name of its theme colour."""
        history, failure = self.history, self.failure
        if not self.is_running and self.shown is not None:
            history, failure = self.shown_history, None
        return state_label(history, training=self.can_steer, paused=self.is_paused, failure=failure)

    @property
    def config(self) -> RunConfig | None:
        """Configuration of this console's training."""
        return self.thread.config if self.thread is not None else None

    # -- this console's training -------------------------------------------------------------------------------

    def start(self, config: RunConfig, name: str = "") -> None:
        """Train a new run in a thread; do nothing if another training is running."""
        from mnist_tui.tui.state.training_thread import new_run

        self.run(config, new_run(config, self._runs_dir, self._analyst.data_dir, name), History(), None)

    def run(self, config: RunConfig, train: Train, history: History, folder: Path | None) -> None:
        """Train in a thread; do nothing if another training is running.

        Args:
            train: trains the run and yields its events.
            history: earlier events of a resumed run.
            folder: folder of a resumed run.
        """
        from mnist_tui.tui.state.training_thread import TrainingThread

        if self.thread is not None:
            return
        self._close_shown()
        self.restart = lambda: self.run(config, train, history, folder)
        history.finished = history.test = history.phase = history.progress = None
        self.history, self.folder, self.failure = history, folder, None
        self._stopwatch.start()
        self._scrubber.follow()
        self.thread = TrainingThread(self._post, config, train)
        self._change()
        self._post(TrainingStarted())
        self.thread.start()

    def confirm_visible(self) -> None:
        """Notify the training thread that the screen has been drawn; it waits for this to not slow the screen down."""
        if self.thread is not None:
            self.thread.visible.set()

    def add(self, event: Event) -> None:
        """Add an event of this console's training."""
        from mnist_tui.engine.events import Epoch, Phase, RunFinished, RunStarted

        self.history.add(event)
        if isinstance(event, RunStarted):
            self.folder = self.folder or self._runs_dir / event.run
            if event.elapsed:
                self._stopwatch.start(event.elapsed)
        elif isinstance(event, Phase):
            self._stopwatch.hold() if event.name == "paused" else self._stopwatch.proceed()
        self._announce(event)
        if self.shown is None and isinstance(event, Phase | Epoch | RunFinished):
            self._select_own()

    def finish(self, error: Exception | None) -> None:
        """Record the end of this console's training."""
        self._handover, self.thread, self.failure = self.handover, None, error
        self._stopwatch.hold()
        if error is not None:
            logging.getLogger(__name__).error("the training failed", exc_info=error)
        self._change()

    def _announce(self, event: Event) -> None:
        from mnist_tui.engine.events import Notice, Progress

        if isinstance(event, Progress):  # drawn at the next tick, because every redraw slows the training down
            self.revision += 1
        else:
            self._change()
        if words := event.words if isinstance(event, Notice) else getattr(event, "device_note", ""):
            self._post(notification(words, "warning", NOTICE_SECONDS))

    def _change(self) -> None:
        self.revision += 1
        self._post(TrainingChanged())

    # -- runs of other processes, and stored ones --------------------------------------------------------------

    async def show(self, folder: RunFolder, history: History | None = None) -> bool:
        """Show a stored run, and follow it if another process trains it; return whether it can be read.

        Args:
            folder: the run; it may be that of this console's training.
            history: its events, if they have been read already.
        """
        from mnist_tui.tui.state.training_thread import FollowingThread

        if self.thread is not None and folder.path.resolve() == (self.folder or Path()).resolve():
            self.show_own()
            return True
        live = folder.is_live()
        try:
            if history is None:  # a follower reads all events itself
                history = History() if live else await asyncio.to_thread(lambda: History.of(folder.events()))
        except RunError as error:
            self._post(notification(str(error), "error"))
            return False
        self._close_shown()
        self.shown = ShownRun(folder, history)
        if live:
            self.shown.follower = FollowingThread(self._post, folder, next(self._followers))
            self.shown.follower.start()
        self._scrubber.select_run(folder.path, history, growing=live)
        self._change()
        return True

    def show_own(self) -> None:
        """Show this console's own training again."""
        self._close_shown()
        self._select_own()
        self._change()

    def forget(self, folder: Path) -> None:
        """Remove a deleted run from the views."""
        deleted = folder.absolute()
        if self.folder is not None and self.folder.absolute() == deleted:
            self.history, self.folder = History(), None
        if self._scrubber.folder is not None and self._scrubber.folder.absolute() == deleted:
            self.show_own()

    def add_followed(self, message: RunFollowed) -> None:
        """Add new events of the followed run."""
        from mnist_tui.engine.events import Epoch, Phase, RunFinished

        shown = self.shown
        if shown is None or not shown.accepts(message):
            return
        if message.history is not None:
            shown.history = message.history
        for event in message.events:
            shown.history.add(event)
            self._announce(event)
        if not message.live:
            shown.follower = None
        if message.history is not None or not message.live:
            self._change()
        has_new_epoch = any(isinstance(event, Phase | Epoch | RunFinished) for event in message.events)
        if has_new_epoch or message.history is not None or not message.live:
            self._scrubber.select_run(shown.folder.path, shown.history, growing=message.live)

    def _select_own(self) -> None:
        self._scrubber.select_run(self.folder, self.history, growing=self.history.finished is None)

    def _close_shown(self) -> None:
        if self.shown is not None:
            self.shown.close()
            self.shown = None

    @property
    def can_return(self) -> bool:
        """Whether another run is shown while this console is training."""
        return self.is_running and self.shown is not None

    def follow(self) -> None:
        """Follow the newest epoch, and show this console's training again if it is running."""
        self._scrubber.follow()
        if self.can_return:
            self.show_own()

    # -- steering ----------------------------------------------------------------------------------------------

    def toggle_pause(self) -> None:
        """Pause or resume this console's training, or else the followed run."""
        if self.thread is not None and not self.thread.is_handing_over:
            control = self.thread.control
            control.resume() if control.paused else control.pause()
            self._change()
        elif self.thread is None:
            self._request("resume" if self.is_paused else "pause")

    def stop(self) -> None:
        """Stop and save this console's training, or else the followed run."""
        if self.thread is not None:
            self.thread.control.stop()
        else:
            self._request("stop")

    def stop_own(self) -> bool:
        """Stop this console's training; return whether it has to save."""
        if self.thread is not None:
            self.thread.control.stop()
        return self.thread is not None and self.history.started is not None

    @property
    def handover(self) -> Handover | None:
        """The saved training, if another process is to resume it once the console has been left."""
        return self.thread.saved if self.thread is not None else self._handover

    def hand_over(self) -> None:
        """Save this console's training and end it, so that another process can resume it."""
        if self.thread is not None and self.folder is not None:
            self.thread.hand_over(Handover(self.folder, self.thread.config.epochs, self._analyst.data_dir))
            self._post(notification("saving the training …", timeout=NOTICE_SECONDS))

    def _request(self, request: Request) -> None:
        try:
            if self.shown is not None:
                self.shown.request(request)
        except RunError as error:
            self._post(notification(str(error), "error"))
