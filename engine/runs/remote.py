"""Steering a training from another process: requests are lines in a file of the run folder.

The training makes the file anew, for its owner alone, and keeps it open: what others put in its place is never read.
A file needs no short path, as a socket does, and works over a network's file system.
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from mnist_tui.engine.errors import RunError
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.training.control import Control

Request: TypeAlias = Literal["pause", "resume", "stop"]
FILE = "control"
POLL_SECONDS = 0.2
MAX_BYTES = 1 << 16
"""Of requests that are looked at in one turn; a hand that presses keys writes fewer."""


class Listener:
    """Does what the requests say, until it is closed; silently deaf where the file can't be made."""

    def __init__(self, folder: Path, control: Control) -> None:
        self._path, self._control = folder / FILE, control
        self._closed = threading.Event()
        self._handle = -1
        self._taken = 0
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._thread = threading.Thread(target=self._listen, name="requests", daemon=True)
        if self._handle >= 0:
            self._thread.start()

    def close(self) -> None:
        """Take the file away; requests that are there by now are still done."""
        if self._closed.is_set() or self._handle < 0:
            return
        with contextlib.suppress(OSError):
            self._path.unlink()
        self._closed.set()
        self._thread.join()

    def _listen(self) -> None:
        try:
            while not self._closed.wait(POLL_SECONDS):
                self._take()
            self._take()
        finally:
            os.close(self._handle)

    def _take(self) -> None:
        try:
            data = os.pread(self._handle, MAX_BYTES, self._taken)
        except OSError:
            return
        whole = data.rfind(b"\n") + 1
        if not whole and len(data) == MAX_BYTES:
            whole = MAX_BYTES
        self._taken += whole
        for line in data[:whole].splitlines():
            match line:
                case b"pause":
                    self._control.pause()
                case b"resume":
                    self._control.resume()
                case b"stop":
                    self._control.stop()


def send(folder: RunFolder, request: Request) -> None:
    """Ask the process that trains a run to do something; it does within a moment.

    Raises `RunError` where nobody trains it, or where it belongs to another user.
    """
    assert request in get_args(Request)
    if not folder.is_live():
        raise RunError(f"{folder.name} is not being trained: there is nothing to {request}")
    try:
        handle = os.open(folder.path / FILE, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "wb") as file:
            file.write(request.encode() + b"\n")
    except PermissionError as error:
        raise RunError(f"{folder.name} is another user's training: only they can {request} it") from error
    except OSError as error:
        raise RunError(f"{folder.name} can't be reached ({(error.strerror or str(error)).lower()})") from error
