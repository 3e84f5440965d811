"""Damaged files in a run folder: checkpoints, the saved state, the event log, the configuration."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from typing import Any

import pytest
import torch

from mnist_tui.engine.runs.folder import RunFolder
from tests.helpers import QUICK, Outcome, command
from tests.tui.fault_cases import PASSED, Fault, Faults, Place, change_config, check

FAULTS = Faults()
fault = FAULTS.fault


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


@fault("state without a training's state", 4, "it contains no training state", "stopped")
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


@fault("state at an impossible position", 4, "its position is invalid", "stopped")
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


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_fault(place: Place, case: Fault) -> None:
    check(place, case)
