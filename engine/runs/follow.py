"""Following a run that another process writes: its event log, read as it grows."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import IO

from mnist_tui.engine.events import Event
from mnist_tui.engine.runs import event_log
from mnist_tui.engine.runs.folder import EVENTS, RunFolder

POLL_SECONDS = 0.25
CHUNK = 1 << 20
"""Bytes that are read at once."""


class Follower:
    """Reads what was added to a run's log since it was read last.

    A log that was replaced, or is shorter than before, is read from its beginning; `restarted` says so, because what
    was told before is void then.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.restarted = False
        self._file: IO[bytes] | None = None
        self._rest = b""

    def read(self) -> list[Event]:
        """The next events in order, at least a chunk's; none where none was added, or nothing is there."""
        self.restarted = False
        if self._file is None or self._was_replaced(self._file):
            self.restarted = self._file is not None
            self.close()
            try:
                self._file = (self.folder.path / EVENTS).open("rb")
            except OSError:
                return []
        while True:
            try:
                data = self._file.read(CHUNK)
            except OSError:
                return []
            *whole, rest = (self._rest + data).split(b"\n")
            self._rest = rest[-event_log.MAX_LINE :]
            found = (event_log.event(line) for line in whole if len(line) < event_log.MAX_LINE)
            events = [event for event in found if event is not None]
            if events or not data:  # a whole chunk of foreign lines is not the end
                return events

    def close(self) -> None:
        """Let go of the log."""
        if self._file is not None:
            self._file.close()
        self._file, self._rest = None, b""

    def _was_replaced(self, file: IO[bytes]) -> bool:
        try:
            there = os.stat(self.folder.path / EVENTS)
        except OSError:
            return False  # the folder was removed; what was read stands
        here = os.fstat(file.fileno())
        return (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino) or there.st_size < file.tell()


def follow(folder: RunFolder) -> Iterator[Event]:
    """All that a run told and tells, until no process writes it any more."""
    follower = Follower(folder)
    try:
        while True:
            live = folder.is_live()  # before reading: what was written until then is there
            events = follower.read()
            yield from events
            if not events:
                if not live:
                    return
                time.sleep(POLL_SECONDS)
    finally:
        follower.close()
