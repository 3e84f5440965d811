"""Where runs are stored and what they may be called."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mnist_tui.engine.errors import ConfigError

NAME = re.compile(r"\w[\w.-]{0,63}")
MAX_NAME_BYTES = 200
"""A folder's name may have 255 bytes, and the time and a number come on top."""


def runs_folder(option: str | os.PathLike[str] | None) -> Path:
    """Where runs are stored: the option, else `MNIST_TUI_RUNS`, else `runs` in the current folder.

    Raises `ConfigError` where `~name` is nobody's.
    """
    chosen = os.fspath(option or os.environ.get("MNIST_TUI_RUNS") or "runs")
    try:
        return Path(chosen).expanduser()
    except RuntimeError:
        problem = f"--runs-dir (or MNIST_TUI_RUNS) {chosen!r} begins with a home folder that is not known"
        raise ConfigError({"runs_dir": f"{problem}: write the path in full"}) from None


def check_name(name: str) -> None:
    """Raises `ConfigError` where a run's name could not be part of a folder's name."""
    if not NAME.fullmatch(name) or len(name.encode()) > MAX_NAME_BYTES:
        problem = "--name must be 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
        raise ConfigError({"name": problem})
