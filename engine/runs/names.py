"""The folder that contains the runs, and valid names of runs."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mnist_tui.engine import files
from mnist_tui.engine.errors import ConfigError

NAME = re.compile(r"\w[\w.-]{0,63}")
MAX_NAME_BYTES = 200
"""File systems allow 255 bytes, of which a timestamp and a number use some."""


def runs_folder(option: str | os.PathLike[str] | None) -> Path:
    """Return the folder that contains the runs: `option`, else `$MNIST_TUI_RUNS`, else `runs` in the current folder.

    Raises:
        ConfigError: The path leads nowhere, such as `~user` of an unknown user.
    """
    chosen = os.fspath(option or os.environ.get("MNIST_TUI_RUNS") or "runs")
    try:
        return files.user_path(chosen)
    except ValueError as error:
        raise ConfigError({"runs_dir": f"--runs-dir (or MNIST_TUI_RUNS) {chosen!r} {error}"}) from None


def check_name(name: str) -> None:
    """Raise `ConfigError` if `name` cannot be part of a folder's name."""
    if not NAME.fullmatch(name) or len(name.encode()) > MAX_NAME_BYTES:
        problem = "--name must be 1 to 64 letters, digits, dots, dashes or underscores, the first a letter or digit"
        raise ConfigError({"name": problem})
