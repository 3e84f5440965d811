"""The data folder: its path, and a quick survey of the data sets in it."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mnist_tui.engine import files
from mnist_tui.engine.data.catalog import CATALOG, DIGITS, DatasetInfo
from mnist_tui.engine.data.files import human_size, os_error_text, printable, visible_fault
from mnist_tui.engine.data.lookup import file_names, locate
from mnist_tui.engine.errors import ConfigError, DataError

FOLDER_VARIABLE = "MNIST_TUI_DATA"


def data_folder(option: str | os.PathLike[str] | None) -> Path:
    """Return the folder that holds the data sets: `option`, else `$MNIST_TUI_DATA`, else one in the user's cache.

    An empty string counts as not given; `~` and `~user` are expanded.

    Raises:
        ConfigError: The path leads nowhere, such as `~user` of an unknown user.
    """
    chosen = os.fspath(option or "") or os.environ.get(FOLDER_VARIABLE, "")
    if not chosen:
        return files.user_folder("cache") / "data"
    try:
        return files.user_path(chosen)
    except ValueError as error:
        raise ConfigError({"data_dir": f"{_option_text(chosen)} {error}"}) from None


def is_explicit(option: str | os.PathLike[str] | None) -> bool:
    """Return whether the user chose the data folder, by `option` or by `$MNIST_TUI_DATA`."""
    return bool(os.fspath(option or "") or os.environ.get(FOLDER_VARIABLE, ""))


def check_folder(folder: Path, explicit: bool) -> None:
    """Check that an explicitly chosen data folder exists; the default folder is created by the first download.

    Raises:
        ConfigError: The path is a file.
        DataError: The folder does not exist or cannot be opened.
    """
    if not explicit:
        return
    try:
        with os.scandir(folder):
            return
    except FileNotFoundError:
        name = printable(folder)
        remedy = f"create it (mkdir -p {shlex.quote(name)}) or choose another with --data-dir"
        raise DataError(f"the data folder {name} does not exist; {remedy}") from None
    except NotADirectoryError:
        raise ConfigError({"data_dir": f"{_option_text(folder)} is a file, not a folder; choose a folder"}) from None
    except (OSError, ValueError) as error:
        reason = os_error_text(error)
        problem = f"the data folder {printable(folder)} can't be opened ({reason}); choose another with --data-dir"
        raise DataError(problem) from None


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a data set can be used without a download."""

    name: str
    title: str
    state: Literal["ready", "missing", "damaged", "bundled"]
    detail: str
    """Display text: size and form on the disk, what will be downloaded, or what is wrong."""
    bytes: int
    """Size on the disk; if missing, the size of the download."""


def survey(folder: Path) -> dict[str, Availability]:
    """Return the availability of every data set by name, without `auto`; never raises.

    Checks names and sizes only, which takes milliseconds; a wrong checksum is detected when the data set is loaded.
    """
    found = {name: _availability(info, folder) for name, info in CATALOG.items()}
    detail = f"{DIGITS.train_items + DIGITS.test_items:,} images, installed with scikit-learn"
    return found | {DIGITS.name: Availability(DIGITS.name, DIGITS.title, "bundled", detail, 0)}


def _availability(info: DatasetInfo, folder: Path) -> Availability:
    on_disk, to_download, compressed = 0, 0, False
    missing = []
    for source in info.files:
        path = locate(info, folder, source)
        if path is None:
            to_download += source.gz_bytes
            missing.append(source)
            continue
        fault = visible_fault(path, source)
        if fault:
            return Availability(info.name, info.title, "damaged", f"{printable(path.name)} {fault}", on_disk)
        compressed = compressed or path.suffix == ".gz"
        on_disk += _size(path)
    if to_download:
        what = f"{file_names(info, missing)} will be downloaded" if on_disk else "will be downloaded"
        return Availability(info.name, info.title, "missing", f"{what}: {human_size(to_download)}", to_download)
    detail = human_size(on_disk) + (" as .gz" if compressed else "")
    return Availability(info.name, info.title, "ready", detail, on_disk)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # removed since it was located
        return 0


def _option_text(folder: str | os.PathLike[str]) -> str:
    return f"--data-dir (or {FOLDER_VARIABLE}) {printable(folder)}"
