"""Follows a run that another process is writing, by polling its event log."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import IO

from mnist_tui.engine import files
from mnist_tui.engine.events import Event
from mnist_tui.engine.runs import event_log
from mnist_tui.engine.runs.folder import EVENTS, RunFolder

POLL_SECONDS = 0.25
CHUNK = 1 << 20
"""Bytes per read."""


class Follower:
    """Reads the events that were added to a run's log since the last read.

    A log that was replaced or has shrunk is read again from its start; `restarted` is then True, and everything read
    before is obsolete.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.restarted = False
        self._file: IO[bytes] | None = None
        self._tail = b""
        self._skipped = 0
        """Length of the line being read so far, in bytes."""

    def read(self) -> list[Event]:
        """Return the next events, at least those of one chunk; empty if there are no new ones or no log."""
        self.restarted = False
        if self._file is None or self._was_replaced(self._file):
            self.restarted = self._file is not None
            self.close()
            try:
                self._file = files.open_regular(self.folder.path / EVENTS)
            except OSError:
                return []
        while self._skipped <= event_log.MAX_SKIPPED:
            try:
                data = self._file.read(CHUNK)
            except OSError:
                return []
            *complete_lines, tail = (self._tail + data).split(b"\n")
            self._tail = tail[-event_log.MAX_LINE :]
            self._skipped = len(tail) if complete_lines else self._skipped + len(data)
            found = (event_log.event(line) for line in complete_lines if len(line) < event_log.MAX_LINE)
            events = [event for event in found if event is not None]
            if events or not data:  # a chunk without valid events is not the end of the log
                return events
        return []

    def close(self) -> None:
        """Close the log."""
        if self._file is not None:
            self._file.close()
        self._file, self._tail, self._skipped = None, b"", 0

    def _was_replaced(self, file: IO[bytes]) -> bool:
        try:
            at_path = os.stat(self.folder.path / EVENTS)
        except OSError:
            return False  # the folder was removed; the events read so far remain valid
        opened = os.fstat(file.fileno())
        return (opened.st_dev, opened.st_ino) != (at_path.st_dev, at_path.st_ino) or at_path.st_size < file.tell()


def follow(folder: RunFolder) -> Iterator[Event]:
    """Yield all events of a run, past and future, until no process is writing it."""
    follower = Follower(folder)
    try:
        while True:
            live = folder.is_live()  # before reading, so that the last events are not missed
            events = follower.read()
            yield from events
            if not events:
                if not live:
                    return
                time.sleep(POLL_SECONDS)
    finally:
        follower.close()
