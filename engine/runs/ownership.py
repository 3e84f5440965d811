"""Ensures that only one process writes a run, and records which one.

The lock is a `flock` on the event log, which the kernel releases when its holder ends for any reason; a small file next
to it identifies the holder. On file systems without locks, that file alone decides.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from mnist_tui.engine import files
from mnist_tui.engine.errors import RunError, printable

OWNER = "owner.json"
MAX_OWNER_BYTES = 4096
LOCK_TIMEOUT_SECONDS = 1.0
"""How long to wait for the lock: a process that tests it holds it for a moment."""
_LOCKS_UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM, errno.EACCES)


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that is writing a run."""

    pid: int
    host: str
    since: float
    """Unix time, in seconds."""

    def __str__(self) -> str:
        try:
            since = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.since))
        except (OverflowError, ValueError, OSError):
            since = "?"
        return f"process {self.pid} on {self.host} since {since}"

    @property
    def is_alive(self) -> bool:
        """Whether the process exists, as far as this host can tell; processes of other hosts are assumed to."""
        if self.host != socket.gethostname():
            return True
        try:
            os.kill(self.pid, 0)
        except PermissionError:
            return True
        except (OSError, OverflowError):
            return False
        return True


def owner(folder: Path) -> Owner | None:
    """Return the recorded owner of the run; None if there is none or the record is invalid."""
    try:
        record = json.loads(files.read_limited(folder / OWNER, MAX_OWNER_BYTES))
        pid, host, since = record["pid"], record["host"], float(record["since"])
        if not isinstance(pid, int) or isinstance(pid, bool) or pid < 1 or not isinstance(host, str):
            return None
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return Owner(pid, "".join(char if char.isprintable() else "?" for char in host[:64]), since)


def is_owned(log: Path) -> bool:
    """Return whether a process is writing the run with this event log."""
    try:
        with files.open_regular(log) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        claimant = owner(log.parent) if error.errno in _LOCKS_UNSUPPORTED else None
        return claimant is not None and claimant.is_alive
    return False


def claim(file: IO[bytes], folder: Path) -> None:
    """Lock the run for this process.

    Args:
        file: The event log, open for writing; closing it releases the lock.
        folder: The run folder.

    Raises:
        RunError: Another process is writing the run.
    """
    deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise RunError(_locked_message(folder)) from None
            time.sleep(0.02)
        except OSError as error:
            if error.errno not in _LOCKS_UNSUPPORTED:
                raise
            claimant = owner(folder)
            if claimant is not None and claimant.is_alive and claimant.pid != os.getpid():
                raise RunError(_locked_message(folder)) from None
            break
    record = asdict(Owner(os.getpid(), socket.gethostname(), time.time()))
    with contextlib.suppress(OSError):  # the lock does not depend on the record
        files.replace(folder / OWNER, json.dumps(record).encode())


def release(folder: Path) -> None:
    """Remove the owner's record; closing the event log releases the lock."""
    with contextlib.suppress(OSError):
        (folder / OWNER).unlink()


def _locked_message(folder: Path) -> str:
    holder = owner(folder)
    by = f" by {holder}" if holder else ""
    name = printable(folder.name)
    problem = f"{name} is being trained{by}: follow it with mnist-tui attach {name}, or stop it first"
    if holder is not None and holder.host != socket.gethostname():
        problem += f"; if that process is gone, delete {folder / OWNER} and try again"
    return problem
