"""Signal handling for a training that runs without the console."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

from mnist_tui.engine.training.control import Control
from mnist_tui.tui.terminal.hangup import detach_from_terminal


@contextlib.contextmanager
def stop_on_signals(control: Control) -> Iterator[list[int]]:
    """Stop the training and save it on the first SIGINT or SIGTERM, exit immediately on the second.

    After a hangup (SIGHUP) the training continues without output.

    Yields:
        The list of signal numbers received so far.
    """
    caught: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if any(earlier != signal.SIGHUP for earlier in caught):
            os._exit(128 + number)
        caught.append(number)
        control.stop()
        if number == signal.SIGINT:
            print("\nstopping and saving; press Ctrl+C again to exit immediately", file=sys.stderr)

    def hang_up(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        detach_from_terminal()

    handlers = {signal.SIGINT: handle, signal.SIGTERM: handle, signal.SIGHUP: hang_up}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
