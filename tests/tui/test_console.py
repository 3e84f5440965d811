"""The console under Pilot: a training from the first key to the stored run, and what happens on the way."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from textual.events import MouseDown
from textual.geometry import Offset
from textual.widgets import Input, Static

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.events import Epoch, Event, Notice, Phase
from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.keys import VIEWS
from mnist_tui.tui.messages import EngineEvent, TrainingEnded, notification
from mnist_tui.tui.views.runs.compare import CompareScreen
from mnist_tui.tui.widgets.chart import Chart
from mnist_tui.tui.widgets.dialogs import Help, Log, Question
from mnist_tui.tui.widgets.fields import Choice
from mnist_tui.tui.widgets.form import Form
from mnist_tui.tui.widgets.subject_bar import SubjectBar
from tests.tui.conftest import ENDLESS, QUICK, screen_text, shows, until


def epochs_shown(app: MnistTui) -> int:
    return int(app.screen.query_one("#epoch-table").row_count)


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


async def test_pause_holds_resume_goes_on_stop_keeps(console) -> None:
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


async def test_quitting_a_training_asks_and_then_keeps_its_work(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.epochs)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Question))
        assert app.training.is_running
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("enter")
        await until(pilot, lambda: not app.is_running)
    assert summarise(stored_runs(Path("runs"))[0]).status == "stopped"
    assert app.return_code == 0


async def test_quit_without_a_training_does_not_ask(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 0


async def test_a_signal_saves_the_work_and_gives_the_contracts_exit_code(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.epochs)
        signal.raise_signal(signal.SIGTERM)
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 128 + signal.SIGTERM
    assert summarise(stored_runs(Path("runs"))[0]).status == "stopped"


def answer(app: MnistTui) -> None:
    """Do what the training's messages ask for, which an app at its end may or may not still receive."""
    app.on_training_changed()
    app.on_subject_changed()


@pytest.mark.parametrize("event", [Phase("test"), Epoch(1, 1.0, 0.5, 1.0, 0.5, 1.0, True), Notice("full")])
async def test_what_is_said_after_the_last_frame_is_no_fault(console, event: Event) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert not app.screen_stack
    app.on_engine_event(EngineEvent(event))
    app.on_training_ended(TrainingEnded(None))
    answer(app)


@pytest.mark.parametrize("left", [lambda app: app.exit(0), lambda app: setattr(app, "_running", False)])
async def test_a_view_that_is_being_taken_down_is_asked_nothing(console, left: Callable[[MnistTui], None]) -> None:
    """Somebody quits, or the console is shut down."""
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("escape", "4")
        await until(pilot, lambda: app.current_mode == "confusion")
        left(app)
        await app.screen.query(SubjectBar).remove()  # as happens when the console is left
        app.on_engine_event(EngineEvent(Phase("test")))
        answer(app)


async def test_what_fails_while_the_console_is_left_is_no_failure_of_it(console) -> None:
    """A view that is just being made when somebody quits meets the end of everything."""
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("escape")
        app.exit(0)
        app._handle_exception(LookupError("a widget that is gone"))
    assert (app.return_code, app._exception) == (0, None)


async def test_a_click_on_what_was_just_taken_away_ends_nothing(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        gone = Static("gone")  # it has no parent
        with patch.object(app.screen, "get_widget_and_offset_at", lambda *place: (gone, Offset(0, 0))):
            await app.on_event(MouseDown(None, 5, 5, 0, 0, 1, False, False, False, 5, 5))
        await pilot.press("escape", "4")
        await until(pilot, lambda: app.current_mode == "confusion")


async def test_every_view_opens_by_its_digit(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        for view in VIEWS:
            await pilot.press(view.digit)
            await until(pilot, lambda view=view: app.current_mode == view.mode)
            assert view.title == app.screen.HELP_TITLE


async def test_digits_in_a_field_are_text_and_escape_gives_them_back(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        field = app.screen.query_one("#epochs", Input)
        field.focus()
        field.value = ""
        await pilot.press("2", "9")
        assert field.value == "29"
        assert app.current_mode == "setup"
        await pilot.press("escape", "2")
        await until(pilot, lambda: app.current_mode == "data")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("epochs", "0"),
        ("epochs", "ten"),
        ("epochs", ""),
        ("hidden", "0"),
        ("hidden", "250;100"),
        ("lr", "nan"),
        ("lr", "-1"),
        ("batch_size", "70000"),
        ("seed", "-3"),
        ("threads", "0.5"),
        ("rotation", "181"),
        ("shift", "15"),
        ("name", "../../x"),
    ],
)
async def test_a_wrong_value_is_marked_and_does_not_start(console, field: str, text: str) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        app.screen.query_one(f"#{field}", Input).value = text
        await pilot.pause()
        error = app.screen.query_one(Form).error(field)
        assert error
        assert error in screen_text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert not app.training.is_running
        assert app.current_mode == "setup"


async def test_the_parameter_count_follows_the_layers(console) -> None:
    app = console(RunConfig(dataset="digits"))
    async with app.run_test(size=(120, 40)) as pilot:
        assert "222,360 parameters" in screen_text(app)
        app.screen.query_one("#hidden", Input).value = "none"
        await pilot.pause()
        assert "7,850 parameters" in screen_text(app)  # 784 · 10 + 10


async def test_missing_mnist_asks_and_digits_can_stand_in(console, tmp_path: Path) -> None:
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
        app.screen.query_one("#name", Input).focus()
        await pilot.press("enter")
        await pilot.pause()
        assert app.training.thread is first
        app.training.thread.control.stop()
        await until(pilot, lambda: not app.training.is_running)


async def test_help_lists_the_views_keys_and_the_log_opens(console) -> None:
    app = console()
    async with app.run_test(size=(120, 50)) as pilot:
        await pilot.press("3", "question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        shown = screen_text(app)
        assert "logarithmic loss axis" in shown
        assert "pause or resume the training" in shown
        await pilot.press("escape", "L")
        await until(pilot, lambda: isinstance(app.screen, Log))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Log))


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
        await pilot.press("m")
        assert (chart.shown.lines[2].ys[1:] != before[1:]).all()
        assert chart.border_subtitle == "log, smoothed 0.6"
        await pilot.press("z", "z")
        assert chart.shown.x_range == (0.0, 3.0)


