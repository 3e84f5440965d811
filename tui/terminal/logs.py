"""Logging of warnings and tracebacks to a file in the user's log folder, never to the terminal."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_tui.engine import files
from mnist_tui.engine.errors import printable
from mnist_tui.engine.runs.log_file import BoundedLogFile, truncate_middle


def log_file() -> Path:
    """Return the path of the log for messages that do not belong to a run."""
    return files.user_folder("log") / "mnist-tui.log"


def set_up() -> None:
    """Log to the file instead of stderr, Python's default; include warnings."""
    logging.getLogger().addHandler(BoundedLogFile(log_file(), make_folder=True))
    logging.captureWarnings(True)


@contextmanager
def thread_failures() -> Iterator[None]:
    """Log uncaught exceptions of threads; by default Python prints them on stderr, over the screen."""

    def log(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            logging.getLogger(__name__).error("uncaught exception in a thread", exc_info=arguments.exc_value)

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
    """Append log lines to a bounded queue for the log pane."""

    def __init__(self, lines: deque[str]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.extend(map(printable, truncate_middle(self.format(record)).splitlines()))
