"""Runs functions in forked processes, under limits of time, memory and files, and notes what became of them."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

MEMORY = 800 << 20
"""Bytes that a command may use beyond what the forking process had."""
ADDRESSES = 6 << 30
"""Bytes of address space beyond that, so that a failed check does not take the machine's memory."""
FILE = 64 << 20
"""Largest file in bytes that a command may write."""


@dataclass
class Outcome:
    """How a process ended."""

    status: int
    """Exit code; negative for a signal."""
    out: str
    err: str
    peak: int
    """Peak resident memory in bytes, beyond that of the forking process."""
    seconds: float
    work: float
    """Seconds of processor time, which other processes do not prolong."""
    hung: bool

    @property
    def words(self) -> str:
        """The last line that it printed, on stderr if there is one."""
        lines = [line for text in (self.err, self.out) for line in reversed(text.splitlines()) if line.strip()]
        return lines[0].strip() if lines else "(no output)"


@dataclass
class Child:
    """A forked process."""

    pid: int
    began: float
    streams: tuple[Path, Path]

    def wait(self, seconds: float) -> Outcome:
        """Return its outcome; after this time it is killed."""
        limit, hung = self.began + seconds, False
        while True:
            done, status, usage = os.wait4(self.pid, os.WNOHANG)
            if done:
                break
            if time.monotonic() > limit and not hung:
                hung = True
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.01)
        out, err = (path.read_bytes().decode(errors="surrogateescape") for path in self.streams)
        took = time.monotonic() - self.began
        peak = max(0, usage.ru_maxrss * 1024 - _resident())
        work = usage.ru_utime + usage.ru_stime
        return Outcome(os.waitstatus_to_exitcode(status), out, err, peak, took, work, hung)

    def is_alive(self) -> bool:
        """Whether it has not ended; leaves it for `wait`."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def fork(
    work: Callable[[], object],
    folder: Path,
    environment: Mapping[str, str],
    streams: tuple[Path, Path],
    prepare: Callable[[], object] = lambda: None,
) -> Child:
    """Run it in a process of its own.

    Args:
        folder: Its current folder.
        prepare: Called in the process first, such as to set a limit.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _run(work, folder, environment, streams, prepare)
    return Child(pid, began, streams)


def _run(
    work: Callable[[], object],
    folder: Path,
    environment: Mapping[str, str],
    streams: tuple[Path, Path],
    prepare: Callable[[], object],
) -> NoReturn:
    status = 1
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        for number, path in enumerate(streams, 1):
            stream = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(stream, number)
        os.closerange(3, 256)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        limit(resource.RLIMIT_AS, _addresses() + ADDRESSES)
        limit(resource.RLIMIT_FSIZE, FILE)
        limit(resource.RLIMIT_CORE, 0)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        prepare()
        work()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
        with contextlib.suppress(BaseException):
            sys.stderr.flush()
        os._exit(status)


def limit(which: int, value: int) -> None:
    """Lower a limit of this process."""
    resource.setrlimit(which, (value, resource.getrlimit(which)[1]))


def _addresses() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
