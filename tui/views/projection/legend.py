"""The classes of a picture: which colour each has, and whether it is shown."""

from __future__ import annotations

from rich.text import Text
from textual.app import RenderResult
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.class_colours import class_colours
from mnist_tui.tui.render.palette import rich_colours
from mnist_tui.tui.terminal.capabilities import speaks_utf8

COLUMNS = 2


class Legend(Widget, can_focus=True):
    """Classes in two columns; with the focus, arrows choose one and enter shows or hides it."""

    DEFAULT_CSS = """
    Legend { height: auto; }
    """
    BINDINGS = bindings("legend")

    place: reactive[int] = reactive(0)
    """The class that enter acts on."""
    names: reactive[tuple[str, ...]] = reactive((), layout=True)
    counts: reactive[tuple[int, ...]] = reactive(())
    """Points of each class."""
    shown: reactive[tuple[bool, ...]] = reactive(())
    """Whether each class is shown."""

    class Changed(Message):
        """Other classes are shown."""

    @property
    def rows(self) -> int:
        return -(-len(self.names) // COLUMNS)

    def describe(self, names: tuple[str, ...], counts: tuple[int, ...]) -> None:
        """Take notice of a data set's classes; what is hidden stays hidden as long as they are as many."""
        if len(self.shown) != len(names):
            self.shown, self.place = (True,) * len(names), 0
        self.names, self.counts = names, counts

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return max(1, self.rows)

    def render(self) -> RenderResult:
        colours = rich_colours(self.app.theme_variables)
        inks = class_colours(self.app.current_theme, self.app.console)
        on, off = ("●", "○") if speaks_utf8(self.app.console) else ("*", "-")
        width = self.content_size.width // COLUMNS
        lines = []
        for row in range(self.rows):
            line = Text(no_wrap=True)
            for i in range(row, len(self.names), max(1, self.rows)):
                name, shown = self.names[i], self.shown[i]
                item = Text()
                item.append(f"{on if shown else off} ", inks[i % len(inks)])
                words = f"{i % 10}" if name.isdigit() else f"{i % 10} {name}"
                style = colours["foreground"] if shown else colours["secondary"]
                item.append(words, f"{style} reverse" if self.has_focus and i == self.place else style)
                count = f"{self.counts[i]:,}"
                if item.cell_len + len(count) + 2 <= width - 1:
                    item.append(f"  {count}", colours["secondary"])
                item.truncate(width - 1, overflow="ellipsis")
                item.pad_right(width - item.cell_len)
                line.append_text(item)
            lines.append(line)
        return Text("\n").join(lines)

    # -- keys --------------------------------------------------------------------------------------------------

    def action_choose(self, by: int) -> None:
        self.place = max(0, min(len(self.names) - 1, self.place + by))

    def action_aside(self, by: int) -> None:
        place = self.place + by * self.rows
        if 0 <= place < len(self.names):
            self.place = place

    def action_show_or_hide(self) -> None:
        self.shown = tuple(on != (i == self.place) for i, on in enumerate(self.shown))
        self.post_message(self.Changed())

    def action_only(self) -> None:
        """This class alone; once more shows all."""
        alone = tuple(i == self.place for i in range(len(self.shown)))
        self.shown = (True,) * len(alone) if self.shown == alone else alone
        self.post_message(self.Changed())

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or not self.names:
            return
        column = min(COLUMNS - 1, offset.x // max(1, self.content_size.width // COLUMNS))
        place = column * self.rows + offset.y
        if offset.y < self.rows and place < len(self.names):
            self.place = place
            self.action_show_or_hide()
