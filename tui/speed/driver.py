"""Terminal driver that survives the loss of the terminal; always enabled, because it is not an optimization."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message


class TerminalLost(Message):
    """The terminal can no longer be read, for example after a lost connection."""


class Terminal(LinuxDriver):
    """Driver that neither blocks nor fails after the loss of the terminal, and posts `TerminalLost`."""

    def write(self, data: str) -> None:
        """Write, unless the writer thread has ended.

        The thread ends with an exception if the terminal is gone. Its queue is then no longer emptied, and once it is
        full, Textual's `write` blocks forever. The thread is available only as a private attribute.
        """
        if self._writer_thread is None or self._writer_thread.is_alive():
            super().write(data)

    def close(self) -> None:
        """Stop the writer thread, unless it has ended; stopping also writes to its queue, see `write`."""
        if self._writer_thread is not None and self._writer_thread.is_alive():
            super().close()

    def run_input_thread(self) -> None:
        """Read keys; if the terminal is gone, notify the app instead of crashing."""
        try:
            super().run_input_thread()
        except OSError:
            self.send_message(TerminalLost())
