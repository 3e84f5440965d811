"""The console: owns the state objects, routes their messages to the views, and the keys to both."""

from __future__ import annotations

import signal
import threading
from collections import deque
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.driver import Driver

from mnist_tui.engine.analysis.subject import Analyst
from mnist_tui.engine.config import RunConfig
from mnist_tui.tui import messages
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.palette import rich_colours
from mnist_tui.tui.speed import garbage
from mnist_tui.tui.speed.app import QuickApp
from mnist_tui.tui.state.devices import Devices
from mnist_tui.tui.state.exports import SHOWN_SECONDS, Exports
from mnist_tui.tui.state.jobs import Jobs
from mnist_tui.tui.state.scrubber import Scrubber
from mnist_tui.tui.state.training import Trainings
from mnist_tui.tui.terminal import logs
from mnist_tui.tui.terminal.hangup import detach_from_terminal
from mnist_tui.tui.terminal.signals import handle_signals
from mnist_tui.tui.views.opened import OpenedViews
from mnist_tui.tui.views.registry import CLASSES, import_view, make_view

if TYPE_CHECKING:  # the first frame must not wait for them
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.engine.runs.history import History
    from mnist_tui.tui.contract import Console

LOG_LINES = 2000
STATUS_SECONDS = 0.4
"""The status above the views follows the training's progress this closely."""
LEAVE_SECONDS = 0.7
"""How long quitting waits for the training to save its work."""


