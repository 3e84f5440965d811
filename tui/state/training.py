"""The part of the console that trains: its own training, a run that another process trains, and how both end."""

from __future__ import annotations

import asyncio
import logging
import os.path
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import App
from textual.driver import Driver
from textual.widget import AwaitMount

from mnist_tui.engine.errors import RunError
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.render.palette import rich_colours
from mnist_tui.tui.render.texts import printable, state_label
from mnist_tui.tui.terminal.hangup import detach_from_terminal

if TYPE_CHECKING:  # the first frame must not wait for what trains
    from mnist_tui.engine.config import RunConfig
    from mnist_tui.engine.events import Event
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.engine.runs.remote import Request
    from mnist_tui.engine.training.control import Control
    from mnist_tui.tui.messages import EngineEvent, Followed, TrainingEnded
    from mnist_tui.tui.state.training_thread import FollowingThread, TrainingThread

LEAVE_SECONDS = 0.7
"""How long quitting waits for the training to save its work."""


class TrainingApp(App[int]):
    """Owns one training at a time and follows one run at a time; the views show one of them."""

    def __init__(self, *, data_dir: str | None, runs_dir: Path, driver_class: type[Driver] | None) -> None:
        super().__init__(driver_class=driver_class)
        self.data_dir = data_dir
        self.runs_dir = runs_dir
        self.training: TrainingThread | None = None
        self.live = History()
        """What the training in this console has said; the last one's after its end."""
        self.live_folder: Path | None = None
        """Where it is stored; None before it is."""
        self.shown: tuple[str, History] | None = None
        """A stored run, or one of another process, that the views show instead, with its name."""
        self.shown_folder: RunFolder | None = None
        """Where that lies."""
        self.following: FollowingThread | None = None
        """Follows the shown run while another process trains it."""
        self.failure: Exception | None = None
        """Why the last training failed."""
        self.begin_again: Callable[[], None] = lambda: None
        """Tries exactly what the last training tried."""
        self.hung_up = False
        """Whether the terminal is gone."""
        self.revision = 0
        """Grows with every event, so that views know when to draw again."""
        self.started_at = self.ended_at = 0.0
        self.left_with: int | None = None
        """The exit code that somebody, or a signal, asked to end with."""

    def show_changes(self) -> None:
        """Let the visible view draw what is new."""

    def look_at_run(self, folder: Path | None, history: History, *, growing: bool) -> None:
        """Let the views answer for this run."""

    def tell_failure(self, error: Exception) -> None:
        """Let the views say that the training failed."""

    # -- this console's training -------------------------------------------------------------------------------

    @property
    def is_training(self) -> bool:
        """Whether a training's thread is alive."""
        return self.training is not None

    @property
    def is_following(self) -> bool:
        """Whether the shown run is one that another process trains now."""
        return self.following is not None

    @property
    def is_paused(self) -> bool:
        """Whether the training that the keys steer is held."""
        if self.training is None and self.shown is not None and self.following is not None:
            phase = self.shown[1].phase
            return phase is not None and phase.name == "paused"
        return self.training is not None and self.training.control.paused

    @property
    def elapsed(self) -> float:
        """Seconds since the shown training was started, until it ended, without what lay between two processes."""
        if self.shown is not None and self.following is not None and self.shown[1].started is not None:
            started = self.shown[1].started
            return max(0.0, time.time() - started.time) + started.elapsed
        return (self.ended_at or time.monotonic()) - self.started_at if self.started_at else 0.0

    @property
    def status(self) -> Text:
        """What the training does, in a few words for the bar above the views."""
        history, training, failure = self.live, self.is_training, self.failure
        if not training and self.shown is not None and self.is_following:
            history, training, failure = self.shown[1], True, None
        words, colour = state_label(history, training=training, paused=self.is_paused, failure=failure)
        return Text(words, rich_colours(self.theme_variables)[colour])

    def start_training(self, config: RunConfig, name: str = "") -> None:
        """Train `config` in a thread of its own and show it; does nothing while another training runs."""
        runs_dir, data_dir = self.runs_dir, self.data_dir

        def train(control: Control) -> Iterator[Event]:
            from mnist_tui.engine.session import start

            return start(config, runs_dir, data_dir=data_dir, name=name, control=control)

        self._begin(config, train, History(), None)

    def offer_to_go_on(self, folder: RunFolder, history: History) -> None:
        """Ask how far a stored run shall go on, and train it."""
        from mnist_tui.tui.state.going_on import ask

        ask(self, folder, history, self._resume)

    def _resume(self, folder: RunFolder, history: History, config: RunConfig) -> None:
        data_dir = self.data_dir

        def train(control: Control) -> Iterator[Event]:
            from mnist_tui.engine.session import resume

            return resume(folder, data_dir=data_dir, control=control, epochs=config.epochs)

        self._begin(config, train, history, folder.path)

    def _begin(
        self, config: RunConfig, train: Callable[[Control], Iterator[Event]], history: History, folder: Path | None
    ) -> None:
        from mnist_tui.tui.state.training_thread import TrainingThread

        if self.training is not None:
            return
        self._let_go()
        self.begin_again = lambda: self._begin(config, train, history, folder)
        history.finished = history.test = history.phase = history.progress = None
        self.live, self.live_folder, self.failure = history, folder, None
        self.started_at, self.ended_at = time.monotonic(), 0.0
        self.training = TrainingThread(self, config, train)
        self.training_begins()
        self.training.start()
        self.changed()
        self.call_later(self._seen, self.switch_mode("training"), self.training)

    async def _seen(self, mounted: AwaitMount, training: TrainingThread) -> None:
        await mounted
        self.call_after_refresh(training.seen.set)

    def training_begins(self) -> None:
        """Called before a training starts."""

    def on_engine_event(self, message: EngineEvent) -> None:
        from mnist_tui.engine.events import Epoch, Phase, RunFinished, RunStarted

        event = message.event
        self.live.add(event)
        if isinstance(event, RunStarted):
            self.live_folder = self.live_folder or self.runs_dir / event.run
            if event.elapsed:
                self.started_at = time.monotonic() - event.elapsed
        self._heard(event)
        if self.shown is None and isinstance(event, Phase | Epoch | RunFinished):
            self.look_at_live()

    def on_training_ended(self, message: TrainingEnded) -> None:
        self.training = None
        self.failure = message.error
        self.ended_at = time.monotonic()
        self.changed()
        self.refresh_bindings()
        if self.left_with is not None:
            self.exit(self.left_with, return_code=self.left_with)
        elif message.error is not None:
            logging.getLogger(__name__).error("the training failed", exc_info=message.error)
            self.tell_failure(message.error)

    def look_at_live(self) -> None:
        """Let the views answer for this console's training."""
        self.look_at_run(self.live_folder, self.live, growing=self.live.finished is None)

    def _heard(self, event: Event) -> None:
        from mnist_tui.engine.events import Epoch, Notice, Progress, RunFinished, RunStarted, Test

        self.revision += 1
        if not isinstance(event, Progress):  # which the next tick draws: every redraw takes time from the training
            self.show_changes()
        if isinstance(event, RunStarted | Epoch | Test | RunFinished):
            self.refresh_bindings()
        if isinstance(event, Notice):
            self.notify(event.words, severity="warning", timeout=15, markup=False)

    def changed(self) -> None:
        """Something was said: draw it when it is time."""
        self.revision += 1
        self.show_changes()

    # -- runs of other processes, and stored ones --------------------------------------------------------------

    async def show_run(self, folder: RunFolder, history: History | None = None) -> None:
        """Let every view show a stored run, and open its curves; where it is being trained, follow it.

        `history` is what it has said, where that was read already.
        """
        from mnist_tui.tui.state.training_thread import FollowingThread

        if self.training is not None and folder.path.resolve() == (self.live_folder or Path()).resolve():
            self.show_own()
        else:
            live = folder.is_live()
            if history is None:  # who follows it is told everything
                history = History() if live else await asyncio.to_thread(lambda: History.of(folder.events()))
            self._let_go()
            self.shown, self.shown_folder = (printable(folder.name), history), folder
            if live:
                self.following = FollowingThread(self, folder)
                self.following.start()
            self.look_at_run(folder.path, history, growing=live)
        self.changed()
        await self.switch_mode("training")

    def on_followed(self, message: Followed) -> None:
        from mnist_tui.engine.events import Epoch, Phase, RunFinished

        if message.thread is not self.following or self.shown is None:
            return
        if message.history is not None:
            self.shown = (self.shown[0], message.history)
        history = self.shown[1]
        for event in message.events:
            history.add(event)
            self._heard(event)
        if not message.live:
            self.following = None
            self.refresh_bindings()
        self.changed()
        news = any(isinstance(event, Phase | Epoch | RunFinished) for event in message.events)
        if news or message.history is not None or not message.live:
            self.look_at_run(message.thread.folder.path, history, growing=message.live)

    def _let_go(self) -> None:
        if self.following is not None:
            self.following.let_go()
        self.following = self.shown = self.shown_folder = None

    def show_own(self) -> None:
        """Show this console's own training again."""
        self._let_go()
        self.look_at_live()

    @property
    def can_go_on(self) -> bool:
        """Whether the shown run is one that nobody trains now, and is still there."""
        at_rest = self._at_rest
        return not self.can_steer and at_rest is not None and os.path.exists(at_rest[0].path)

    @property
    def _at_rest(self) -> tuple[RunFolder, History] | None:
        from mnist_tui.engine.runs.folder import RunFolder

        if self.shown is not None and self.shown_folder is not None:
            return self.shown_folder, self.shown[1]
        return (RunFolder(self.live_folder), self.live) if self.live_folder is not None else None

    def action_go_on(self) -> None:
        if self.can_go_on and self._at_rest is not None:
            self.offer_to_go_on(*self._at_rest)

    # -- steering ----------------------------------------------------------------------------------------------

    @property
    def can_steer(self) -> bool:
        """Whether there is a training to pause or stop: this console's, or else the one that is followed."""
        return self.is_training or self.is_following

    def action_pause(self) -> None:
        if self.training is not None:
            control = self.training.control
            control.resume() if control.paused else control.pause()
            self.changed()
        elif self.following is not None:
            self._ask("resume" if self.is_paused else "pause")

    def action_stop(self) -> None:
        if self.training is not None:
            self.training.control.stop()
        elif self.following is not None:
            self._ask("stop")

    def _ask(self, request: Request) -> None:
        from mnist_tui.engine.runs.remote import send

        if self.following is not None:
            try:
                send(self.following.folder, request)
            except RunError as error:
                self.notify(str(error), severity="error", markup=False)

    # -- the end -----------------------------------------------------------------------------------------------

    def leave(self, status: int) -> None:
        """Stop this console's training, wait a moment until its work is saved, and end with `status`."""
        self.left_with = status
        if self.training is not None:
            self.training.control.stop()
        if self.training is None or self.live.started is None:  # there is nothing to save
            self.exit(status, return_code=status)
            return
        self.set_timer(LEAVE_SECONDS, lambda: self.exit(status, return_code=status))

    def hang_up(self) -> None:
        """The terminal is gone: take the screen down; a training goes on without it, see `tui.run`."""
        if not self.hung_up:
            self.hung_up = True
            detach_from_terminal()
            self.exit(0)
