"""Requests to a training: forged, flooded, replaced; and records of its owner that lie."""

from __future__ import annotations

import json
import os
import socket
import time

from mnist_tui.engine.events import Progress
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.remote import send
from tests.attack.cases import attack, expect
from tests.attack.place import LONG, Place, wait_for
from tests.attack.plants import ODD
from tests.attack.process import Child


def training(place: Place) -> tuple[Child, RunFolder]:
    """A training in a process of its own, and its run; it is in an epoch."""
    child = place.begin(*LONG)
    wait_for(lambda: place.runs_now and any(isinstance(event, Progress) for event in place.runs_now[0].events()))
    return child, place.runs_now[0]


def stopped(place: Place, child: Child, run: RunFolder) -> None:
    """Stop it by a request; raise `Bad` unless that is heard."""
    expect(child.is_alive(), "the training has ended")
    send(run, "stop")
    place.finish(child)
    history = History.of(run.events())
    expect(history.finished is not None and history.finished.status == "stopped", "it was not stopped")
    expect(history.test is not None, "it was not evaluated")


def phase(run: RunFolder) -> str:
    found = History.of(run.events(progress=False)).phase
    return found.name if found else ""


@attack("50 MB of noise, then a request", "control", seconds=60, brief=True)
def _(place: Place) -> str:
    child, run = training(place)
    noise = (b"pause\x00\n" + b"x" * 991) * 50_000 + b"\n"
    with (run.path / "control").open("ab") as file:
        file.write(noise)
    stopped(place, child, run)
    return "the noise was ignored, the request heard"


@attack("100,000 forged requests", "control", seconds=60)
def _(place: Place) -> str:
    child, run = training(place)
    with (run.path / "control").open("ab") as file:
        file.write(b"pause\nresume\nquit\nSTOP\nstop now\n\x1b]0;EVIL\x07\n" * 25_000 + b"resume\n")
    stopped(place, child, run)
    return "it went on, and was stopped by a real one"


def add_replacement(name: str) -> None:
    @attack(f"replaced by {name}", "control", seconds=60)
    def _(place: Place) -> str:
        child, run = training(place)
        ODD[name](run.path / "control")
        time.sleep(0.5)
        expect(child.is_alive(), "the training has ended")
        words = refusal(run)
        os.kill(child.pid, 2)
        place.finish(child, (130,))
        return words or "requests go nowhere; ctrl+c stops it"

    @attack(f"replaced by {name}", "owner.json, while training", seconds=60)
    def _(place: Place) -> str:
        child, run = training(place)
        ODD[name](run.path / "owner.json")
        place.command("runs")
        words = place.command("train", "--resume", str(run.path), expected=(4,)).words
        stopped(place, child, run)
        return words


def refusal(run: RunFolder) -> str:
    from mnist_tui.engine.errors import RunError

    try:
        send(run, "stop")
    except RunError as error:
        return str(error)
    return ""


for name_ in ODD:
    add_replacement(name_)


@attack("replaced by a file that says stop", "control", seconds=60)
def _(place: Place) -> str:
    child, run = training(place)
    path = run.path / "control"
    path.unlink()
    path.write_bytes(b"stop\n" * 100)
    time.sleep(1.0)
    expect(child.is_alive(), "a forged file was obeyed")
    os.kill(child.pid, 2)
    place.finish(child, (130,))
    return "not read: only the file that the training made"


@attack("pause, and pauses and resumes 2,000 times", "control", seconds=60)
def _(place: Place) -> str:
    child, run = training(place)
    for _ in range(1000):
        send(run, "pause")
        send(run, "resume")
    send(run, "pause")
    wait_for(lambda: phase(run) == "paused")
    send(run, "resume")
    stopped(place, child, run)
    return "the last request counts"


@attack("an owner that is process 1 of this machine", "owner.json", seconds=60)
def _(place: Place) -> str:
    record = {"pid": 1, "host": socket.gethostname(), "since": time.time()}
    (place.run.path / "owner.json").write_text(json.dumps(record))
    place.command("runs")
    refused = refusal(place.run)
    expect("not being trained" in refused, "a dead run took a request")
    place.command("train", "--resume", str(place.run.path))
    return "the lock decides, not the record"


@attack("a request to every run", "control", seconds=60)
def _(place: Place) -> str:
    return refusal(place.run)
