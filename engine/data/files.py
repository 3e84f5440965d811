"""The files of a data set on the disk: their paths, and checks of their names and sizes that read no content."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mnist_tui.engine.data.catalog import DatasetInfo, SourceFile

GZIP_MAGIC = b"\x1f\x8b"

_GZIP_MINIMUM = 18
"""Size of a gzip file's header and trailer, in bytes."""


def raw_folder(info: DatasetInfo, folder: Path) -> Path:
    """Return the folder that holds the data set's four files, under the data folder."""
    return folder / info.folder / "raw"


def locate(raw: Path, source: SourceFile) -> Path | None:
    """Return the path of `source` in the folder `raw`: the uncompressed file, else the `.gz`, else None."""
    for path in (raw / source.name, raw / f"{source.name}.gz"):
        if _exists(path):
            return path
    return None


def missing_files(info: DatasetInfo, folder: Path) -> list[SourceFile]:
    """Return the files of the data set that exist neither uncompressed nor as `.gz`."""
    raw = raw_folder(info, folder)
    return [source for source in info.files if locate(raw, source) is None]


def visible_fault(path: Path, source: SourceFile) -> str | None:
    """Return what is wrong with the file as far as its type, permissions and size show; None if nothing is.

    The text is worded to follow the path.
    """
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
            # The last four bytes of a complete file hold the uncompressed size, whatever the compressor.
            file.seek(-4, os.SEEK_END)
            raw_size = int.from_bytes(file.read(4), "little")
    except (OSError, ValueError) as error:
        return unreadable_reason(error)
    if raw_size != source.raw_bytes:
        return f"is truncated or damaged ({size:,} bytes): its gzip trailer does not match {source.name}"
    return None


def regular_size(path: Path) -> int | None:
    """Return the size in bytes, or None if `path` is a folder, device or pipe; raise `OSError` if it cannot be read."""
    status = path.stat()
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def size_fault(size: int, source: SourceFile) -> str | None:
    """Return what is wrong with the size of the uncompressed file, worded to follow its path; None if nothing is."""
    if size == source.raw_bytes:
        return None
    if size == 0:
        return "is empty"
    fault = "is truncated" if size < source.raw_bytes else "is too long"
    return f"{fault}: {size:,} bytes instead of {source.raw_bytes:,}"


def unreadable_reason(error: OSError | ValueError) -> str:
    """Return why a file cannot be read, worded to follow its path."""
    return f"can't be read ({os_error_text(error)})"


def os_error_text(error: OSError | ValueError) -> str:
    """Return the operating system's message for an error, without its number and path."""
    return getattr(error, "strerror", None) or str(error)


def human_size(size: int) -> str:
    """Format a number of bytes for display, such as `11 MB`."""
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1e3:.0f} kB" if size < 1e6 else f"{size / 1e6:.0f} MB"


def printable(path: str | os.PathLike[str]) -> str:
    """Return the path as printable text on one line: every unprintable character is replaced by U+FFFD."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in os.fspath(path))


def _exists(path: Path) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True  # inaccessible, not missing: downloading would be wrong, and reading it reports the reason
    return True
