"""Weights view: first-layer weights as images, details of a unit, and deeper layers as matrices."""

from __future__ import annotations

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Click
from textual.widgets import Static

from mnist_tui.engine.analysis.layers import Layers, WeightsData, weights_data
from mnist_tui.engine.analysis.orders import Order
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.figures.settings import Settings, ViewState
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.grey_cells import beside, stack
from mnist_tui.tui.render.signed_cells import (
    MUTED,
    SIGNED_STYLES,
    SignedStyle,
    blank,
    largest,
    legend,
    matrix_cells,
    picture_grid,
    shrink,
    text_line,
)
from mnist_tui.tui.terminal.capabilities import best_image_style
from mnist_tui.tui.views.analysis_base import AnalysisView
from mnist_tui.tui.views.weights.layout import PICTURE, SMALL, GridLayout, grid_layout, unit_layout
from mnist_tui.tui.views.weights.texts import caption, matrix_footer, matrix_label, position_label, signed
from mnist_tui.tui.views.weights.unit import UnitPanel
from mnist_tui.tui.widgets.pick_grid import PickGrid
from mnist_tui.tui.widgets.signed_image import SignedImage, row_text

ORDERS: tuple[Order, ...] = ("index", "norm", "structure")
WIDE = 120
"""Minimum width for showing a unit beside the grid."""
MAX_LEGEND, MIN_LEGEND = 25, 3
"""Maximum and minimum columns of the colour scale."""


