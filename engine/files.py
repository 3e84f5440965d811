"""Atomic file writes, which leave the old or the new content after a crash, and the folders of the user."""

from __future__ import annotations

import errno
import itertools
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Literal

import platformdirs

APPLICATION = "mnist-tui"
_FAILED_SYNC = (errno.EIO, errno.ENOSPC, errno.EDQUOT)
"""Errors of `fsync` that mean lost data; any other means that the file system has no such operation."""


def replace(path: Path, content: bytes) -> None:
    """Replace `path` atomically: write a temporary file in the same folder, fsync it, rename it and fsync the folder.

    Without the last step a power failure may undo the rename, also after later writes to other files.

    Raises:
        OSError: The write failed; `path` is unchanged and the temporary file is removed.
    """
    temporary = _write_temporary(path, content)
    try:
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _write_temporary(path: Path, content: bytes) -> Path:
    """Write `content` to a temporary file in the folder of `path`, sync it and return its path.

    Its permissions follow the umask. Not `tempfile`, whose files are private and need a `chmod`, which mounted buckets
    refuse.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            sync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def sync(file: int) -> None:
    """Flush a file to the disk; does nothing on file systems that refuse it.

    Raises:
        OSError: Data was lost.
    """
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno in _FAILED_SYNC:
            raise


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to the disk: names of new files, renames and deletions.

    Does nothing where folders can't be opened or synced; the files in them are complete in any case.

    Raises:
        OSError: Data was lost.
    """
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        sync(opened)
    finally:
        os.close(opened)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading; reading a pipe or a device could take for ever.

    Raises:
        OSError: It cannot be opened, or is a pipe, a device or a folder.
    """
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not wait for its writer
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError(errno.ENXIO, "it is not a file", str(path))
        return os.fdopen(opened, "rb")
    except BaseException:
        os.close(opened)
        raise


def read_limited(path: Path, limit: int) -> bytes:
    """Read a small file.

    Raises:
        OSError: It cannot be read, or is not a regular file.
        ValueError: It is larger than `limit` bytes.
    """
    with open_regular(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError("it is too large")
    return content


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
        for number in itertools.count(1):
            name = stem if number == 1 else f"{stem}-{number}"
            paths = [folder / f"{name}.{suffix}" for suffix in contents]
            if _link_all(paths, temporary):
                break
    finally:
        for path in temporary:
            path.unlink(missing_ok=True)
    sync_folder(folder)
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


def refuse_link(folder: Path) -> None:
    """Raise `NotADirectoryError` if `folder` is a symlink: a copied run must not redirect writes elsewhere."""
    if folder.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "is a symbolic link", str(folder))


def user_folder(kind: Literal["cache", "config", "log"]) -> Path:
    """Return this user's folder for caches, settings or logs; it may not exist.

    Without a home folder, as in a container whose user has no account, it is a private one among the temporary files.
    """
    find = {
        "cache": platformdirs.user_cache_path,
        "config": platformdirs.user_config_path,
        "log": platformdirs.user_log_path,
    }[kind]
    try:
        folder = find(APPLICATION)
    except (RuntimeError, OSError, KeyError):  # as different versions of platformdirs fail
        folder = Path()
    return folder if folder.is_absolute() else _private_temporary_folder() / kind


def _private_temporary_folder() -> Path:
    """Return a folder that nobody else can have prepared with links of their own."""
    try:
        path = Path(tempfile.gettempdir()) / f"{APPLICATION}-{os.getuid()}"
        path.mkdir(mode=0o700, exist_ok=True)
        facts = path.lstat()
        if stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not facts.st_mode & 0o022:
            return path
        return Path(tempfile.mkdtemp(prefix=f"{APPLICATION}-"))
    except OSError:
        return Path(os.devnull)  # nothing can be stored, which the callers expect of any folder


_left_deleted_folder = False


def leave_deleted_folder() -> None:
    """Leave the current folder if it was deleted: some libraries end the process there."""
    global _left_deleted_folder  # noqa: PLW0603 - the current folder is a state of the process, too
    try:
        os.getcwd()
    except OSError:
        _left_deleted_folder = True
        os.chdir("/")


def user_path(path: str | os.PathLike[str]) -> Path:
    """Return a path given by the user, with `~` and `~user` expanded.

    Raises:
        ValueError: It leads nowhere; the message goes after the path.
    """
    try:
        expanded = Path(path).expanduser()
    except RuntimeError:
        raise ValueError("starts with an unknown user's home folder; write out the full path") from None
    if _left_deleted_folder and not expanded.is_absolute():
        raise ValueError("is relative to the current folder, which was deleted; write out the full path")
    return expanded


def make_writable_folder(path: Path) -> str:
    """Create the folder if it is missing and test that files can be written to it.

    Returns:
        An empty string if the folder is writable, else the reason why it is not.
    """
    try:
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        path.mkdir(parents=True, exist_ok=True)
        for folder in missing:
            sync_folder(folder.parent)
        with tempfile.TemporaryFile(dir=path):
            return ""
    except OSError as error:
        return (error.strerror or str(error)).lower()
