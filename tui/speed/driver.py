"""Terminal driver that survives the loss of the terminal; always enabled, because it is not an optimization."""

from __future__ import annotations

import logging

from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from mnist_tui.tui.terminal.input_decoder import InputDecoder


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

    def _sigcont_application(self, *arguments: object) -> None:
        """Set up the terminal again when the process is continued, also after a `SIGSTOP`, which can't be caught.

        Textual then starts its threads a second time.
        """
        if self._writer_thread is None or not self._app.is_running:  # not on the screen yet, or no longer
            return
        if self._writer_thread.is_alive():  # it was not suspended before
            self.suspend_application_mode()
            self._must_signal_resume = True
        super()._sigcont_application(*arguments)

    def close(self) -> None:
        """Stop the writer thread, unless it has ended; stopping also writes to its queue, see `write`."""
        if self._writer_thread is not None and self._writer_thread.is_alive():
            super().close()

    def run_input_thread(self) -> None:
        """Read keys; if the terminal is gone, notify the app instead of crashing.

        After any other exception Textual would end the app, as it does at a byte that is not UTF-8; reading goes on.
        """
        # Textual has no parameter for it; the name is an import of its module.
        linux_driver.getincrementaldecoder = lambda encoding: InputDecoder  # type: ignore[assignment, attr-defined]
        while True:
            try:
                super().run_input_thread()
            except OSError:
                self.send_message(TerminalLost())
            except Exception:
                logging.getLogger(__name__).exception("input could not be read")
                if not self.exit_event.wait(0.1):
                    continue
            return
