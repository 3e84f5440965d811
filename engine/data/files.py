"""The files of a data set on the disk: where they are, and what their names and sizes tell without reading them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mnist_tui.engine.data.catalog import DatasetInfo, SourceFile

GZIP_MAGIC = b"\x1f\x8b"

_GZIP_MINIMUM = 18
"""Bytes of a gzip file's header and trailer."""


def raw_folder(info: DatasetInfo, folder: Path) -> Path:
    """Where the data set's four files lie under the data folder."""
    return folder / info.folder / "raw"


def locate(raw: Path, source: SourceFile) -> Path | None:
    """The path of `source` in the folder `raw`: uncompressed if there is such a file, else `.gz`, else None."""
    for path in (raw / source.name, raw / f"{source.name}.gz"):
        if _is_there(path):
            return path
    return None


def missing_files(info: DatasetInfo, folder: Path) -> list[SourceFile]:
    """The files of the data set that are there neither uncompressed nor as `.gz`."""
    raw = raw_folder(info, folder)
    return [source for source in info.files if locate(raw, source) is None]


def visible_fault(path: Path, source: SourceFile) -> str | None:
    """What is wrong with the file, as far as its kind, permission and size tell; worded to follow its path."""
    try:
        size = regular_size(path)
        if size is None:
            return "is not a regular file"
        with path.open("rb") as file:
            if path.suffix != ".gz":
                return size_fault(size, source)
            if size == 0:
                return "is empty"
            if file.read(2) != GZIP_MAGIC:
                return "is not a gzip file"
            if size < _GZIP_MINIMUM:
                return f"is truncated: {size:,} bytes"
            # The last four bytes are the uncompressed size, whatever the compressor, and something else after a cut.
            file.seek(-4, os.SEEK_END)
            unpacked = int.from_bytes(file.read(4), "little")
    except (OSError, ValueError) as error:
        return unreadable(error)
    if unpacked != source.raw_bytes:
        return f"is truncated or damaged: its {size:,} bytes don't end as a compressed {source.name} does"
    return None


def regular_size(path: Path) -> int | None:
    """The file's size in bytes; None for a folder, a device or a pipe. Raises `OSError` where it can't be told."""
    status = path.stat()
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def size_fault(size: int, source: SourceFile) -> str | None:
    """What is wrong with the uncompressed file's size in bytes, worded to follow its path."""
    if size == source.raw_bytes:
        return None
    if size == 0:
        return "is empty"
    fault = "is truncated" if size < source.raw_bytes else "is too long"
    return f"{fault}: {size:,} bytes where {source.raw_bytes:,} belong"


def unreadable(error: OSError | ValueError) -> str:
    """Why a file can't be read, worded to follow its path."""
    return f"can't be read ({system_words(error)})"


def system_words(error: OSError | ValueError) -> str:
    """The operating system's own words for an error, without its number and path."""
    return getattr(error, "strerror", None) or str(error)


def human_size(size: int) -> str:
    """A number of bytes for people, such as `11 MB`."""
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1e3:.0f} kB" if size < 1e6 else f"{size / 1e6:.0f} MB"


def shown(path: str | os.PathLike[str]) -> str:
    """The path as text that fits on one line and can be printed, whatever its name holds."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in os.fspath(path))


def _is_there(path: Path) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True  # what can't be looked at is no reason to download: reading it says why
    return True
