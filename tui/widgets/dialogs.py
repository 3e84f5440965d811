"""Small screens over a view: a question, the help, the log."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Button, Input, RichLog, Static

from mnist_tui.tui.keys import help_lines
from mnist_tui.tui.render.palette import rich_colours
from mnist_tui.tui.widgets.dialog import Dialog


class Question(Dialog[str]):
    """Asks something that has a few answers; `esc` gives the last one, which must be the harmless one."""

    BINDINGS = [
        Binding("escape", "harmless", "back", show=False),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]

    def __init__(self, title: str, body: str, answers: dict[str, str]) -> None:
        """`answers`: what each is called by, and its words."""
        super().__init__()
        self._title, self._body, self._answers = title, body, answers

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "↑ ↓ choose   enter take   esc back"
            yield Static(self._body, markup=False)
            with Vertical(id="answers"):
                for i, (name, words) in enumerate(self._answers.items()):
                    yield Button(words, id=name, compact=True, variant="primary" if i == 0 else "default")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id)

    def action_harmless(self) -> None:
        self.dismiss(list(self._answers)[-1])


class NumberQuestion(Dialog[int]):
    """Asks for a whole number; `esc` gives none."""

    BINDINGS = [Binding("escape", "dismiss", "back", show=False)]

    def __init__(self, title: str, body: str, label: str, low: int, high: int, proposal: int) -> None:
        """`low` to `high` are the answers that are taken."""
        super().__init__()
        self._title, self._body, self._label = title, body, label
        self._low, self._high, self._proposal = low, high, proposal

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "enter take   esc back"
            yield Static(self._body, markup=False)
            yield Static(f"{self._label} ({self._low:,} to {self._high:,})", markup=False, classes="label")
            yield Input(str(self._proposal), id="number", compact=True, type="integer")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        number = int(event.value) if event.value.strip().isdecimal() and len(event.value) < 10 else -1
        if self._low <= number <= self._high:
            self.dismiss(number)
        else:
            self.query_one("#dialog").border_subtitle = f"a whole number from {self._low:,} to {self._high:,}"


class _Reading(Dialog[None]):
    """Something to read; any of the usual keys closes it."""

    BINDINGS = [Binding("escape,q,question_mark,L", "dismiss", "close")]


LAST = (
    ("", "ctrl+p", "command palette: themes, screenshot and every command"),
    ("", "tab", "next field or pane; the mouse works everywhere too"),
)
WIDTH = 74
"""Columns of a dialog, as in the styles, where the terminal has them."""
NARROWEST = 20
"""Columns that the words have at least; in a terminal without them the help is hidden anyway."""
AROUND = 8
"""Columns of its border, its padding and its scroll bar."""


class Help(_Reading):
    """The keys of a view and those that work everywhere."""

    def __init__(self, title: str, scopes: tuple[str, ...]) -> None:
        """`scopes`: those of the key table that work in the view, its own first."""
        super().__init__()
        self._title, self._scopes = title, scopes
        self._columns = 0

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog") as dialog:
            dialog.border_title = "keys"
            dialog.border_subtitle = "↑ ↓ scroll   esc close"
            yield Static(self._words())

    def on_resize(self) -> None:
        if self._columns != self.app.size.width:
            self.query_one(Static).update(self._words())

    def _words(self) -> Text:
        """The keys in a column at the left, what they do at the right; a table of Rich's takes three times as long."""
        colours = rich_colours(self.app.theme_variables)
        parts = [
            (heading, list(help_lines(scopes)))
            for heading, scopes in ((self._title, self._scopes), ("Everywhere", ("everywhere",)))
        ]
        parts.append(("", list(LAST)))
        self._columns = self.app.size.width
        room = min(WIDTH, self._columns * 94 // 100) - AROUND
        column = max(cell_len(key) for _, lines in parts for _, key, _ in lines)
        room = max(NARROWEST, room - column - 4)
        text = Text()
        for heading, lines in parts:
            if heading:
                text.append(f"{' ' * (column + 4)}{heading}\n", f"bold {colours['primary']}")
            for _, key, words in lines:
                text.append(f"{' ' * (column - cell_len(key))}{key}    ", f"bold {colours['accent']}")
                text.append(f"\n{' ' * (column + 4)}".join(wrap(words, room)) + "\n")
            text.append("\n")
        text.rstrip()
        return text


class Log(_Reading):
    """What libraries and the engine said; the same lines stand in the run's log.txt."""

    def __init__(self, lines: Iterable[str]) -> None:
        super().__init__()
        self._lines = list(lines)

    def compose(self) -> ComposeResult:
        log = RichLog(id="dialog", wrap=True, markup=False, highlight=False)
        log.border_title = "log"
        log.border_subtitle = "↑ ↓ scroll   esc close"
        yield log

    def on_mount(self) -> None:
        log = self.query_one(RichLog)
        for line in self._lines or ["nothing was logged so far"]:
            log.write(line)
        log.focus()
