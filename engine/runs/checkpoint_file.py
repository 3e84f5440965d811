"""Reading tensors out of files that anybody may have written: nothing is executed, and no more is read than can be."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from mnist_tui.engine.config import MAX_PARAMETERS

WEIGHTS_LIMIT = 4 * MAX_PARAMETERS + (16 << 20)
"""Bytes of the largest network's weights, and some for the archive around them."""
STATE_LIMIT = 4 * WEIGHTS_LIMIT
"""A state has the weights, the best ones, and up to two numbers of the optimiser for each."""


def load(path: Path, limit: int) -> Any:
    """What `torch.save` put into the file, on the CPU.

    Raises ValueError, OSError, or whatever torch's unpickler meets in a damaged file.
    """
    import torch

    check(path, limit)
    return torch.load(path, map_location="cpu", weights_only=True)


def check(path: Path, limit: int) -> None:
    """Raises ValueError where the file is no plain archive of at most `limit` bytes, OSError where it can't be read."""
    if path.exists() and not path.is_file():
        raise ValueError("it is not a file")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise ValueError("it is not an archive of numbers") from error
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ValueError("it is packed, as none of ours is")
    if sum(entry.file_size for entry in entries) > limit:
        raise ValueError("it is too large")
