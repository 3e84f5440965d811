"""A log file that stays small and calm: a chatty library fills no disk, and a full disk stops nothing."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
from pathlib import Path

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
MAX_BYTES = 1 << 20
"""After so many the file becomes `….1`, in the place of the one before."""
MAX_RECORD = 20_000
"""Characters of one record; what is longer is cut."""


class CalmFile(logging.handlers.RotatingFileHandler):
    """Makes the file, and its folder, when there is something to say; gives up silently where it can't."""

    def __init__(self, path: Path, *, make_folder: bool = False) -> None:
        self._make_folder = make_folder
        super().__init__(path, maxBytes=MAX_BYTES, backupCount=1, delay=True, encoding="utf-8", errors="replace")
        self.setFormatter(logging.Formatter(FORMAT))

    def format(self, record: logging.LogRecord) -> str:
        return cut(super().format(record))

    def emit(self, record: logging.LogRecord) -> None:
        if self._make_folder and self.stream is None:
            with contextlib.suppress(OSError):  # where there can't be a folder, there can't be a file
                Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """A full disk must not put a traceback on somebody's screen."""


def cut(text: str) -> str:
    """`text`, without its middle where it is too long."""
    half = MAX_RECORD // 2
    return (
        text if len(text) <= MAX_RECORD else f"{text[:half]}\n… {len(text) - 2 * half:,} characters …\n{text[-half:]}"
    )
