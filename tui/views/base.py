"""What all views share: the bar above, the keys below, a word where the terminal is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import ScreenResume
from textual.geometry import Size
from textual.screen import Screen

from mnist_tui.tui.terminal.capabilities import NEEDED
from mnist_tui.tui.widgets.export_line import ExportLine
from mnist_tui.tui.widgets.key_bar import KeyBar
from mnist_tui.tui.widgets.too_small import TooSmall
from mnist_tui.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:  # numpy comes with it, and the first frame must not wait for that
    from mnist_tui.engine.figures.settings import Standing
    from mnist_tui.tui.app import MnistTui


class View(Screen[None]):
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
    styled_for = ""
    """The theme of its styles."""
    _is_drawn = False
    _app_seen: MnistTui | None = None

    @property
    def console_app(self) -> MnistTui:
        """The app, as what it is; a thread that still works when the view was taken down finds it too."""
        if self._app_seen is None:
            self._app_seen = cast("MnistTui", self.app)
        return self._app_seen

    def compose(self) -> ComposeResult:
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

    def _screen_resized(self, size: Size) -> None:
        """Textual's way to show a screen again: lay it out, draw what changed, and then everything once more."""
        if size != self._compositor.size or not self.stack_updates or not self.is_current:
            super()._screen_resized(size)
        elif self is self.app.screen:  # else a dialog that was laid out for the first time lies over it
            self._draw_again()

    def _draw_again(self) -> None:
        """Draw everything once, and lay it out only where that changed meanwhile: a key waits for it."""
        self._repaint_required = False  # which was set when it was left
        self._compositor._dirty_regions.add(self.size.region)
        if self._layout_required:
            self._layout_required = False
            self._refresh_layout()
        else:
            self._compositor.update_widgets(self._dirty_widgets)
            self._compositor_refresh()
        self._is_drawn = True

    def _on_screen_resume(self, event: ScreenResume) -> None:
        # To find every style anew takes longer than to draw the view, and only another theme or the first visit asks
        # for it.
        event.refresh_styles = self.styled_for != self.app.theme
        self.styled_for = self.app.theme
        if self._is_drawn:
            self._is_drawn = False
            if not event.refresh_styles:  # what Textual does, but for drawing everything
                event.prevent_default()
                self.stack_updates += 1
                self.app._refresh_notifications()
                self._update_auto_focus()
        self.show_status(self.console_app.status)
        self.show_export(self.console_app.export_words)

    def show_status(self, status: Text) -> None:
        """Say what the training is doing, in the bar above."""
        if self._top_bar is not None:
            self._top_bar.status = status

    def show_export(self, words: str) -> None:
        """Say how far an export is, or where its files are."""
        for line in self.query(ExportLine):
            line.show(words)

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
