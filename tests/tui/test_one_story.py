"""Parts of one screen name the same run, epoch and numbers."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mnist_tui.engine.events import Phase, RunFinished, Test, to_json
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.state import stopwatch
from mnist_tui.tui.state.stopwatch import Stopwatch
from mnist_tui.tui.widgets.subject_bar import SubjectBar
from tests.tui.conftest import QUICK, screen_text, until
from tests.tui.stored_run import write_run


def other_result(run: RunFolder, name: str) -> RunFolder:
    """Copy a run, with another result on the test images."""
    copy = RunFolder(Path(shutil.copytree(run.path, run.path.parent / name)))
    events = [replace(e, acc=0.5, correct=150, total=300) if isinstance(e, Test) else e for e in run.events()]
    (copy.path / "events.jsonl").write_text("".join(f"{to_json(event)}\n" for event in events))
    return copy


async def test_the_top_bar_shows_the_result_of_the_run_that_is_open(console) -> None:
    app = console(QUICK)
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.finished and not app.training.is_running)
        own = app.training.history.test.acc
        await until(pilot, lambda: f"test {own * 100:.2f} %" in screen_text(app).splitlines()[0])
        other = other_result(RunFolder(app.training.folder), "20260102-000000-other")
        await app.show_run(other)
        for digit in "3456789":
            await pilot.press(digit)
            await until(pilot, lambda: "test 50.00 %" in screen_text(app).splitlines()[0])
        app.training.show_own()
        await until(pilot, lambda: f"test {own * 100:.2f} %" in screen_text(app).splitlines()[0])


@pytest.mark.parametrize("mode", ["confusion", "mistakes", "weights", "projection", "imagine"])
async def test_the_heading_changes_with_the_body(console, mode: str, monkeypatch) -> None:
    folder = write_run(Path("runs"))
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await app.show_run(folder, History.of(folder.events()))
        await app.action_view(mode)
        view = app.screen
        await until(pilot, lambda: view.data is not None)
        bar = view.query_one(SubjectBar)
        drawn: list[tuple[object, object]] = []
        draw = view.draw
        monkeypatch.setattr(view, "draw", lambda data: (drawn.append((view.subject, bar.subject)), draw(data)))
        before = bar.subject
        app.scrubber.step(-1)
        view.subject_changed()
        assert bar.subject == before  # as long as the body is the old one
        await until(pilot, lambda: view.subject == app.scrubber.subject != before)
        assert bar.subject == app.scrubber.subject
        assert drawn
        assert all(body == heading for body, heading in drawn)


def test_pauses_are_not_counted(monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr(stopwatch.time, "monotonic", lambda: now[0])
    watch = Stopwatch()
    assert watch.seconds == 0
    watch.start(7.0)
    for action, seconds in (("proceed", 2.0), ("hold", 50.0), ("hold", 1.0), ("proceed", 3.0), ("hold", 9.0)):
        getattr(watch, action)()
        now[0] += seconds
    assert watch.seconds == 7 + 2 + 3


async def test_a_pause_holds_the_elapsed_time(console, monkeypatch) -> None:
    app: MnistTui = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        now = [100.0]
        monkeypatch.setattr(stopwatch.time, "monotonic", lambda: now[0])
        app.training._stopwatch.start()
        for phase, seconds in (("train", 4.0), ("paused", 60.0), ("train", 5.0)):
            app.training.add(Phase(phase))
            now[0] += seconds
        assert app.training.elapsed == 9
        app.training.add(RunFinished("a", "completed", 9.0))
        app.training.finish(None)
        now[0] += 30
        assert app.training.elapsed == 9
