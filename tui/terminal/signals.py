"""Signals, with a screen and without."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType

from mnist_tui.engine.training.control import Control
from mnist_tui.tui.terminal.hangup import let_go_of_the_terminal


def handle_signals(handlers: Mapping[int, Callable[[], None]]) -> None:
    """Call the handlers from the running event loop; does nothing outside the main thread, where Python refuses it."""
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():
            asyncio.get_running_loop().add_signal_handler(number, handler)


@contextlib.contextmanager
def saving_on_signals(control: Control) -> Iterator[list[int]]:
    """The first signal stops the training and keeps its work, a second ends the process at once.

    A lost connection (SIGHUP) ends nothing: the training goes on in silence.

    Yields:
        The numbers of the signals that came.
    """
    caught: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if any(earlier != signal.SIGHUP for earlier in caught):
            os._exit(128 + number)
        caught.append(number)
        control.stop()
        if number == signal.SIGINT:
            print("\nstopping, keeping the work; once more ends at once", file=sys.stderr)

    def hang_up(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        let_go_of_the_terminal()

    handlers = {signal.SIGINT: handle, signal.SIGTERM: handle, signal.SIGHUP: hang_up}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