class WeightsView(AnalysisView):
    """Grid of weight images with a cursor, details of a unit beside or instead of it, or a deeper layer as a matrix."""

    MODE = "weights"
    HELP_TITLE = "Weights"
    MORE_SCOPES = ("subject", "list")
    CSS_PATH = "view.tcss"
    BINDINGS = bindings("weights")

    def __init__(self) -> None:
        super().__init__()
        self.unit = 0
        """The unit under the cursor."""
        self.by: Order = "index"
        self.reverse = False
        self.opened = False
        """Whether the details of one unit fill the view."""
        self.depth = 0
        """Index of the layer shown; 0 is the first."""
        self.style: SignedStyle = "half"
        self.small = True
        self.each = False
        """Whether each image has its own colour scale."""

    def content(self) -> ComposeResult:
        with Vertical(id="weights"):
            yield Static(id="weights-head")
            with Horizontal(id="weights-body"):
                yield SignedImage(id="weights-grid")
                yield UnitPanel(id="weights-unit")
                yield SignedImage(id="weights-matrix")

    def on_mount(self) -> None:
        style = best_image_style(self.app.console)
        self.style = "half" if style == "half" else "signs"
        self.query_one(UnitPanel).plain = style == "ascii"

    # -- data --------------------------------------------------------------------------------------------------

    @property
    def panel_shown(self) -> bool:
        """Whether the details of a unit are shown."""
        return self.depth == 0 and (self.opened or self.size.width >= WIDE)

    def settings(self) -> object:
        return self.unit if self.panel_shown else None

    def compute(self, subject: Subject) -> WeightsData:
        return weights_data(self.console.analyst, subject, self.unit if self.panel_shown else None)

    # -- drawing -----------------------------------------------------------------------------------------------

    def draw(self, data: WeightsData) -> None:
        layers = data.layers
        if self.unit >= layers.units:  # the run has changed
            self.unit = int(self._order(layers)[0])
        if self.depth > len(layers.deeper):
            self.depth = 0
        space = self.query_one("#weights").size
        if space.width <= 0 or space.height <= 1:
            return
        self.query_one("#weights-grid").display = self.depth == 0 and not self.opened
        self.query_one(UnitPanel).display = self.panel_shown
        self.query_one("#weights-matrix").display = self.depth > 0
        if self.depth > 0:
            self._draw_matrix(layers, space.width - 2, space.height - 1)
        else:
            self._draw_pictures(data, space.width, space.height - 1)
        self.subject_changed()  # requests missing details of the unit

    def _draw_pictures(self, data: WeightsData, width: int, height: int) -> None:
        layers, page = data.layers, self._page_layout()
        order = self._order(layers)
        rank = self._rank(order)
        first = rank // page.page * page.page
        units = order[first : first + page.page]
        pictures = layers.first.pictures[units]
        common = largest(pictures)
        scales = [largest(picture) for picture in pictures] if self.each else [common] * len(units)
        scale = scales[rank - first]
        if not self.opened:
            captions = [caption(layers, int(unit), self.by, SMALL[0] if page.small else PICTURE[0]) for unit in units]
            shown = shrink(pictures) if page.small else pictures
            block = picture_grid(shown, captions, rank - first, page.columns, scales, self.style)
            grid = self.query_one("#weights-grid", SignedImage)
            grid.show(block)
            grid.styles.width = page.width + 2 if self.panel_shown else "1fr"
        if self.panel_shown:
            taken = 0 if self.opened else page.width + 2
            sizes = unit_layout(width - taken, height, small=self.small)
            self.query_one(UnitPanel).show(data, self.unit, sizes, scale, self.style)
        title = position_label(layers, self.unit, rank, self.by, reverse=self.reverse)
        pages = -(-layers.units // page.page)
        several = pages > 1 and not self.opened
        self._draw_head(title, scale, f"  page {first // page.page + 1}/{pages}" if several else "")

    def _draw_matrix(self, layers: Layers, width: int, height: int) -> None:
        matrix = layers.deeper[self.depth - 1]
        output = self.depth == len(layers.deeper)
        names = layers.classes if output else tuple(map(str, range(len(matrix.weights))))
        block, mean, scale = matrix_cells(matrix.weights, names, height - 1, width, self.style)
        before = layers.deeper[self.depth - 2].name if self.depth > 1 else layers.name
        foot = text_line(matrix_footer(matrix, before, mean), width, MUTED)
        block = stack([beside([block, blank(block.shape[0], width - block.shape[1])], gap=0), foot])
        self.query_one("#weights-matrix", SignedImage).show(block)
        self._draw_head(matrix_label(matrix), scale)

    def _draw_head(self, title: str, scale: float, page: str = "") -> None:
        """Draw the title and the colour scale; the page number is omitted if it does not fit."""
        colours = self.console.colours
        head = self.query_one("#weights-head", Static)
        low, high = f"{signed(-scale)} ", f" {signed(scale)}"
        width = self.query_one("#weights").size.width - 2
        if width - len(title + page) - len(low) - len(high) - 2 >= MIN_LEGEND:
            title += page
        room = min(MAX_LEGEND, width - len(title) - len(low) - len(high) - 2)
        text = Text.assemble((title, f"bold {colours['foreground']}"), no_wrap=True, overflow="crop")
        if room >= MIN_LEGEND:
            room -= 1 - room % 2  # odd, so that zero has its own cell
            scale_text = row_text(legend(room, self.style), 0, self.app.theme_variables)
            ends = Text.assemble((low, colours["secondary"]), scale_text, (high, colours["secondary"]))
            text.append(" " * (width - len(title) - ends.cell_len))
            text.append_text(ends)
        head.update(text)

    def export_states(self) -> list[ViewState]:
        if self.data is None:
            return []
        if self.depth > 0:
            return [ViewState("weights", self.subject, Settings(layer=self.depth), self.data)]
        if self.opened:
            detail = self.data.detail
            known = self.data if detail is not None and detail.unit == self.unit else None
            return [ViewState("weights", self.subject, Settings(unit=self.unit), known)]
        page = self._page_layout().page
        first = self._rank(self._order(self.data.layers)) // page * page + 1
        settings = Settings(first=first, order=self.by, reverse=self.reverse, each=self.each)
        return [ViewState("weights", self.subject, settings, self.data)]

    # -- order and position ------------------------------------------------------------------------------------

    def _order(self, layers: Layers) -> np.ndarray:
        return layers.order(self.by, reverse=self.reverse)

    def _rank(self, order: np.ndarray) -> int:
        return int(np.flatnonzero(order == self.unit)[0])

    def _page_layout(self) -> GridLayout:
        space = self.query_one("#weights").size
        panel = self.size.width >= WIDE
        return grid_layout(space.width, space.height - 1, small=self.small, panel=panel)

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("move", "page", "sort", "reverse", "scale", "size"):
            return self.data is not None and self.depth == 0
        if action == "open_unit":
            return self.data is not None and self.depth == 0 and not self.opened
        if action == "images":
            return self.data is not None and self.depth == 0 and self.opened and bool(self._images.pictures)
        if action == "layers":
            return self.data is not None and bool(self.data.layers.deeper)
        if action == "style":
            return self.data is not None
        return super().check_action(action, parameters)

    def _go(self, rank: int) -> None:
        order = self._order(self.data.layers)
        self.unit = int(order[max(0, min(len(order) - 1, rank))])
        self.draw(self.data)

    def action_move(self, rows: int, columns: int) -> None:
        """Move to an adjacent unit; if a unit is open, to the previous or next one in the order."""
        rank = self._rank(self._order(self.data.layers))
        if self.opened:
            self._go(rank + rows + columns)
            return
        wide = self._page_layout().columns
        last = self.data.layers.units - 1
        down = rows * wide
        if rank + down > last and rank // wide == last // wide:
            down = 0  # already in the last row
        if rank + down >= 0:
            self._go(rank + down + columns)

    def action_page(self, by: int) -> None:
        self._go(self._rank(self._order(self.data.layers)) + by * self._page_layout().page)

    def action_open_unit(self) -> None:
        self._show(opened=True, depth=0)

    @property
    def _images(self) -> PickGrid:
        """The images that activate the unit most."""
        return self.query_one("#unit-image-grid", PickGrid)

    def action_images(self) -> None:
        self._images.focus()

    async def on_pick_grid_opened(self, message: PickGrid.Opened) -> None:
        """Open an image that activates the unit, in Mistakes."""
        detail = self.data.detail if self.data is not None else None
        if detail is not None and message.picture < len(detail.indices):
            await self.console.open_images(f"index:{detail.indices[message.picture]}")

    def action_layers(self) -> None:
        self._show(opened=self.opened, depth=(self.depth + 1) % (len(self.data.layers.deeper) + 1))

    def _show(self, *, opened: bool, depth: int) -> None:
        self.opened, self.depth = opened, depth
        self.draw(self.data)
        self.refresh_bindings()

    def back(self) -> None:
        if self.focused is not None:
            super().back()
        elif self.data is not None and self.depth > 0:
            self._show(opened=self.opened, depth=0)
        elif self.data is not None and self.opened:
            self._show(opened=False, depth=0)
        else:
            super().back()

    def action_sort(self) -> None:
        """Select the next order; reset the cursor unless a unit is open."""
        self.by = ORDERS[(ORDERS.index(self.by) + 1) % len(ORDERS)]
        self.reverse = False
        self._reordered()

    def action_reverse(self) -> None:
        self.reverse = not self.reverse
        self._reordered()

    def _reordered(self) -> None:
        if self.opened:
            self.draw(self.data)
        else:
            self._go(0)

    def action_scale(self) -> None:
        self.each = not self.each
        self.draw(self.data)

    def action_style(self) -> None:
        self.style = SIGNED_STYLES[(SIGNED_STYLES.index(self.style) + 1) % len(SIGNED_STYLES)]
        self.draw(self.data)

    def action_size(self) -> None:
        self.small = not self.small
        self.draw(self.data)

    def on_click(self, event: Click) -> None:
        """Move the cursor to the clicked image; open it if the cursor is already there."""
        grid = self.query_one("#weights-grid")
        if self.data is None or event.widget is not grid:
            return
        page = self._page_layout()
        one = SMALL if page.small else PICTURE
        column = (event.screen_x - grid.region.x) // (one[0] + 1)
        row = (event.screen_y - grid.region.y) // (one[1] + 1)
        order = self._order(self.data.layers)
        rank = self._rank(order) // page.page * page.page + row * page.columns + column
        if 0 <= column < page.columns and 0 <= row < page.rows and rank < len(order):
            again = self.unit == order[rank]
            self._go(rank)
            if again:
                self.action_open_unit()
