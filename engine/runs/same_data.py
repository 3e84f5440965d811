"""Whether a data set is the one that a run was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mnist_tui.engine.data.catalog import DATASET_NAMES
from mnist_tui.engine.data.dataset import Dataset
from mnist_tui.engine.errors import DataError, RunError
from mnist_tui.engine.runs.folder import RunFolder


def recorded_dataset(folder: RunFolder, manifest: Mapping[str, Any]) -> str:
    """Return the name of the data set that a run was trained on; raise `RunError` if it is not recorded."""
    name = manifest.get("dataset")
    if not isinstance(name, str) or name == "auto" or name not in DATASET_NAMES:
        raise RunError(f"{folder.name} does not record its data set: choose another run, see mnist-tui runs")
    return name


def check_digest(folder: RunFolder, manifest: Mapping[str, Any], dataset: Dataset) -> None:
    """Raise `DataError` if a run was trained on other images or labels; older versions recorded no digest."""
    if "sha256" in manifest and manifest["sha256"] != dataset.digest:
        raise other_data(folder, dataset)


def other_data(folder: RunFolder, dataset: Dataset) -> DataError:
    """Return the error that a run was trained on other data."""
    problem = f"{dataset.title} in this data folder is not the data that {folder.name} was trained on"
    return DataError(f"{problem}: give the right folder with --data-dir")
