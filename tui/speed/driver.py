"""Textual's driver for a terminal that may go away; always on, since it gains no speed."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message


class TerminalLost(Message):
    """The terminal can no longer be read, such as after a lost connection."""


class Terminal(LinuxDriver):
    """A driver that neither blocks nor fails where the terminal is gone, and tells the app with `TerminalLost`."""

    def write(self, data: str) -> None:
        """Write, unless the thread that passes it on has ended.

        That thread ends with an exception where the terminal is gone. Nothing empties its queue then, and as soon as
        the queue is full, Textual's own `write` waits for ever. Only the private attribute leads to the thread.
        """
        if self._writer_thread is None or self._writer_thread.is_alive():
            super().write(data)

    def close(self) -> None:
        """Stop the writing thread, unless it has ended: to stop it is a message to its queue, see `write`."""
        if self._writer_thread is not None and self._writer_thread.is_alive():
            super().close()

    def run_input_thread(self) -> None:
        """Read keys; where the terminal is gone, tell the app instead of ending it with a crash report."""
        try:
            super().run_input_thread()
        except OSError:
            self.send_message(TerminalLost())
