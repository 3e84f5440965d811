"""Faults as data: a command under a fault, and its expected outcome."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from mnist_tui.engine.events import Epoch, Progress
from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.session import start
from mnist_tui.engine.training import loop
from mnist_tui.engine.training.control import Control
from tests.helpers import QUICK, Outcome, command

TRAIN = ("train", "--dataset", "digits", "--hidden", "16", "--device", "cpu", "--threads", "1", "--batch-size", "32")
BRIEF = (*TRAIN, "--epochs", "3")
PASSED = "completed"


@dataclass
class Place:
    """The test's own folder, with a copy of the stopped run on demand."""

    folder: Path
    stored: Path

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def run(self) -> RunFolder:
        """The only run of the folder: the stopped one, unless the test made another."""
        if not stored_runs(self.runs):
            shutil.copytree(self.stored, self.runs / self.stored.name)
        return stored_runs(self.runs)[0]

    def resume(self, *options: str) -> Outcome:
        return command("train", "--resume", self.run.name, *options)


@dataclass
class Fault:
    """A fault, the command that meets it, and the expected outcome."""

    name: str
    status: int
    words: str
    """What the command prints, on either stream; empty where it does not mention the fault."""
    do: Callable[[Place], Outcome]
    after: str
    """The run's status afterwards; empty where there is no run."""


class Faults(list[Fault]):
    """The faults of a test module; `fault` adds the function that it decorates."""

    def fault(self, name: str, status: int, words: str, after: str) -> Callable[[Callable[[Place], Outcome]], None]:
        return lambda do: self.append(Fault(name, status, words, do, after))


def stopped_run(folder: Path) -> Path:
    """A run that was stopped in the middle of its second epoch."""
    control = Control()
    with patch.object(loop, "REPORT_SECONDS", 0.0):
        for event in start(QUICK, folder, name="stopped", control=control):
            if isinstance(event, Progress) and (event.epoch, event.batch) == (2, 20):
                control.stop()
    return stored_runs(folder)[0].path


@contextlib.contextmanager
def at_epoch(number: int, act: Callable[[RunFolder], Any]) -> Iterator[None]:
    """Call `act` with the run's folder when the epoch's event is written."""
    append = RunWriter.append

    def appended(self: RunWriter, event: Any) -> None:
        append(self, event)
        if isinstance(event, Epoch) and event.epoch == number:
            act(self.folder)

    with patch.object(RunWriter, "append", appended):
        yield


def change_config(run: RunFolder, **values: Any) -> None:
    path = run.path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def check(place: Place, case: Fault) -> None:
    """Run the command with the fault; check its exit code, its output and the run folder."""
    outcome = case.do(place)
    said = outcome.out + outcome.err
    assert outcome.status == case.status, said
    assert case.words in said
    assert "Traceback" not in said
    assert said.replace("\n", "").isprintable()
    if case.status in (2, 3, 4):
        assert outcome.out == ""
        (line,) = outcome.err.splitlines()
        assert line.startswith("mnist-tui: ")
    assert not (place.folder / "executed").exists()
    runs = stored_runs(place.runs)
    assert [summarise(run).status for run in runs][:1] == [case.after][: len(case.after)]
    for run in runs:
        assert not run.is_live()
        list(run.events())
