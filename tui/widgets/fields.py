"""One-line form fields."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import RenderResult
from textual.binding import Binding
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from mnist_tui.tui.render.palette import rich_colours


class Choice(Widget, can_focus=True):
    """Selection of one of a few values by the left and right arrow keys."""

    DEFAULT_CSS = """
    Choice { height: 1; background: $surface; }
    Choice:focus { background: $primary 30%; }
    """
    BINDINGS = [
        Binding("left", "step(-1)", "previous", show=False),
        Binding("right", "step(1)", "next", show=False),
    ]

    value: reactive[str] = reactive("")

    class Changed(Message):
        """The value has changed."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice
            """The field with the new value."""

        @property
        def control(self) -> Choice:
            return self.choice

    def __init__(self, options: Sequence[str], value: str, *, id: str) -> None:
        super().__init__(id=id)
        self.options = list(options)
        self.set_reactive(Choice.value, value)

    def render(self) -> RenderResult:
        index = self.options.index(self.value) if self.value in self.options else 0
        left, right = ("‹" if index else " "), ("›" if index < len(self.options) - 1 else " ")
        accent = rich_colours(self.app.theme_variables)["accent"]
        return Text.assemble((left, accent), " ", self.value, " ", (right, accent), no_wrap=True, overflow="ellipsis")

    def action_step(self, by: int) -> None:
        index = self.options.index(self.value) if self.value in self.options else 0
        self._choose(max(0, min(len(self.options) - 1, index + by)))

    def on_click(self, event: Click) -> None:
        self.action_step(-1 if event.x < 2 else 1)

    def _choose(self, index: int) -> None:
        if self.options[index] != self.value:
            self.value = self.options[index]
            self.post_message(self.Changed(self))
