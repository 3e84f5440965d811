"""Controls a training from another process: requests are lines in a file in the run folder.

The training process creates the file with mode 0600 and keeps it open, so that a file put in its place is never read.
Unlike a socket, a file has no limit on its path length and works on network file systems.
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
"""Maximum number of bytes read at once; key presses produce far fewer."""
MAX_READS = 256
"""Maximum number of such reads per poll, so that a flooded file neither delays requests nor occupies the process."""


class Listener:
    """Polls for requests in a thread and applies them until closed.

    Does nothing if the file cannot be created or no thread can be started: a training does not need it.
    """

    def __init__(self, folder: Path, control: Control) -> None:
        self._path, self._control = folder / FILE, control
        self._closed = threading.Event()
        self._fd = -1
        self._offset = 0
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._thread = threading.Thread(target=self._poll, name="requests", daemon=True)
        if self._fd >= 0:
            try:
                self._thread.start()
            except RuntimeError:  # no more threads are allowed
                os.close(self._fd)
                self._fd = -1
                with contextlib.suppress(OSError):
                    self._path.unlink()

    def close(self) -> None:
        """Remove the file, process the remaining requests and stop."""
        if self._closed.is_set() or self._fd < 0:
            return
        with contextlib.suppress(OSError):
            self._path.unlink()
        self._closed.set()
        self._thread.join()

    def _poll(self) -> None:
        try:
            while not self._closed.wait(POLL_SECONDS):
                self._process_requests()
            self._process_requests()
        finally:
            os.close(self._fd)

    def _process_requests(self) -> None:
        for _ in range(MAX_READS):
            if not self._process_next():
                return

    def _process_next(self) -> bool:
        """Process the next requests; return whether there may be more."""
        try:
            data = os.pread(self._fd, MAX_BYTES, self._offset)
        except OSError:
            return False
        complete = data.rfind(b"\n") + 1
        if not complete and len(data) == MAX_BYTES:
            complete = MAX_BYTES
        self._offset += complete
        for line in data[:complete].splitlines():
            match line:
                case b"pause":
                    self._control.pause()
                case b"resume":
                    self._control.resume()
                case b"stop":
                    self._control.stop()
        return len(data) == MAX_BYTES


def send(folder: RunFolder, request: Request) -> None:
    """Send a request to the process that is training a run, which applies it within `POLL_SECONDS`.

    Raises:
        RunError: No process is training the run, or it belongs to another user.
    """
    assert request in get_args(Request)
    if not folder.is_live():
        raise RunError(f"{folder.name} is not being trained: there is nothing to {request}")
    try:
        fd = os.open(folder.path / FILE, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(fd, "wb") as file:
            file.write(request.encode() + b"\n")
    except PermissionError as error:
        raise RunError(f"{folder.name} is being trained by another user: only they can {request} it") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RunError(f"the process that is training {folder.name} can't be reached ({reason})") from error
