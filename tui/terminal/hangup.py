"""A lost connection: the terminal is let go of, and what runs goes on without it."""

from __future__ import annotations

import contextlib
import os
import stat
import sys

TERMINAL_HANDLES = {0, 1, 2}
"""Handles that may lead to the terminal."""


def fill_gaps() -> None:
    """Put nothing in the place of streams that were closed before the start.

    The next file to be opened, such as a run's events, would get their number, and what libraries print would go into
    it.
    """
    for handle, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, open(handle, mode, closefd=False))  # noqa: SIM115


def let_go_of_the_terminal() -> None:
    """Put nothing in the place of a dead terminal, so that nobody who reads or writes fails or spins.

    Files and pipes stay as they are.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for handle in TERMINAL_HANDLES:
        with contextlib.suppress(OSError):
            if stat.S_ISCHR(os.fstat(handle).st_mode):  # isatty says no of a terminal that is gone
                os.dup2(nothing, handle)
    os.close(nothing)


def silence(handle: int) -> None:
    """Let everything that is written to the stream vanish."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, handle)
    os.close(nothing)
