"""Where warnings and tracebacks go: a file in the user's own folder, never the terminal."""

from __future__ import annotations

import logging
from collections import deque
from pathlib import Path

import platformdirs

from engine.log_file import CalmFile, cut


def log_file() -> Path:
    """The log of everything that belongs to no run."""
    return platformdirs.user_log_path("mnist-tui") / "mnist-tui.log"


def set_up() -> None:
    """Send what is logged to the file; without this Python prints it."""
    logging.getLogger().addHandler(CalmFile(log_file(), make_folder=True))
    logging.captureWarnings(True)


class LogLines(logging.Handler):
    """Keeps the last lines for the log pane."""

    def __init__(self, lines: deque[str]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.extend(cut(self.format(record)).splitlines())
