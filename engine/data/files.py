"""Files of a data set on the disk: checks of their type, size and first bytes, which read no more of their content."""

from __future__ import annotations

import os
import stat
import zlib
from pathlib import Path

from mnist_tui.engine.data.catalog import SourceFile

GZIP_MAGIC = b"\x1f\x8b"

_GZIP_MINIMUM = 18
"""Size of a gzip file's header and trailer, in bytes."""
_START = 4096
"""Number of bytes that are read to recognise a format; the header of a gzip file may hold a name of its own."""
_FOREIGN = {
    b"<!doctype": "is a web page, saved instead of the file",
    b"<html": "is a web page, saved instead of the file",
    b"version https://git-lfs": "is only a pointer to the file, which git lfs pull fetches",
    b"pk\x03\x04": "is a zip archive, which must be unpacked first",
    b"bzh": "is compressed with bzip2 and must be decompressed first",
    b"\xfd7zxz": "is compressed with xz and must be decompressed first",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd and must be decompressed first",
    b"7z\xbc\xaf": "is a 7-zip archive, which must be unpacked first",
    b"\x93numpy": "is a NumPy array instead of an IDX file",
}
"""What is wrong with a file by its first bytes, in lower case."""


def is_there(path: Path) -> bool:
    """Return whether the path exists, be it a link to nowhere or something that can't be accessed."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True  # inaccessible, not missing: downloading would be wrong, and reading it reports the reason
    return True


def visible_fault(path: Path, source: SourceFile) -> str | None:
    """Return what is wrong with the file as far as type, permissions, size and first bytes show; None if nothing is.

    The text is worded to follow the path.
    """
    try:
        size = regular_size(path)
        if size is None:
            return "is not a regular file"
        with path.open("rb") as file:
            start = file.read(_START)
            if not start.startswith(GZIP_MAGIC):
                return foreign_fault(start) or size_fault(size, source)
            if size < _GZIP_MINIMUM:
                return f"is truncated: {size:,} bytes"
            if _decompressed_start(start).startswith(GZIP_MAGIC):
                return None  # compressed twice: only reading all of it shows more
            # The last four bytes of a complete file hold the uncompressed size, whatever the compressor.
            file.seek(-4, os.SEEK_END)
            raw_size = int.from_bytes(file.read(4), "little")
    except (OSError, ValueError) as error:
        return unreadable_reason(error)
    if raw_size != source.raw_bytes:
        return f"is truncated or damaged ({size:,} bytes): its gzip trailer does not match {source.name}"
    return None


def foreign_fault(start: bytes) -> str | None:
    """Return what is wrong if the first bytes of a file are those of a common other format; None if they are not.

    The text is worded to follow the path.
    """
    start = start[:_START].lstrip()
    for magic, fault in _FOREIGN.items():
        if start[: len(magic)].lower() == magic:
            return fault
    return None


def _decompressed_start(start: bytes) -> bytes:
    """Return the first decompressed bytes of gzip data, as far as its first bytes tell."""
    try:
        return zlib.decompressobj(wbits=31).decompress(start, 16)
    except zlib.error:
        return b""


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
