"""Which thread waits where there are more of them than cores: a computation, not the screen or the training."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

NICE = 5
"""A computation has a quarter of a core that it shares with the screen or the training."""


def lower_priority() -> None:
    """Lower the calling thread's priority, where each thread has its own, which is on Linux."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICE)


def pool() -> ThreadPoolExecutor:
    """Threads for what views compute and read."""
    return ThreadPoolExecutor(thread_name_prefix="view", initializer=lower_priority)
