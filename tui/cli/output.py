"""Prints lines of text; every line that a command prints goes through `say`, except JSON, which escapes by itself."""

from __future__ import annotations

import contextlib
import errno
import signal
import sys

from mnist_tui.engine.errors import printable
from mnist_tui.tui.terminal.hangup import silence

LOST_OUTPUT = 1
"""Exit code of a command whose result could not be printed."""


def say(*lines: str, error: bool = False) -> None:
    """Print lines at once, without control characters, which names of files and texts in a run may contain."""
    for line in lines:
        print(printable(line), file=sys.stderr if error else sys.stdout, flush=True)


def say_error(line: str) -> None:
    """Print one line on stderr; ignore the failure of that."""
    with contextlib.suppress(OSError, ValueError):
        say(line, error=True)


def give_up(error: OSError) -> int:
    """Stop printing because stdout failed, and return the exit code.

    It is 141 if the reader closed the pipe, as `head` does, and 1 with a message otherwise: then a result is lost.
    """
    with contextlib.suppress(OSError, ValueError):
        silence(sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return 128 + signal.SIGPIPE
    say_error(f"mnist-tui: the output can't be written ({(error.strerror or str(error)).lower()})")
    return LOST_OUTPUT


def finish(status: int) -> int:
    """Flush stdout, and return the exit code, which is not 0 if the result could not be printed."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return status or give_up(error)
    except ValueError:  # closed
        return status
    return status


def is_of_stdout(error: OSError) -> bool:
    """Return whether printing failed, and not a file: the error was raised in a module that prints."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = str(trace.tb_frame.f_globals.get("__name__")) if trace is not None else ""
    return error.filename is None and module.startswith(("mnist_tui.tui.cli.", "rich.", "typer."))
