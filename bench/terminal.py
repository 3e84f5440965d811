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
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

REPLIES = {
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",  # frames are shown at once, as most terminals can
    b"\x1b[?2048$p": b"\x1b[?2048;0$y",  # sizes come by signal
}
"""What a usual terminal answers when it is asked."""
FRAME_END = b"\x1b[?2026l"
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
        self._chunks: list[tuple[float, int]] = []
        self._data = bytearray()
        self._lock = threading.Lock()
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
        asked = 0
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
            with self._lock:
                self._data += data
                self._chunks.append((now, len(self._data)))
            for query, reply in REPLIES.items():
                place = self._data.find(query, max(0, asked - LONGEST_QUERY))
                if place >= 0 and place + len(query) > asked:
                    os.write(self._master, reply)
            asked = len(self._data)

    def _wait(self) -> None:
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        self.ended = time.perf_counter()

    @property
    def written(self) -> int:
        """Bytes that the command has written."""
        return len(self._data)

    def output(self, start: int = 0) -> bytes:
        """What the command wrote from byte `start` on."""
        with self._lock:
            return bytes(self._data[start:])

    def press(self, keys: bytes) -> int:
        """Press keys; returns how much had been written before, for `shown`."""
        place = self.written
        os.write(self._master, keys)
        return place

    def shown(self, words: str, since: int = 0, seconds: float = 60.0) -> float:
        """Wait until the frame that shows `words` is complete.

        Args:
            words: as they stand together in one colour.
            since: bytes that came before don't count.

        Returns:
            When the frame's last byte came, by `time.perf_counter`.

        Raises `TimeoutError` where it does not come within `seconds`.
        """
        until = time.perf_counter() + seconds
        wanted = words.encode()
        while time.perf_counter() < until:
            with self._lock:
                place = self._data.find(wanted, since)
                end = self._data.find(FRAME_END, place) if place >= 0 else -1
                if end >= 0:
                    return next(moment for moment, length in self._chunks if length >= end + len(FRAME_END))
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