class MnistTui(QuickApp):
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
        """`config`: what the form begins with; `attached`: a run to show from the start."""
        super().__init__(driver_class=driver_class)
        # Textual takes NO_COLOR out of the environment before Rich can see it; the views ask the console.
        self.console.no_color = self.no_color
        self.runs_dir = runs_dir
        self.config = config or RunConfig()
        self.picked = ""
        self.devices = Devices(self.post_message)
        self.analyst = Analyst()
        self.analyst.data_dir = data_dir
        self.scrubber = Scrubber(self.post_message)
        self.training = Trainings(self.post_message, self.scrubber, self.analyst, runs_dir)
        self.exports = Exports(self.post_message, Jobs(self), self.scrubber, self.analyst, runs_dir)
        self.log_lines: deque[str] = deque(maxlen=LOG_LINES)
        self.left_with: int | None = None
        """The exit code that a key or a signal asked for."""
        self.hung_up = False
        """Whether the terminal is gone."""
        self.views = OpenedViews(self)
        self._attached = attached
        self._status_revision = 0

    def on_mount(self) -> None:
        logs.collect(self.log_lines)
        handle_signals({signal.SIGTERM: partial(self.leave, 128 + signal.SIGTERM), signal.SIGHUP: self.hang_up})
        self.set_interval(STATUS_SECONDS, self._show_progress)
        self.theme_changed_signal.subscribe(self, lambda theme: self.call_after_refresh(self._redraw))
        if self._attached is not None:
            self.call_after_refresh(self.show_run, self._attached)
        self.prepare_views(import_view, self.devices.find)

    def on_terminal_lost(self) -> None:
        self.hang_up()

    # -- what the views ask for --------------------------------------------------------------------------------

    @property
    def colours(self) -> dict[str, str]:
        return rich_colours(self.theme_variables)

    async def show_run(self, folder: RunFolder, history: History | None = None) -> None:
        await self.training.show(folder, history)
        await self.switch_mode("training")

    async def open_images(self, query: str) -> None:
        self.picked = query
        await self.action_view("mistakes")

    # -- messages ----------------------------------------------------------------------------------------------

    def on_devices_found(self, message: messages.DevicesFound) -> None:
        self.devices.found = message
        garbage.keep()  # the views
        for view in self.views.mounted():
            view.devices_found()
        wanted = lambda: self.is_running and not self.training.is_running  # noqa: E731
        threading.Thread(target=self.import_libraries, args=(wanted,), name="libraries", daemon=True).start()

    async def on_training_started(self) -> None:
        await self.switch_mode("training")
        self.call_after_refresh(self.training.confirm_visible)

    def on_engine_event(self, message: messages.EngineEvent) -> None:
        self.training.add(message.event)

    def on_run_followed(self, message: messages.RunFollowed) -> None:
        self.training.add_followed(message)

    def on_training_ended(self, message: messages.TrainingEnded) -> None:
        self.training.finish(message.error)
        if self.left_with is not None:
            self.exit(self.left_with, return_code=self.left_with)
        elif message.error is not None:
            for view in self.views.mounted():
                view.training_failed(message.error)

    def on_training_changed(self) -> None:
        self._show_status()
        if self.screen_stack:  # a training may still post after the last frame
            self.refresh_bindings()

    def on_subject_changed(self) -> None:
        for view in self.views.mounted():
            view.subject_changed()

    async def on_job_update(self, message: messages.JobUpdate) -> None:
        await message.deliver()

    def on_export_finished(self, message: messages.ExportFinished) -> None:
        self.copy_to_clipboard(str(message.path))
        self.set_timer(SHOWN_SECONDS, partial(self.exports.dismiss, self.exports.text))

    def on_exports_changed(self) -> None:
        for view in self.views.mounted():
            view.show_export()

    def _show_progress(self) -> None:
        view = self.views.on_top
        if self._status_revision != self.training.revision and view is not None and not view.KEEPS_UP:
            self._show_status()

    def _show_status(self) -> None:
        self._status_revision = self.training.revision
        view = self.views.on_top
        if view is not None:  # the others show it when they are opened
            view.show_status()

    def _redraw(self) -> None:
        """Texts carry their colours, so another theme means new texts."""
        self._show_status()
        for view in self.views.mounted():
            view.redraw()

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("pause", "stop"):
            return self.training.can_steer
        if action in ("view", "leave", "export_all"):
            return not self.screen.is_modal
        return True

    async def action_view(self, mode: str) -> None:
        if self.current_mode != mode:
            await self.switch_mode(mode)
        while len(self.screen_stack) > 1:  # such as the comparison that lies over Runs
            await self.pop_screen()

    def action_command_palette(self) -> None:
        from mnist_tui.tui.widgets.commands import Commands

        if not Commands.is_open(self):  # type: ignore[arg-type]  # it wants an app that returns nothing
            self.push_screen(Commands(id="--command-palette"))

    def action_pause(self) -> None:
        self.training.toggle_pause()

    def action_stop(self) -> None:
        self.training.stop()

    def action_export_all(self) -> None:
        """Write every view of the subject; while that is under way, cancel it."""
        if self.exports.is_running:
            self.exports.cancel()
            return
        # Runs' curves are those of the run under its cursor, and not as they would look in the Training view.
        views = [view for view in self.views.mounted() if view.MODE != "runs"]
        self.exports.export_all([state for view in views for state in view.export_states()])

    # -- the end -----------------------------------------------------------------------------------------------

    def action_leave(self) -> None:
        from mnist_tui.tui.widgets.dialogs import Question

        if not self.training.is_running:
            self.leave(0)
            return

        def answered(answer: str | None) -> None:
            if answer == "stop":
                self.leave(0)

        answers = {"stop": "stop it, keep its work and quit", "stay": "let it run"}
        self.push_screen(Question("quit?", self.training.description, answers), answered)

    async def action_quit(self) -> None:
        """What the palette and ctrl+q call."""
        self.action_leave()

    def leave(self, status: int) -> None:
        """Stop this console's training, wait a moment until its work is saved, and end with `status`."""
        self.left_with = status
        if self.training.stop_own():
            self.set_timer(LEAVE_SECONDS, partial(self.exit, status, return_code=status))
        else:
            self.exit(status, return_code=status)

    def hang_up(self) -> None:
        """Take the screen down, because the terminal is gone; a training runs on without it, see `tui.run`."""
        if not self.hung_up:
            self.hung_up = True
            detach_from_terminal()
            self.exit(0)


if TYPE_CHECKING:
    _: type[Console] = MnistTui  # has all that the views may ask for
