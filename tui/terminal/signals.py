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
from mnist_tui.tui.terminal.hangup import detach_from_terminal


def handle_signals(handlers: Mapping[int, Callable[[], None]]) -> None:
    """Call the handlers from the running event loop; does nothing outside the main thread, where Python refuses it."""
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():
            asyncio.get_running_loop().add_signal_handler(number, handler)


def raise_interrupts() -> None:
    """Let an interrupt raise `KeyboardInterrupt` from now on, so that whatever has begun is cleaned up.

    Before, it ends the process at once, see `mnist_tui.__main__`. An ignored signal stays ignored, as under `nohup`.
    """
    if callable(signal.getsignal(signal.SIGINT)):
        signal.signal(signal.SIGINT, signal.default_int_handler)


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
            with contextlib.suppress(OSError, ValueError):
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
