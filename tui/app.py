"""The console app: owns the state objects and routes messages and keys."""

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
from mnist_tui.tui.state.newest_run import NewestRun
from mnist_tui.tui.state.resumption import Resumption
from mnist_tui.tui.state.scrubber import Scrubber
from mnist_tui.tui.state.training import Trainings
from mnist_tui.tui.terminal import logs
from mnist_tui.tui.terminal.hangup import detach_from_terminal
from mnist_tui.tui.terminal.signals import handle_signals
from mnist_tui.tui.views.opened import OpenedViews
from mnist_tui.tui.views.registry import CLASSES, import_view, make_view

if TYPE_CHECKING:  # not imported before the first frame
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.engine.runs.history import History
    from mnist_tui.tui.contract import Console

LOG_LINES = 2000
STATUS_SECONDS = 0.4  # interval at which the status in the top bar is updated during training
LEAVE_SECONDS = 0.7  # maximum time that quitting waits for the training to save


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
        view: str = "",
        theme: str = "",
        driver_class: type[Driver] | None = None,
    ) -> None:
        """`config`: initial settings of the form; `attached`, `view`: a run and a view to show at the start."""
        super().__init__(driver_class=driver_class)
        # Textual removes NO_COLOR from the environment before Rich reads it.
        self.console.no_color = self.no_color
        self.runs_dir = runs_dir
        self.config = config or RunConfig()
        self.pending_filter, self.pending_from = "", ""
        self.devices = Devices(self.post_message)
        self.analyst = Analyst()
        self.analyst.data_dir = data_dir
        self.scrubber = Scrubber(self.post_message)
        self.training = Trainings(self.post_message, self.scrubber, self.analyst, runs_dir)
        self.resumption = Resumption(self.post_message, self.training, self.analyst)
        jobs, self.views = Jobs(self), OpenedViews(self)
        self.newest = NewestRun(jobs, runs_dir, self.views.mounted)
        self.exports = Exports(self.post_message, jobs, self.scrubber, self.analyst, runs_dir)
        self.log_lines: deque[str] = deque(maxlen=LOG_LINES)
        self.exit_status: int | None = None  # requested by a key or a signal
        self.hung_up = False  # whether the terminal was closed
        self._attached, self._first_view = attached, view
        self.theme = theme if theme in self.available_themes else self.theme
        self._status_revision = 0

    def on_mount(self) -> None:
        logs.collect(self.log_lines)
        handle_signals({signal.SIGTERM: partial(self.leave, 128 + signal.SIGTERM), signal.SIGHUP: self.hang_up})
        self.set_interval(STATUS_SECONDS, self._show_progress)
        self.theme_changed_signal.subscribe(self, lambda theme: self.call_after_refresh(self._redraw))
        self.call_after_refresh(self._open_first)
        self.prepare_views(import_view, self.devices.detect)

    async def _open_first(self) -> None:
        if self._attached is not None:
            await self.show_run(self._attached, None, self._first_view or "training")
        elif self._first_view:
            await self.action_view(self._first_view)
        self.newest.look()

    def on_terminal_lost(self) -> None:
        self.hang_up()

    # -- the Console protocol ----------------------------------------------------------------------------------

    @property
    def colours(self) -> dict[str, str]:
        return rich_colours(self.theme_variables)

    async def show_run(self, folder: RunFolder, history: History | None = None, view: str = "training") -> None:
        if await self.training.show(folder, history):
            await self.switch_mode(view)

    async def open_images(self, query: str) -> None:
        self.pending_filter, self.pending_from = query, self.current_mode
        await self.action_view("mistakes")

    # -- messages ----------------------------------------------------------------------------------------------

    def on_devices_found(self, message: messages.DevicesFound) -> None:
        self.devices.found = message
        garbage.freeze()  # the views
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
        if self.exit_status is not None or self.training.handover is not None:
            self.exit(self.exit_status or 0, return_code=self.exit_status or 0)
        elif message.error is not None:
            for view in self.views.mounted():
                view.training_failed(message.error)

    def on_training_changed(self) -> None:
        self._show_status()
        if self.screen_stack:  # messages may arrive after the last frame
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
        if self._status_revision != self.training.revision and view is not None and not view.UPDATES_STATUS:
            self._show_status()

    def _show_status(self) -> None:
        self._status_revision = self.training.revision
        if (view := self.views.on_top) is not None:  # other views update when they are opened
            view.show_status()

    def _redraw(self) -> None:
        """Redraw everything after a change of theme, because texts contain colours."""
        self._show_status()
        for view in self.views.mounted():
            view.redraw()

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("pause", "stop"):
            return self.training.can_steer
        return action not in ("view", "leave", "export_all") or not self.screen.is_modal

    async def action_view(self, mode: str) -> None:
        if self.current_mode != mode:
            await self.switch_mode(mode)
        while len(self.screen_stack) > 1:  # such as the comparison on top of Runs
            await self.pop_screen()

    def action_command_palette(self) -> None:
        from mnist_tui.tui.widgets.commands import Commands

        if not Commands.is_open(self):  # type: ignore[arg-type]  # it expects App[None]
            self.push_screen(Commands(self, self.screen))

    def action_pause(self) -> None:
        self.training.toggle_pause()

    def action_stop(self) -> None:
        self.training.stop()

    def action_export_all(self) -> None:
        """Export all views of the subject; cancel a running export."""
        if self.exports.is_running:
            self.exports.cancel()
            return
        views = [view for view in self.views.mounted() if view.IN_EXPORT_ALL]
        self.exports.export_all([state for view in views for state in view.export_states()])

    # -- leaving -----------------------------------------------------------------------------------------------

    def action_leave(self) -> None:
        from mnist_tui.tui.widgets.quit_question import QuitQuestion

        if self.training.is_running:
            question = QuitQuestion(self.training, stop=partial(self.leave, 0))
            self.push_screen(question, question.act)
        else:
            self.leave(0)

    async def action_quit(self) -> None:
        """Leave; called by the command palette and ctrl+q."""
        self.action_leave()

    def leave(self, status: int) -> None:
        """Stop this console's training, give it a moment to save, and exit with `status`."""
        self.exit_status = status
        if self.training.stop_own():
            self.set_timer(LEAVE_SECONDS, partial(self.exit, status, return_code=status))
        else:
            self.exit(status, return_code=status)

    def hang_up(self) -> None:
        """Close the app because the terminal is gone; a training continues without it, see `tui.run`."""
        if not self.hung_up:
            self.hung_up = True
            detach_from_terminal()
            self.exit(0)


if TYPE_CHECKING:
    _: type[Console] = MnistTui  # implements the protocol
