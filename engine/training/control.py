"""Thread-safe control of a training: pause, resume, stop."""

from __future__ import annotations

import threading


class Control:
    """Requests that the training loop checks between batches; every method may be called from any thread."""

    def __init__(self) -> None:
        self._running = threading.Event()
        self._running.set()
        self._stopping = False

    def pause(self) -> None:
        """Pause the training before its next batch."""
        self._running.clear()

    def resume(self) -> None:
        """Resume a paused training."""
        self._running.set()

    def stop(self) -> None:
        """Stop the training before its next batch, also if paused; what it has learned is saved."""
        self._stopping = True
        self._running.set()

    @property
    def paused(self) -> bool:
        """Whether a pause was requested."""
        return not self._running.is_set()

    @property
    def stopping(self) -> bool:
        """Whether a stop was requested."""
        return self._stopping

    def wait(self) -> None:
        """Block while paused."""
        self._running.wait()
