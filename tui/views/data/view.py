"""Data view: images of the data set, original and augmented."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from mnist_tui.engine.analysis.grids import TRANSFORM_FIELDS, GridsData, compute, split_indices
from mnist_tui.engine.analysis.subject import Split, Subject
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.dataset import Dataset
from mnist_tui.engine.data.folder import data_folder, is_explicit, survey
from mnist_tui.engine.data.loading import load
from mnist_tui.engine.errors import RunError
from mnist_tui.engine.figures.settings import Settings, ViewState
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.empty_texts import Steps
from mnist_tui.tui.render.texts import phase_label
from mnist_tui.tui.state.jobs import Job
from mnist_tui.tui.terminal.capabilities import best_image_style
from mnist_tui.tui.views.base import View
from mnist_tui.tui.widgets.empty import Empty
from mnist_tui.tui.widgets.image import ImageGrid, Picture
from mnist_tui.tui.widgets.pick_grid import PickGrid

SPLITS: dict[Split, str] = {"train": "training", "valid": "validation", "test": "test"}

DOWNLOAD, CANCEL = ("d", "download it"), ("esc", "cancel")
OTHER_DATA = ("n", "another data set or folder, in New run")


@dataclass(frozen=True, slots=True)
class Page:
    """Visible images, and the seed offset of the augmentation."""

    split: Split = "train"
    first: int = 0
    draw: int = 0


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
        self._drawn_for: RunConfig | None = None
        """Configuration of the drawn images."""
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
            if self._drawn_for != self._config:
                self._draw()
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

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    @property
    def _config(self) -> RunConfig:
        """Configuration of this console's training, or else of the form."""
        return self.console.training.config or self.console.config

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
        self._drawn_for = config = self._config
        self._indices = {split: split_indices(self._dataset, config, split) for split in SPLITS}
        if self._page.first >= len(self._indices[self._page.split]):
            self._page = replace(self._page, first=0)
        self.query_one("#facts", Static).update(self._facts_text(self._dataset))
        title = "augmented" if self._page.split == "train" else "augmented (not used in training)"
        self.query_one("#data-right").border_title = f"{title}: {config.augmentation}"
        self.query_one("#data-left").border_title = f"original, from {self._page.first + 1:,}"
        columns, rows = self.query_one("#data-left", ImageGrid).capacity()
        dataset, page, count = self._dataset, self._page, columns * rows
        self.jobs.start(
            "pictures",
            lambda job: compute(dataset, config, page.split, first=page.first, count=count, draw=page.draw),
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

    def _facts_text(self, dataset: Dataset) -> Text:
        colours = self.console.colours
        dim, strong = colours["secondary"], f"bold {colours['foreground']}"
        split = self._page.split
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(dataset.title, f"bold {colours['accent']}")
        for each, name in SPLITS.items():
            text.append("  ")
            text.append(f"{name} {len(self._indices[each]):,}", f"{strong} reverse" if each == split else dim)
        wide, narrow = self.size.width >= 120, self.size.width < 80
        mean, std = f"{dataset.mean:.5f}", f"{dataset.std:.5f}"
        statistics = f"μ {mean[:6]} σ {std[:6]}" if narrow else f"mean {mean}  std {std}"
        text.append(f"   {statistics}\n" if wide else "\n", dim)
        labels = dataset.test_labels if split == "test" else dataset.labels
        counts = dataset.class_counts(labels[self._indices[split]])
        for i, (name, count) in enumerate(zip(dataset.classes, counts, strict=True)):
            if i == len(counts) // 2 and (not wide or max(map(len, dataset.classes)) > 4):
                text.append(f"{statistics}\n" if not wide else "\n", dim)
            text.append(f"{name} ", colours["accent"])
            text.append(f"{count:,}" + (" " if narrow else "  "), colours["foreground"])
        return text

    @property
    def can_export(self) -> bool:
        return self.data is not None

    def export_states(self) -> list[ViewState]:
        if self.data is None or self._dataset is None:
            return []
        page, folder = self._page, self.console.scrubber.folder
        settings = Settings(first=page.first + 1, count=len(self.data.labels), draw=page.draw)
        same = folder is not None and self._is_of(folder, self._dataset, self.data.config)
        subject = Subject(folder, 0, page.split) if folder is not None and same else None
        return [ViewState("data", subject, settings, self.data)]

    @staticmethod
    def _is_of(folder: Path, dataset: Dataset, ours: RunConfig) -> bool:
        """Return whether a run uses the same images and augmentation, so that its figure is reproducible."""
        try:
            config, manifest = RunFolder(folder).manifest()
        except RunError:
            return False
        names = ("seed", "valid_fraction", *TRANSFORM_FIELDS)
        return manifest.get("dataset") == dataset.name and all(getattr(config, n) == getattr(ours, n) for n in names)

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "load":
            return self._dataset is None and not self._loading
        if action == "images":
            return self.data is not None and self._dataset is not None
        if action in ("draw", "split", "page", "style", "size"):
            return self._dataset is not None
        return super().check_action(action, parameters)

    def _show_page(self, page: Page) -> None:
        self._page = page
        self._draw()
        self.refresh_bindings()

    def action_draw(self) -> None:
        self._show_page(Page(self._page.split, self._page.first, self._page.draw + 1))

    def action_split(self) -> None:
        splits = list(SPLITS)
        self._show_page(Page(splits[(splits.index(self._page.split) + 1) % len(splits)], 0, self._page.draw))

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
            self._show_page(Page(self._page.split, max(0, first), self._page.draw))

    def action_style(self) -> None:
        for grid in self.query(ImageGrid):
            grid.next_style()
        self._draw()

    def action_size(self) -> None:
        for grid in self.query(ImageGrid):
            grid.small = not grid.small
        self._draw()
