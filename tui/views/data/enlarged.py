"""One image of the data set, enlarged."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from mnist_tui.engine.analysis.grids import GridsData
from mnist_tui.tui.render.grey_cells import Style, cell_size
from mnist_tui.tui.render.palette import rich_colours
from mnist_tui.tui.widgets.dialog import Dialog
from mnist_tui.tui.widgets.image import ImageGrid, Picture

WIDE, TALL = 76, 24
"""Size of the terminal from which the images are large."""


class Enlarged(Dialog[None]):
    """An image as stored and as augmented, with its class and its index; the arrow keys show the other images."""

    BINDINGS = [
        Binding("escape,enter,q", "dismiss", "close"),
        Binding("left", "step(-1)", show=False),
        Binding("right", "step(1)", show=False),
    ]

    def __init__(self, data: GridsData, image: int, title: str, style: Style) -> None:
        """`image`: index among the images in `data`; `title` names the data set and the split."""
        super().__init__()
        self.image = image
        self._data, self._title, self._style = data, title, style

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = Text(self._title)
            dialog.border_subtitle = "← → other images   esc close"
            with Horizontal(id="enlarged"):
                yield ImageGrid(id="enlarged-stored")
                yield ImageGrid(id="enlarged-augmented")
            yield Static(id="enlarged-facts", markup=False)

    def on_mount(self) -> None:
        size = self.app.size
        small = size.width < WIDE or size.height < TALL
        height = cell_size(self._style, small=small)[1] + 1
        for grid in self.query(ImageGrid):
            grid.style, grid.small = self._style, small
            grid.styles.height = height
        self.query_one("#enlarged").styles.height = height
        self._draw()

    def action_step(self, by: int) -> None:
        self.image = max(0, min(len(self._data.labels) - 1, self.image + by))
        self._draw()

    def _draw(self) -> None:
        data, image, colours = self._data, self.image, rich_colours(self.app.theme_variables)
        self.query_one("#enlarged-stored", ImageGrid).show([Picture(data.stored[image], "as stored")])
        self.query_one("#enlarged-augmented", ImageGrid).show([Picture(data.augmented[image], "augmented")])
        pixels = data.stored[image]
        self.query_one("#enlarged-facts", Static).update(
            Text.assemble(
                ("class ", colours["secondary"]),
                (data.classes[data.labels[image]], f"bold {colours['accent']}"),
                ("  index in the file ", colours["secondary"]),
                (f"{data.indices[image]}", colours["foreground"]),
                ("  mean of the pixels ", colours["secondary"]),
                (f"{pixels.mean() / 255:.3f}", colours["foreground"]),
            )
        )
