"""The Runs view under Pilot: open, mark, compare, filter and delete; foreign and broken folders."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from mnist_tui.tui.messages import notification
from mnist_tui.tui.views.runs.compare import CompareScreen
from mnist_tui.tui.widgets.chart import Chart
from mnist_tui.tui.widgets.dialogs import Question
from tests.tui.conftest import ENDLESS, QUICK, screen_text, until
from tests.tui.console_helpers import epochs_shown


async def test_runs_open_mark_compare_filter_and_delete(console) -> None:
    app = console()
    async with app.run_test(size=(140, 40)) as pilot:
        for name in ("first", "second"):
            await pilot.press("1")
            await until(pilot, lambda: app.current_mode == "setup")
            app.screen.query_one("#name", Input).value = name
            await pilot.press("enter")
            await until(pilot, lambda: app.training.history.finished and not app.training.is_running)
        await pilot.press("9")
        table = app.screen.query_one("#run-table")
        await until(pilot, lambda: table.row_count == 2)

        await pilot.press("m", "m", "c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        shown = screen_text(app)
        assert "first" in shown
        assert "second" in shown
        assert "digits" in shown
        assert "different data sets" not in shown
        assert len(app.screen.query_one("#compare-loss", Chart).shown.lines) == 2
        await pilot.press("9")
        await until(pilot, lambda: not isinstance(app.screen, CompareScreen))
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, CompareScreen))

        await pilot.press("escape", "question_mark")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press("escape")
        await until(pilot, lambda: not app.screen.is_modal)
        assert table.has_focus  # not the hidden filter

        await pilot.press("slash", *"second")
        await until(pilot, lambda: table.row_count == 1)
        await pilot.press("escape")
        await until(pilot, lambda: table.row_count == 2)

        table.move_cursor(row=1)
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "training")
        assert app.training.shown.name.endswith("first")
        await until(pilot, lambda: epochs_shown(app) == QUICK.epochs)

        await pilot.press("9")
        await until(pilot, lambda: app.current_mode == "runs")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("escape")
        await pilot.pause()
        assert len(stored_runs(Path("runs"))) == 2
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("enter")  # the harmless answer
        await pilot.pause()
        assert len(stored_runs(Path("runs"))) == 2
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.training.shown is None)  # the deleted run was the one that the views showed
        await until(pilot, lambda: table.row_count == 1)
        assert app.scrubber.folder.name.endswith("second")
        (left,) = stored_runs(Path("runs"))
        assert left.name.endswith("second")

        await until(pilot, lambda: "u undelete" in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: table.row_count == 2)
        assert app.screen._current.name.endswith("first")  # the cursor is on it
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "training" and app.training.shown.name.endswith("first"))
        assert "u undelete" not in screen_text(app)


async def test_a_run_whose_name_looks_like_markup_is_shown_literally(console) -> None:
    """Fails where a foreign folder's name is read as markup, which ends the console or hides the name."""
    app = console()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: app.screen.query("#recipe"))
        app.post_message(notification("x[/b] can't be written", "error"))
        await until(pilot, lambda: "x[/b] can't be written" in screen_text(app))


async def test_a_running_run_is_not_deleted(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.epochs)
        await pilot.press("9")
        table = app.screen.query_one("#run-table")
        await until(pilot, lambda: table.row_count == 1)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("down", "enter")
        await until(pilot, lambda: app._notifications)
        assert len(stored_runs(Path("runs"))) == 1
        app.training.thread.control.stop()
        await until(pilot, lambda: not app.training.is_running)


async def test_runs_survive_foreign_and_broken_folders(console) -> None:
    Path("runs/no-run").mkdir(parents=True)
    broken = Path("runs/20260101-000000-broken")
    broken.mkdir()
    (broken / "events.jsonl").write_bytes(b'\xff\x00{"event": "epoch"\n{"event": "run_fin')
    (broken / "config.json").write_text("{")
    app = console()
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press("9")
        table = app.screen.query_one("#run-table")
        await until(pilot, lambda: table.row_count == 1)
        assert "unreadable" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "training")
        assert RunFolder(broken).epochs() == []
