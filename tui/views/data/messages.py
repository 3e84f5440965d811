"""What the Data view's threads tell it, and which page of images they were asked for."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from mnist_tui.engine.analysis.grids import GridsData
from mnist_tui.engine.analysis.subject import Split
from mnist_tui.engine.data.dataset import Dataset
from mnist_tui.engine.events import Phase


class Loading(Message):
    """The data set is being read."""

    def __init__(self, request: int, phase: Phase) -> None:
        super().__init__()
        self.request = request
        """Which reading says so."""
        self.phase = phase
        """What is being done."""


class Loaded(Message):
    """The data set was read, or can't be."""

    def __init__(self, request: int, dataset: Dataset | None, error: str) -> None:
        super().__init__()
        self.request = request
        """Which reading says so."""
        self.dataset = dataset
        """The images, or None."""
        self.error = error
        """Why there are none."""


class Drawn(Message):
    """The pictures for both grids."""

    def __init__(self, page: Page, data: GridsData) -> None:
        super().__init__()
        self.page = page
        """What they were asked for."""
        self.data = data
        """The images."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which images are looked at, and with which random draw."""

    split: Split = "train"
    first: int = 0
    draw: int = 0
