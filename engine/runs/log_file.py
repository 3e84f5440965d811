"""A log file of bounded size that never raises: a full disk must not interrupt the program."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
MAX_BYTES = 1 << 20
"""Size at which the file is renamed to `<name>.1`, replacing the previous one."""
MAX_RECORD = 20_000
"""Maximum length of a record in characters; longer records are truncated."""


class BoundedLogFile(logging.handlers.RotatingFileHandler):
    """Creates the file, and optionally its folder, with the first record; failures to write are ignored."""

    def __init__(self, path: Path, *, make_folder: bool = False) -> None:
        self._make_folder = make_folder
        super().__init__(path, maxBytes=MAX_BYTES, backupCount=1, delay=True, encoding="utf-8", errors="replace")
        self.setFormatter(logging.Formatter(FORMAT))

    def format(self, record: logging.LogRecord) -> str:
        return truncate_middle(super().format(record))

    def emit(self, record: logging.LogRecord) -> None:
        if self._make_folder and self.stream is None:
            with contextlib.suppress(OSError):  # where there can't be a folder, there can't be a file
                Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        if self.stream is None:
            try:
                self.stream = TextIOWrapper(open_at_once(self.baseFilename), self.encoding, self.errors)
            except OSError:
                return
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Ignore the error: logging would print a traceback over the screen."""


def open_at_once(path: str) -> BinaryIO:
    """Open a file for appending, without waiting for the reader of a pipe; if there is none, this raises `OSError`."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC, 0o666), "ab")


def truncate_middle(text: str) -> str:
    """Return `text` with its middle removed if it is longer than `MAX_RECORD`."""
    half = MAX_RECORD // 2
    return (
        text if len(text) <= MAX_RECORD else f"{text[:half]}\n… {len(text) - 2 * half:,} characters …\n{text[-half:]}"
    )