async def test_runs_open_mark_compare_filter_and_delete(console) -> None:
    app = console()
    async with app.run_test(size=(140, 40)) as pilot:
        for name in ("first", "second"):
            await pilot.press("1")
            await until(pilot, lambda: app.current_mode == "setup")
            app.screen.query_one("#name", Input).value = name
            app.screen.query_one("#recipe").focus()
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
        assert table.has_focus  # not the filter that nobody sees

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
        await pilot.press("enter")
        await until(pilot, lambda: table.row_count == 1)
        assert app.training.shown is None  # the deleted run was the one that the views showed
        assert app.scrubber.folder.name.endswith("second")
    (left,) = stored_runs(Path("runs"))
    assert left.name.endswith("second")


async def test_a_run_whose_name_looks_like_markup_is_told_as_it_is(console) -> None:
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
        await pilot.press("enter")
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


async def test_data_view_shows_both_grids_and_steps_through_them(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        left, right = (app.screen.query_one(name) for name in ("#data-left", "#data-right"))
        await until(pilot, lambda: right.pictures)
        first = [picture.image.copy() for picture in right.pictures]
        assert len(first) == len(left.pictures) > 4
        await pilot.press("r")
        await until(pilot, lambda: any((a != b.image).any() for a, b in zip(first, right.pictures, strict=True)))
        stored = left.pictures[0].caption
        await pilot.press("right")
        await until(pilot, lambda: left.pictures[0].caption != stored)
        await pilot.press("left")
        await until(pilot, lambda: left.pictures[0].caption == stored)
        assert "training 1,350" in screen_text(app)
        await pilot.press("v", "v")
        await until(pilot, lambda: left.pictures[0].caption.endswith("#0"))
        assert "test 297" in screen_text(app)


async def test_data_view_says_what_is_missing(console) -> None:
    app = console(RunConfig())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: "is not ready" in screen_text(app))
        await pilot.press("d")
        await until(pilot, lambda: "could not be downloaded" in screen_text(app))


@pytest.mark.parametrize("size", [(200, 60), (160, 45), (80, 24), (60, 20), (40, 12), (20, 5), (1, 1)])
async def test_no_size_breaks_any_view(console, size: tuple[int, int]) -> None:
    app = console()
    async with app.run_test(size=size) as pilot:
        app.training.start(QUICK)
        await until(pilot, lambda: app.training.history.finished and not app.training.is_running)
        for view in VIEWS:
            await pilot.press(view.digit)
            await until(pilot, lambda view=view: app.current_mode == view.mode)
            await pilot.pause(0.3)
            words = screen_text(app)
            small = size[0] < 60 or size[1] < 20
            if size[0] >= 40:
                assert ("needs 60×20" in words) == small


async def test_resizing_wildly_while_training(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.epochs)
        for width, height in [(160, 45), (10, 3), (80, 24), (60, 20), (200, 60), (61, 21), (120, 40)] * 2:
            await pilot.resize_terminal(width, height)
        app.training.thread.control.stop()
        await until(pilot, lambda: not app.training.is_running)


async def test_choices_step_and_stay_within_their_ends(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        choice = app.screen.query_one("#optimizer", Choice)
        choice.focus()
        await pilot.press("right", "right", "right", "right", "right")
        assert choice.value == choice.options[-1]
        await pilot.press("left")
        assert choice.value == choice.options[-2]
        await pilot.pause()
        assert app.screen.config.optimizer == choice.value


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


async def test_a_training_may_go_on_telling_after_the_last_frame(console) -> None:
    """Leaving takes the screens away, and a training that is being stopped still has something to say."""
    app = console()
    async with app.run_test():
        screens = list(app._screen_stack)
        app._screen_stack.clear()
        try:
            app.on_engine_event(EngineEvent(Epoch(1, 0.5, 0.9, 0.6, 0.8, 1.0, True, True)))
            app.on_engine_event(EngineEvent(Notice("the disk is full")))
            app.on_training_ended(TrainingEnded(None))
            answer(app)
        finally:
            app._screen_stack[:] = screens
        assert app.training.history.epochs


async def test_the_help_of_a_terminal_too_small_for_it_waits_for_room(console) -> None:
    app = console()
    async with app.run_test(size=(20, 5)) as pilot:
        await app.action_view("training")
        await pilot.press("question_mark")
        await pilot.pause()
        await pilot.resize_terminal(100, 40)
        await until(pilot, lambda: "logarithmic loss axis" in screen_text(app))
