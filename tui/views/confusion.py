"""Confusion view: the confusion matrix and the most confused pairs."""

from __future__ import annotations

from rich.console import Group
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Container
from textual.content import Content
from textual.events import Click
from textual.widgets import Static

from mnist_tui.engine.analysis.confusion import ConfusionData, Pair, compute, ordered_pairs, unordered_pairs
from mnist_tui.engine.analysis.percentages import percent, percent_number, percent_range
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.figures.settings import Settings, ViewState
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.palette import has_few_colours, rich_colours
from mnist_tui.tui.views.analysis_base import AnalysisView
from mnist_tui.tui.widgets.pick_lines import PickLines


class ConfusionView(AnalysisView):
    """Confusion matrix with a cursor, recall, precision and F1, and the most confused pairs."""

    MODE = "confusion"
    HELP_TITLE = "Confusion"
    MORE_SCOPES = ("subject", "list")
    BINDINGS = bindings("confusion")

    def __init__(self) -> None:
        super().__init__()
        self.cell = (0, 0)
        """Actual and predicted class under the cursor."""
        self._shares = False
        self._unordered = False
        self._pairs: list[Pair] = []
        self._table_shape: tuple[tuple[int, int], int] | None = None

    def content(self) -> ComposeResult:
        with Container(id="confusion"):
            yield Static(id="matrix")
            yield PickLines(id="pairs", width=PAIR_WIDTH)

    def compute(self, subject: Subject) -> ConfusionData:
        return compute(self.console.analyst, subject)

    def draw(self, data: ConfusionData) -> None:
        matrix = self.query_one("#matrix", Static)
        variables, stacked = self.app.theme_variables, self.size.width < SIDE_BY_SIDE
        few = has_few_colours(self.app.console)
        table = matrix_table(data, self.cell, self._cell_size, self._shares, variables, few=few)
        legend = legend_text(data, self.console.colours)
        size = self._cell_size, len(data.classes)  # determine the size of the table
        matrix.update(table if stacked else Group(table, legend), layout=size != self._table_shape)
        self._table_shape = size
        correct = f", {data.matrix.correct:,} of {data.matrix.total:,}" if self.size.width >= 80 else ""
        interval = percent_range(*data.matrix.interval)
        matrix.border_title = f"accuracy {percent(data.matrix.accuracy)}{correct}  (95 % CI {interval})"
        matrix.border_subtitle = self._cell_label(data)
        panel = self.query_one("#pairs", PickLines)
        panel.border_title = "most confused, both directions" if self._unordered else "most confused"
        panel.border_subtitle = Content.from_rich_text(legend) if stacked else ""
        self._pairs = (unordered_pairs if self._unordered else ordered_pairs)(data.matrix)
        colours = self.console.colours
        if self._pairs:
            panel.show([pair_text(pair, data.classes, self._unordered, colours) for pair in self._pairs])
        else:
            panel.show([Text("no confusions", colours["success"])], heading=1)

    @property
    def _cell_size(self) -> tuple[int, int]:
        """Columns and rows of a cell, as large as the terminal allows."""
        width = 4 if self.size.width < 80 else (8 if self.size.width >= 140 else 6)
        return width, 3 if self.size.height >= 40 else 2 if self.size.height >= 32 else 1

    def _cell_label(self, data: ConfusionData) -> str:
        true, predicted = self.cell
        count, share = data.matrix.counts[self.cell], data.matrix.shares[self.cell]
        names = f"{data.classes[true]} → {data.classes[predicted]}"
        return f"{names}: {count:,}, {percent(share, 1)} of the row"

    def export_states(self) -> list[ViewState]:
        if self.data is None:
            return []
        settings = Settings(percent=self._shares, both=self._unordered)
        return [ViewState("confusion", self.subject, settings, self.data)]

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("move", "open_cell", "shares", "unordered"):
            return self.data is not None
        if action == "enter_pairs":
            return self.data is not None and bool(self._pairs)
        return super().check_action(action, parameters)

    def _go(self, cell: tuple[int, int]) -> None:
        last = len(self.data.classes) - 1
        self.cell = max(0, min(last, cell[0])), max(0, min(last, cell[1]))
        self.draw(self.data)

    def action_move(self, rows: int, columns: int) -> None:
        self._go((self.cell[0] + rows, self.cell[1] + columns))

    async def action_open_cell(self) -> None:
        """Open the images of the cell in Mistakes."""
        await self.console.open_images(f"true:{self.cell[0]} pred:{self.cell[1]}")

    def on_pick_lines_moved(self, message: PickLines.Moved) -> None:
        """Move the cursor of the matrix to the cell of the pair."""
        if self.data is not None and message.item < len(self._pairs):
            pair = self._pairs[message.item]
            self._go((pair.true, pair.predicted))

    async def on_pick_lines_opened(self, message: PickLines.Opened) -> None:
        """Open the images of a pair in Mistakes."""
        if message.item < len(self._pairs):
            pair = self._pairs[message.item]
            query = f"true:{pair.true} pred:{pair.predicted}"
            if self._unordered:
                both = f"{pair.true},{pair.predicted}"
                query = f"true:{both} pred:{both} wrong"
            await self.console.open_images(query)

    def action_shares(self) -> None:
        self._shares = not self._shares
        self.draw(self.data)

    def action_enter_pairs(self) -> None:
        """Go to the pairs, or back to the matrix."""
        pairs = self.query_one(PickLines)
        self.set_focus(None if pairs.has_focus else pairs)

    def action_unordered(self) -> None:
        self._unordered = not self._unordered
        self.draw(self.data)

    async def on_click(self, event: Click) -> None:
        matrix = self.query_one("#matrix")
        if self.data is None or event.widget is not matrix:
            return
        origin = matrix.content_region.offset
        width, height = self._cell_size
        column = (event.screen_x - origin.x - LABEL_WIDTH) // width
        row = (event.screen_y - origin.y - 1) // height
        if 0 <= row < len(self.data.classes) and 0 <= column < len(self.data.classes):
            again = self.cell == (row, column)
            self._go((row, column))
            if again:
                await self.action_open_cell()


