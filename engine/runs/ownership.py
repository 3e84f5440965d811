"""Who writes a run: one process at a time, known to all others by name.

The lock is the kernel's (`flock` on the event log), so that it ends with its holder however that ends; a small file
beside it says who it is. Where a file system has no locks, the file alone decides.
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
from mnist_tui.engine.errors import RunError

OWNER = "owner.json"
MAX_OWNER_BYTES = 4096
PATIENCE = 1.0
"""Seconds to wait for the lock: a reader that looks whether it is held holds it for a moment itself."""
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that writes a run."""

    pid: int
    host: str
    since: float
    """Seconds since 1970."""

    def __str__(self) -> str:
        try:
            since = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.since))
        except (OverflowError, ValueError, OSError):
            since = "?"
        return f"process {self.pid} on {self.host} since {since}"

    @property
    def lives(self) -> bool:
        """Whether the process is there, as far as can be seen from here; another host's is taken to be."""
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
    """Who says to write the run; None where nobody does."""
    try:
        if not (folder / OWNER).is_file():
            return None
        with (folder / OWNER).open("rb") as file:
            record = json.loads(file.read(MAX_OWNER_BYTES))
        pid, host, since = record["pid"], record["host"], float(record["since"])
        if not isinstance(pid, int) or isinstance(pid, bool) or pid < 1 or not isinstance(host, str):
            return None
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return Owner(pid, "".join(letter if letter.isprintable() else "?" for letter in host[:64]), since)


def is_owned(log: Path) -> bool:
    """Whether a process writes the run whose event log this is."""
    try:
        with log.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        known = owner(log.parent) if error.errno in _NO_LOCKS else None
        return known is not None and known.lives
    return False


def claim(file: IO[bytes], folder: Path) -> None:
    """Take the run for this process.

    Args:
        file: its event log, open for writing; closing it gives the run back.

    Raises `RunError` that names the holder where another process writes it.
    """
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= give_up:
                raise RunError(_taken(folder)) from None
            time.sleep(0.02)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            known = owner(folder)
            if known is not None and known.lives and known.pid != os.getpid():
                raise RunError(_taken(folder)) from None
            break
    record = asdict(Owner(os.getpid(), socket.gethostname(), time.time()))
    with contextlib.suppress(OSError):  # the lock holds without it
        files.replace(folder / OWNER, json.dumps(record).encode())


def release(folder: Path) -> None:
    """Take the name away; the lock goes with its file."""
    with contextlib.suppress(OSError):
        (folder / OWNER).unlink()


def _taken(folder: Path) -> str:
    holder = owner(folder)
    by = f" by {holder}" if holder else ""
    return f"{folder.name} is being trained{by}: follow it with mnist-tui attach {folder.name}, or stop it first"
