"""From a data set's name to the data set: find it or download it, verify it, read it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.data.catalog import CATALOG, DATASET_NAMES, DIGITS, DatasetInfo, SourceFile
from mnist_tui.engine.data.dataset import Dataset, make_dataset
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.data.download import download
from mnist_tui.engine.data.files import locate, raw_folder, shown, visible_fault
from mnist_tui.engine.data.folder import check_folder
from mnist_tui.engine.data.idx import read_images, read_labels, unusable
from mnist_tui.engine.data.mirrors import DownloadError
from mnist_tui.engine.errors import Cancelled, ConfigError
from mnist_tui.engine.events import Phase


def never() -> bool:
    """For those who don't cancel."""
    return False


def load(
    name: str, folder: Path, *, explicit_folder: bool, cancelled: Callable[[], bool] = never
) -> Generator[Phase, None, Dataset]:
    """Yields the phases `download`, `verify` and `load`, and returns the data set.

    `name` is one of `DATASET_NAMES`. `auto` is MNIST if it is in `folder` or can be downloaded, else `digits` with a
    note that says why; damaged files are an error there too. `explicit_folder` says that somebody named the folder,
    which then must exist; `digits` needs none.

    Raises `DataError` where the data can't be had or is damaged, `ConfigError` for a name that is not known, and
    `Cancelled` soon after `cancelled()` is true.
    """
    if name not in DATASET_NAMES:
        problem = f"--dataset {name!r} is not known: choose one of {', '.join(DATASET_NAMES)}"
        raise ConfigError({"dataset": problem})
    if name == DIGITS.name:
        return (yield from _load_digits("", cancelled))
    check_folder(folder, explicit_folder)
    info = CATALOG["mnist" if name == "auto" else name]
    _refuse_damaged(info, folder)
    try:
        yield from download(info, folder, cancelled)
    except DownloadError as error:
        if name != "auto":
            raise
        note = (
            f"{info.title} is not in {shown(folder)} and could not be downloaded ({error.reason}): "
            f"this is {DIGITS.name}, a small set that works offline"
        )
        return (yield from _load_digits(note, cancelled))
    return (yield from _load_files(info, folder, cancelled))


def _refuse_damaged(info: DatasetInfo, folder: Path) -> None:
    """Raises `DataError` where a file is visibly damaged, before the missing ones are downloaded in vain."""
    raw = raw_folder(info, folder)
    for source in info.files:
        path = locate(raw, source)
        if path is not None and visible_fault(path, source):
            _read(info, source, raw)


def _load_digits(note: str, cancelled: Callable[[], bool]) -> Generator[Phase, None, Dataset]:
    _check(cancelled)
    yield Phase("load", DIGITS.title)
    return load_digits_dataset(note)


def _load_files(info: DatasetInfo, folder: Path, cancelled: Callable[[], bool]) -> Generator[Phase, None, Dataset]:
    raw = raw_folder(info, folder)
    arrays: list[NDArray[np.uint8]] = []
    for source in info.files:
        _check(cancelled)
        yield Phase("verify", source.name)
        arrays.append(_read(info, source, raw))
    _check(cancelled)
    yield Phase("load", info.title)
    images, labels, test_images, test_labels = arrays
    dataset = make_dataset(info.name, info.title, info.classes, images, labels, test_images, test_labels)
    if dataset.std == 0:
        # Nobody publishes checksums of all uncompressed files; a copy that broke off may be full of zeros.
        raise unusable(raw / info.train_images.name, "is blank: every pixel has the same value")
    return dataset


def _read(info: DatasetInfo, source: SourceFile, raw: Path) -> NDArray[np.uint8]:
    if source.kind == "images":
        return read_images(raw, source)
    return read_labels(raw, source, len(info.classes))


def _check(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled
