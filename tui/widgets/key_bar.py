"""Footer with the keys that are currently available."""

from __future__ import annotations

from rich.text import Text
from textual.app import RenderResult
from textual.binding import Binding
from textual.events import Click
from textual.screen import Screen
from textual.widget import Widget

from mnist_tui.tui.render.palette import rich_colours

ALWAYS = ("step_epoch(-1)", "screen.help", "leave")
"""Actions that are shown however narrow the terminal is, at the right end; the scrubber is what views share."""

EXPORT = "screen.export_view"
"""Not shown if the screen has a false `can_export`; the key then says why there is nothing to export."""

ROOMY, TIGHT = 2, 1
"""Spaces between two keys; they are closer together where more keys fit by that."""

LAST = ("pause", "stop", EXPORT, "follow", "next_split", "resume_shown", "step_back")
"""Actions that are shown after those of one view alone, in this order."""


class KeyBar(Widget):
    """Footer that shows as many keys and labels as fit; clicking one presses the key.

    Unlike Textual's footer it does not scroll, so the help key is always visible.
    """

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._spots: list[tuple[int, int, str]] = []
        self._gap = ROOMY

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.app.screen:
            self.refresh()

    def render(self) -> RenderResult:
        hidden = () if getattr(self.screen, "can_export", True) else (EXPORT,)
        shown = [
            active
            for active in self.screen.active_bindings.values()
            if active.binding.show and active.enabled and active.binding.action not in hidden
        ]
        self._gap = ROOMY
        bindings = list({active.binding.action: active.binding for active in shown}.values())
        bindings.sort(key=lambda binding: LAST.index(binding.action) if binding.action in LAST else -1)
        fixed = sorted((b for b in bindings if b.action in ALWAYS), key=lambda b: ALWAYS.index(b.action))
        self._gap = ROOMY if sum(map(self._width, bindings)) <= self.size.width else TIGHT
        room = self.size.width - sum(map(self._width, fixed))
        text = Text(no_wrap=True, end="")
        self._spots = []
        for binding in bindings:
            if binding.action not in ALWAYS and text.cell_len + self._width(binding) <= room:
                self._append(text, binding)
        for binding in fixed:
            self._append(text, binding)
        return text

    def _width(self, binding: Binding) -> int:
        return len(self._key(binding)) + len(binding.description) + 1 + self._gap

    def _key(self, binding: Binding) -> str:
        return self.app.get_key_display(binding)

    def _append(self, text: Text, binding: Binding) -> None:
        colours = rich_colours(self.app.theme_variables)
        start = text.cell_len
        text.append(f" {self._key(binding)}", f"bold {colours['accent']}")
        text.append(f" {binding.description}{' ' * (self._gap - 1)}", colours["foreground"])
        self._spots.append((start, text.cell_len, binding.key))

    def on_click(self, event: Click) -> None:
        for start, end, key in self._spots:
            if start <= event.x < end:
                self.app.simulate_key(key)
