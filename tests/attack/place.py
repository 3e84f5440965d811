"""A folder for one attack: stored runs, the user's folders, a neighbour's files that must not change, and commands."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from tests.attack import process
from tests.attack.cases import Bad, expect
from tests.attack.process import Child, Outcome

TRAIN = (
    *("train", "--dataset", "digits", "--hidden", "16", "--device", "cpu", "--threads", "1"),
    *("--batch-size", "32", "--epochs", "3"),
)
LONG = (*TRAIN[:-1], "100000")
"""Trains until it is stopped."""
MARK = "EVIL"
"""Part of every text of an attack that tries to control the terminal."""
RAW = ("\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200b", "\u200f", "\ufeff", "\x00", "\r")
"""What must never reach a terminal from a file."""


def environment(folder: Path) -> dict[str, str]:
    """The environment of a user whose folders all lie in this one."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    names = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CACHE", "CONFIG", "STATE", "DATA")}
    return (
        kept
        | names
        | {
            "HOME": str(folder / "home"),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LC_ALL": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
            "MNIST_TUI_RUNS": str(folder / "runs"),
            "MNIST_TUI_DATA": str(folder / "data"),
            "MNIST_TUI_MIRROR": "http://127.0.0.1:9",
        }
    )


class Place:
    """The folder of one attack. Every command is checked for what no attack may cause."""

    def __init__(self, folder: Path, stored: Path, seconds: float) -> None:
        self.folder, self._stored = folder, stored
        self.runs, self.here, self.outside = folder / "runs", folder / "here", folder / "outside"
        for place in (self.runs, self.here, self.outside, folder / "home"):
            place.mkdir(parents=True)
        (self.outside / "keep").write_text("a neighbour's file")
        (self.outside / "keep.pt").write_bytes(b"another one")
        self._before = _listing(self.outside)
        self.environment = environment(folder)
        self.until = time.monotonic() + seconds
        self.outcomes: list[Outcome] = []
        self.peak = 0
        self._children: list[Child] = []
        self._count = 0

    @property
    def run(self) -> RunFolder:
        """The only run: one that was stopped in its second epoch, with stored answers."""
        path = self.runs / self._stored.name
        if not path.exists():
            shutil.copytree(self._stored, path, symlinks=True)
        return RunFolder(path)

    @property
    def runs_now(self) -> list[RunFolder]:
        """All runs of the folder."""
        return stored_runs(self.runs)

    @property
    def left(self) -> float:
        """Seconds left."""
        return max(1.0, self.until - time.monotonic())

    def command(
        self, *arguments: str, expected: tuple[int, ...] = (0,), prepare: Callable[[], object] = lambda: None
    ) -> Outcome:
        """Run `mnist-tui` with these arguments and check its end."""
        return self.finish(self.begin(*arguments, prepare=prepare), expected)

    def begin(self, *arguments: str, prepare: Callable[[], object] = lambda: None) -> Child:
        """Run `mnist-tui` with these arguments and don't wait for it."""

        def work() -> None:
            from mnist_tui.tui.cli.commands import main

            sys.argv = ["mnist-tui", *arguments]
            main()

        return self.fork(work, prepare)

    def call(self, work: Callable[[], object], expected: tuple[int, ...] = (0,)) -> Outcome:
        """Call a function in a process of its own and check its end."""
        return self.finish(self.fork(work), expected)

    def fork(self, work: Callable[[], object], prepare: Callable[[], object] = lambda: None) -> Child:
        """Begin a function in a process of its own."""
        self._count += 1
        streams = self.folder / f"out-{self._count}", self.folder / f"err-{self._count}"
        child = process.fork(work, self.here, self.environment, streams, prepare)
        self._children.append(child)
        return child

    def finish(self, child: Child, expected: tuple[int, ...] = (0,)) -> Outcome:
        """Wait for a process and check its end."""
        self._children.remove(child)
        outcome = child.wait(self.left + time.monotonic() - child.began)
        self.outcomes.append(outcome)
        self.peak = max(self.peak, outcome.peak)
        said = outcome.out + outcome.err
        expect(not outcome.hung, "it hung")
        expect(outcome.status >= 0, f"it was ended by signal {-outcome.status}")
        expect("Traceback" not in said, f"a traceback: {outcome.words}")
        expect("bug in mnist-tui" not in said, outcome.words)
        for character in RAW:
            expect(character not in said, f"{character!a} reached the terminal")
        expect(outcome.status in expected, f"exit code {outcome.status}: {outcome.words}")
        expect(outcome.peak <= process.MEMORY, f"it took {outcome.peak >> 20:,} MB of memory")
        self.check()
        return outcome

    def forget(self, child: Child) -> None:
        """Leave out a process that the attack has ended itself."""
        self._children.remove(child)

    def check(self) -> None:
        """Raise `Bad` if code of a file was executed or something outside the run changed."""
        found = [path for path in self.folder.rglob("executed*") if path.name in ("executed", "executed-too")]
        expect(not found, "code from a file was executed")
        after = _listing(self.outside)
        expect(after == self._before, f"files elsewhere changed: {sorted(set(after) ^ set(self._before)) or 'content'}")
        for log in self.folder.glob("state/**/*.log"):
            if log.is_file() and not log.is_symlink():
                text = log.read_text(errors="replace")
                last = text.strip().splitlines()[-1:]
                # Where memory ran out is worth a traceback in the log; the terminal gets one line.
                expect("Traceback" not in text or "MemoryError" in text, f"a traceback in the log: {last}")

    def remember_outside(self) -> None:
        """Take the present content of the neighbour's folder for the one that must not change."""
        self._before = _listing(self.outside)

    def close(self) -> None:
        """End what still runs."""
        for child in list(self._children):
            with suppress(ProcessLookupError):
                os.kill(child.pid, 9)
            child.wait(0)
        self._children.clear()


def wait_for(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Return what the condition returns once that is true; raise `Bad` if it does not become true."""
    limit = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > limit:
            raise Bad("what was waited for did not happen")
        time.sleep(0.02)
    return found


def change_config(run: RunFolder, **values: Any) -> None:
    """Change entries of `config.json`."""
    path = run.path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def _listing(folder: Path) -> dict[str, bytes | str]:
    found: dict[str, bytes | str] = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        found[name] = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else ""
    return found
