"""Files that appear in a folder all together, or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self


class Staging:
    """A context in which files are written under temporary names beside their places.

    `commit` puts all of them into place. Leaving the context without it leaves the folder as it was: temporary
    files are removed, and so are folders that were made here and are still empty.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[Path] = []
        self._staged: list[tuple[BinaryIO, Path, Path]] = []

    def __enter__(self) -> Self:
        """Makes the folder. Raises `OSError` where that fails."""
        try:
            self._make(self._folder)
        except OSError:
            self._remove_made()
            raise
        return self

    def open(self, name: str) -> BinaryIO:
        """A new file, open for writing, that `commit` will call `name`. Raises `OSError`."""
        # Not tempfile: its files are for their owner only, and a data folder may be shared.
        part = self._folder / f".{name}.{secrets.token_hex(4)}.part"
        file = part.open("xb")
        self._staged.append((file, part, self._folder / name))
        return file

    def commit(self) -> None:
        """Makes the files safe on the disk, then gives them their names. Raises `OSError`."""
        for file, _, _ in self._staged:
            file.flush()
            os.fsync(file.fileno())
            file.close()
        while self._staged:
            _, part, place = self._staged[0]
            os.replace(part, place)
            del self._staged[0]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file, part, _ in self._staged:
            with contextlib.suppress(OSError):  # closing flushes, which a full disk refuses
                file.close()
            with contextlib.suppress(OSError):
                part.unlink()
        self._remove_made()

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir()
        except FileNotFoundError:
            self._make(folder.parent)
            folder.mkdir()
        except FileExistsError:
            if not folder.is_dir():
                raise
            return
        self._made.append(folder)

    def _remove_made(self) -> None:
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):  # not empty: it holds the files, or somebody else's
                folder.rmdir()
