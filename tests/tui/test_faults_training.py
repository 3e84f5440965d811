"""Faults while a training runs: the clock, the GPU, memory, the loss, a library's log."""

from __future__ import annotations

import logging
import time
from typing import Any
from unittest.mock import patch

import pytest
import torch

from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.training import loop
from tests.helpers import Outcome, command
from tests.tui.fault_cases import BRIEF, PASSED, TRAIN, Fault, Faults, Place, at_epoch, change_config, check

FAULTS = Faults()
fault = FAULTS.fault


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


def failing(error: Exception) -> Outcome:
    """Train until the second epoch fails in its validation."""
    measure = loop.measure
    calls: list[int] = []

    def measured(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise error
        return measure(*arguments)

    with patch.object(loop, "measure", measured):
        return command(*BRIEF)


def check_resume(place: Place, outcome: Outcome) -> Outcome:
    """Check that the first good epoch is stored and that the run can be resumed."""
    assert place.run.epochs() == [0, 1]
    assert summarise(place.run).status == "failed"
    assert place.resume().status == 0
    return outcome


@fault("GPU out of memory", 1, "the GPU has too little memory: free some", PASSED)
def _(place: Place) -> Outcome:
    return check_resume(place, failing(torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")))


@fault("GPU lost", 1, "the device was lost (CUDA error: unspecified launch failure", PASSED)
def _(place: Place) -> Outcome:
    return check_resume(place, failing(RuntimeError("CUDA error: unspecified launch failure\nCUDA kernel errors …")))


@fault("memory used up", 1, "this machine has too little memory", PASSED)
def _(place: Place) -> Outcome:
    return check_resume(place, failing(MemoryError()))


@fault("an unexpected exception", 1, "the training failed: nobody foresaw it", PASSED)
def _(place: Place) -> Outcome:
    return check_resume(place, failing(ZeroDivisionError("nobody\nforesaw\x1b[2J it".replace("\x1b[2J", ""))))


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


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_fault(place: Place, case: Fault) -> None:
    check(place, case)
