"""What all views share: the bar above, the keys below, a word where the terminal is too small."""

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

if TYPE_CHECKING:  # numpy comes with it, and the first frame must not wait for that
    from mnist_tui.engine.figures.settings import ViewState
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.engine.runs.history import History
    from mnist_tui.tui.contract import Console
    from mnist_tui.tui.widgets.export_dialog import ExportRequest


class View(QuickScreen[None]):
    """A screen with the tab bar and the key bar around `body`."""

    MODE: ClassVar[str] = ""
    """The mode that shows it; also its scope in the key table."""
    TITLE_WORDS: ClassVar[str] = ""
    MORE_SCOPES: ClassVar[tuple[str, ...]] = ()
    """Further scopes of the key table that work here."""
    NO_FIGURE: ClassVar[str] = "there is nothing to export here yet"
    """Said where the view can't become a figure."""
    DEFAULT_CSS = """
    View { layers: base over; }
    """
    KEEPS_UP: ClassVar[bool] = False
    """Whether it shows the status with a tick of its own: one redraw of the screen costs less than two."""
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (NEEDED[0], "-narrow"), (80, "-normal"), (120, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (NEEDED[1], "-short"), (24, "-medium"), (36, "-tall")]

    _top_bar: TopBar | None = None
    _host: Console | None = None

    def __init__(self) -> None:
        super().__init__()
        self.jobs = Jobs(self)
        """Work of the view in threads."""

    async def on_job_update(self, message: JobUpdate) -> None:
        await message.deliver()

    @property
    def console(self) -> Console:
        """The app, as far as views may use it; known to a thread that outlives the view, too."""
        if self._host is None:
            self._host = cast("Console", self.app)
        return self._host

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
        """The view's widgets."""
        yield from ()

    def on_mount(self) -> None:
        self.console.views.add(self)

    def on_unmount(self) -> None:
        self.console.views.remove(self)

    def on_screen_resume(self) -> None:
        self.show_status()
        self.show_export()

    def show_status(self) -> None:
        """Show the state of the training in the bar above."""
        words, colour = self.console.training.status
        if self._top_bar is not None:
            self._top_bar.status = Text(words, self.console.colours[colour])

    def show_export(self) -> None:
        """Show how far an export is, or where its files are."""
        for line in self.query(ExportLine):
            line.show(self.console.exports.text)

    def export_states(self) -> list[ViewState]:
        """The figures that the view can become as it stands, the most obvious one first."""
        return []

    def redraw(self) -> None:
        """Draw everything anew, in the theme's colours."""

    def devices_found(self) -> None:
        """The machine's devices are known now."""

    def subject_changed(self) -> None:
        """Another run, epoch or split is looked at, or more is known of it."""

    def training_failed(self, error: Exception) -> None:
        """The training of this console failed."""

    def back(self) -> None:
        """One step back: out of a field, then out of what lies over the view."""
        if self.focused is not None:
            self.set_focus(None)
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def action_step_back(self) -> None:
        """Remove the line about an export; without one, go one step back."""
        if not self.console.exports.dismiss():
            self.back()

    # -- dialogs -----------------------------------------------------------------------------------------------

    def action_help(self) -> None:
        """Show the keys that work here."""
        from mnist_tui.tui.widgets.dialogs import Help

        self.app.push_screen(Help(self.TITLE_WORDS, (self.MODE, *self.MORE_SCOPES)))

    def action_log(self) -> None:
        """Show what was logged."""
        from mnist_tui.tui.widgets.dialogs import Log

        self.app.push_screen(Log(self.console.log_lines))

    def offer_resume(self, folder: RunFolder, history: History) -> None:
        """Ask for how many epochs a stored run is resumed, and train it."""
        from mnist_tui.tui.widgets.dialogs import NumberQuestion

        training = self.console.training
        offer = training.resume_offer(folder, history)
        if offer is not None:
            dialog = NumberQuestion("resume?", offer.text, "epochs in all", offer.least, offer.most, offer.proposal)
            self.app.push_screen(dialog, partial(training.resume, offer))

    def action_export_view(self) -> None:
        """Ask how the view is wanted as a figure, and write it."""
        from mnist_tui.tui.widgets.export_dialog import ExportDialog

        exports = self.console.exports
        if exports.is_running:
            self.notify("figures are being written: E stops that")
            return
        states = self.export_states()
        if not states:
            self.notify(self.NO_FIGURE)
            return

        def answered(order: ExportRequest | None) -> None:
            if order is not None:
                exports.export_view(states[order.figure], order.name, order.preferences)

        folder = exports.folder_label(states[0].subject)
        self.app.push_screen(ExportDialog([state.view for state in states], folder, exports.preferences), answered)
