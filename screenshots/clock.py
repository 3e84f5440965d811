"""A clock that only the training advances, so that a run has the same times whenever it is made."""

from __future__ import annotations

import time
from typing import Any

BEGIN = 1_767_605_400.0
"""5 January 2026, half past nine."""
TICK = 0.0013
"""Seconds that each reading of the clock adds in training: about a batch's time on one core."""


class Clock:
    """Replaces the module `time`; what it does not freeze is the module's own."""

    def __init__(self) -> None:
        self.passed = 0.0
        """Seconds since the beginning."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def perf_counter(self) -> float:
        """Return the seconds, and advance the clock."""
        self.passed += TICK
        return self.passed

    def monotonic(self) -> float:
        """Seconds since the machine was started, an hour before; a reading does not advance the clock."""
        return 3600 + self.passed

    def time(self) -> float:
        """Seconds since 1970."""
        return BEGIN + self.passed

    def strftime(self, form: str, moment: time.struct_time | None = None) -> str:
        """A moment in words, by default now, everywhere on Earth the same."""
        return time.strftime(form, moment or time.gmtime(self.time()))
