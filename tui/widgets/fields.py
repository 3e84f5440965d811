"""One-line form fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rich.text import Text
from textual.app import RenderResult
from textual.events import Blur, Click, Key, MouseDown, Paste
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.palette import rich_colours

MAX_LENGTH = 4096
"""Maximum length of a text in characters, which is also that of a path; checks and messages repeat the text."""


class Start(Widget, can_focus=True):
    """Button that starts the training; `enter` is a key of the view."""

    DEFAULT_CSS = """
    Start { height: 1; background: $surface; pointer: pointer; }
    Start:focus { background: $primary 40%; text-style: bold; }
    """

    class Pressed(Message):
        """The button was clicked."""

    def render(self) -> RenderResult:
        return Text.assemble((" ▶ ", rich_colours(self.app.theme_variables)["accent"]), "Start training", no_wrap=True)

    def on_click(self) -> None:
        self.post_message(self.Pressed())


class LineField(Input):
    """One-line text of limited length; the terminal's bell says that a longer one was not pasted."""

    def __init__(
        self, value: str = "", placeholder: str = "", *, id: str, type: Literal["integer", "text"] = "text"
    ) -> None:
        super().__init__(value, placeholder, id=id, type=type, compact=True, max_length=MAX_LENGTH)


class TextField(LineField):
    """One-line text that is edited only after `enter`, a click or a paste; until then every key is the view's."""

    DEFAULT_CSS = """
    TextField > .input--cursor { background: transparent; color: $foreground; text-style: none; }
    TextField.-editing > .input--cursor { background: $input-cursor-background; color: $input-cursor-foreground;
        text-style: $input-cursor-text-style; }
    """
    BINDINGS = bindings("field")

    is_editing: reactive[bool] = reactive(False, bindings=True)
    """Whether typed characters change the text."""

    class Toggled(Message):
        """Editing has begun or ended."""

    def __init__(self, value: str, placeholder: str, *, id: str) -> None:
        super().__init__(value, placeholder, id=id)
        self.select_on_focus = False

    def watch_is_editing(self, is_editing: bool) -> None:
        self.set_class(is_editing, "-editing")
        if self.is_attached:
            self.post_message(self.Toggled())

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return self.is_editing and super().check_consume_key(key, character)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return (action != "edit") is self.is_editing

    def on_key(self, event: Key) -> None:
        if not self.is_editing:
            event.prevent_default()  # Input would insert the character

    def on_paste(self, event: Paste) -> None:
        if not self.is_editing:
            self.action_edit()

    def on_mouse_down(self, event: MouseDown) -> None:
        self.is_editing = True

    def on_blur(self, event: Blur) -> None:
        if self.app.app_focus:  # otherwise the terminal has lost the focus, and will return it to this field
            self.is_editing = False

    def action_edit(self) -> None:
        """Begin editing, with the text selected."""
        self.is_editing = True
        self.select_all()

    def action_finish(self) -> None:
        """End editing, and keep the text."""
        self.is_editing = False
        self.cursor_position = len(self.value)


class FilterField(LineField):
    """Filter of a list, whose keys are named in the footer."""

    BINDINGS = bindings("filter")

    def __init__(self, placeholder: str, *, id: str) -> None:
        super().__init__(placeholder=placeholder, id=id)


class Choice(Widget, can_focus=True):
    """Selection of one of a few values by the left and right arrow keys, or by `enter`, which wraps around."""

    DEFAULT_CSS = """
    Choice { height: 1; background: $surface; }
    Choice:focus { background: $primary 30%; }
    """
    BINDINGS = bindings("choice")

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

    def action_next(self) -> None:
        index = self.options.index(self.value) if self.value in self.options else -1
        self._choose((index + 1) % len(self.options))

    def on_click(self, event: Click) -> None:
        self.action_step(-1 if event.x < 2 else 1)

    def _choose(self, index: int) -> None:
        if self.options[index] != self.value:
            self.value = self.options[index]
            self.post_message(self.Changed(self))
