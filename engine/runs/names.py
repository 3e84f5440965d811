"""The folder that contains the runs, and valid names of runs."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mnist_tui.engine.errors import ConfigError

NAME = re.compile(r"\w[\w.-]{0,63}")
MAX_NAME_BYTES = 200
"""File systems allow 255 bytes, of which a timestamp and a number use some."""


def runs_folder(option: str | os.PathLike[str] | None) -> Path:
    """Return the folder that contains the runs: `option`, else `$MNIST_TUI_RUNS`, else `runs` in the current folder.

    Raises:
        ConfigError: The user in `~user` does not exist.
    """
    chosen = os.fspath(option or os.environ.get("MNIST_TUI_RUNS") or "runs")
    try:
        return Path(chosen).expanduser()
    except RuntimeError:
        problem = f"--runs-dir (or MNIST_TUI_RUNS) {chosen!r} starts with an unknown user's home folder"
        raise ConfigError({"runs_dir": f"{problem}; write out the full path"}) from None


def check_name(name: str) -> None:
    """Raise `ConfigError` if `name` cannot be part of a folder's name."""
    if not NAME.fullmatch(name) or len(name.encode()) > MAX_NAME_BYTES:
        problem = "--name must be 1 to 64 letters, digits, dots, dashes or underscores, the first a letter or digit"
        raise ConfigError({"name": problem})
