"""Loads a data set by name: finds or downloads its files, verifies and reads them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.data.catalog import CATALOG, DATASET_NAMES, DIGITS, DatasetInfo, SourceFile
from mnist_tui.engine.data.dataset import Dataset, make_dataset
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.data.download import download
from mnist_tui.engine.data.files import printable, visible_fault
from mnist_tui.engine.data.folder import check_folder
from mnist_tui.engine.data.idx import read_images, read_labels, unusable_file
from mnist_tui.engine.data.lookup import file_names, locate, misplaced, missing_files, raw_folder
from mnist_tui.engine.data.mirrors import DownloadError
from mnist_tui.engine.errors import Cancelled, ConfigError
from mnist_tui.engine.events import Phase


def never_cancelled() -> bool:
    """The default of `cancelled`: loading is never cancelled."""
    return False


def load(
    name: str, folder: Path, *, explicit_folder: bool, cancelled: Callable[[], bool] = never_cancelled
) -> Generator[Phase, None, Dataset]:
    """Load a data set, downloading it if necessary.

    Args:
        name: One of `DATASET_NAMES`. `auto` selects MNIST if it is in `folder` or can be downloaded, else `digits`
            with a note that states the reason; damaged files are an error even then.
        folder: The data folder; not used for `digits`.
        explicit_folder: Whether the user chose the folder, which then must exist.
        cancelled: Polled while loading; returns True to cancel.

    Yields:
        The phases `download`, `verify` and `load`.

    Raises:
        DataError: The data set is unavailable or damaged.
        ConfigError: The name is unknown.
        Cancelled: Soon after `cancelled()` returns True.
    """
    if name not in DATASET_NAMES:
        problem = f"--dataset must be one of {', '.join(DATASET_NAMES)}, not {name!r}"
        raise ConfigError({"dataset": problem})
    if name == DIGITS.name:
        return (yield from _load_digits("", cancelled))
    check_folder(folder, explicit_folder)
    info = CATALOG["mnist" if name == "auto" else name]
    _check_existing_files(info, folder)
    try:
        yield from download(info, folder, cancelled)
    except DownloadError as error:
        if name != "auto":
            raise
        missing = missing_files(info, folder)
        what = info.title if len(missing) == len(info.files) else f"{file_names(info, missing)} of {info.title}"
        note = (
            f"{what} is not in {printable(folder)} and could not be downloaded ({error.reason}): "
            f"using {DIGITS.name} instead, a small data set that works offline"
        )
        if stray := misplaced(info, folder):
            note += f"; to use {info.title}, {stray}"
        return (yield from _load_digits(note, cancelled))
    return (yield from _load_files(info, folder, cancelled))


def _check_existing_files(info: DatasetInfo, folder: Path) -> None:
    """Raise `DataError` if an existing file is visibly damaged, before the missing ones are downloaded in vain."""
    for source in info.files:
        path = locate(info, folder, source)
        if path is not None and visible_fault(path, source):
            _read(info, source, path.parent)


def _load_digits(note: str, cancelled: Callable[[], bool]) -> Generator[Phase, None, Dataset]:
    _raise_if_cancelled(cancelled)
    yield Phase("load", DIGITS.title)
    return load_digits_dataset(note)


def _load_files(info: DatasetInfo, folder: Path, cancelled: Callable[[], bool]) -> Generator[Phase, None, Dataset]:
    arrays: list[NDArray[np.uint8]] = []
    for source in info.files:
        _raise_if_cancelled(cancelled)
        yield Phase("verify", source.name)
        arrays.append(_read(info, source, _place(info, folder, source)))
    _raise_if_cancelled(cancelled)
    yield Phase("load", info.title)
    images, labels, test_images, test_labels = arrays
    dataset = make_dataset(info.name, info.title, info.classes, images, labels, test_images, test_labels)
    if dataset.std == 0:
        # Not all uncompressed files have a published checksum, and an interrupted copy can leave a file full of zeros.
        path = locate(info, folder, info.train_images) or raw_folder(info, folder) / info.train_images.name
        raise unusable_file(path, "is blank: every pixel has the same value")
    return dataset


def _place(info: DatasetInfo, folder: Path, source: SourceFile) -> Path:
    """Return the folder in which a file is, or belongs."""
    path = locate(info, folder, source)
    return raw_folder(info, folder) if path is None else path.parent


def _read(info: DatasetInfo, source: SourceFile, place: Path) -> NDArray[np.uint8]:
    if source.kind == "images":
        return read_images(place, source)
    return read_labels(place, source, len(info.classes))


def _raise_if_cancelled(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled
