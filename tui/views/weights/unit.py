"""Details of a unit of the first layer: its weights, class means, most activating images and outgoing weights."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widgets import Static

from mnist_tui.engine.analysis.layers import Layers, UnitDetail, WeightsData
from mnist_tui.tui.render.palette import rich_colours
from mnist_tui.tui.render.signed_cells import SignedStyle, largest, signed_cells, strip_cells
from mnist_tui.tui.views.weights.layout import HEADING, PICTURE, SMALL, UnitLayout
from mnist_tui.tui.views.weights.texts import (
    facts_text,
    image_captions,
    images_heading,
    outgoing_heading,
    outgoing_text,
)
from mnist_tui.tui.widgets.image import ImageGrid, Picture
from mnist_tui.tui.widgets.pick_grid import PickGrid
from mnist_tui.tui.widgets.signed_image import SignedImage

IMAGES_LABEL, NO_IMAGES = "top images:", "never active"
MIN_BARS = 3
"""Fewest rows below the strip of outgoing weights in which the largest ones are shown as bars."""


class UnitPanel(Container):
    """Panel that arranges the details of a unit depending on its size."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.plain = False
        """Whether the terminal is limited to ASCII."""

    def compose(self) -> ComposeResult:
        yield SignedImage(id="unit-picture")
        yield Static(id="unit-facts")
        with Vertical(id="unit-images"):
            yield Static(id="images-heading", markup=False)
            yield PickGrid(id="unit-image-grid")
        with Vertical(id="unit-outgoing"):
            yield Static(id="outgoing-heading", markup=False)
            yield SignedImage(id="unit-strip")
            yield Static(id="unit-strongest")

    def show(self, data: WeightsData, unit: int, sizes: UnitLayout, scale: float, style: SignedStyle) -> None:
        """Draw a unit.

        Args:
            data: its details are ignored if they belong to another unit.
            sizes: the layout of the panel.
            scale: the absolute value at the ends of the colour ramp.
        """
        layers = data.layers
        detail = data.detail if data.detail is not None and data.detail.unit == unit else None
        self._arrange(sizes)
        self.query_one("#unit-picture", SignedImage).show(signed_cells(layers.first.pictures[unit], scale, style))
        colours = rich_colours(self.app.theme_variables)
        pointer = "" if self._has_heading(sizes) or not sizes.images[1] else IMAGES_LABEL
        if pointer and detail is not None and not len(detail.images):
            pointer = NO_IMAGES
        facts = facts_text(layers, unit, detail, sizes.bars, colours, plain=self._ascii(style), pointer=pointer)
        self.query_one("#unit-facts", Static).update(facts)
        self._show_images(layers, detail, sizes, style)
        self._show_outgoing(layers, detail, sizes, style)

    def _ascii(self, style: SignedStyle) -> bool:
        return self.plain and style == "signs"

    @staticmethod
    def _has_heading(sizes: UnitLayout) -> bool:
        """Return whether the images have a heading, which is omitted if another row of images fits in its place."""
        return sizes.images[1] % (SMALL[1] + 1) != 0

    def _arrange(self, sizes: UnitLayout) -> None:
        below = sizes.arrangement == "below"
        self.set_class(below, "-below")
        self.set_class(not below, "-beside")
        if below:
            rows = (PICTURE[1] + 1, sizes.images[1], sizes.outgoing[1])
            self.styles.grid_columns = f"{PICTURE[0]} 1fr"
            self.styles.grid_rows = " ".join(str(row) for row in rows if row)
        else:
            self.styles.grid_columns = f"{PICTURE[0]} {sizes.bars} {sizes.images[0]}"
            self.styles.grid_rows = f"{PICTURE[1]} 1fr"
        self.query_one("#unit-images").display = sizes.images[1] > 0
        self.query_one("#images-heading").display = self._has_heading(sizes)

    def _show_images(self, layers: Layers, detail: UnitDetail | None, sizes: UnitLayout, style: SignedStyle) -> None:
        if detail is None:
            return
        grid = self.query_one("#unit-image-grid", ImageGrid)
        grid.style = "half" if style == "half" else ("ascii" if self.plain else "braille")
        grid.small = sizes.small
        captions = image_captions(layers, detail, SMALL[0] if sizes.small else PICTURE[0])
        grid.show([Picture(image, caption) for image, caption in zip(detail.images, captions, strict=True)])
        self.query_one("#images-heading", Static).update(images_heading(layers, detail, sizes.images[0]))

    def _show_outgoing(self, layers: Layers, detail: UnitDetail | None, sizes: UnitLayout, style: SignedStyle) -> None:
        width, height = sizes.outgoing
        shown = height > HEADING and bool(layers.deeper)
        self.query_one("#unit-outgoing").display = shown
        if detail is None or not shown:
            return
        weights = detail.neuron.outgoing
        strip, bars = self.query_one("#unit-strip", SignedImage), self.query_one("#unit-strongest", Static)
        rows, step = height - HEADING, 1
        strip.display = len(weights) > rows  # otherwise each weight has a bar
        if strip.display:
            block, step = strip_cells(weights, rows, width, largest(weights), style)
            strip.show(block)
            strip.styles.height = block.shape[0]
            rows -= block.shape[0] + 1
        bars.set_class(strip.display, "-apart")
        bars.display = rows >= MIN_BARS or not strip.display
        if bars.display:
            colours = rich_colours(self.app.theme_variables)
            bars.update(outgoing_text(layers, detail, rows, width, colours, plain=self._ascii(style)))
        self.query_one("#outgoing-heading", Static).update(outgoing_heading(layers, detail, step, width))
