"""Writing files so that a crash leaves the old one or the new one, never half of one."""

from __future__ import annotations

import errno
import itertools
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def replace(path: Path, content: bytes) -> None:
    """Write `content` to a temporary file beside `path`, flush it to the disk and rename it into place.

    Raises OSError, with nothing left behind.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def add(folder: Path, stem: str, contents: Mapping[str, bytes]) -> list[Path]:
    """Write new files that differ only in their endings; where a name is taken, the first free number is added.

    Args:
        contents: by ending, without the dot.

    Returns:
        Their paths, in the same order.

    Raises OSError, with nothing left behind.
    """
    for number in itertools.count(1):
        name = stem if number == 1 else f"{stem}-{number}"
        paths = [folder / f"{name}.{ending}" for ending in contents]
        if not any(map(os.path.lexists, paths)):
            break
    written: list[Path] = []
    try:
        for path, content in zip(paths, contents.values(), strict=True):
            replace(path, content)
            written.append(path)
            path.chmod(0o666 & ~_mask())  # others may read it where they may read what this user writes
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return paths


def _mask() -> int:
    """What the process withholds from new files; it can't be asked for without setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def refuse_link(folder: Path) -> None:
    """Raises OSError where the folder is a link: a stranger's run must not lead to other folders."""
    if folder.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "is a link to elsewhere", str(folder))


def make_writable_folder(path: Path) -> str:
    """Make the folder where it is missing.

    Returns:
        An empty string, or why files can't be written into it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return ""
    except OSError as error:
        return (error.strerror or str(error)).lower()
