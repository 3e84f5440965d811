"""The data folder: which one it is, and which data sets it holds, fast enough for a form."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from mnist_tui.engine.data.catalog import CATALOG, DIGITS, DatasetInfo
from mnist_tui.engine.data.files import human_size, locate, raw_folder, shown, system_words, visible_fault
from mnist_tui.engine.errors import ConfigError, DataError

FOLDER_VARIABLE = "MNIST_TUI_DATA"


def data_folder(option: str | os.PathLike[str] | None) -> Path:
    """The folder under which the data sets lie: `option`, else `$MNIST_TUI_DATA`, else one in the user's cache.

    An empty text counts as not given, and `~` is the home folder. Raises `ConfigError` where `~name` is nobody's.
    """
    chosen = os.fspath(option or "") or os.environ.get(FOLDER_VARIABLE, "")
    if not chosen:
        return platformdirs.user_cache_path("mnist-tui") / "data"
    try:
        return Path(chosen).expanduser()
    except RuntimeError:
        problem = f"{_option(chosen)} begins with a home folder that is not known; write the path in full"
        raise ConfigError({"data_dir": problem}) from None


def is_explicit(option: str | os.PathLike[str] | None) -> bool:
    """Whether somebody named the data folder, by `option` or by `$MNIST_TUI_DATA`."""
    return bool(os.fspath(option or "") or os.environ.get(FOLDER_VARIABLE, ""))


def check_folder(folder: Path, explicit: bool) -> None:
    """Makes sure that a data folder that somebody named (`explicit`) is there.

    The default folder may be missing: the first download makes it. Raises `ConfigError` where the name is a file's,
    and `DataError` where there is nothing or it can't be looked into.
    """
    if not explicit:
        return
    try:
        with os.scandir(folder):
            return
    except FileNotFoundError:
        name = shown(folder)
        way_out = f"make it (mkdir -p {shlex.quote(name)}) or name another with --data-dir"
        raise DataError(f"the data folder {name} does not exist; {way_out}") from None
    except NotADirectoryError:
        raise ConfigError({"data_dir": f"{_option(folder)} is a file, not a folder; name a folder"}) from None
    except (OSError, ValueError) as error:
        reason = system_words(error)
        problem = f"the data folder {shown(folder)} can't be opened ({reason}); name another with --data-dir"
        raise DataError(problem) from None


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a data set can be used at once."""

    name: str
    title: str
    state: Literal["ready", "missing", "damaged", "bundled"]
    detail: str
    """For people: how it is there, what is to be downloaded, or what is wrong."""
    bytes: int
    """On the disk, or where it is missing: to be downloaded."""


def survey(folder: Path) -> dict[str, Availability]:
    """Every data set's availability by name, `auto` left out.

    Looks at names and sizes only, in milliseconds; a wrong checksum shows when the data set is loaded. Never raises.
    """
    found = {name: _availability(info, folder) for name, info in CATALOG.items()}
    detail = f"{DIGITS.train_items + DIGITS.test_items:,} images, installed with scikit-learn"
    return found | {DIGITS.name: Availability(DIGITS.name, DIGITS.title, "bundled", detail, 0)}


def _availability(info: DatasetInfo, folder: Path) -> Availability:
    raw = raw_folder(info, folder)
    on_disk, to_download, compressed = 0, 0, False
    for source in info.files:
        path = locate(raw, source)
        if path is None:
            to_download += source.gz_bytes
            continue
        fault = visible_fault(path, source)
        if fault:
            return Availability(info.name, info.title, "damaged", f"{shown(path.name)} {fault}", on_disk)
        compressed = compressed or path.suffix == ".gz"
        on_disk += _size(path)
    if to_download:
        what = "the rest will be downloaded" if on_disk else "will be downloaded"
        return Availability(info.name, info.title, "missing", f"{what}: {human_size(to_download)}", to_download)
    detail = human_size(on_disk) + (" as .gz" if compressed else "")
    return Availability(info.name, info.title, "ready", detail, on_disk)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it was there a moment ago
        return 0


def _option(folder: str | os.PathLike[str]) -> str:
    return f"--data-dir (or {FOLDER_VARIABLE}) {shown(folder)}"
