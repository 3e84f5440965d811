"""Commands that can't be executed: a second writer, other data, missing runs."""

from __future__ import annotations

import json
import os
import socket

import pytest

from mnist_tui.engine.events import RunFinished, to_json
from mnist_tui.engine.runs.writer import RunWriter
from tests.helpers import Outcome, command
from tests.tui.fault_cases import PASSED, Fault, Faults, Place, change_config, check

FAULTS = Faults()
fault = FAULTS.fault


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
    change_config(place.run, sha256="0" * 64)
    return place.resume()


@fault("nothing left to train", 2, "resume it with --epochs 4 or more", PASSED)
def _(place: Place) -> Outcome:
    assert place.resume().status == 0
    return place.resume()


@fault("fewer epochs than there are", 2, "resume it with --epochs 2 or more", "stopped")
def _(place: Place) -> Outcome:
    return place.resume("--epochs", "1")


@fault("another learning rate for a resumed run", 2, "--lr can't be changed when a run is resumed", "stopped")
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


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_fault(place: Place, case: Fault) -> None:
    check(place, case)