LABEL_WIDTH = 9
PAIR_WIDTH = 28
FOOT = ("precision", "F1")
HIT, ERROR = "primary", "error"
"""Theme colours of the diagonal and of the cells beside it."""
REVERSED = 0.6
"""Depth from which a cell has a coloured background in a terminal with few colours."""
SIDE_BY_SIDE = 120
"""From this width on the pairs are beside the matrix, not below it."""


def matrix_table(
    data: ConfusionData,
    cell: tuple[int, int],
    size: tuple[int, int],
    shares: bool,
    variables: dict[str, str],
    *,
    few: bool = False,
) -> Table:
    """Return the matrix as a Rich table, with hits and errors in two colours and on separate scales.

    Args:
        cell: true and predicted class under the cursor.
        size: columns and rows of a cell.
        shares: whether to show percentages of the row instead of counts.
        variables: variables of the theme.
        few: whether the terminal has few colours.
    """
    matrix, (width, height) = data.matrix, size
    colours = rich_colours(variables)
    accent, paper = colours["accent"], colours["background"]
    table = Table(box=None, padding=0, show_edge=False, pad_edge=False, collapse_padding=True)
    table.add_column(Text("true", "bold"), width=LABEL_WIDTH, no_wrap=True, vertical="middle")
    for i, name in enumerate(data.classes):
        heading = Text(name[: width - 1], f"bold {accent}" if i == cell[1] else "bold")
        table.add_column(heading, width=width, justify="center", no_wrap=True)
    table.add_column(Text("recall", "bold"), width=7, justify="right", no_wrap=True, vertical="middle")
    depth = matrix.shades
    for row, name in enumerate(data.classes):
        cells = []
        for column in range(len(data.classes)):
            count = matrix.counts[row, column]
            label = percent_number(matrix.shares[row, column], 1) if shares else f"{count}"
            style = shade(float(depth[row, column]), variables, HIT if row == column else ERROR, few=few)
            if (row, column) == cell:
                style += Style(color=accent, bgcolor=paper, reverse=True, bold=True)
            lines = [" " * width] * height
            lines[(height - 1) // 2] = (label if count else "·").center(width)
            cells.append(Text("\n".join(lines), style))
        heading = Text(name[:LABEL_WIDTH], f"bold {accent}" if row == cell[0] else "bold")
        table.add_row(heading, *cells, percent(matrix.recall[row], 1))
    for label, values in zip(FOOT, (matrix.precision, matrix.f1), strict=True):
        digits = 0 if width < 6 else 1
        table.add_row(Text(label, "bold"), *(percent_number(value, digits) for value in values))
    return table


def shade(depth: float, variables: dict[str, str], colour: str, *, few: bool = False) -> Style:
    """Return a background between the theme's background and one of its colours, with a contrasting text colour.

    With few colours there is nothing between: small depths have a coloured text, large ones a coloured background.
    """
    paper, ink = Color.parse(variables["background"]), Color.parse(variables[colour])
    if few or paper.ansi is not None or ink.ansi is not None:
        return Style(color=ink.rich_color, reverse=depth >= REVERSED) if depth else Style()
    ground = paper.blend(ink, depth)
    return Style(bgcolor=ground.rich_color, color=ground.get_contrast_text(1.0).rich_color)


def legend_text(data: ConfusionData, colours: dict[str, str]) -> Text:
    """Describe the two colour scales."""
    largest = data.matrix.largest_error_share
    errors = f"errors, to {percent(largest, 1)} of the row" if largest else "no errors"
    return Text.assemble(
        ("■ ", colours[HIT]), "recall, to 100 %", ("  ■ ", colours[ERROR]), errors, style=colours["secondary"]
    )


def pair_text(pair: Pair, classes: tuple[str, ...], unordered: bool, colours: dict[str, str]) -> Text:
    """Return the number of images of a pair, its classes and its share of the row."""
    arrow = "↔" if unordered else "→"
    return Text.assemble(
        (f"{pair.count:>4}  ", f"bold {colours['accent']}"),
        (f"{classes[pair.true][:8]} {arrow} {classes[pair.predicted][:8]}  ", colours["foreground"]),
        (percent(pair.share_of_row, 1), colours["secondary"]),
    )
