"""Faults of the disk: full, over a quota, not writable, or files removed during a training."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from mnist_tui.engine import files
from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.runs.writer import RunWriter
from tests.helpers import Outcome, command
from tests.tui.fault_cases import BRIEF, PASSED, Fault, Faults, Place, at_epoch, check

FAULTS = Faults()
fault = FAULTS.fault

FULL = OSError(errno.ENOSPC, "No space left on device")


@contextlib.contextmanager
def full_disk(refused: Callable[[Path], bool]) -> Iterator[None]:
    """Let the replacement of some files fail as on a full disk."""
    whole = files.replace

    def replace_or_fail(path: Path, content: bytes) -> None:
        if refused(path):
            raise FULL
        whole(path, content)

    with patch.object(files, "replace", replace_or_fail):
        yield


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
    assert place.run.epochs() == [0, 1, 2, 3]  # the pending checkpoint was written later
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


@fault("disk full when a run is resumed", 4, "config.json can't be written (no space left on device)", "stopped")
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
        patch("mnist_tui.engine.runs.log_file.open_at_once", side_effect=FULL),
        patch("mnist_tui.engine.hardware.devices.memory_in_use", side_effect=noisy),
    ):
        return command(*BRIEF)


@fault("files may not grow (a quota)", 1, "could not be stored (file too large)", PASSED)
def _(place: Place) -> Outcome:
    # The kernel refuses in the middle of a write: 100 kB are enough for the weights, not for the state.
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
    assert (place.run.path / "events.jsonl").read_bytes().endswith(b"\n")  # no partial line is left
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


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_fault(place: Place, case: Fault) -> None:
    check(place, case)


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
        assert summarise(run).epochs == 3  # there was space for the events
    finally:
        subprocess.run(["umount", small], check=True)
