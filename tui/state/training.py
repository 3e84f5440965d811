"""This console's training, and the run that the views show: its own, a stored one or one of another process."""

from __future__ import annotations

import asyncio
import logging
import os.path
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_tui.engine.errors import MnistTuiError, RunError
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.messages import Post, TrainingChanged, TrainingStarted, notification
from mnist_tui.tui.render.texts import state_label
from mnist_tui.tui.state.scrubber import Scrubber
from mnist_tui.tui.state.shown_run import ShownRun

if TYPE_CHECKING:  # the first frame must not wait for what trains
    from mnist_tui.engine.analysis.subject import Analyst
    from mnist_tui.engine.config import RunConfig
    from mnist_tui.engine.events import Event
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.engine.runs.remote import Request
    from mnist_tui.tui.messages import RunFollowed
    from mnist_tui.tui.state.resume import ResumeOffer
    from mnist_tui.tui.state.training_thread import Train, TrainingThread

NOTICE_SECONDS = 15.0
"""How long a notice of the engine stays on the screen."""


class Trainings:
    """Owns at most one training and follows at most one run.

    Every method but the constructor is called from the app's own thread.
    """

    def __init__(self, post: Post, scrubber: Scrubber, analyst: Analyst, runs_dir: Path) -> None:
        """Own no training yet.

        Args:
            scrubber: follows the run that is shown.
            analyst: its `data_dir` is where a training finds its data set.
            runs_dir: the folder of new runs.
        """
        self.thread: TrainingThread | None = None
        """Trains; None while nothing is trained here."""
        self.history = History()
        """The events of this console's training; those of the last one after its end."""
        self.folder: Path | None = None
        """The folder of that training; None until it exists."""
        self.failure: Exception | None = None
        """Why the last training failed."""
        self.shown: ShownRun | None = None
        """The run that the views show instead."""
        self.revision = 0
        """Grows with every event and every change, so that views know when to draw again."""
        self.restart: Callable[[], None] = lambda: None
        """Repeats the last training from its start."""
        self._post, self._scrubber, self._analyst, self._runs_dir = post, scrubber, analyst, runs_dir
        self._followers = count()
        self._started_at = self._ended_at = 0.0

    # -- what there is to know ---------------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether this console trains."""
        return self.thread is not None

    @property
    def is_following(self) -> bool:
        """Whether the shown run is one that another process trains now."""
        return self.shown is not None and self.shown.is_followed

    @property
    def can_steer(self) -> bool:
        """Whether there is a training to pause or stop: this console's, or else the one that is followed."""
        return self.is_running or self.is_following

    @property
    def is_paused(self) -> bool:
        """Whether the training that can be steered is paused."""
        if self.thread is not None:
            return self.thread.control.paused
        return self.shown is not None and self.shown.is_paused

    @property
    def shown_history(self) -> History:
        """The events of the run that the views show."""
        return self.shown.history if self.shown is not None else self.history

    @property
    def elapsed(self) -> float:
        """Seconds that the shown training has taken so far, without the time between two processes."""
        if self.shown is not None and (elapsed := self.shown.elapsed) is not None:
            return elapsed
        return (self._ended_at or time.monotonic()) - self._started_at if self._started_at else 0.0

    @property
    def status(self) -> tuple[str, str]:
        """The state of the training in a few words, and the name of the theme's colour for them."""
        history, failure = self.history, self.failure
        if not self.is_running and self.is_following:
            history, failure = self.shown_history, None
        return state_label(history, training=self.can_steer, paused=self.is_paused, failure=failure)

    @property
    def config(self) -> RunConfig | None:
        """The configuration of the training that runs here."""
        return self.thread.config if self.thread is not None else None

    @property
    def description(self) -> str:
        """One sentence about the training that runs here."""
        epoch = self.history.progress.epoch if self.history.progress else 0
        where = f", epoch {epoch} of {self.config.epochs}" if epoch and self.config is not None else ""
        return f"A training is running{where}."

    # -- this console's training -------------------------------------------------------------------------------

    def start(self, config: RunConfig, name: str = "") -> None:
        """Train `config` in a thread; does nothing while another training runs."""
        from mnist_tui.tui.state.training_thread import starting

        self._begin(config, starting(config, self._runs_dir, self._analyst.data_dir, name), History(), None)

    @property
    def resumable(self) -> tuple[RunFolder, History] | None:
        """The run that the views show, if no process trains it and its folder still exists."""
        from mnist_tui.engine.runs.folder import RunFolder

        if self.can_steer:
            return None
        if self.shown is not None:
            folder, history = self.shown.folder, self.shown.history
        elif self.folder is not None:
            folder, history = RunFolder(self.folder), self.history
        else:
            return None
        return (folder, history) if os.path.exists(folder.path) else None

    def resume_offer(self, folder: RunFolder, history: History) -> ResumeOffer | None:
        """Return how a stored run can be resumed; None, and a notification, if it can't."""
        from mnist_tui.tui.state.resume import being_trained, resume_offer

        refusal = "a training is running: stop it first" if self.is_running else being_trained(folder)
        if refusal:
            self._post(notification(refusal, "warning"))
            return None
        try:
            return resume_offer(folder, history)
        except MnistTuiError as error:
            self._post(notification(str(error), "error"))
            return None

    def resume(self, offer: ResumeOffer, epochs: int | None) -> None:
        """Train a stored run until it has so many epochs; None does nothing."""
        from mnist_tui.tui.state.training_thread import resuming

        if epochs is not None:
            train = resuming(offer.folder, self._analyst.data_dir, epochs)
            self._begin(replace(offer.config, epochs=epochs), train, offer.history, offer.folder.path)

    def _begin(self, config: RunConfig, train: Train, history: History, folder: Path | None) -> None:
        from mnist_tui.tui.state.training_thread import TrainingThread

        if self.thread is not None:
            return
        self._close_shown()
        self.restart = lambda: self._begin(config, train, history, folder)
        history.finished = history.test = history.phase = history.progress = None
        self.history, self.folder, self.failure = history, folder, None
        self._started_at, self._ended_at = time.monotonic(), 0.0
        self._scrubber.follow()
        self.thread = TrainingThread(self._post, config, train)
        self._change()
        self._post(TrainingStarted())
        self.thread.start()

    def confirm_visible(self) -> None:
        """Tell the training that the screen shows it: until then it waits a moment, to leave the processor to that."""
        if self.thread is not None:
            self.thread.seen.set()

    def add(self, event: Event) -> None:
        """Add an event of this console's training."""
        from mnist_tui.engine.events import Epoch, Phase, RunFinished, RunStarted

        self.history.add(event)
        if isinstance(event, RunStarted):
            self.folder = self.folder or self._runs_dir / event.run
            if event.elapsed:
                self._started_at = time.monotonic() - event.elapsed
        self._announce(event)
        if self.shown is None and isinstance(event, Phase | Epoch | RunFinished):
            self._look_at_own()

    def finish(self, error: Exception | None) -> None:
        """Note that this console's training is over."""
        self.thread, self.failure, self._ended_at = None, error, time.monotonic()
        if error is not None:
            logging.getLogger(__name__).error("the training failed", exc_info=error)
        self._change()

    def _announce(self, event: Event) -> None:
        from mnist_tui.engine.events import Notice, Progress

        if isinstance(event, Progress):  # which the next tick draws: every redraw takes time from the training
            self.revision += 1
        else:
            self._change()
        if isinstance(event, Notice):
            self._post(notification(event.words, "warning", NOTICE_SECONDS))

    def _change(self) -> None:
        self.revision += 1
        self._post(TrainingChanged())

    # -- runs of other processes, and stored ones --------------------------------------------------------------

    async def show(self, folder: RunFolder, history: History | None = None) -> None:
        """Show a stored run, and follow it if another process trains it.

        Args:
            folder: the run; this console's own training is shown as such.
            history: its events, where they were read already.
        """
        from mnist_tui.tui.state.training_thread import FollowingThread

        if self.thread is not None and folder.path.resolve() == (self.folder or Path()).resolve():
            self.show_own()
            return
        live = folder.is_live()
        if history is None:  # a follower reads all events anyway
            history = History() if live else await asyncio.to_thread(lambda: History.of(folder.events()))
        self._close_shown()
        self.shown = ShownRun(folder, history)
        if live:
            self.shown.follower = FollowingThread(self._post, folder, next(self._followers))
            self.shown.follower.start()
        self._scrubber.look_at(folder.path, history, growing=live)
        self._change()

    def show_own(self) -> None:
        """Show this console's own training again."""
        self._close_shown()
        self._look_at_own()
        self._change()

    def forget(self, folder: Path) -> None:
        """Show nothing more of a run that was deleted."""
        gone = folder.absolute()
        if self.folder is not None and self.folder.absolute() == gone:
            self.history, self.folder = History(), None
        if self._scrubber.folder is not None and self._scrubber.folder.absolute() == gone:
            self.show_own()

    def add_followed(self, news: RunFollowed) -> None:
        """Add the events that were read of the followed run."""
        from mnist_tui.engine.events import Epoch, Phase, RunFinished

        shown = self.shown
        if shown is None or not shown.is_from(news):
            return
        if news.history is not None:
            shown.history = news.history
        for event in news.events:
            shown.history.add(event)
            self._announce(event)
        if not news.live:
            shown.follower = None
        if news.history is not None or not news.live:
            self._change()
        is_other = any(isinstance(event, Phase | Epoch | RunFinished) for event in news.events)
        if is_other or news.history is not None or not news.live:
            self._scrubber.look_at(shown.folder.path, shown.history, growing=news.live)

    def _look_at_own(self) -> None:
        self._scrubber.look_at(self.folder, self.history, growing=self.history.finished is None)

    def _close_shown(self) -> None:
        if self.shown is not None:
            self.shown.close()
            self.shown = None

    @property
    def can_return(self) -> bool:
        """Whether a stored run is shown while this console trains."""
        return self.is_running and self.shown is not None

    def follow(self) -> None:
        """Follow the newest epoch; while a training runs here, show it again."""
        self._scrubber.follow()
        if self.can_return:
            self.show_own()

    # -- steering ----------------------------------------------------------------------------------------------

    def toggle_pause(self) -> None:
        """Pause or resume this console's training; without one, the followed run."""
        if self.thread is not None:
            control = self.thread.control
            control.resume() if control.paused else control.pause()
            self._change()
        else:
            self._request("resume" if self.is_paused else "pause")

    def stop(self) -> None:
        """Stop this console's training and keep its work; without one, the followed run."""
        if self.thread is not None:
            self.thread.control.stop()
        else:
            self._request("stop")

    def stop_own(self) -> bool:
        """Stop this console's training; return whether there is work that it has to save."""
        if self.thread is not None:
            self.thread.control.stop()
        return self.thread is not None and self.history.started is not None

    def _request(self, request: Request) -> None:
        try:
            if self.shown is not None:
                self.shown.request(request)
        except RunError as error:
            self._post(notification(str(error), "error"))
