"""The `mnist-tui` command, also as `python -m mnist_tui`."""

import contextlib
import logging
import os
import signal
import sys
from typing import NoReturn


def main() -> None:
    """Run the `mnist-tui` command and end the process."""
    # Until a command has something to save: an interrupt within an import would print tracebacks.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    from mnist_tui.tui.cli.entry import main as command

    status = 0
    try:
        command()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    # By now everything is written and closed. Tearing down torch at interpreter exit would keep the shell waiting for
    # up to another second.
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # the reader of the pipe is gone
            stream.flush()
    os._exit(status)


def _interrupt(number: int, frame: object) -> NoReturn:
    os._exit(128 + number)


if __name__ == "__main__":
    main()
