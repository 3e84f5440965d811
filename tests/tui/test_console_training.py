"""A training in the console under Pilot: started, paused, stopped, and stored."""

from __future__ import annotations

from pathlib import Path

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.tui.widgets.chart import Chart
from mnist_tui.tui.widgets.dialogs import Question
from tests.tui.conftest import ENDLESS, QUICK, screen_text, shows, until
from tests.tui.console_helpers import epochs_shown


async def test_enter_trains_to_the_end_and_the_run_is_stored(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.finished and not app.training.is_running)
        await until(pilot, lambda: epochs_shown(app) == QUICK.epochs)
        await shows(pilot, f"{app.training.history.test.correct} of 297", "completed")
    (run,) = stored_runs(Path("runs"))
    assert run.config() == QUICK
    assert run.epochs() == [0, 1, 2, 3]
    assert summarise(run).test_acc == app.training.history.test.acc


async def test_pause_holds_resume_continues_stop_stores(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: len(app.training.history.epochs) >= 2)
        await pilot.press("space")
        await until(pilot, lambda: app.training.history.phase.name == "paused")
        held = len(app.training.history.epochs)
        await pilot.pause(0.4)
        assert len(app.training.history.epochs) == held
        assert "paused" in screen_text(app)
        await pilot.press("space")
        await until(pilot, lambda: len(app.training.history.epochs) > held)
        await pilot.press("s")
        await until(pilot, lambda: not app.training.is_running)
        assert app.training.history.finished.status == "stopped"
        assert app.training.history.test is not None
    summary = summarise(stored_runs(Path("runs"))[0])
    assert summary.status == "stopped"
    assert summary.folder.epochs()[-1] == app.training.history.epochs[-1].epoch


async def test_stop_works_while_paused(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.progress)
        await pilot.press("space")
        await until(pilot, lambda: app.training.history.phase.name == "paused")
        await pilot.press("s")
        await until(pilot, lambda: not app.training.is_running)
        assert app.training.history.finished.status == "stopped"


async def test_missing_mnist_asks_and_digits_can_replace_it(console, tmp_path: Path) -> None:
    app = console(RunConfig(dataset="auto", epochs=1, hidden=(16,)))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Question))
        assert "could not be downloaded" in screen_text(app)
        assert not stored_runs(Path("runs"))
        await pilot.click("#digits")
        await until(pilot, lambda: app.training.history.finished)
        assert app.training.history.started.dataset == "digits"
        assert not list(tmp_path.rglob("*.part"))


async def test_missing_mnist_can_be_tried_again(console) -> None:
    app = console(RunConfig(epochs=1))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.click("#retry")
        await until(pilot, lambda: not isinstance(app.screen, Question))
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.click("#folder")
        await until(pilot, lambda: app.current_mode == "setup")
        assert app.focused.id == "data_dir"


async def test_a_second_training_is_refused_while_one_runs(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.progress)
        first = app.training.thread
        await pilot.press("1")
        await until(pilot, lambda: app.current_mode == "setup")
        await pilot.press("enter")
        await until(pilot, lambda: any("stop it first" in note.message for note in app._notifications))
        assert app.training.thread is first
        app.training.thread.control.stop()
        await until(pilot, lambda: not app.training.is_running)


async def test_chart_keys_change_what_is_drawn(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.finished and not app.training.is_running)
        chart = app.screen.query_one("#loss", Chart)
        await until(pilot, lambda: len(chart.shown.lines[1].xs) == QUICK.epochs)
        before = chart.shown.lines[2].ys
        await pilot.press("y")
        assert chart.shown.log
        assert not app.screen.query_one("#acc", Chart).shown.log
        assert app.screen.query_one("#acc", Chart).border_subtitle == ""
        await pilot.press("m")
        assert (chart.shown.lines[2].ys[1:] != before[1:]).all()
        assert chart.border_subtitle == "log, smoothed 0.6"
        await pilot.press("z", "z")
        assert chart.shown.x_range == (0.0, 3.0)


async def test_resizing_wildly_while_training(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.epochs)
        for width, height in [(160, 45), (10, 3), (80, 24), (60, 20), (200, 60), (61, 21), (120, 40)] * 2:
            await pilot.resize_terminal(width, height)
        app.training.thread.control.stop()
        await until(pilot, lambda: not app.training.is_running)


async def test_themes_can_be_changed_while_curves_are_shown(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.finished and not app.training.is_running)
        await pilot.press("2")
        await until(pilot, lambda: app.screen.query_one("#data-right").pictures)
        for theme in app.available_themes:
            app.theme = theme
            await pilot.press("3")
            await shows(pilot, "completed")
            await pilot.press("2")
            await shows(pilot, "original, from")
