"""Faults by name: how the command ends, what it says in one calm line, and that the run folder stays good."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import pickle
import resource
import shutil
import socket
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch

from mnist_tui.engine import files
from mnist_tui.engine.events import Epoch, Progress, RunFinished, to_json
from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.remote import FILE
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.session import start
from mnist_tui.engine.training import loop
from mnist_tui.engine.training.control import Control
from tests.helpers import QUICK, Outcome, command

TRAIN = ("train", "--dataset", "digits", "--hidden", "16", "--device", "cpu", "--threads", "1", "--batch-size", "32")
BRIEF = (*TRAIN, "--epochs", "3")
FULL = OSError(errno.ENOSPC, "No space left on device")
PASSED = "completed"


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped in the middle of its second epoch, made once; tests work on copies."""
    folder = tmp_path_factory.mktemp("stopped")
    control = Control()
    with patch.object(loop, "REPORT_SECONDS", 0.0):
        for event in start(QUICK, folder, name="stopped", control=control):
            if isinstance(event, Progress) and (event.epoch, event.batch) == (2, 20):
                control.stop()
    return stored_runs(folder)[0].path


@dataclass
class Place:
    """A test's own folder, with a copy of the stopped run on demand."""

    folder: Path
    stored: Path

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def run(self) -> RunFolder:
        """The stopped run, or whichever is there."""
        if not stored_runs(self.runs):
            shutil.copytree(self.stored, self.runs / self.stored.name)
        return stored_runs(self.runs)[0]

    def resume(self, *options: str) -> Outcome:
        return command("train", "--resume", self.run.name, *options)


