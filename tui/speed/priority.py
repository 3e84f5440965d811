"""Which thread waits where there are more of them than cores: a computation, not the screen or the training."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from mnist_tui.tui.speed.switch import enabled

NICE = 5
"""A computation has a quarter of a core that it shares with the screen or the training."""


SWITCH_SECONDS = 0.001
"""How long a thread that computes in Python keeps it while another one waits; Python's own 5 ms add up in a frame."""


def shorten_turns() -> None:
    """Let the screen have Python sooner while other threads compute in it (override `turns`).

    Gain: 34 % of the time that the slowest tenth of keys takes while it trains.
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
    """Threads for what views compute and read."""
    return ThreadPoolExecutor(thread_name_prefix="view", initializer=lower_priority)
