"""Duration of a training without its pauses."""

from __future__ import annotations

import time


class Stopwatch:
    """Adds up the seconds between `start` or `proceed` and `hold`."""

    def __init__(self) -> None:
        self._before = 0.0
        self._since: float | None = None

    def start(self, seconds: float = 0.0) -> None:
        """Start at a number of seconds."""
        self._before, self._since = seconds, time.monotonic()

    def hold(self) -> None:
        """Stop counting."""
        self._before, self._since = self.seconds, None

    def proceed(self) -> None:
        """Continue counting."""
        if self._since is None:
            self._since = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds counted so far."""
        return self._before + (time.monotonic() - self._since if self._since is not None else 0.0)
