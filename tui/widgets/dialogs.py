"""Dialogs: questions, the help and the log."""

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
from mnist_tui.tui.render.explanations import Explanation
from mnist_tui.tui.render.palette import rich_colours
from mnist_tui.tui.widgets.dialog import Dialog
from mnist_tui.tui.widgets.fields import LineField


class Question(Dialog[str]):
    """Multiple-choice question; the first answer has the focus and must be harmless, `esc` gives none."""

    BINDINGS = [
        Binding("escape", "dismiss", "back", show=False),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]

    def __init__(self, title: str, body: str, answers: dict[str, str]) -> None:
        """Create a question; `answers` maps the result of each answer to its label."""
        super().__init__()
        self._title, self._body, self._answers = title, body, answers

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "↑ ↓ select   enter confirm   esc back"
            yield Static(self._body, markup=False)
            with Vertical(id="answers"):
                for i, (name, label) in enumerate(self._answers.items()):
                    yield Button(label, id=name, compact=True, variant="primary" if i == 0 else "default")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id)


class NumberQuestion(Dialog[int]):
    """Prompt for a whole number; `esc` cancels it."""

    BINDINGS = [Binding("escape", "dismiss", "back", show=False)]

    def __init__(self, title: str, body: str, label: str, low: int, high: int, proposal: int) -> None:
        """Create a prompt for a number from `low` to `high`."""
        super().__init__()
        self._title, self._body, self._label = title, body, label
        self._low, self._high, self._proposal = low, high, proposal

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "enter confirm   esc back"
            yield Static(self._body, markup=False)
            yield Static(f"{self._label} ({self._low:,} to {self._high:,})", markup=False, classes="label")
            yield LineField(str(self._proposal), id="number", type="integer")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        number = int(event.value) if event.value.strip().isdecimal() and len(event.value) < 10 else -1
        if self._low <= number <= self._high:
            self.dismiss(number)
        else:
            hint = f"enter a whole number from {self._low:,} to {self._high:,}"
            self.query_one("#dialog").border_subtitle = hint


class _Reader(Dialog[None]):
    """Dialog with text to read."""

    BINDINGS = [Binding("escape,q,question_mark,L", "dismiss", "close")]


TEXTUAL_KEYS = (
    ("", "ctrl+p", "command palette: every key, recent runs, themes, screenshot"),
    ("", "tab", "next field or pane; everything can be done with the mouse too"),
)
WIDTH = 110
"""Maximum width of the help in columns; it has more to say than other dialogs."""
MIN_TEXT_WIDTH = 20
"""Minimum width of the help texts in columns; narrower terminals do not show dialogs."""
GAP = 3
"""Columns between the two columns of the help."""
DECORATION = 8
"""Columns of the border, the padding and the scroll bar."""


class Help(_Reader):
    """What a view shows and what its numbers mean, its keys, and the keys that are available everywhere."""

    def __init__(self, title: str, scopes: tuple[str, ...], explanation: Explanation) -> None:
        """Create the help for the given scopes of the key table; that of the view comes first."""
        super().__init__()
        self._title, self._scopes, self._explanation = title, scopes, explanation
        self._columns = 0

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog") as dialog:
            dialog.border_title = "help"
            dialog.styles.width = WIDTH
            dialog.border_subtitle = "↑ ↓ scroll   esc close"
            yield Static(self._text())

    def on_resize(self) -> None:
        if self._columns != self.app.size.width:
            self.query_one(Static).update(self._text())

    def _text(self) -> Text:
        """Return terms, keys and their descriptions in two columns; a Rich table takes three times as long."""
        colours = rich_colours(self.app.theme_variables)
        parts = [
            (heading, _with_views_together(help_lines(scopes)))
            for heading, scopes in ((self._title, self._scopes), ("Everywhere", ("everywhere",)))
        ]
        parts.append(("", list(TEXTUAL_KEYS)))
        if self._explanation.terms:
            parts.insert(1, ("What the numbers mean", [("", *term) for term in self._explanation.terms]))
        self._columns = self.app.size.width
        width = max(MIN_TEXT_WIDTH, min(WIDTH, self._columns * 94 // 100) - DECORATION)
        column = max(cell_len(key) for _, lines in parts for _, key, _ in lines)
        room = max(MIN_TEXT_WIDTH, width - column - GAP)
        text = Text("\n".join(wrap(self._explanation.about, width)) + "\n\n")
        for heading, lines in parts:
            if heading:
                text.append(f"{' ' * (column + GAP)}{heading}\n", f"bold {colours['primary']}")
            for _, key, description in lines:
                text.append(f"{' ' * (column - cell_len(key))}{key}{' ' * GAP}", f"bold {colours['accent']}")
                text.append(f"\n{' ' * (column + GAP)}".join(wrap(description, room)) + "\n")
            text.append("\n")
        text.rstrip()
        return text


def _with_views_together(lines: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return the lines of the help with a single one for the keys of the views."""
    views = [line for line in lines if line[0] == "everywhere" and line[1].isdecimal()]
    if not views:
        return lines
    titles = ", ".join(description.removeprefix("open ") for _, _, description in views)
    together = ("everywhere", f"{views[0][1]} … {views[-1][1]}", f"open {titles}")
    return [together, *(line for line in lines if line not in views)]


class Log(_Reader):
    """Log messages of the engine and of libraries, which are also in the run's log.txt."""

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
        for line in self._lines or ["no log messages yet"]:
            log.write(line)
        log.focus()
