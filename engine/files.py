"""Atomic file writes: a crash leaves either the old content or the new content, never a partial file."""

from __future__ import annotations

import errno
import itertools
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def replace(path: Path, content: bytes) -> None:
    """Replace `path` atomically: write a temporary file in the same folder, fsync it and rename it.

    Raises:
        OSError: The write failed; `path` is unchanged and the temporary file is removed.
    """
    temporary = _write_temporary(path, content)
    try:
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_temporary(path: Path, content: bytes) -> Path:
    """Write `content` to a temporary file in the folder of `path`, fsync it and return its path."""
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


def write_unique(folder: Path, stem: str, contents: Mapping[str, bytes]) -> list[Path]:
    """Write a set of new files that share a stem; if any name exists, append the first free number to the stem.

    Args:
        contents: File contents by suffix, without the dot.

    Returns:
        The paths of the new files, in the order of `contents`.

    Raises:
        OSError: A file cannot be written; none of them is left behind.
    """
    temporary: list[Path] = []
    try:
        for suffix, content in contents.items():
            temporary.append(_write_temporary(folder / f"{stem}.{suffix}", content))
            temporary[-1].chmod(0o666 & ~_umask())  # mkstemp creates 0600; exports follow the umask like other files
        for number in itertools.count(1):
            name = stem if number == 1 else f"{stem}-{number}"
            paths = [folder / f"{name}.{suffix}" for suffix in contents]
            if _link_all(paths, temporary):
                break
    finally:
        for path in temporary:
            path.unlink(missing_ok=True)
    return paths


def _link_all(paths: list[Path], temporary: list[Path]) -> bool:
    """Link all files under their final names, or none of them; return False if a name exists (race-free)."""
    linked: list[Path] = []
    try:
        for path, file in zip(paths, temporary, strict=True):
            _link(file, path)
            linked.append(path)
    except BaseException as error:
        for path in linked:
            path.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            return False
        raise
    return True


def _link(file: Path, path: Path) -> None:
    """Give `file` the name `path`, never overwriting; raise `FileExistsError` if the name exists."""
    try:
        os.link(file, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        try:
            os.replace(file, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _umask() -> int:
    """Return the umask of the process; reading it requires setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def refuse_link(folder: Path) -> None:
    """Raise `NotADirectoryError` if `folder` is a symlink: a copied run must not redirect writes elsewhere."""
    if folder.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "is a symbolic link", str(folder))


def make_writable_folder(path: Path) -> str:
    """Create the folder if it is missing and test that files can be written to it.

    Returns:
        An empty string if the folder is writable, else the reason why it is not.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return ""
    except OSError as error:
        return (error.strerror or str(error)).lower()
