"""A lost connection: the terminal is let go of, and what runs goes on without it."""

from __future__ import annotations

import contextlib
import os
import stat

TERMINAL_HANDLES = {0, 1, 2}
"""Handles that may lead to the terminal."""


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
