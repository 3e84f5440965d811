"""How other threads steer a training: pause, resume, stop."""

from __future__ import annotations

import threading


class Control:
    """Requests that a training looks at between two batches; every method may be called from any thread."""

    def __init__(self) -> None:
        self._running = threading.Event()
        self._running.set()
        self._stopping = False

    def pause(self) -> None:
        """Hold the training before its next batch."""
        self._running.clear()

    def resume(self) -> None:
        """Let a held training go on."""
        self._running.set()

    def stop(self) -> None:
        """End the training before its next batch, keeping what it learned; a held one too."""
        self._stopping = True
        self._running.set()

    @property
    def paused(self) -> bool:
        """Whether a pause was asked for."""
        return not self._running.is_set()

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stopping

    def wait(self) -> None:
        """Block while paused."""
        self._running.wait()
