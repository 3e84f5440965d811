"""Reads tensors from untrusted files: no code in them is executed, and their size is limited."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

from mnist_tui.engine import files
from mnist_tui.engine.config import MAX_PARAMETERS

WEIGHTS_LIMIT = 4 * MAX_PARAMETERS + (16 << 20)
"""Maximum size in bytes of a weights file: those of the largest network, plus the overhead of the archive."""
STATE_LIMIT = 4 * WEIGHTS_LIMIT
"""Maximum size in bytes of a state file: current weights, best weights and up to two optimizer values per weight."""
PICKLE_LIMIT = 1 << 20
"""Maximum size in bytes of the entry that describes the tensors: each of its bytes can become an object in memory."""
DIRECTORY_LIMIT = 1 << 20
"""Maximum size in bytes of the archive's list of entries, which is read as a whole."""


def load(path: Path, limit: int) -> Any:
    """Load a file written by `torch.save`, onto the CPU.

    Raises:
        ValueError: As in `check`.
        OSError: The file cannot be read.
        Exception: Whatever torch's unpickler raises for a damaged file.
    """
    import torch

    check(path, limit)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # torch explains at length how to load it all the same
        raise ValueError("it contains something other than tensors, which is not loaded") from error


def check(path: Path, limit: int) -> None:
    """Raise `ValueError` unless the file is an uncompressed archive of at most `limit` bytes, or `OSError`."""
    try:
        with files.open_regular(path) as file, zipfile.ZipFile(_Bounded(file)) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise ValueError("it is not a PyTorch checkpoint") from error
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ValueError("it is compressed, which checkpoints never are")
    if sum(entry.file_size for entry in entries) > limit:
        raise ValueError("it is too large")
    if any(entry.filename.endswith(".pkl") and entry.file_size > PICKLE_LIMIT for entry in entries):
        raise ValueError("its description of the tensors is too large")


class _Bounded(io.BufferedReader):
    """Reads a file in pieces of limited size, so that `zipfile` reads no list of millions of entries."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(io.FileIO(file.fileno(), closefd=False))

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > DIRECTORY_LIMIT:
            raise ValueError("it has too many entries")
        return super().read(size)
