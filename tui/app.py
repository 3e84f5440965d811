"""The console: one training at a time, one handler for what it says, one run that the views show."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections import deque
from pathlib import Path

from rich.text import Text

from engine.analysis.subject import Analyst
from engine.config import RunConfig
from engine.events import Epoch, Phase, RunFinished, RunStarted, Test
from engine.history import History
from engine.runs import RunFolder
from tui.analysis_view import AnalysisView
from tui.exporting import ExportingApp
from tui.keys import bindings
from tui.logs import LogLines
from tui.messages import DevicesFound, EngineEvent, TrainingEnded
from tui.palette import rich_colours
from tui.scrubber import Scrubber
from tui.themes import CURVE_COLOURS, THEMES
from tui.training_thread import TrainingThread
from tui.view import View
from tui.views.registry import view_classes
from tui.widgets.dialogs import Help, Log, Question
from tui.words import state_words

LOG_LINES = 2000
LEAVE_SECONDS = 1.0
"""How long quitting waits for the training to save its work."""


class MnistTui(ExportingApp):
    """The console."""

    TITLE = "mnist-tui"
    CSS_PATH = "app.tcss"
    BINDINGS = bindings("everywhere")
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, *, data_dir: str | None = None, runs_dir: Path, config: RunConfig | None = None) -> None:
        super().__init__()
        # Textual takes NO_COLOR out of the environment before Rich can see it; the views ask the console.
        self.console.no_color = self.no_color
        self.data_dir = data_dir
        self.runs_dir = runs_dir
        self.config = config or RunConfig()
        """What the form begins with, then what it last said."""
        self.training: TrainingThread | None = None
        self.live = History()
        """What the training in this console has said; the last one's after its end."""
        self.shown: tuple[str, History] | None = None
        """A stored run that the Training view shows instead, with its name."""
        self.picked = ""
        """What another view asked the Mistakes view to show, in words; the view takes it and empties it."""
        self.failure: Exception | None = None
        """Why the last training failed."""
        self.revision = 0
        """Grows with every event, so that views know when to draw again."""
        self.started_at = self.ended_at = 0.0
        self.analyst = Analyst()
        self.analyst.data_dir = data_dir
        self.scrubber = Scrubber()
        self.devices: DevicesFound | None = None
        self.log_lines: deque[str] = deque(maxlen=LOG_LINES)
        self._exit_status = 0
        self._leaving = False

    # -- set-up ------------------------------------------------------------------------------------------------

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return CURVE_COLOURS

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        for name, view in view_classes().items():
            self.add_mode(name, view)
        handler = LogLines(self.log_lines)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
        logging.getLogger().addHandler(handler)
        self._watch_signals()
        self.theme_changed_signal.subscribe(self, lambda theme: self.call_after_refresh(self._redraw))
        self.switch_mode("setup")
        # After the first frame: importing torch takes longer than everything else at the start.
        self.call_after_refresh(self.find_devices)

    def _watch_signals(self) -> None:
        """A lost connection or a polite kill saves the work and gives the terminal back."""
        import asyncio

        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._end_by_signal, number)

    def _end_by_signal(self, number: int) -> None:
        self.leave(128 + number)

    def find_devices(self) -> None:
        """Import torch and look for devices, in a thread."""

        def look() -> None:
            try:
                from engine import devices

                self.post_message(DevicesFound(devices.found(), devices.available_cores()))
            except Exception:
                logging.getLogger(__name__).exception("torch can't be used")
                self.post_message(DevicesFound([], 1))

        threading.Thread(target=look, name="devices", daemon=True).start()

    def on_devices_found(self, message: DevicesFound) -> None:
        self.devices = message
        for view in self.mounted_views():
            view.devices_found()

    @property
    def colours(self) -> dict[str, str]:
        """The theme's colours for Rich texts."""
        return rich_colours(self.theme_variables)

    # -- training ----------------------------------------------------------------------------------------------

    @property
    def is_training(self) -> bool:
        """Whether a training's thread is alive."""
        return self.training is not None

    @property
    def is_paused(self) -> bool:
        return self.training is not None and self.training.control.paused

    def start_training(self, config: RunConfig, name: str = "") -> None:
        """Train `config` in a thread of its own and show it; does nothing while another training runs."""
        if self.training is not None:
            return
        self.live, self.failure, self.shown = History(), None, None
        self.started_at, self.ended_at = time.monotonic(), 0.0
        self.training = TrainingThread(self, config, self.runs_dir, self.data_dir, name)
        self.analyst.data_dir = self.data_dir
        self.scrubber.follow()
        self.training.start()
        self._changed()
        self.switch_mode("training")

    def on_engine_event(self, message: EngineEvent) -> None:
        event = message.event
        self.live.add(event)
        self._changed()
        if isinstance(event, RunStarted | Epoch | Test | RunFinished):
            self.refresh_bindings()
        if self.shown is None and isinstance(event, Phase | Epoch | RunFinished):
            self._look_at_live()

    def on_training_ended(self, message: TrainingEnded) -> None:
        self.training = None
        self.failure = message.error
        self.ended_at = time.monotonic()
        self._changed()
        self.refresh_bindings()
        if self._leaving:
            self.exit(self._exit_status, return_code=self._exit_status)
        elif message.error is not None:
            logging.getLogger(__name__).error("the training failed", exc_info=message.error)
            for view in self.mounted_views():
                view.training_failed(message.error)

    def _changed(self) -> None:
        self.revision += 1
        if isinstance(self.screen, View):  # the others are told when they are shown again
            self.screen.show_status(self.status)

    def _redraw(self) -> None:
        """Texts carry their colours, so another theme means new texts."""
        self._changed()
        for view in self.mounted_views():
            view.redraw()

    @property
    def status(self) -> Text:
        """What the training does, in a few words for the bar above the views."""
        words, colour = state_words(self.live, training=self.is_training, paused=self.is_paused, failure=self.failure)
        return Text(words, self.colours[colour])

    @property
    def elapsed(self) -> float:
        """Seconds since the training in this console was started, until it ended."""
        return (self.ended_at or time.monotonic()) - self.started_at if self.started_at else 0.0

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("pause", "stop"):
            return self.is_training
        if action == "follow":
            away = isinstance(self.screen, AnalysisView) and not self.scrubber.follows
            return away or (self.shown is not None and self.is_training)
        if action in ("view", "log", "help", "leave", "pause", "stop", "export_view", "export_all"):
            return not self.screen.is_modal
        return True

    async def action_view(self, mode: str) -> None:
        if self.current_mode != mode:
            await self.switch_mode(mode)

    def action_pause(self) -> None:
        if self.training is not None:
            control = self.training.control
            control.resume() if control.paused else control.pause()
            self._changed()

    def action_stop(self) -> None:
        if self.training is not None:
            self.training.control.stop()

    def action_step_back(self) -> None:
        screen = self.screen
        if isinstance(screen, View) and not self.dismiss_export():
            screen.back()

    def action_help(self) -> None:
        screen = self.screen
        if isinstance(screen, View):
            self.push_screen(Help(screen.TITLE_WORDS, (screen.MODE, *screen.MORE_SCOPES)))

    def action_log(self) -> None:
        self.push_screen(Log(self.log_lines))

    def action_leave(self) -> None:
        if self.training is None:
            self.leave(0)
            return
        epoch = self.live.progress.epoch if self.live.progress else 0
        body = "A training is running" + (f", epoch {epoch} of {self.training.config.epochs}." if epoch else ".")
        answers = {"stop": "stop it, keep its work and quit", "stay": "let it run"}

        def answered(answer: str | None) -> None:
            if answer == "stop":
                self.leave(0)

        self.push_screen(Question("quit?", body, answers), answered)

    async def action_quit(self) -> None:
        """What the palette and ctrl+q call."""
        self.action_leave()

    def leave(self, status: int) -> None:
        """Stop the training, wait a moment until its work is saved, and end with `status`."""
        self._exit_status, self._leaving = status, True
        if self.training is None:
            self.exit(status, return_code=status)
            return
        self.training.control.stop()
        self.set_timer(LEAVE_SECONDS, lambda: self.exit(status, return_code=status))

    def action_follow(self) -> None:
        """Let go of the chosen epoch; while a training runs, of a stored run too."""
        self.scrubber.follow()
        if self.is_training and self.shown is not None:
            self.shown = None
            self._look_at_live()
        self._changed()
        self._subject_changed()

    async def show_run(self, folder: RunFolder, history: History) -> None:
        """Let every view show a stored run, and open its curves."""
        self.shown = (folder.name, history)
        self.scrubber.look_at(folder.path, history, growing=folder.is_live())
        self._changed()
        await self.switch_mode("training")

    def _look_at_live(self) -> None:
        started = self.live.started
        folder = self.runs_dir / started.run if started else None
        self.scrubber.look_at(folder, self.live, growing=self.live.finished is None)
        self._subject_changed()

    def _subject_changed(self) -> None:
        for view in self.mounted_views():
            if isinstance(view, AnalysisView):
                view.subject_changed()

    async def open_images(self, words: str) -> None:
        """See the subject's images that a selection in words picks, such as `true:3 pred:5`, in the Mistakes view."""
        self.picked = words
        await self.action_view("mistakes")

    def action_step(self, by: int) -> None:
        self.scrubber.step(by)
        self._subject_changed()

    def action_epoch(self, epoch: int) -> None:
        self.scrubber.choose(epoch)
        self._subject_changed()

    def action_split(self) -> None:
        self.scrubber.next_split()
        self._subject_changed()
