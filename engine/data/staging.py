"""A set of files that appears in a folder either completely or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from mnist_tui.engine import files


class Staging:
    """A context manager for files that are written under temporary names in their target folder.

    `commit` moves all of them into place. Leaving the context without a commit restores the folder: temporary files
    are removed, and so are folders that were created by this object and are still empty.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._created_folders: list[Path] = []
        self._staged: list[tuple[BinaryIO, Path, Path]] = []

    def __enter__(self) -> Self:
        """Create the folder; raise `OSError` on failure."""
        try:
            self._create_folder(self._folder)
        except OSError:
            self._remove_created_folders()
            raise
        return self

    def open(self, name: str) -> BinaryIO:
        """Create and open a file for writing that `commit` will rename to `name`; raise `OSError` on failure."""
        # Not tempfile: it creates files with mode 0600, but a data folder may be shared.
        part = self._folder / f".{name}.{secrets.token_hex(4)}.part"
        file = part.open("xb")
        self._staged.append((file, part, self._folder / name))
        return file

    def commit(self) -> None:
        """Flush all files to the disk, then rename them; raise `OSError` on failure."""
        for file, _, _ in self._staged:
            file.flush()
            files.sync(file.fileno())
            file.close()
        while self._staged:
            _, part, target = self._staged[0]
            os.replace(part, target)
            del self._staged[0]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file, part, _ in self._staged:
            with contextlib.suppress(OSError):  # closing flushes, which fails on a full disk
                file.close()
            with contextlib.suppress(OSError):
                part.unlink()
        self._remove_created_folders()

    def _create_folder(self, folder: Path) -> None:
        try:
            folder.mkdir()
        except FileNotFoundError:
            self._create_folder(folder.parent)
            folder.mkdir()
        except FileExistsError:
            if not folder.is_dir():
                raise
            return
        self._created_folders.append(folder)

    def _remove_created_folders(self) -> None:
        for folder in reversed(self._created_folders):
            with contextlib.suppress(OSError):  # not empty: it holds the committed files, or unrelated ones
                folder.rmdir()
