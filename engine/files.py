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
    temporary = _beside(path, content)
    try:
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _beside(path: Path, content: bytes) -> Path:
    """A temporary file with `content`, on the disk beside `path`."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def add(folder: Path, stem: str, contents: Mapping[str, bytes]) -> list[Path]:
    """Write new files that differ only in their endings; where a name is taken, the first free number is added.

    Args:
        contents: by ending, without the dot.

    Returns:
        Their paths, in the same order.

    Raises OSError, with nothing left behind.
    """
    temporary: list[Path] = []
    try:
        for ending, content in contents.items():
            temporary.append(_beside(folder / f"{stem}.{ending}", content))
            temporary[-1].chmod(0o666 & ~_mask())  # others may read it where they may read what this user writes
        for number in itertools.count(1):
            name = stem if number == 1 else f"{stem}-{number}"
            paths = [folder / f"{name}.{ending}" for ending in contents]
            if _took(paths, temporary):
                break
    finally:
        for path in temporary:
            path.unlink(missing_ok=True)
    return paths


def _took(paths: list[Path], temporary: list[Path]) -> bool:
    """Give the files their names; False, with none given, where one is taken, were it by somebody else this moment."""
    taken: list[Path] = []
    try:
        for path, file in zip(paths, temporary, strict=True):
            _give_name(file, path)
            taken.append(path)
    except BaseException as error:
        for path in taken:
            path.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            return False
        raise
    return True


def _give_name(file: Path, path: Path) -> None:
    """Raises `FileExistsError` where the name is taken."""
    try:
        os.link(file, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        try:
            os.replace(file, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


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
