"""A terminal for measuring: runs a command at a pseudo-terminal, presses keys and notes when which bytes came."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from bench.screen import Screen

REPLIES = {
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",  # frames are shown at once, as most terminals can
    b"\x1b[?2048$p": b"\x1b[?2048;0$y",  # sizes come by signal
}
"""A usual terminal's answers to queries."""
LONGEST_QUERY = max(map(len, REPLIES))


class Terminal:
    """A command at a pseudo-terminal of `columns` × `rows`, with true colours; ends what still runs when it is left."""

    def __init__(
        self, command: Sequence[str], *, columns: int = 160, rows: int = 45, env: Mapping[str, str] | None = None
    ) -> None:
        everything = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | dict(env or {})
        for name in ("NO_COLOR", "COLUMNS", "LINES"):
            everything.pop(name, None)
        self.started = time.perf_counter()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvpe(command[0], list(command), everything)
        self.ended: float | None = None
        """When the command had ended, by `time.perf_counter`."""
        self.status = -1
        """Its exit status, after that."""
        self.screen = Screen(columns, rows)
        """What is shown, as far as `shown` has looked."""
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._looked_at = 0
        self._chunks: list[tuple[float, int]] = []
        self._data = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._waiter = threading.Thread(target=self._wait, daemon=True)
        self._waiter.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.ended is None:
            os.kill(self.pid, signal.SIGKILL)
        self._waiter.join()
        self._reader.join()
        os.close(self._master)

    def _read(self) -> None:
        answered = 0
        while True:
            ready, _, _ = select.select([self._master], [], [], 0.2)
            if not ready:
                if self.ended is not None:
                    return
                continue
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:  # the other side is closed
                return
            now = time.perf_counter()
            self._data += data
            self._chunks.append((now, len(self._data)))
            for query, reply in REPLIES.items():
                place = self._data.find(query, max(0, answered - LONGEST_QUERY))
                if place >= 0 and place + len(query) > answered:
                    os.write(self._master, reply)
            answered = len(self._data)

    def _wait(self) -> None:
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        self.ended = time.perf_counter()

    @property
    def written(self) -> int:
        """Bytes that the command has written."""
        return len(self._data)

    def press(self, keys: bytes) -> int:
        """Press keys; returns how much had been written before, for `shown`."""
        place = self.written
        os.write(self._master, keys)
        return place

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; `screen` keeps the one that it had."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def last(self, count: int) -> bytes:
        """The last bytes that were written."""
        return bytes(self._data[-count:])

    def shown(self, words: str, since: int = 0, seconds: float = 60.0, *, whole: bool = True) -> float:
        """Wait until a frame that came after byte `since` shows `words`, all in one style.

        Args:
            whole: check only where a frame ends. The first one has no mark of its end: the terminal has not
                reported by then that it supports them.

        Returns:
            When the frame's last byte came, by `time.perf_counter`.

        Raises `TimeoutError` where it does not come within `seconds`.
        """
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            while self._looked_at < len(self._chunks):
                moment, end = self._chunks[self._looked_at]
                start = self._chunks[self._looked_at - 1][1] if self._looked_at else 0
                self._looked_at += 1
                found = False
                for _ in self.screen.feed(self._decoder.decode(self._data[start:end])):
                    found |= end > since and self.screen.shows(words)
                if found or (not whole and end > since and self.screen.shows(words)):
                    return moment
            if self.ended is not None:
                raise TimeoutError(f"the command ended with {self.status} before it showed {words!r}")
            time.sleep(0.002)
        raise TimeoutError(f"{words!r} was not shown within {seconds:g} s")

    def end(self, seconds: float = 600.0) -> float:
        """Wait until the command has ended; returns when. Raises `TimeoutError`."""
        self._waiter.join(seconds)
        if self.ended is None:
            raise TimeoutError(f"the command did not end within {seconds:g} s")
        return self.ended


def script() -> str:
    """The installed `mnist-tui` beside the Python that measures."""
    import sys

    return str(Path(sys.executable).parent / "mnist-tui")
