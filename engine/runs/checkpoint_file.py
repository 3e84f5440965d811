"""Reads tensors from untrusted files: no code in them is executed, and their size is limited."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from mnist_tui.engine.config import MAX_PARAMETERS

WEIGHTS_LIMIT = 4 * MAX_PARAMETERS + (16 << 20)
"""Maximum size in bytes of a weights file: those of the largest network, plus the overhead of the archive."""
STATE_LIMIT = 4 * WEIGHTS_LIMIT
"""Maximum size in bytes of a state file: current weights, best weights and up to two optimizer values per weight."""


def load(path: Path, limit: int) -> Any:
    """Load a file written by `torch.save`, onto the CPU.

    Raises:
        ValueError: As in `check`.
        OSError: The file cannot be read.
        Exception: Whatever torch's unpickler raises for a damaged file.
    """
    import torch

    check(path, limit)
    return torch.load(path, map_location="cpu", weights_only=True)


def check(path: Path, limit: int) -> None:
    """Raise `ValueError` unless the file is an uncompressed archive of at most `limit` bytes."""
    if path.exists() and not path.is_file():
        raise ValueError("it is not a file")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise ValueError("it is not a PyTorch checkpoint") from error
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ValueError("it is compressed, which checkpoints never are")
    if sum(entry.file_size for entry in entries) > limit:
        raise ValueError("it is too large")
