"""What libraries print past Python while the console is up: into the log, never over the screen."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Iterator

from mnist_tui.tui.terminal import ascii_fallback
from mnist_tui.tui.terminal.hangup import TERMINAL_HANDLES

MAX_LINE = 4096
"""Bytes of a line without an end; what follows is another line."""


@contextlib.contextmanager
def caught() -> Iterator[None]:
    """Let Textual alone write to the terminal; all else that goes to stdout or stderr is logged, line by line.

    Textual draws on `sys.__stderr__` and asks `sys.__stdout__` for the terminal's size: both get a handle of their own
    to the terminal, and the process's own two become a pipe.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    streams = sys.__stdout__, sys.__stderr__
    own = [os.dup(1), os.dup(2)]
    screen = os.fdopen(os.dup(2), "w", encoding=sys.stderr.encoding, errors=ascii_fallback.ERRORS)
    TERMINAL_HANDLES.update((*own, screen.fileno()))
    reading, writing = os.pipe()
    for handle in (1, 2):
        os.dup2(writing, handle)
    os.close(writing)
    sys.__stdout__ = sys.__stderr__ = screen  # type: ignore[misc]
    reader = threading.Thread(target=_log_lines, args=(reading,), name="stray output", daemon=True)
    reader.start()
    try:
        yield
    finally:
        for handle, before in zip((1, 2), own, strict=True):
            os.dup2(before, handle)  # closes the pipe's other end, so that its reader ends
            os.close(before)
        sys.__stdout__, sys.__stderr__ = streams  # type: ignore[misc]
        TERMINAL_HANDLES.difference_update(own)
        reader.join(0.1)


def _log_lines(reading: int) -> None:
    log = logging.getLogger("stray output")
    with os.fdopen(reading, "rb") as lines:
        while line := lines.readline(MAX_LINE):
            words = line.decode("utf-8", errors="replace").strip()
            if words:
                log.warning("".join(c if c.isprintable() else " " for c in words))
