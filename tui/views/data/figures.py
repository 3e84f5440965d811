"""Export state of the Data view."""

from __future__ import annotations

from pathlib import Path

from mnist_tui.engine.analysis.grids import TRANSFORM_FIELDS, GridsData
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.dataset import Dataset
from mnist_tui.engine.errors import RunError
from mnist_tui.engine.figures.settings import Settings, ViewState
from mnist_tui.engine.runs.folder import RunFolder


def export_state(data: GridsData, dataset: Dataset, folder: Path | None, draw: int) -> ViewState:
    """Return the state for exporting the images shown.

    Args:
        folder: the selected run; named in the figure only if it can reproduce it.
        draw: seed offset of the augmentation.
    """
    settings = Settings(first=data.first + 1, count=len(data.labels), draw=draw, at_epoch=data.epoch)
    subject = None
    if folder is not None and _is_of(folder, dataset, data.config):
        subject = Subject(folder, 0, data.split)
    return ViewState("data", subject, settings, data)


def _is_of(folder: Path, dataset: Dataset, ours: RunConfig) -> bool:
    """Return whether a run uses the same images and augmentation, so that its figure is reproducible."""
    try:
        config, manifest = RunFolder(folder).manifest()
    except RunError:
        return False
    names = ["seed", "valid_fraction", *TRANSFORM_FIELDS, *(["epochs"] if ours.fade else [])]
    return manifest.get("dataset") == dataset.name and all(getattr(config, n) == getattr(ours, n) for n in names)
