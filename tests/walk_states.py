"""The states that a walk begins in: how a console reaches them, and which one it is in."""

from __future__ import annotations

import functools
import gzip
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual.pilot import Pilot

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.catalog import CATALOG
from mnist_tui.engine.errors import MnistTuiError
from mnist_tui.engine.events import Epoch, RunStarted
from mnist_tui.engine.runs.folder import RunFolder, find_run
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.session import start
from mnist_tui.engine.training.control import Control
from mnist_tui.tui.app import MnistTui
from tests.engine.mirror import mirror

QUICK = RunConfig(dataset="digits", epochs=2, batch_size=64, hidden=(8,), device="cpu", threads=1)
ENDLESS = RunConfig.from_json(QUICK.to_json() | {"epochs": 100_000})
FAILING = RunConfig.from_json(QUICK.to_json() | {"optimizer": "sgd", "lr": 100.0, "hidden": [64, 32], "epochs": 50})
ABSENT = RunConfig.from_json(QUICK.to_json() | {"dataset": "mnist"})
STATES = (
    "no run", "downloading", "training", "paused", "stopped", "finished", "failed", "attached", "resumed", "died",
)  # fmt: skip
EPOCH_SECONDS = 0.15
"""An epoch takes at least so long: a console is not there to watch thirty a second, and neither is a walk."""
PATIENCE = 120.0


@contextmanager
def unhurried() -> Iterator[None]:
    """Let trainings sleep after every epoch."""
    save = RunWriter.save_state

    def rest(writer: RunWriter, state: Any) -> None:
        save(writer, state)
        time.sleep(EPOCH_SECONDS)

    with patch.object(RunWriter, "save_state", rest):
        yield


def store_runs(runs_dir: Path) -> None:
    """Store one run of every final status, and two folders that are no runs."""
    list(start(QUICK, runs_dir, name="finished"))
    control = Control()
    for event in start(ENDLESS, runs_dir, name="stopped", control=control):
        if isinstance(event, Epoch) and event.epoch == 2:
            control.stop()
    with suppress(MnistTuiError):
        list(start(FAILING, runs_dir, name="failed"))
    list(start(QUICK, runs_dir, name="died"))
    log = find_run(runs_dir, "died").path / "events.jsonl"
    log.write_bytes(b"".join(line for line in log.read_bytes().splitlines(True) if b"run_finished" not in line))
    (runs_dir / "not-a-run").mkdir()
    (runs_dir / "20260101-000000-broken").mkdir()
    (runs_dir / "20260101-000000-broken" / "events.jsonl").write_bytes(b"\x00\xff{\n[]\n")


@contextmanager
def trained_elsewhere(runs_dir: Path) -> Iterator[RunFolder]:
    """A run that another process trains; the lock separates threads as it does processes."""
    control, begun, folder = Control(), threading.Event(), []

    def work() -> None:
        for event in start(ENDLESS, runs_dir, name="elsewhere", control=control):
            if isinstance(event, RunStarted):
                folder.append(runs_dir / event.run)
                begun.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert begun.wait(PATIENCE)
    try:
        yield RunFolder(folder[0])
    finally:
        control.stop()
        thread.join(PATIENCE)


@contextmanager
def console(state: str, place: Path, stored: Path) -> Iterator[MnistTui]:
    """A console that can be brought into the state by `reach`.

    Args:
        place: an empty folder for its runs and data.
        stored: what `store_runs` made; a console with no run has none of it.
    """
    runs_dir, data_dir = place / "runs", str(place / "data")
    (place / "data").mkdir(parents=True)
    if state != "no run":
        shutil.copytree(stored, runs_dir)
    config = {"finished": QUICK, "failed": FAILING, "downloading": ABSENT}.get(state, ENDLESS)
    make = functools.partial(MnistTui, data_dir=data_dir, runs_dir=runs_dir, config=config)
    if state == "attached":
        with trained_elsewhere(runs_dir) as run:
            yield make(attached=run)
    elif state == "died":
        yield make(attached=find_run(runs_dir, "died"))
    else:
        yield make()


@contextmanager
def slow_mirror() -> Iterator[str]:
    """Serve MNIST in its full size, a few bytes at a time; yield the address."""
    mnist = CATALOG["mnist"]
    sources = (mnist.train_images, mnist.train_labels, mnist.test_images, mnist.test_labels)
    bodies = {f"{source.name}.gz": gzip.compress(bytes(source.gz_bytes), 0) for source in sources}
    with mirror(bodies, "drip") as server:
        yield server.url


async def reach(app: MnistTui, pilot: Pilot[Any], state: str) -> None:
    """Bring a console that was just opened into its state."""
    training = app.training
    if state in ("no run", "attached", "died"):
        if state != "no run":
            await _until(pilot, lambda: training.shown is not None)
        return
    if state == "resumed":
        run = find_run(app.runs_dir, "stopped")
        app.screen.offer_resume(run, History.of(run.events()))
        await pilot.pause()
    await pilot.press("enter")
    wanted: dict[str, Callable[[], object]] = {
        "downloading": lambda: training.history.phase is not None and training.history.phase.name == "download",
        "finished": lambda: training.history.finished is not None and not training.is_running,
        "failed": lambda: (
            training.failure is not None or (training.history.finished is not None and not training.is_running)
        ),
    }
    await _until(pilot, wanted.get(state, lambda: training.history.progress is not None))
    if state in ("paused", "stopped"):
        await pilot.press("space" if state == "paused" else "s")
        await _until(pilot, lambda: training.is_paused if state == "paused" else not training.is_running)


def state_of(app: MnistTui) -> str:
    """Return the state that the console is in now."""
    training, history = app.training, app.training.history
    if training.is_running:
        if training.thread.control.paused:
            return "paused"
        if history.phase is not None and history.phase.name in ("download", "verify", "load"):
            return "downloading"
        started = history.started
        return "resumed" if started is not None and (started.epoch, started.batch) != (1, 0) else "training"
    if training.shown is not None:
        history = training.shown.history
        if training.is_following:
            return "attached"
        if history.finished is None:
            return "died"
    elif training.failure is not None:
        return "failed"
    if history.finished is None:
        return "no run"
    return "finished" if history.finished.status == "completed" else history.finished.status


async def _until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "the state was not reached"
        await pilot.pause(0.02)
