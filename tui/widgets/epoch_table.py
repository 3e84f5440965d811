"""The epochs of a training in numbers, a row for each; the newest stays in sight until one scrolls up."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

Row: TypeAlias = tuple[int, float, float, float, float, float, bool, bool]
"""An epoch's numbers, whether it is the best, and whether it is complete."""
HEADINGS = ("", "train", "", "valid", "", ""), ("", "loss", "acc %", "loss", "acc %", "s")
WIDTHS = (5, 7, 6, 7, 6, 5)
MOST_AIR = 2
"""Columns that are added to each of these where there is room."""


class EpochTable(ScrollView, can_focus=True):
    """Writes only the rows that are seen. Textual's table draws all of them again for each that is added, which takes
    longer than a key may wait."""

    COMPONENT_CLASSES = {"epoch-table--header", "epoch-table--odd", "epoch-table--even", "epoch-table--best"}
    DEFAULT_CSS = """
    EpochTable { overflow-x: hidden; }
    EpochTable > .epoch-table--header { text-style: bold; background: $background; color: $text-muted; }
    EpochTable > .epoch-table--odd { background: $background; }
    EpochTable > .epoch-table--even { background: $surface; }
    EpochTable > .epoch-table--best { text-style: bold; color: $accent; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Sequence[Row] = ()
        self._follows = True

    @property
    def row_count(self) -> int:
        """How many epochs there are."""
        return len(self._rows)

    def show(self, rows: Sequence[Row]) -> bool:
        """Show these instead; gives whether they are others than before."""
        if rows == self._rows:
            return False
        self._rows = rows
        follows = self._follows
        self.virtual_size = Size(sum(WIDTHS), len(HEADINGS) + len(rows))
        self._follow(follows)
        self.refresh()
        return True

    def _follow(self, follows: bool) -> None:
        if follows:  # by force: where all rows were seen before, there is no scroll bar yet
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
        place = y - len(HEADINGS) + self.scroll_offset.y
        if place >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[place]
        style = self.get_component_rich_style(f"epoch-table--{'even' if place % 2 else 'odd'}")
        if row[-2]:
            best = self.get_component_rich_style("epoch-table--best", partial=True)
            style += Style(color=best.color, bold=True)
        return _strip(_words(row), style, width)


def _words(row: Row) -> tuple[str, ...]:
    epoch, train_loss, train_acc, valid_loss, valid_acc, seconds, best, complete = row
    return (
        f"{'★' if best else '' if complete else '…'}{epoch}",
        f"{train_loss:.4f}"[:6],
        f"{train_acc * 100:.2f}"[:5],
        f"{valid_loss:.4f}"[:6],
        f"{valid_acc * 100:.2f}"[:5],
        f"{seconds:.1f}" if seconds < 99 else f"{seconds:.0f}",
    )


@lru_cache(512)
def _strip(words: tuple[str, ...], style: Style, width: int) -> Strip:
    air = min(MOST_AIR, max(0, width - sum(WIDTHS)) // len(WIDTHS))
    text = "".join(word.rjust(columns + air) for word, columns in zip(words, WIDTHS, strict=True))
    return Strip([Segment(text, style)]).adjust_cell_length(width, style)
