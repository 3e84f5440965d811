"""Data view: images of the data set, original and augmented."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from mnist_tui.engine.analysis.grids import GridsData, augmentation_label, compute, split_indices, strength_label
from mnist_tui.engine.analysis.subject import Split
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.dataset import Dataset
from mnist_tui.engine.data.folder import data_folder, is_explicit, survey
from mnist_tui.engine.data.loading import load
from mnist_tui.engine.figures.settings import ViewState
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.empty_texts import Steps
from mnist_tui.tui.render.texts import phase_label
from mnist_tui.tui.state.jobs import Job
from mnist_tui.tui.terminal.capabilities import best_image_style
from mnist_tui.tui.views.base import View
from mnist_tui.tui.views.data.figures import export_state
from mnist_tui.tui.views.data.texts import SPLITS, facts_text
from mnist_tui.tui.widgets.empty import Empty
from mnist_tui.tui.widgets.image import ImageGrid, Picture
from mnist_tui.tui.widgets.pick_grid import PickGrid

DOWNLOAD, CANCEL = ("d", "download it"), ("esc", "cancel")
OTHER_DATA = ("n", "another data set or folder, in New run")


@dataclass(frozen=True, slots=True)
class Page:
    """Visible images, and the seed offset and epoch of the augmentation."""

    split: Split = "train"
    first: int = 0
    draw: int = 0
    epoch: int = 0
    """0 for the current epoch of the training, or the first one if there is no training."""


def read(job: Job, name: str, folder: Path, explicit: bool) -> Dataset:
    """Load a data set, downloading it if it is missing, and report the phases.

    Raises the exceptions of `engine.data.loading.load`.
    """
    steps = load(name, folder, explicit_folder=explicit, cancelled=lambda: job.cancelled)
    while True:
        try:
            job.report(next(steps))
        except StopIteration as end:
            return cast("Dataset", end.value)


class DataView(View):
    """Two grids of the same images: original on the left, augmented on the right."""

    MODE = "data"
    HELP_TITLE = "Data"
    BINDINGS = bindings("data")
    MORE_SCOPES = ("list",)
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self._dataset: Dataset | None = None
        self._requested: tuple[str, Path] | None = None
        self._page = Page()
        self._indices: dict[Split, np.ndarray] = {}
        self._drawn_for: tuple[RunConfig, int] | None = None
        """Configuration and epoch of the drawn images."""
        self.data: GridsData | None = None
        """Data shown; None before the first drawing."""

    def body(self) -> ComposeResult:
        with Vertical():
            yield Static(id="facts")
            with Horizontal():
                yield PickGrid(id="data-left")
                yield ImageGrid(id="data-right")
        yield Empty(self.MODE)

    def on_mount(self) -> None:
        for grid in self.query(ImageGrid):
            grid.style = best_image_style(self.app.console)

    def on_screen_resume(self) -> None:
        name, folder = self._source
        if not self.is_current:
            return
        if self._requested == (name, folder):
            self._draw_changes()
            return
        self._discard()
        found = survey(folder)[name]
        if found.state in ("ready", "bundled"):
            self.action_load()
        else:
            self._show_message(f"{found.title} is not ready: {found.detail}", (DOWNLOAD, OTHER_DATA))

    def redraw(self) -> None:
        self.query_one(Empty).redraw()
        self._draw()

    def show_status(self) -> None:
        super().show_status()
        self._draw_changes()

    def _draw_changes(self) -> None:
        """Draw the images again if the configuration or the strength of the augmentation has changed."""
        if self._drawn_for is not None and self._drawn_for != (self._config, self._epoch):
            self._draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    @property
    def _config(self) -> RunConfig:
        """Configuration of this console's training, or else of the form."""
        return self.console.training.config or self.console.config

    @property
    def _epoch(self) -> int:
        """Epoch whose augmentation is shown; always the first if all epochs have the same."""
        config, training = self._config, self.console.training
        current = training.history.current_epoch if training.is_running else 0
        return min(max(1, self._page.epoch or current), config.epochs) if config.fade else 1

    @property
    def _source(self) -> tuple[str, Path]:
        name = "mnist" if self._config.dataset == "auto" else self._config.dataset
        return name, data_folder(self.console.analyst.data_dir)

    def _show_message(self, message: str, steps: Steps = ()) -> None:
        self.query_one(Empty).show(message, steps)

    # -- loading -----------------------------------------------------------------------------------------------

    def action_load(self) -> None:
        """Load the data set in a thread, downloading it if it is missing."""
        self._discard()
        self._requested = name, folder = self._source
        self._show_message("loading images …", (CANCEL,))
        self.jobs.start(
            "load",
            partial(read, name=name, folder=folder, explicit=is_explicit(self.console.analyst.data_dir)),
            on_result=self._loaded,
            on_progress=lambda phase: self._show_message(phase_label(phase), (CANCEL,)),
            on_failure=self._load_failed,
            failure="the images can't be loaded",
            overlap=True,  # a download or a network folder may hang
        )
        self.refresh_bindings()

    @property
    def _loading(self) -> bool:
        return self.jobs.is_active("load")

    def _discard(self) -> None:
        """Discard the data set, and cancel loading."""
        self.jobs.cancel("load")
        self.jobs.cancel("pictures")
        self._dataset = self._requested = None

    def back(self) -> None:
        if not self._loading or self.focused is not None:
            super().back()
            return
        self._discard()
        self._show_message("cancelled. Press d to download it.", (DOWNLOAD, OTHER_DATA))
        self.refresh_bindings()

    def _loaded(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._show_message("")
        self._draw()
        self.refresh_bindings()

    def _load_failed(self, line: str) -> None:
        self._requested = None
        self._show_message(f"{line}. Press d to try again.", (("d", "try again"), OTHER_DATA, ("L", "log")))
        self.refresh_bindings()

    # -- drawing -----------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        """Show the statistics of the split, and compute the images in a thread, because that imports torch."""
        if self._dataset is None:
            return
        config, epoch = self._drawn_for = self._config, self._epoch
        self._indices = {split: split_indices(self._dataset, config, split) for split in SPLITS}
        if self._page.first >= len(self._indices[self._page.split]):
            self._page = replace(self._page, first=0)
        facts = facts_text(self._dataset, self._indices, self._page.split, self.size.width, self.console.colours)
        self.query_one("#facts", Static).update(facts)
        title = "augmented" if self._page.split == "train" else "augmented (not used in training)"
        right = self.query_one("#data-right")
        whole, short = f"{title}: {augmentation_label(config, epoch)}", f"{title}: {strength_label(config, epoch)}"
        right.border_title = whole if len(whole) <= right.size.width - 2 or not config.fade else short
        self.query_one("#data-left").border_title = f"original, from {self._page.first + 1:,}"
        columns, rows = self.query_one("#data-left", ImageGrid).capacity()
        dataset, page, count = self._dataset, self._page, columns * rows
        self.jobs.start(
            "pictures",
            lambda job: compute(
                dataset, config, page.split, first=page.first, count=count, draw=page.draw, epoch=epoch
            ),
            on_result=self._drawn,
            failure="these images can't be shown",
        )

    def _drawn(self, data: GridsData) -> None:
        self.data = data
        names = [data.classes[label] for label in data.labels]
        stored = [Picture(i, f"{n} #{k}") for i, n, k in zip(data.stored, names, data.indices, strict=True)]
        self.query_one("#data-left", ImageGrid).show(stored)
        augmented = [Picture(i, n) for i, n in zip(data.augmented, names, strict=True)]
        self.query_one("#data-right", ImageGrid).show(augmented)

    @property
    def can_export(self) -> bool:
        return self.data is not None

    def export_states(self) -> list[ViewState]:
        if self.data is None or self._dataset is None:
            return []
        return [export_state(self.data, self._dataset, self.console.scrubber.folder, self._page.draw)]

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "load":
            return self._dataset is None and not self._loading
        if action == "images":
            return self.data is not None and self._dataset is not None
        if action in ("draw", "split", "page", "style", "size"):
            return self._dataset is not None
        if action == "step_epoch":
            return self._dataset is not None and self._config.fade > 0
        if action == "follow":
            return self._page.epoch > 0 and self._config.fade > 0
        return super().check_action(action, parameters)

    def _show_page(self, page: Page) -> None:
        self._page = page
        self._draw()
        self.refresh_bindings()

    def action_draw(self) -> None:
        self._show_page(replace(self._page, draw=self._page.draw + 1))

    def action_step_epoch(self, by: int) -> None:
        self._show_page(replace(self._page, epoch=max(1, min(self._config.epochs, self._epoch + by))))

    def action_follow(self) -> None:
        self._show_page(replace(self._page, epoch=0))

    def action_split(self) -> None:
        splits = list(SPLITS)
        split = splits[(splits.index(self._page.split) + 1) % len(splits)]
        self._show_page(replace(self._page, split=split, first=0))

    def action_images(self) -> None:
        """Go to the images as they are stored."""
        self.query_one(PickGrid).focus()

    def on_pick_grid_opened(self, message: PickGrid.Opened) -> None:
        """Show an image enlarged, as stored and as augmented."""
        from mnist_tui.tui.views.data.enlarged import Enlarged

        if self.data is not None and self._dataset is not None and message.picture < len(self.data.labels):
            grid = self.query_one(PickGrid)
            title = f"{self._dataset.name} {SPLITS[self._page.split]} images"
            self.app.push_screen(Enlarged(self.data, message.picture, title, grid.style))

    def action_page(self, by: int) -> None:
        columns, rows = self.query_one("#data-left", ImageGrid).capacity()
        count = len(self._indices[self._page.split])
        first = self._page.first + by * columns * rows
        if 0 <= first < count or by < 0:
            self._show_page(replace(self._page, first=max(0, first)))

    def action_style(self) -> None:
        for grid in self.query(ImageGrid):
            grid.next_style()
        self._draw()

    def action_size(self) -> None:
        for grid in self.query(ImageGrid):
            grid.small = not grid.small
        self._draw()
