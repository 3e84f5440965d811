"""Legend of the classes in a projection, which also shows and hides them."""

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
from mnist_tui.tui.terminal.capabilities import supports_utf8

COLUMNS = 2


class Legend(Widget, can_focus=True):
    """Legend in two columns; while focused, arrow keys select a class and enter toggles it."""

    DEFAULT_CSS = """
    Legend { height: auto; }
    """
    BINDINGS = bindings("legend")

    selected: reactive[int] = reactive(0)
    """The class that the keys act on."""
    names: reactive[tuple[str, ...]] = reactive((), layout=True)
    counts: reactive[tuple[int, ...]] = reactive(())
    """Number of points of each class."""
    shown: reactive[tuple[bool, ...]] = reactive(())
    """Whether each class is shown."""

    class Changed(Message):
        """Classes were shown or hidden."""

    @property
    def rows(self) -> int:
        return -(-len(self.names) // COLUMNS)

    def set_entries(self, names: tuple[str, ...], counts: tuple[int, ...]) -> None:
        """Set the classes; hidden classes stay hidden unless the number of classes changes."""
        if len(self.shown) != len(names):
            self.shown, self.selected = (True,) * len(names), 0
        self.names, self.counts = names, counts

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return max(1, self.rows)

    def render(self) -> RenderResult:
        colours = rich_colours(self.app.theme_variables)
        inks = class_colours(self.app.current_theme, self.app.console)
        on, off = ("●", "○") if supports_utf8(self.app.console) else ("*", "-")
        width = self.content_size.width // COLUMNS
        lines = []
        for row in range(self.rows):
            line = Text(no_wrap=True)
            for i in range(row, len(self.names), max(1, self.rows)):
                name, shown = self.names[i], self.shown[i]
                item = Text()
                item.append(f"{on if shown else off} ", inks[i % len(inks)])
                label = f"{i % 10}" if name.isdigit() else f"{i % 10} {name}"
                style = colours["foreground"] if shown else colours["secondary"]
                item.append(label, f"{style} reverse" if self.has_focus and i == self.selected else style)
                count = f"{self.counts[i]:,}"
                if item.cell_len + len(count) + 2 <= width - 1:
                    item.append(f"  {count}", colours["secondary"])
                item.truncate(width - 1, overflow="ellipsis")
                item.pad_right(width - item.cell_len)
                line.append_text(item)
            lines.append(line)
        return Text("\n").join(lines)

    # -- keys --------------------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        self.selected = max(0, min(len(self.names) - 1, self.selected + by))

    def action_move_column(self, by: int) -> None:
        selected = self.selected + by * self.rows
        if 0 <= selected < len(self.names):
            self.selected = selected

    def action_toggle_class(self) -> None:
        self.shown = tuple(on != (i == self.selected) for i, on in enumerate(self.shown))
        self.post_message(self.Changed())

    def action_isolate(self) -> None:
        """Show only the selected class; show all classes if it is already the only one."""
        isolated = tuple(i == self.selected for i in range(len(self.shown)))
        self.shown = (True,) * len(isolated) if self.shown == isolated else isolated
        self.post_message(self.Changed())

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or not self.names:
            return
        column = min(COLUMNS - 1, offset.x // max(1, self.content_size.width // COLUMNS))
        clicked = column * self.rows + offset.y
        if offset.y < self.rows and clicked < len(self.names):
            self.selected = clicked
            self.action_toggle_class()
