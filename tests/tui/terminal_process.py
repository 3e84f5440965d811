"""A process of mnist-tui on a pseudo-terminal of its own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mnist_tui.engine.events import Epoch, Phase
from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.remote import send
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.session import start
from tests.helpers import HANG, QUICK, checksums, of_kind

LONG = ("--dataset", "digits", "--hidden", "16", "--device", "cpu", "--threads", "1", "--batch-size", "32")

OWNING = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
"""Makes the terminal the controlling one, so that closing it sends SIGHUP."""

COMMAND = "from mnist_tui.tui.cli.commands import main; main()"

CONSOLE = f"""
from pathlib import Path
from mnist_tui.engine.config import RunConfig
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.run import Terminal, end_now, run
config = RunConfig.from_json({QUICK.to_json()} | {{"epochs": EPOCHS, "batch_size": 32}})
end_now(run(MnistTui(runs_dir=Path("runs"), config=config, driver_class=Terminal)))
"""


def wait_for(condition: Callable[[], Any]) -> Any:
    limit = time.monotonic() + HANG
    while not (found := condition()):
        assert time.monotonic() < limit, "the condition did not become true"
        time.sleep(0.02)
    return found


class OnTerminal:
    """A process with a terminal of its own, as behind an SSH connection."""

    def __init__(self, code: str, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        self.before = termios.tcgetattr(slave)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, b"\x24\x00\x78\x00\x00\x00\x00\x00")  # 36 rows, 120 columns

        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNING + code, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        self.slave = slave
        self.seen = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self.master, 65536):
                self.seen += data

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def hang_up(self) -> None:
        """Lose the connection: close the last file descriptors of the terminal."""
        os.close(self.slave)
        os.close(self.master)

    def end(self) -> int:
        return self.process.wait(HANG)


def first_epoch() -> RunFolder:
    """Return the only run, once it has trained an epoch."""

    def look() -> RunFolder | None:
        runs = stored_runs(Path("runs"))
        return runs[0] if runs and of_kind(runs[0].events(), Epoch) else None

    found: RunFolder = wait_for(look)
    return found


def started_run(terminal: OnTerminal) -> RunFolder:
    """Start the training of a console and return its run, once it has trained an epoch."""

    def look() -> list[RunFolder]:
        terminal.press(b"\r")  # the form may not be ready for the first; further ones do nothing
        time.sleep(0.2)
        return stored_runs(Path("runs"))

    wait_for(lambda: b"New run" in terminal.seen)
    wait_for(look)
    return first_epoch()


@contextlib.contextmanager
def paused(run: RunFolder) -> Iterator[None]:
    """Pause the training meanwhile, so that it can't end before the test acts."""
    send(run, "pause")
    wait_for(lambda: History.of(run.events()).phase == Phase("paused"))
    yield
    send(run, "resume")


def assert_as_uninterrupted(run: RunFolder) -> None:
    assert summarise(run).status == "completed"
    list(start(run.config(), Path("whole")))
    assert checksums(run.checkpoints) == checksums(stored_runs(Path("whole"))[0].checkpoints)
