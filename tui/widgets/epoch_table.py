"""Table of the epochs of a training, which scrolls to the newest one unless the user has scrolled up."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mnist_tui.engine.analysis.percentages import percent_number
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.texts import epoch_marks

Row: TypeAlias = tuple[int, float, float, float, float, float, bool, bool]
"""Epoch, training loss and accuracy, validation loss and accuracy, seconds, whether it is the best, and complete."""
HEADINGS = ("", "train", "", "valid", "", ""), ("", "loss", "acc %", "loss", "acc %", "s")
WIDTHS = (5, 7, 6, 7, 6, 5)
MAX_PADDING = 2
"""Maximum number of columns added to each width if there is space."""


class EpochTable(ScrollView, can_focus=True):
    """Table that renders only the visible rows; Textual's table renders all rows again for each new one, which delays
    keys."""

    COMPONENT_CLASSES = {"epoch-table--header", "epoch-table--odd", "epoch-table--even", "epoch-table--best"}
    DEFAULT_CSS = """
    EpochTable { overflow-x: hidden; }
    EpochTable > .epoch-table--header { text-style: bold; background: $background; color: $text-muted; }
    EpochTable > .epoch-table--odd { background: $background; }
    EpochTable > .epoch-table--even { background: $surface; }
    EpochTable > .epoch-table--best { text-style: bold; color: $accent; }
    """

    BINDINGS = bindings("epoch table")

    cursor: reactive[int | None] = reactive(None, bindings=True)
    """Index of the selected row; None until `enter`, so that the arrow keys scroll until then."""

    class Opened(Message):
        """The selected epoch was opened."""

        def __init__(self, epoch: int) -> None:
            super().__init__()
            self.epoch = epoch

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Sequence[Row] = ()
        self._follows = True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "leave_rows":
            return self.cursor is not None
        return action != "open" or bool(self._rows)

    def action_open(self) -> None:
        """Select the last visible row; open the epoch if one is selected."""
        if self.cursor is not None and self.cursor < len(self._rows):
            self.post_message(self.Opened(self._rows[self.cursor][0]))
        else:
            self._select(self.scroll_offset.y + self.size.height - len(HEADINGS) - 1)

    def action_leave_rows(self) -> None:
        self.cursor = None

    def action_scroll_up(self) -> None:
        if self.cursor is None:
            super().action_scroll_up()
        else:
            self._select(self.cursor - 1)

    def action_scroll_down(self) -> None:
        if self.cursor is None:
            super().action_scroll_down()
        else:
            self._select(self.cursor + 1)

    def _select(self, row: int) -> None:
        self.cursor = row = max(0, min(len(self._rows) - 1, row))
        visible = self.size.height - len(HEADINGS)
        top = max(min(self.scroll_offset.y, row), row - visible + 1)
        self.scroll_to(y=top, animate=False, force=True)

    def on_blur(self) -> None:
        self.cursor = None

    @property
    def row_count(self) -> int:
        """Number of epochs."""
        return len(self._rows)

    def show(self, rows: Sequence[Row]) -> bool:
        """Reindex the rows, and return whether they have changed."""
        if rows == self._rows:
            return False
        self._rows = rows
        if self.cursor is not None and self.cursor >= len(rows):
            self.cursor = None
        follows = self._follows
        self.virtual_size = Size(sum(WIDTHS), len(HEADINGS) + len(rows))
        self._follow(follows)
        self.refresh()
        return True

    def _follow(self, follows: bool) -> None:
        if follows:  # forced, because there is no scroll bar yet if all rows were visible before
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
            self._follows = True

    def on_resize(self) -> None:
        self._follow(self._follows)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._follows = new_value >= self.max_scroll_y

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y < len(HEADINGS):
            return _strip(HEADINGS[y], self.get_component_rich_style("epoch-table--header"), width)
        index = y - len(HEADINGS) + self.scroll_offset.y
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[index]
        style = self.get_component_rich_style(f"epoch-table--{'even' if index % 2 else 'odd'}")
        if row[-2]:
            best = self.get_component_rich_style("epoch-table--best", partial=True)
            style += Style(color=best.color, bold=True)
        if index == self.cursor:
            style += Style(reverse=True)
        return _strip(_row_labels(row), style, width)


def _row_labels(row: Row) -> tuple[str, ...]:
    epoch, train_loss, train_acc, valid_loss, valid_acc, seconds, best, complete = row
    return (
        f"{epoch_marks(best=best, complete=complete)}{epoch}",
        f"{train_loss:.4f}"[:6],
        percent_number(train_acc)[:5],
        f"{valid_loss:.4f}"[:6],
        percent_number(valid_acc)[:5],
        f"{seconds:.1f}" if seconds < 99 else f"{seconds:.0f}",
    )


@lru_cache(512)
def _strip(labels: tuple[str, ...], style: Style, width: int) -> Strip:
    padding = min(MAX_PADDING, max(0, width - sum(WIDTHS)) // len(WIDTHS))
    text = "".join(label.rjust(columns + padding) for label, columns in zip(labels, WIDTHS, strict=True))
    return Strip([Segment(text, style)]).adjust_cell_length(width, style)