@pytest.fixture
def place(tmp_path: Path, stopped: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_TUI_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("MNIST_TUI_DATA", str(tmp_path))
    monkeypatch.setenv("MNIST_TUI_MIRROR", "http://127.0.0.1:9/")  # refuses at once; no test leaves the machine
    return Place(tmp_path, stopped)


@dataclass
class Fault:
    """What is done, and what must come of it."""

    name: str
    status: int
    words: str
    """What the command says, on whichever stream; empty where it has nothing to say of the fault."""
    do: Callable[[Place], Outcome]
    after: str
    """The run's status afterwards; empty where there is no run."""


FAULTS: list[Fault] = []


def fault(name: str, status: int, words: str, after: str) -> Callable[[Callable[[Place], Outcome]], None]:
    """Add a fault to the list."""
    return lambda do: FAULTS.append(Fault(name, status, words, do, after))


@contextlib.contextmanager
def full_disk(refused: Callable[[Path], bool]) -> Iterator[None]:
    """Files that can't be replaced."""
    whole = files.replace

    def replace_or_fail(path: Path, content: bytes) -> None:
        if refused(path):
            raise FULL
        whole(path, content)

    with patch.object(files, "replace", replace_or_fail):
        yield


# -- the disk --------------------------------------------------------------------------------------------------


@fault("disk full from the second epoch on", 1, "checkpoints could not be stored (no space left on device)", PASSED)
def _(place: Place) -> Outcome:
    with full_disk(lambda path: path.name in ("epoch-0002.pt", "epoch-0003.pt", "state.pt")):
        outcome = command(*BRIEF)
    assert place.run.epochs() == [0, 1]
    return outcome


@fault("disk full for a while", 0, "checkpoints can be stored in", PASSED)
def _(place: Place) -> Outcome:
    tries: list[Path] = []
    with full_disk(lambda path: path.name == "epoch-0002.pt" and not tries.append(path) and len(tries) < 3):
        outcome = command(*BRIEF)
    assert place.run.epochs() == [0, 1, 2, 3]  # what waited was written when it could be
    assert len(tries) == 3
    return outcome


@fault("disk full for the state alone", 1, "checkpoints can't be stored", PASSED)
def _(place: Place) -> Outcome:
    with full_disk(lambda path: path.name == "state.pt"):
        outcome = command(*BRIEF)
    assert place.run.state() is None
    return outcome


@fault("disk full when the run folder is made", 4, "No space left on device", "")
def _(place: Place) -> Outcome:
    with full_disk(lambda path: path.name == "config.json"):
        outcome = command(*BRIEF)
    assert list(place.runs.iterdir()) == []
    return outcome


@fault("disk full when a run goes on", 4, "config.json can't be written (no space left on device)", "stopped")
def _(place: Place) -> Outcome:
    name = place.run.name
    with full_disk(lambda path: path.name == "config.json"):
        return command("train", "--resume", name)


@fault("disk full in the middle of an event's line", 0, "events can be stored in", PASSED)
def _(place: Place) -> Outcome:
    write = RunWriter._write
    tries: list[bytes] = []

    def half(self: RunWriter, data: bytes) -> None:
        tries.append(data)
        if 4 < len(tries) < 9:
            os.write(self._file.fileno(), data[: len(data) // 2])
            os.ftruncate(self._file.fileno(), self._size)
            raise FULL
        write(self, data)

    with patch.object(RunWriter, "_write", half):
        outcome = command(*BRIEF)
    lines = (place.run.path / "events.jsonl").read_text().splitlines()
    assert all(json.loads(line) for line in lines)
    return outcome


@fault("disk full when flushing", 1, "events could not be stored", PASSED)
def _(place: Place) -> Outcome:
    with patch.object(os, "fsync", side_effect=[None] * 6 + [FULL] * 1000):
        return command(*BRIEF)


@fault("disk full for the log", 0, "completed", PASSED)
def _(place: Place) -> Outcome:
    def noisy(*_: Any) -> int:
        logging.getLogger("a.library").warning("something is odd")
        return 0

    with (
        patch("mnist_tui.engine.runs.log_file.BoundedLogFile._open", side_effect=FULL),
        patch("mnist_tui.engine.hardware.devices.memory_in_use", side_effect=noisy),
    ):
        return command(*BRIEF)


@fault("files may not grow (a quota)", 1, "could not be stored (file too large)", PASSED)
def _(place: Place) -> Outcome:
    # The kernel's own refusal, in the middle of a write: 100 kB hold the weights, not the state.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        outcome = command(*BRIEF)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert place.run.epochs() == [0, 1, 2, 3]
    return outcome


@fault("not even the events fit (a quota)", 1, "could not be stored (file too large)", "died")
def _(place: Place) -> Outcome:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, before[1]))
    try:
        outcome = command(*BRIEF)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (place.run.path / "events.jsonl").read_bytes().endswith(b"\n")  # no half of a line stayed
    return outcome


@fault("runs folder below a file", 2, "choose another folder with --runs-dir", "")
def _(place: Place) -> Outcome:
    (place.folder / "file").write_text("x")
    return command(*BRIEF, "--runs-dir", "file/runs")


@fault("runs folder that can't be written", 2, "can't be stored in", "")
def _(place: Place) -> Outcome:
    with patch("tempfile.TemporaryFile", side_effect=PermissionError(13, "Permission denied")):
        return command(*BRIEF)


@fault("run folder deleted while training", 1, "the run's folder was removed", "")
def _(place: Place) -> Outcome:
    with at_epoch(1, lambda run: shutil.rmtree(run.path)):
        return command(*BRIEF)


@fault("checkpoints deleted while training", 1, "checkpoints could not be stored", PASSED)
def _(place: Place) -> Outcome:
    with at_epoch(1, lambda run: shutil.rmtree(run.checkpoints)):
        return command(*BRIEF)


@fault("event log deleted while training", 1, "the run's folder was removed", "")
def _(place: Place) -> Outcome:
    with at_epoch(1, lambda run: (run.path / "events.jsonl").unlink()):
        return command(*BRIEF)


@contextlib.contextmanager
def at_epoch(number: int, act: Callable[[RunFolder], Any]) -> Iterator[None]:
    """Do something to the run's folder when the epoch's event is written."""
    append = RunWriter.append

    def appended(self: RunWriter, event: Any) -> None:
        append(self, event)
        if isinstance(event, Epoch) and event.epoch == number:
            act(self.folder)

    with patch.object(RunWriter, "append", appended):
        yield


# -- the clock -------------------------------------------------------------------------------------------------


@fault("clock set back while training", 0, "completed in", PASSED)
def _(place: Place) -> Outcome:
    now = time.time()
    with patch("time.time", side_effect=(now - 100_000 * i for i in range(10_000))):
        outcome = command(*BRIEF)
    history = History.of(place.run.events())
    assert history.finished is not None
    assert all(0 <= epoch.seconds < 100 for epoch in history.epochs)
    assert 0 < history.finished.seconds < 100
    return outcome


@fault("clock set back between two runs", 0, "completed in", PASSED)
def _(place: Place) -> Outcome:
    with patch("time.strftime", return_value="20260101-120000"):
        outcomes = [command(*BRIEF) for _ in range(2)]
    assert sorted(run.name for run in stored_runs(place.runs)) == [
        "20260101-120000-notebook",
        "20260101-120000-notebook-2",
    ]
    return outcomes[-1]


@fault("a run from a year that no calendar has", 0, "–", "stopped")
def _(place: Place) -> Outcome:
    change_config(place.run, created=1e18)
    return command("runs")


# -- damaged files ---------------------------------------------------------------------------------------------


def change_config(run: RunFolder, **values: Any) -> None:
    path = run.path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@fault("checkpoint truncated", 4, "is damaged", "stopped")
def _(place: Place) -> Outcome:
    path = place.run.checkpoint(1)
    path.write_bytes(path.read_bytes()[:1000])
    return command("evaluate", "latest", "--epoch", "1")


@fault("checkpoint empty", 4, "is damaged", "stopped")
def _(place: Place) -> Outcome:
    place.run.checkpoint(1).write_bytes(b"")
    return command("evaluate", "latest", "--epoch", "1")


@fault("checkpoint of another architecture", 4, "does not match the configured network 784-16-10", "stopped")
def _(place: Place) -> Outcome:
    torch.save({"output_fc.weight": torch.zeros(10, 784)}, place.run.checkpoint(1))
    return command("evaluate", "latest", "--epoch", "1")


@fault("checkpoint packed like a bomb", 4, "it is compressed", "stopped")
def _(place: Place) -> Outcome:
    with zipfile.ZipFile(place.run.checkpoint(1), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(50_000_000))
    return command("evaluate", "latest", "--epoch", "1")


@fault("checkpoint larger than any network", 4, "it is too large", "stopped")
def _(place: Place) -> Outcome:
    with zipfile.ZipFile(place.run.checkpoint(1), "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    data = bytearray(place.run.checkpoint(1).read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 20 : at + 28] = (2**32 - 2).to_bytes(4, "little") * 2
    place.run.checkpoint(1).write_bytes(bytes(data))
    return command("evaluate", "latest", "--epoch", "1")


@fault("state truncated", 4, "can't be resumed from", "stopped")
def _(place: Place) -> Outcome:
    path = place.run.state_file
    path.write_bytes(path.read_bytes()[:5000])
    return place.resume()


@fault("state empty", 4, "can't be resumed from", "stopped")
def _(place: Place) -> Outcome:
    place.run.state_file.write_bytes(b"")
    return place.resume()


@fault("state that is none", 4, "it contains no training state", "stopped")
def _(place: Place) -> Outcome:
    torch.save([1, 2, 3], place.run.state_file)
    return place.resume()


def change_state(run: RunFolder, **values: Any) -> None:
    record = torch.load(run.state_file, weights_only=True)
    torch.save(record | values, run.state_file)


@fault("state of another architecture", 4, "does not match the configured network", "stopped")
def _(place: Place) -> Outcome:
    change_config(place.run, config=replace(QUICK, hidden=(17,)).to_json())
    return place.resume()


@fault("state of another optimiser", 4, "does not match the configured network", "stopped")
def _(place: Place) -> Outcome:
    learner = torch.load(place.run.state_file, weights_only=True)["learner"]
    learner = {name: torch.zeros(3) if name == "mean" else tensor for name, tensor in learner.items()}
    change_state(place.run, learner=learner)
    return place.resume()


@fault("state from a newer version", 4, "it was written by a newer mnist-tui", "stopped")
def _(place: Place) -> Outcome:
    change_state(place.run, format=99)
    return place.resume()


@fault("state at a place that can't be", 4, "its position is invalid", "stopped")
def _(place: Place) -> Outcome:
    change_state(place.run, batch=10**6)
    return place.resume()


@fault("state missing behind trained epochs", 4, "has no saved state to resume from", "stopped")
def _(place: Place) -> Outcome:
    place.run.state_file.unlink()
    return place.resume()


@fault("event log torn", 0, "completed in", PASSED)
def _(place: Place) -> Outcome:
    path = place.run.path / "events.jsonl"
    path.write_bytes(path.read_bytes()[:-17])
    return place.resume()


@fault("event log torn within a letter", 0, "completed in", PASSED)
def _(place: Place) -> Outcome:
    with (place.run.path / "events.jsonl").open("ab") as file:
        file.write(b'{"event": "phase", "name": "' + "é".encode()[:1])
    return place.resume()


@fault("event log with foreign lines", 0, "stopped", "stopped")
def _(place: Place) -> Outcome:
    with (place.run.path / "events.jsonl").open("ab") as file:
        file.write(b'\n\xff\xfe\nhello\n{"event": "later"}\n[[[[\n{"event": "epoch", "epoch": "x"}\n')
    return command("runs")


@fault("event log with a line that never ends", 0, "stopped", "stopped")
def _(place: Place) -> Outcome:
    with (place.run.path / "events.jsonl").open("ab") as file:
        file.write(b'{"event": "phase", "name": "' + b"x" * 20_000_000)
    return command("runs")


@fault("event log empty", 0, "died", "died")
def _(place: Place) -> Outcome:
    (place.run.path / "events.jsonl").write_bytes(b"")
    return command("runs")


@fault("configuration from a newer version", 4, "written by a newer mnist-tui: update", "unreadable")
def _(place: Place) -> Outcome:
    change_config(place.run, format=99)
    return place.resume()


@fault("configuration torn", 4, "config.json can't be read", "unreadable")
def _(place: Place) -> Outcome:
    path = place.run.path / "config.json"
    path.write_bytes(path.read_bytes()[:100])
    return place.resume()


@fault("configuration missing", 4, "No such file", "unreadable")
def _(place: Place) -> Outcome:
    (place.run.path / "config.json").unlink()
    return place.resume()


# -- the training ----------------------------------------------------------------------------------------------


def failing(error: Exception) -> Outcome:
    """A training whose second epoch fails when it is measured."""
    measure = loop.measure
    calls: list[int] = []

    def measured(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise error
        return measure(*arguments)

    with patch.object(loop, "measure", measured):
        return command(*BRIEF)


def goes_on(place: Place, outcome: Outcome) -> Outcome:
    """The first good epoch is there, and the run can be gone on with."""
    assert place.run.epochs() == [0, 1]
    assert summarise(place.run).status == "failed"
    assert place.resume().status == 0
    return outcome


@fault("GPU out of memory", 1, "the GPU has too little memory: free some", PASSED)
def _(place: Place) -> Outcome:
    return goes_on(place, failing(torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")))


@fault("GPU lost", 1, "the device was lost (CUDA error: unspecified launch failure", PASSED)
def _(place: Place) -> Outcome:
    return goes_on(place, failing(RuntimeError("CUDA error: unspecified launch failure\nCUDA kernel errors might …")))


@fault("memory used up", 1, "this machine has too little memory: free some", PASSED)
def _(place: Place) -> Outcome:
    return goes_on(place, failing(MemoryError()))


@fault("a failure nobody foresaw", 1, "the training failed: nobody foresaw it", PASSED)
def _(place: Place) -> Outcome:
    return goes_on(place, failing(ZeroDivisionError("nobody\nforesaw\x1b[2J it".replace("\x1b[2J", ""))))


@fault("loss not finite", 1, "the loss was not finite in epoch", "failed")
def _(place: Place) -> Outcome:
    outcome = command(*TRAIN, "--epochs", "30", "--hidden", "64,32", "--optimizer", "sgd", "--lr", "100")
    history = History.of(place.run.events())
    assert history.test is not None
    weights = place.run.weights(history.test.epoch)
    assert all(torch.isfinite(tensor).all() for tensor in weights.values())  # the last good ones
    return outcome


@fault("a library that logs without end", 0, "completed", PASSED)
def _(place: Place) -> Outcome:
    def chatty(run: RunFolder) -> None:
        for _ in range(1500):
            logging.getLogger("a.library").warning("x" * 2000)
        logging.getLogger("a.library").warning("y" * 5_000_000)

    with at_epoch(1, chatty):
        outcome = command(*BRIEF)
    assert sum(path.stat().st_size for path in place.run.path.glob("log.txt*")) < 3_000_000
    return outcome


# -- wrong wishes ----------------------------------------------------------------------------------------------


@fault("a second writer", 4, f"is being trained by process {os.getpid()} on {socket.gethostname()}", "stopped")
def _(place: Place) -> Outcome:
    writer = RunWriter.reopen(place.run)
    outcome = place.resume()
    writer.close()
    return outcome


@fault("a holder that is dead", 0, "completed in", PASSED)
def _(place: Place) -> Outcome:
    (place.run.path / "owner.json").write_text(json.dumps({"pid": 1, "host": socket.gethostname(), "since": 1.0}))
    return place.resume()


@fault("data set gone", 3, "nowhere", "stopped")
def _(place: Place) -> Outcome:
    change_config(place.run, dataset="mnist")
    return place.resume("--data-dir", "nowhere")


@fault("data set is another", 3, "is not the data that", "stopped")
def _(place: Place) -> Outcome:
    change_config(place.run, mean=0.5)
    return place.resume()


@fault("nothing left to train", 2, "resume it with --epochs 4 or more", PASSED)
def _(place: Place) -> Outcome:
    assert place.resume().status == 0
    return place.resume()


@fault("fewer epochs than there are", 2, "resume it with --epochs 2 or more", "stopped")
def _(place: Place) -> Outcome:
    return place.resume("--epochs", "1")


@fault("another learning rate for a run that goes on", 2, "--lr can't be changed when a run is resumed", "stopped")
def _(place: Place) -> Outcome:
    return place.resume("--lr", "0.1")


@fault("resuming a run that is not there", 4, "there is no run", "")
def _(place: Place) -> Outcome:
    return command("train", "--resume", "nobody")


@fault("attaching where nothing trains", 4, "is being trained: name one", "stopped")
def _(place: Place) -> Outcome:
    assert place.run
    return command("attach")


@fault("attaching to a run that ended", 0, "stopped in", "stopped")
def _(place: Place) -> Outcome:
    return command("attach", place.run.name)


@fault("attaching to a run that died", 1, "mnist-tui train --resume", "died")
def _(place: Place) -> Outcome:
    path = place.run.path / "events.jsonl"
    path.write_text("".join(to_json(e) + "\n" for e in place.run.events() if not isinstance(e, RunFinished)))
    return command("attach", place.run.name)


# -- hostile files ---------------------------------------------------------------------------------------------


class Executes:
    """What a malicious file does when it is unpickled without care: it makes a folder."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("executed",)


@fault("a malicious pickle as checkpoint", 4, "is damaged", "stopped")
def _(place: Place) -> Outcome:
    place.run.checkpoint(1).write_bytes(pickle.dumps({"input_fc.weight": Executes()}))
    return command("evaluate", "latest", "--epoch", "1")


@fault("a malicious archive as checkpoint", 4, "is damaged", "stopped")
def _(place: Place) -> Outcome:
    torch.save({"input_fc.weight": Executes()}, place.run.checkpoint(1))
    return command("evaluate", "latest", "--epoch", "1")


@fault("a malicious archive as state", 4, "can't be resumed from", "stopped")
def _(place: Place) -> Outcome:
    torch.save({"format": 1, "learner": Executes()}, place.run.state_file)
    return place.resume()


@fault("a run named ../../x", 2, "--name must be", "")
def _(place: Place) -> Outcome:
    return command(*BRIEF, "--name", "../../x")


@fault("a run named with escape sequences", 2, "--name must be", "")
def _(place: Place) -> Outcome:
    return command(*BRIEF, "--name", "\x1b]0;owned\x07\x1b[2J")


@fault("resuming ../../x", 4, "there is no run", "")
def _(place: Place) -> Outcome:
    return command("train", "--resume", "../../x")


@fault("a folder named with escape sequences", 0, "stopped", "stopped")
def _(place: Place) -> Outcome:
    place.run.path.rename(place.runs / "20260101-\x1b]0;owned\x07\x1b[2J")
    return command("runs")


@fault("events with escape sequences", 0, "stopped", "stopped")
def _(place: Place) -> Outcome:
    path = place.run.path / "events.jsonl"
    path.write_text(path.read_text().replace("digits", "\\u001b]0;owned\\u0007").replace("AMD", "\\u001b[2J"))
    return command("attach", place.run.name)


@fault("a configuration with escape sequences", 0, "stopped", "stopped")
def _(place: Place) -> Outcome:
    change_config(place.run, dataset="\x1b]0;owned\x07", name="\x1b[2J")
    return command("runs")


@fault("requests that are a link to elsewhere", 0, "completed in", PASSED)
def _(place: Place) -> Outcome:
    (place.run.path / FILE).symlink_to(place.folder / "elsewhere")
    outcome = place.resume()
    assert not (place.folder / "elsewhere").exists()
    return outcome


@fault("checkpoints that are a link to elsewhere", 4, "is a symbolic link", "stopped")
def _(place: Place) -> Outcome:
    private = place.folder / "private"
    shutil.move(place.run.checkpoints, private)
    (private / ".profile").write_text("x")
    (place.run.path / "checkpoints").symlink_to(private)
    outcome = place.resume()
    assert (private / ".profile").exists()
    return outcome


@fault("an event log that is a symbolic link", 4, "is a symbolic link", "stopped")
def _(place: Place) -> Outcome:
    log, private = place.run.path / "events.jsonl", place.folder / "private"
    log.rename(private)
    log.symlink_to(private)
    before = private.read_bytes()
    outcome = place.resume()
    assert private.read_bytes() == before
    return outcome


@fault("a configuration that is a pipe", 4, "it is not a file", "unreadable")
def _(place: Place) -> Outcome:
    (place.run.path / "config.json").unlink()
    os.mkfifo(place.run.path / "config.json")
    return place.resume()


@fault("a checkpoint that is a pipe", 4, "it is not a file", "stopped")
def _(place: Place) -> Outcome:
    place.run.checkpoint(1).unlink()
    os.mkfifo(place.run.checkpoint(1))
    return command("evaluate", "latest", "--epoch", "1")


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_fault(place: Place, case: Fault) -> None:
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


def test_there_are_forty() -> None:
    assert len({case.name for case in FAULTS}) >= 40


def test_a_disk_that_is_really_full(place: Place) -> None:
    """A file system of 200 kB: the network's weights fit twice, then nothing does."""
    small = place.folder / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "none", small], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this user can't mount a file system")
    try:
        outcome = command(*BRIEF, "--runs-dir", str(small))
        assert outcome.status == 1
        assert "no space left on device" in outcome.out
        (run,) = stored_runs(small)
        assert run.epochs()[0] == 0
        for epoch in run.epochs():
            run.weights(epoch)
        assert summarise(run).epochs == 3  # the events found room
    finally:
        subprocess.run(["umount", small], check=True)
