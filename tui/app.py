"""The console: one training at a time, one handler for what it says, one run that the views show."""

from __future__ import annotations

import logging
import signal
import threading
from collections import deque
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.driver import Driver

from mnist_tui.engine.analysis.subject import Analyst
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.hardware.torch_import import import_torch
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.palette import rich_colours
from mnist_tui.tui.speed import garbage
from mnist_tui.tui.speed.app import QuickApp
from mnist_tui.tui.state.exports import ExportingApp
from mnist_tui.tui.state.scrubber import Scrubber
from mnist_tui.tui.state.training import TrainingApp
from mnist_tui.tui.terminal.logs import LogLines
from mnist_tui.tui.views.base import View
from mnist_tui.tui.views.registry import CLASSES, import_view, make_view

if TYPE_CHECKING:
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.tui.messages import DevicesFound

LOG_LINES = 2000
STATUS_SECONDS = 0.4
"""The status above the views follows the training's progress this closely."""


class MnistTui(TrainingApp, ExportingApp, QuickApp):
    """The console."""

    TITLE = "mnist-tui"
    CSS_PATH = "app.tcss"
    MODES = {mode: partial(make_view, mode) for mode in CLASSES}
    DEFAULT_MODE = "setup"
    BINDINGS = bindings("everywhere")
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        *,
        data_dir: str | None = None,
        runs_dir: Path,
        config: RunConfig | None = None,
        attached: RunFolder | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        """`attached`: a run to show from the start."""
        super().__init__(data_dir=data_dir, runs_dir=runs_dir, driver_class=driver_class)
        # Textual takes NO_COLOR out of the environment before Rich can see it; the views ask the console.
        self.console.no_color = self.no_color
        self.config = config or RunConfig()
        """What the form begins with, then what it last said."""
        self.picked = ""
        """What another view asked the Mistakes view to show, in words; the view takes it and empties it."""
        self.analyst = Analyst()
        self.analyst.data_dir = data_dir
        self.scrubber = Scrubber()
        self.devices: DevicesFound | None = None
        self.log_lines: deque[str] = deque(maxlen=LOG_LINES)
        self._attached = attached
        self._status_of = 0

    # -- set-up ------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        handler = LogLines(self.log_lines)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
        logging.getLogger().addHandler(handler)
        self._watch_signals()
        self.set_interval(STATUS_SECONDS, self._show_progress)
        self.theme_changed_signal.subscribe(self, lambda theme: self.call_after_refresh(self._redraw))
        if self._attached is not None:
            self.call_after_refresh(self.show_run, self._attached)
        self.prepare_views(import_view, self.find_devices)

    def on_terminal_lost(self) -> None:
        self.hang_up()

    def _watch_signals(self) -> None:
        """A polite kill saves the work and gives the terminal back; a lost connection takes the screen down."""
        import asyncio

        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.leave, 128 + signal.SIGTERM)
        loop.add_signal_handler(signal.SIGHUP, self.hang_up)

    def find_devices(self) -> None:
        """Import torch and look for devices, in a thread."""

        from mnist_tui.tui.messages import DevicesFound

        def look() -> None:
            try:
                import_torch()
                from mnist_tui.engine.hardware import devices

                self.post_message(DevicesFound(devices.found(), devices.available_cores()))
            except Exception:
                logging.getLogger(__name__).exception("torch can't be used")
                self.post_message(DevicesFound([], 1))
            self.import_libraries(lambda: self.is_running and not self.is_training)

        threading.Thread(target=look, name="devices", daemon=True).start()

    def on_devices_found(self, message: DevicesFound) -> None:
        self.devices = message
        garbage.keep()  # the views
        for view in self.mounted_views():
            view.devices_found()

    @property
    def colours(self) -> dict[str, str]:
        """The theme's colours for Rich texts."""
        return rich_colours(self.theme_variables)

    # -- training ----------------------------------------------------------------------------------------------

    def training_begins(self) -> None:
        self.analyst.data_dir = self.data_dir
        self.scrubber.follow()

    def _show_progress(self) -> None:
        view = self._view_on_top
        if self._status_of != self.revision and view is not None and not view.KEEPS_UP:
            self.show_changes()

    def show_changes(self) -> None:
        self._status_of = self.revision
        view = self._view_on_top
        if view is not None:  # the others are told when they are shown again
            view.show_status(self.status)

    @property
    def _view_on_top(self) -> View | None:
        """The view that is shown and that no dialog covers; before the first and after the last frame there is none."""
        screen = next(reversed(self.screen_stack), None)
        return screen if isinstance(screen, View) and not self.is_leaving else None

    def refresh_bindings(self) -> None:
        if self.screen_stack:  # a training may speak after the last frame
            super().refresh_bindings()

    def look_at_run(self, folder: Path | None, history: History, *, growing: bool) -> None:
        self.scrubber.look_at(folder, history, growing=growing)
        self._subject_changed()

    def forget_run(self, folder: Path) -> None:
        """Show nothing more of a run that was deleted."""
        gone = folder.absolute()
        if self.live_folder is not None and self.live_folder.absolute() == gone:
            self.live, self.live_folder = History(), None
        if self.scrubber.folder is not None and self.scrubber.folder.absolute() == gone:
            self.show_own()
            self.changed()

    def tell_failure(self, error: Exception) -> None:
        for view in self.mounted_views():
            view.training_failed(error)

    def _redraw(self) -> None:
        """Texts carry their colours, so another theme means new texts."""
        self.changed()
        for view in self.mounted_views():
            view.redraw()

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("pause", "stop"):
            return self.can_steer
        if action == "go_on":
            return self.can_go_on
        if action == "follow":
            away = isinstance(self.screen, View) and self.screen.ON_A_NETWORK and not self.scrubber.follows
            return away or (self.shown is not None and self.is_training)
        if action in ("view", "log", "help", "leave", "pause", "stop", "export_view", "export_all"):
            return not self.screen.is_modal
        return True

    async def action_view(self, mode: str) -> None:
        if self.current_mode != mode:
            await self.switch_mode(mode)
        while len(self.screen_stack) > 1:  # such as the comparison that lies over Runs
            await self.pop_screen()

    def action_step_back(self) -> None:
        screen = self.screen
        if isinstance(screen, View) and not self.dismiss_export():
            screen.back()

    def action_help(self) -> None:
        from mnist_tui.tui.widgets.dialogs import Help

        screen = self.screen
        if isinstance(screen, View):
            self.push_screen(Help(screen.TITLE_WORDS, (screen.MODE, *screen.MORE_SCOPES)))

    def action_command_palette(self) -> None:
        from mnist_tui.tui.widgets.commands import Commands

        if not Commands.is_open(self):  # type: ignore[arg-type]  # of an app that returns nothing, it says
            self.push_screen(Commands(id="--command-palette"))

    def action_log(self) -> None:
        from mnist_tui.tui.widgets.dialogs import Log

        self.push_screen(Log(self.log_lines))

    def action_leave(self) -> None:
        if self.training is None:
            self.leave(0)
            return
        from mnist_tui.tui.widgets.dialogs import Question

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

    def action_follow(self) -> None:
        """Let go of the chosen epoch; while a training runs, of a stored run too."""
        self.scrubber.follow()
        if self.is_training and self.shown is not None:
            self.show_own()
        self.changed()
        self._subject_changed()

    def _subject_changed(self) -> None:
        for view in self.mounted_views():
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
