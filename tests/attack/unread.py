"""A terminal whose output is read only when the attack wants it."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from bench.terminal import REPLIES
from tests.attack.cases import Bad
from tests.attack.place import Place


class Unread:
    """A command at a terminal; `reading` says whether its output is read."""

    def __init__(self, place: Place, command: Sequence[str]) -> None:
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
            os.chdir(place.here)
            os.execvpe(command[0], list(command), place.environment)
        self.data = b""
        self.reading = threading.Event()
        self.reading.set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with suppress(OSError):
            while not self._ended.is_set():
                if not self.reading.wait(0.2):
                    continue
                data = os.read(self._master, 65536)
                if not data:
                    return
                self.data += data
                for query, reply in REPLIES.items():
                    if query in data:
                        os.write(self._master, reply)

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def quit(self, seconds: float = 30.0) -> int:
        """Press q until it has ended; return the exit code."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(OSError):
                self.press(b"\x1b")
                time.sleep(0.2)
                self.press(b"q")
            time.sleep(0.5)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
        raise Bad("q did not end the console")

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self._ended.set()
        self.reading.set()
        self._thread.join(2)
        os.close(self._master)


@contextmanager
def terminal(place: Place, command: Sequence[str]) -> Iterator[Unread]:
    """The command at such a terminal; ended when it is left."""
    screen = Unread(place, command)
    try:
        yield screen
    finally:
        screen.close()
