"""What all views share: the bar above, the keys below, a word where the terminal is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container

from mnist_tui.tui.speed.screen import QuickScreen
from mnist_tui.tui.terminal.capabilities import NEEDED
from mnist_tui.tui.widgets.export_line import ExportLine
from mnist_tui.tui.widgets.key_bar import KeyBar
from mnist_tui.tui.widgets.too_small import TooSmall
from mnist_tui.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:  # numpy comes with it, and the first frame must not wait for that
    from mnist_tui.engine.figures.settings import Standing
    from mnist_tui.tui.app import MnistTui


class View(QuickScreen[None]):
    """A screen with the tab bar and the key bar around `body`."""

    MODE: ClassVar[str] = ""
    """The mode that shows it; also its scope in the key table."""
    TITLE_WORDS: ClassVar[str] = ""
    MORE_SCOPES: ClassVar[tuple[str, ...]] = ()
    """Further scopes of the key table that work here."""
    ON_A_NETWORK: ClassVar[bool] = False
    """Whether it answers for the app's subject."""
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
    _app_seen: MnistTui | None = None

    @property
    def console_app(self) -> MnistTui:
        """The app, as what it is; a thread that still works when the view was taken down finds it too."""
        if self._app_seen is None:
            self._app_seen = cast("MnistTui", self.app)
        return self._app_seen

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
        self.console_app.opened_views.append(self)

    def on_unmount(self) -> None:
        self.console_app.opened_views.remove(self)

    def on_screen_resume(self) -> None:
        self.show_status(self.console_app.status)
        self.show_export(self.console_app.export_words)

    def show_status(self, status: Text) -> None:
        """Say what the training is doing, in the bar above."""
        if self._top_bar is not None:
            self._top_bar.status = status

    def show_export(self, words: str) -> None:
        """Say how far an export is, or where its files are."""
        for line in self.query(ExportLine):
            line.say(words)

    def standings(self) -> list[Standing]:
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
