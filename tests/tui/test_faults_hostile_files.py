"""Hostile files and names: malicious pickles, escape sequences, links and pipes."""

from __future__ import annotations

import os
import pickle
import shutil
from typing import Any

import pytest
import torch

from mnist_tui.engine.runs.remote import FILE
from tests.helpers import Outcome, command
from tests.tui.fault_cases import BRIEF, PASSED, Fault, Faults, Place, change_config, check

FAULTS = Faults()
fault = FAULTS.fault


class Executes:
    """Makes a folder when it is unpickled without restrictions."""

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
    check(place, case)
