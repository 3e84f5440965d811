"""Dialog for the options of an export."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Static

from mnist_tui.tui.state.preferences import Preferences
from mnist_tui.tui.widgets.dialog import Dialog
from mnist_tui.tui.widgets.fields import Choice, LineField

FORMATS = ("png", "svg", "pdf")


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """The options confirmed in the dialog."""

    figure: int
    """Index among the figures of the view."""
    name: str
    preferences: Preferences


class ExportDialog(Dialog[ExportRequest | None]):
    """Form for name, folder, format, size, resolution and data; `enter` confirms it from any field."""

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
        Binding("enter", "confirm", show=False, priority=True),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, figures: list[str], folder: str, preferences: Preferences) -> None:
        """Create the dialog for the figures of a view; `folder` is the default output folder."""
        super().__init__()
        self._figures, self._folder, self._preferences = figures, folder, preferences

    def compose(self) -> ComposeResult:
        initial = self._preferences
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "export this view"
            dialog.border_subtitle = "↑ ↓ fields   ← → choices   enter export   esc back"
            if len(self._figures) > 1:
                yield from self._row("Figure", Choice(self._figures, self._figures[0], id="export-figure"))
            yield from self._row("Name", LineField(placeholder=self._figures[0], id="export-name"))
            folder = LineField(initial.folder, placeholder=self._folder, id="export-folder")
            yield from self._row("Folder", folder)
            yield from self._row("Format", Choice(FORMATS, initial.format, id="export-format"))
            yield from self._row("Size", LineField(initial.size, placeholder="auto", id="export-size"))
            yield from self._row("Pixels/inch", LineField(initial.dpi, placeholder="150", id="export-dpi"))
            yield from self._row("With data", Choice(("no", "yes"), initial.numbers, id="export-numbers"))
            yield Static("Size: auto, or inches such as 7x5. E exports all views with these options.", id="export-hint")

    def _row(self, label: str, field: Choice | Input) -> ComposeResult:
        with Horizontal(classes="row"):
            yield Label(label)
            yield field

    def on_mount(self) -> None:
        self.query_one("#export-name").focus()

    def on_choice_changed(self, event: Choice.Changed) -> None:
        if event.choice.id == "export-figure":
            self.query_one("#export-name", Input).placeholder = event.choice.value

    def action_confirm(self) -> None:
        """Close the dialog with the values of the fields."""

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
        self.dismiss(ExportRequest(figure, text("name"), preferences))
