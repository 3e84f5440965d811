"""Standard streams without a terminal: missing at startup, lost by a hangup, or silenced."""

from __future__ import annotations

import contextlib
import os
import stat
import sys

TERMINAL_FDS = {0, 1, 2}
"""File descriptors that may refer to the terminal."""


def open_missing_std_streams() -> None:
    """Open the null device for standard streams that were closed when the process started.

    Otherwise the next file to be opened, such as a run's event log, would take over their file descriptor and receive
    everything that libraries print.
    """
    for fd, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free descriptor: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(fd, mode, closefd=False))  # noqa: SIM115


def detach_from_terminal() -> None:
    """Replace a lost terminal by the null device, so that reads and writes neither fail nor spin.

    Redirected streams (files and pipes) are left unchanged.
    """
    null = os.open(os.devnull, os.O_RDWR)
    for fd in TERMINAL_FDS:
        with contextlib.suppress(OSError):
            if stat.S_ISCHR(os.fstat(fd).st_mode):  # isatty is false for a terminal after a hangup
                os.dup2(null, fd)
    os.close(null)


def silence(fd: int) -> None:
    """Redirect a file descriptor to the null device."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, fd)
    os.close(null)
