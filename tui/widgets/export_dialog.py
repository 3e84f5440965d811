"""What a figure is to become: asked before a view is exported."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Static

from mnist_tui.tui.state.preferences import Preferences
from mnist_tui.tui.widgets.dialog import Dialog
from mnist_tui.tui.widgets.fields import Choice

FORMATS = ("png", "svg", "pdf")


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for."""

    figure: int
    """Which of the view's figures."""
    name: str
    preferences: Preferences


class ExportDialog(Dialog[Order | None]):
    """Asks for name, folder, format, size, resolution and numbers; `enter` takes it from any field."""

    DEFAULT_CSS = """
    ExportDialog #dialog { padding: 0 2; }
    ExportDialog .row { height: 1; }
    ExportDialog .row Label { width: 12; color: $text-muted; }
    ExportDialog .row:focus-within Label { color: $accent; text-style: bold; }
    ExportDialog .row Input, ExportDialog .row Choice { width: 1fr; background: $background; }
    ExportDialog .row Input { padding: 0 2; }
    ExportDialog .row Input:focus { background: $primary 30%; }
    ExportDialog #export-hint { color: $text-muted; height: auto; margin-top: 1; }
    """
    BINDINGS = [
        Binding("escape", "dismiss(None)", "back", show=False),
        Binding("enter", "take", show=False, priority=True),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, figures: list[str], folder: str, preferences: Preferences) -> None:
        """`figures`: names of those that the view can become; `folder`: where they go unless another is named."""
        super().__init__()
        self._figures, self._folder, self._preferences = figures, folder, preferences

    def compose(self) -> ComposeResult:
        wanted = self._preferences
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "export this view"
            dialog.border_subtitle = "↑ ↓ fields   ← → choices   enter write   esc back"
            if len(self._figures) > 1:
                yield from self._row("Figure", Choice(self._figures, self._figures[0], id="export-figure"))
            yield from self._row("Name", Input(placeholder=self._figures[0], id="export-name", compact=True))
            folder = Input(wanted.folder, placeholder=self._folder, id="export-folder", compact=True)
            yield from self._row("Folder", folder)
            yield from self._row("Format", Choice(FORMATS, wanted.format, id="export-format"))
            yield from self._row("Size", Input(wanted.size, placeholder="auto", id="export-size", compact=True))
            yield from self._row("Pixels/inch", Input(wanted.dpi, placeholder="150", id="export-dpi", compact=True))
            yield from self._row("Numbers too", Choice(("no", "yes"), wanted.numbers, id="export-numbers"))
            yield Static("Size is auto or inches such as 7x5. E exports every view in this way.", id="export-hint")

    def _row(self, label: str, field: Choice | Input) -> ComposeResult:
        with Horizontal(classes="row"):
            yield Label(label)
            yield field

    def on_mount(self) -> None:
        self.query_one("#export-name").focus()

    def on_choice_changed(self, event: Choice.Changed) -> None:
        if event.choice.id == "export-figure":
            self.query_one("#export-name", Input).placeholder = event.choice.value

    def action_take(self) -> None:
        """End with what the fields say."""

        def text(name: str) -> str:
            return self.query_one(f"#export-{name}", Input).value.strip()

        def choice(name: str) -> str:
            return self.query_one(f"#export-{name}", Choice).value

        figure = self._figures.index(choice("figure")) if len(self._figures) > 1 else 0
        preferences = Preferences(
            folder=text("folder"),
            format=choice("format"),
            size=text("size") or "auto",
            dpi=text("dpi") or "150",
            numbers=choice("numbers"),
        )
        self.dismiss(Order(figure, text("name"), preferences))
