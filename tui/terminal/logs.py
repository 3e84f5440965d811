"""Where warnings and tracebacks go: a file in the user's own folder, never the terminal."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from mnist_tui.engine.runs.log_file import BoundedLogFile, truncate_middle


def log_file() -> Path:
    """The log of everything that belongs to no run."""
    return platformdirs.user_log_path("mnist-tui") / "mnist-tui.log"


def set_up() -> None:
    """Send what is logged to the file; without this Python prints it."""
    logging.getLogger().addHandler(BoundedLogFile(log_file(), make_folder=True))
    logging.captureWarnings(True)


@contextmanager
def thread_failures() -> Iterator[None]:
    """Log what a thread fails with; Python would print it over the screen, or into a terminal that is gone."""

    def log(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            logging.getLogger(__name__).error("a thread failed", exc_info=arguments.exc_value)

    before, threading.excepthook = threading.excepthook, log
    try:
        yield
    finally:
        threading.excepthook = before


def collect(lines: deque[str]) -> None:
    """Append what is logged to `lines`, too."""
    handler = LogLines(lines)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    logging.getLogger().addHandler(handler)


class LogLines(logging.Handler):
    """Keeps the last lines for the log pane."""

    def __init__(self, lines: deque[str]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.extend(truncate_middle(self.format(record)).splitlines())
