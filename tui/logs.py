"""Where warnings and tracebacks go: a file in the user's own folder, never the terminal."""

from __future__ import annotations

import logging
import logging.handlers
from collections import deque
from io import TextIOWrapper
from pathlib import Path

import platformdirs

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
MAX_BYTES = 1 << 20


class _LateFile(logging.handlers.RotatingFileHandler):
    """Makes its folder when there is something to say, and gives up silently where it can't."""

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """A full disk must not put a traceback on somebody's screen."""


def log_file() -> Path:
    """The log of everything that belongs to no run."""
    return platformdirs.user_log_path("mnist-tui") / "mnist-tui.log"


def set_up() -> None:
    """Send what is logged to the file; without this Python prints it."""
    handler = _LateFile(log_file(), maxBytes=MAX_BYTES, backupCount=1, delay=True, encoding="utf-8")
    handler.setFormatter(logging.Formatter(FORMAT))
    logging.getLogger().addHandler(handler)
    logging.captureWarnings(True)


class LogLines(logging.Handler):
    """Keeps the last lines for the log pane."""

    def __init__(self, lines: deque[str]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.extend(self.format(record).splitlines())
