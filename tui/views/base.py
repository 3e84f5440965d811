"""Base class of all views: top bar, key bar, and a message if the terminal is too small."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container

from mnist_tui.tui.messages import JobUpdate
from mnist_tui.tui.speed.screen import QuickScreen
from mnist_tui.tui.state.jobs import Jobs
from mnist_tui.tui.terminal.capabilities import NEEDED
from mnist_tui.tui.widgets.export_line import ExportLine
from mnist_tui.tui.widgets.key_bar import KeyBar
from mnist_tui.tui.widgets.too_small import TooSmall
from mnist_tui.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:  # imports numpy, which is too slow for the first frame
    from mnist_tui.engine.figures.settings import ViewState
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.engine.runs.history import History
    from mnist_tui.tui.contract import Console
    from mnist_tui.tui.widgets.export_dialog import ExportRequest


RUN_VIEWS = ("training", "confusion", "mistakes", "projection", "imagine", "weights")
"""Modes of the views that show a run."""


class View(QuickScreen[None]):
    """Screen with the tab bar and the key bar around `body`."""

    MODE: ClassVar[str] = ""
    """Mode of the app, and scope in the key table."""
    HELP_TITLE: ClassVar[str] = ""
    MORE_SCOPES: ClassVar[tuple[str, ...]] = ()
    """Additional scopes of the key table."""
    NO_FIGURE: ClassVar[str] = "nothing to export yet"
    """Message if there is nothing to export."""
    DEFAULT_CSS = """
    View { layers: base over; }
    """
    IN_EXPORT_ALL: ClassVar[bool] = True
    """Whether the states of the view are those of the selected run, so that an export of all views uses them."""
    UPDATES_STATUS: ClassVar[bool] = False
    """Whether the view updates the status at its own interval, to save repaints."""
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (NEEDED[0], "-narrow"), (80, "-normal"), (120, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (NEEDED[1], "-short"), (24, "-medium"), (36, "-tall")]

    _top_bar: TopBar | None = None
    _app_console: Console | None = None

    def __init__(self) -> None:
        super().__init__()
        self.jobs = Jobs(self)
        """Background jobs of the view."""

    async def on_job_update(self, message: JobUpdate) -> None:
        await message.deliver()

    @property
    def console(self) -> Console:
        """The app as seen by views; cached for threads that outlive the view."""
        if self._app_console is None:
            self._app_console = cast("Console", self.app)
        return self._app_console

    def compose(self) -> ComposeResult:
        yield from super().compose()
        self._top_bar = TopBar(self.MODE)
        yield self._top_bar
        with Container(id="body"):
            yield from self.body()
        yield TooSmall()
        yield ExportLine()
        yield KeyBar()

    def body(self) -> ComposeResult:
        """Yield the widgets of the view."""
        yield from ()

    def on_mount(self) -> None:
        self.console.views.add(self)

    def on_unmount(self) -> None:
        self.console.views.remove(self)

    def on_screen_resume(self) -> None:
        self.show_status()
        self.show_export()

    def show_status(self) -> None:
        """Show the state of the training in the top bar."""
        label, colour = self.console.training.status
        if self._top_bar is not None:
            self._top_bar.status = Text(label, self.console.colours[colour])

    def show_export(self) -> None:
        """Show the status line of the exports."""
        for line in self.query(ExportLine):
            line.show(self.console.exports.text)

    def export_states(self) -> list[ViewState]:
        """Return the states of the view that can be exported as figures, the default one first."""
        return []

    @property
    def can_export(self) -> bool:
        """Whether `export_states` has any; must be fast."""
        return True

    def redraw(self) -> None:
        """Draw everything again, in the colours of the theme."""

    def devices_found(self) -> None:
        """Called when the devices have been detected."""

    def newest_found(self) -> None:
        """Called when the newest run of the runs folder is known, or is another one than before."""

    def subject_changed(self) -> None:
        """Called when the selected run, epoch or split has changed, or the run has new epochs."""

    def training_failed(self, error: Exception) -> None:
        """Called when this console's training has failed."""

    def back(self) -> None:
        """Go one step back: leave a field, then a screen on top of the view."""
        if self.focused is not None:
            self.set_focus(None)
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def action_step_back(self) -> None:
        """Clear the status line of an export; without one, go one step back."""
        if not self.console.exports.dismiss():
            self.back()

    # -- the newest run ----------------------------------------------------------------------------------------

    @property
    def offers_newest(self) -> bool:
        """Whether `o` opens the newest run, because the view has none to show."""
        return False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "open_newest":
            return self.offers_newest and self.console.newest.summary is not None
        if action == "resume_newest":
            newest = self.console.newest.summary
            return newest is not None and not newest.live and not self.console.training.is_running
        return True

    async def action_open_newest(self) -> None:
        """Show the newest run, or follow the one in training."""
        newest = self.console.newest.summary
        if newest is not None:
            await self.console.show_run(newest.folder, None, self.MODE if self.MODE in RUN_VIEWS else "training")

    def action_resume_newest(self) -> None:
        """Ask for the number of epochs and resume the newest run."""
        from mnist_tui.engine.runs.history import History

        newest = self.console.newest.summary
        if newest is not None:
            folder = newest.folder
            self.jobs.start(
                "resume",
                lambda job: History.of(folder.events()),
                on_result=lambda history: self.offer_resume(folder, history),
                failure="the run can't be read",
            )

    # -- dialogs -----------------------------------------------------------------------------------------------

    def action_help(self) -> None:
        """Show what the view shows, and its keys."""
        from mnist_tui.tui.render.explanations import EXPLANATIONS
        from mnist_tui.tui.widgets.dialogs import Help

        self.app.push_screen(Help(self.HELP_TITLE, (self.MODE, *self.MORE_SCOPES), EXPLANATIONS[self.MODE]))

    def action_log(self) -> None:
        """Show the log."""
        from mnist_tui.tui.widgets.dialogs import Log

        self.app.push_screen(Log(self.console.log_lines))

    def offer_resume(self, folder: RunFolder, history: History) -> None:
        """Ask for the number of epochs and resume a stored run."""
        from mnist_tui.tui.widgets.dialogs import NumberQuestion

        resumption = self.console.resumption
        offer = resumption.offer(folder, history)
        if offer is not None:
            dialog = NumberQuestion(
                "resume?", offer.text, "total epochs", offer.min_epochs, offer.max_epochs, offer.default_epochs
            )
            self.app.push_screen(dialog, partial(resumption.resume, offer))

    def action_export_view(self) -> None:
        """Ask for the export options and export the view."""
        from mnist_tui.tui.widgets.export_dialog import ExportDialog

        exports = self.console.exports
        if exports.is_running:
            self.notify("an export is running: press E to cancel it")
            return
        states = self.export_states()
        if not states:
            self.notify(self.NO_FIGURE)
            return

        def start_export(request: ExportRequest | None) -> None:
            if request is not None:
                exports.export_view(states[request.figure], request.name, request.preferences)

        folder = exports.folder_label(states[0].subject)
        self.app.push_screen(ExportDialog([state.view for state in states], folder, exports.preferences), start_export)
