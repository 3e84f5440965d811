"""The console at a real terminal: what it writes is looked at byte by byte."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.terminal import Terminal
from tests.attack.cases import Bad, expect
from tests.attack.place import Place, wait_for
from tests.attack.process import MEMORY, Outcome

FAULT = b"bug in mnist-tui"
EVIL = (b"\x1b]0;EVIL", b"\x1b[2JEVIL", b"\x07EVIL", *(c.encode() for c in "\x9b\u202e\u2066\u200b\u200f\ufeff"))
"""What must not reach the terminal from a file."""
COMMAND = (sys.executable, "-m", "mnist_tui")
CONFIGURED = """
import sys
from pathlib import Path
from mnist_tui.engine.config import RunConfig
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.cli.exit_codes import run_and_exit
from mnist_tui.tui.run import Terminal, end, run
def console():
    config = RunConfig(dataset="digits", epochs=100000, batch_size=32, hidden=(16,), device="cpu", threads=1)
    app = MnistTui(runs_dir=Path(sys.argv[1]), config=config, driver_class=Terminal)
    end(app, run(app))
run_and_exit(console)
"""
"""A console whose form says to train without end."""


PEAKS: dict[int, int] = {}
"""Peak resident memory of consoles before they were left, in bytes."""


@contextmanager
def console(
    place: Place, *arguments: str, command: tuple[str, ...] = COMMAND, columns: int = 120, rows: int = 36
) -> Iterator[Terminal]:
    """A console in the folder of the attack; checks afterwards what it wrote, took and left."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(place.environment)
    began = time.monotonic()
    try:
        words = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(place.here), *command, *arguments]
        terminal = Terminal(words, columns=columns, rows=rows)
    finally:
        os.environ.clear()
        os.environ.update(before)
    with terminal:
        yield terminal
        resident = max(peak(terminal.pid), PEAKS.pop(terminal.pid, 0))
        place.peak = max(place.peak, resident)
    data = terminal.last(1 << 30)
    place.outcomes.append(Outcome(terminal.status, "", "", resident, time.monotonic() - began, 0.0, False))
    expect(FAULT not in data, f"the screen failed: {data[data.find(FAULT) - 150 : data.find(FAULT)]!r}")
    expect(b"Traceback" not in data, "a traceback on the screen")
    for payload in EVIL:
        expect(payload not in data, f"{payload!r} reached the terminal")
    expect(resident < MEMORY + (900 << 20), f"it took {resident >> 20:,} MB of memory")
    place.check()


def answers(terminal: Terminal, *keys: bytes, seconds: float = 25.0) -> None:
    """Press keys; raise `Bad` unless something is drawn after each."""
    for key in keys:
        place = terminal.written
        with suppress(OSError):
            terminal.press(key)
        wait_for(lambda place=place: terminal.written > place or terminal.ended is not None, seconds)  # type: ignore[misc]
        expect(terminal.ended is None, f"the console ended with {terminal.status} after {key!r}")
        time.sleep(0.25)


def quit_console(terminal: Terminal, seconds: float = 20.0) -> None:
    """Leave the console; raise `Bad` unless it ends well."""
    until = time.monotonic() + seconds
    PEAKS[terminal.pid] = peak(terminal.pid)
    while terminal.ended is None:
        expect(time.monotonic() < until, "q did not end it")
        with suppress(OSError):
            terminal.press(b"\x1b")
            time.sleep(0.15)
            terminal.press(b"q")
        time.sleep(0.4)
        if terminal.ended is None:
            with suppress(OSError):
                terminal.press(b"s")  # a training: stop
        time.sleep(0.4)
    expect(terminal.status == 0, f"it ended with {terminal.status}")


def peak(pid: int) -> int:
    """Peak resident memory of a process; 0 if it has ended."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def shown(terminal: Terminal, words: str, seconds: float = 30.0) -> None:
    """Wait until the words are on the screen."""
    try:
        terminal.shown(words, seconds=seconds, whole=False)
    except TimeoutError as error:
        rows = " / ".join(line.strip() for line in terminal.screen.lines() if line.strip())
        raise Bad(f"{error}: {rows[:300]}") from error
