"""Redirection of library output, also from native code, to the log while the console is on the screen."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Iterator

from mnist_tui.tui.terminal import ascii_fallback
from mnist_tui.tui.terminal.hangup import TERMINAL_FDS

MAX_LINE = 4096
"""Longest line in bytes; longer ones are split."""


@contextlib.contextmanager
def redirected() -> Iterator[None]:
    """Reserve the terminal for Textual; log everything else written to stdout or stderr, line by line.

    Textual draws on `sys.__stderr__` and gets the terminal's size from `sys.__stdout__`: both are replaced by a
    duplicate of the terminal's file descriptor, and descriptors 1 and 2 become a pipe.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    streams = sys.__stdout__, sys.__stderr__
    saved = [os.dup(1), os.dup(2)]
    screen = os.fdopen(os.dup(2), "w", encoding=sys.stderr.encoding, errors=ascii_fallback.ERRORS)
    TERMINAL_FDS.update((*saved, screen.fileno()))
    reading, writing = os.pipe()
    for fd in (1, 2):
        os.dup2(writing, fd)
    os.close(writing)
    sys.__stdout__ = sys.__stderr__ = screen  # type: ignore[misc]
    reader = threading.Thread(target=_log_lines, args=(reading,), name="stray output", daemon=True)
    reader.start()
    try:
        yield
    finally:
        for fd, original in zip((1, 2), saved, strict=True):
            os.dup2(original, fd)  # closes the pipe's writing end, which ends the reader
            os.close(original)
        sys.__stdout__, sys.__stderr__ = streams  # type: ignore[misc]
        TERMINAL_FDS.difference_update(saved)
        reader.join(0.1)


def _log_lines(reading: int) -> None:
    log = logging.getLogger("stray output")
    with os.fdopen(reading, "rb") as lines:
        while line := lines.readline(MAX_LINE):
            text = line.decode("utf-8", errors="replace").strip()
            if text:
                log.warning("".join(c if c.isprintable() else " " for c in text))
