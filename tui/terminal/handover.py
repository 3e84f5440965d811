"""Continuation of a training in a background process after the console was left."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Handover:
    """A saved training for another process to resume."""

    folder: Path
    epochs: int
    """Total epochs."""
    data_dir: str | None

    @property
    def arguments(self) -> list[str]:
        """The arguments of `mnist-tui`."""
        data = ["--data-dir", self.data_dir] if self.data_dir else []
        return ["train", "--resume", str(self.folder.absolute()), "--epochs", str(self.epochs), *data, "--detach"]

    def proceed(self) -> NoReturn:
        """Replace this process by the one that starts the background process and says how to follow it.

        A fork would not do: it copies no thread, and this process has many.
        """
        sys.stdout.flush()
        sys.stderr.flush()
        # -P: the current folder must not hide a module.
        os.execv(sys.executable, [sys.executable, "-P", "-m", "mnist_tui", *self.arguments])
