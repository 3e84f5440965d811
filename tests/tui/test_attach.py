"""The console on a run that another process trains, and on one that is gone on with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Input

from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from mnist_tui.engine.runs.follow import Follower
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.session import start
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.widgets.dialogs import NumberQuestion
from tests.helpers import ROOT
from tests.tui.conftest import QUICK, screen_text, until

SLOW = ("--dataset", "digits", "--hidden", "16", "--batch-size", "4", "--epochs", "100000", "--threads", "1")


@pytest.fixture
def elsewhere(console) -> Iterator[RunFolder]:
    """A run that another process trains."""
    code = "from mnist_tui.tui.cli.commands import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "train", *SLOW, "--device", "cpu", "--json", "--runs-dir", "runs"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.startswith('{"event": "run_started"'):
            break
    drain = subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL)
    process.stdout.close()
    yield stored_runs(Path("runs"))[0]
    process.terminate()
    process.wait(60)
    drain.wait(60)


def epochs_of(app: MnistTui) -> int:
    return len(app.training.shown.history.epochs) if app.training.shown else 0


@pytest.mark.parametrize("died", [False, True])
async def test_a_run_that_is_over_is_shown_with_all_that_it_said(console, died: bool) -> None:
    list(start(QUICK, Path("runs")))
    run = stored_runs(Path("runs"))[0]
    if died:
        log = run.path / "events.jsonl"
        log.write_bytes(b"".join(line for line in log.read_bytes().splitlines(True) if b"run_finished" not in line))
    app = MnistTui(runs_dir=Path("runs"), attached=run)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: epochs_of(app) == QUICK.epochs)
        await until(pilot, lambda: ("the run died" if died else "completed in") in screen_text(app))


async def test_a_run_whose_folder_was_removed_is_not_said_to_have_died(console, elsewhere: RunFolder) -> None:
    app = MnistTui(runs_dir=Path("runs"), attached=elsewhere)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: epochs_of(app) >= 1)
        shutil.rmtree(elsewhere.path, ignore_errors=True)
        await until(pilot, lambda: "✕ the run's folder no longer exists" in screen_text(app))
        assert "resume" not in str(app.screen.query_one("#panel").border_subtitle)
        await until(pilot, lambda: "g resume" not in screen_text(app))
        assert epochs_of(app) >= 1


async def test_follows_pauses_and_stops(console, elsewhere: RunFolder) -> None:
    app = MnistTui(runs_dir=Path("runs"), attached=elsewhere)
    other = Follower(elsewhere)  # somebody else follows it too
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: epochs_of(app) >= 1)
        assert app.training.is_following
        assert app.current_mode == "training"
        await pilot.press("space")
        await until(pilot, lambda: app.training.is_paused)
        await until(pilot, lambda: "paused – press space to resume" in screen_text(app))
        held = epochs_of(app)
        await pilot.press("space")
        await until(pilot, lambda: epochs_of(app) > held)
        # Every view answers for its newest epoch, which moves on.
        await pilot.press("4")
        await until(pilot, lambda: app.screen.data is not None)
        seen = app.scrubber.subject.epoch
        await until(pilot, lambda: app.scrubber.subject.epoch > seen)
        await pilot.press("s")
        await until(pilot, lambda: not app.training.is_following)
        assert app.training.shown.history.finished.status == "stopped"
        await pilot.press("3")
        await until(pilot, lambda: "stopped in" in screen_text(app))
        assert not app.training.can_steer
    assert summarise(elsewhere).status == "stopped"
    events = []
    while more := other.read():
        events += more
    assert events == list(elsewhere.events())
    assert History.of(events).epochs == app.training.shown.history.epochs


async def test_quitting_lets_it_train_on(console, elsewhere: RunFolder) -> None:
    app = MnistTui(runs_dir=Path("runs"), attached=elsewhere)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.training.is_following)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert elsewhere.is_live()


async def test_opened_from_the_list_it_is_followed_too(console, elsewhere: RunFolder) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("9")
        await until(pilot, lambda: app.screen.query("#run-table") and app.screen.query_one("#run-table").row_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: app.training.is_following)
        known = epochs_of(app)
        await until(pilot, lambda: epochs_of(app) > known)


async def test_a_finished_run_gets_more_epochs(console) -> None:
    app = console()
    list(start(QUICK, Path("runs")))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("9")
        await until(pilot, lambda: app.screen.query("#run-table") and app.screen.query_one("#run-table").row_count == 1)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, NumberQuestion))
        field = app.screen.query_one("#number", Input)
        field.value = "3"  # as many as there are
        await pilot.press("enter")
        assert isinstance(app.screen, NumberQuestion)
        field.value = "5"
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.finished and not app.training.is_running)
        assert [epoch.epoch for epoch in app.training.history.epochs] == [1, 2, 3, 4, 5]
        assert app.current_mode == "training"
    (run,) = stored_runs(Path("runs"))
    assert run.epochs() == [0, 1, 2, 3, 4, 5]
    assert app.training.history.epochs == History.of(run.events()).epochs


async def test_a_run_that_died_says_so_and_goes_on(console) -> None:
    app = console()
    list(start(QUICK, Path("runs")))
    (run,) = stored_runs(Path("runs"))
    log = run.path / "events.jsonl"
    lines = [line for line in log.read_text().splitlines(keepends=True) if "run_finished" not in line]
    log.write_text("".join(lines))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("9")
        await until(pilot, lambda: "died" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "the run died – press g to resume" in screen_text(app))
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, NumberQuestion))
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.finished and not app.training.is_running)
    assert summarise(run).status == "completed"
    assert run.epochs() == [0, 1, 2, 3]  # only its end was missing


async def test_names_that_are_markup(console) -> None:
    # A stranger's folder in the list, and opened.
    list(start(QUICK, Path("runs")))
    stored_runs(Path("runs"))[0].path.rename(Path("runs") / "20260101-[b][red]x[@click=app.quit]\x1b[2J")
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("9")
        await until(pilot, lambda: "[b][red]x" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "training" and "[b][red]x" in screen_text(app))
        assert "\x1b" not in screen_text(app)
