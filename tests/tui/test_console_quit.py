"""How the console ends: questions, signals, exit codes, and messages that arrive after the last frame."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from textual.events import MouseDown
from textual.geometry import Offset
from textual.widgets import Static

from mnist_tui.engine.events import Epoch, Event, Notice, Phase, Test
from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.training.control import Control
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.messages import EngineEvent, TrainingEnded
from mnist_tui.tui.widgets.dialogs import Question
from mnist_tui.tui.widgets.subject_bar import SubjectBar
from tests.tui.conftest import ENDLESS, until


async def test_quitting_a_training_asks_and_then_stores_the_run(console) -> None:
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
        await pilot.press("enter")  # the harmless answer
        await until(pilot, lambda: not isinstance(app.screen, Question))
        assert app.training.is_running
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("up", "enter")
        await until(pilot, lambda: not app.is_running)
    assert summarise(stored_runs(Path("runs"))[0]).status == "stopped"
    assert app.return_code == 0
    assert app.training.handover is None


@pytest.mark.parametrize("is_paused", [False, True])
async def test_quitting_may_leave_a_saved_training_to_another_process(console, is_paused: bool) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.epochs)
        if is_paused:
            await pilot.press("space")
            await until(pilot, lambda: app.training.history.phase == Phase("paused"))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("down", "enter")
        await until(pilot, lambda: not app.is_running)
    (run,) = stored_runs(Path("runs"))
    assert app.return_code == 0
    assert not run.is_live()
    assert run.state_file.exists()
    assert not [event for event in run.events() if isinstance(event, Test)]  # it is not the run's end
    arguments = app.training.handover.arguments
    assert arguments == ["train", "--resume", str(run.path.absolute()), "--epochs", str(ENDLESS.epochs), "--detach"]


async def test_a_training_that_has_not_begun_cannot_continue_in_the_background(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        loading = SimpleNamespace(config=ENDLESS, control=Control(), saved=None, is_handing_over=False)
        with patch.object(app.training, "thread", loading):
            await app.run_action("leave")
            await until(pilot, lambda: isinstance(app.screen, Question))
            assert [button.id for button in app.screen.query("Button")] == ["stay", "stop"]


async def test_quit_without_a_training_does_not_ask(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 0


async def test_a_signal_stores_the_run_and_gives_the_documented_exit_code(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.epochs)
        signal.raise_signal(signal.SIGTERM)
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 128 + signal.SIGTERM
    assert summarise(stored_runs(Path("runs"))[0]).status == "stopped"


def answer(app: MnistTui) -> None:
    """Handle the training's messages, which an app that is exiting may or may not still receive."""
    app.on_training_changed()
    app.on_subject_changed()


@pytest.mark.parametrize("event", [Phase("test"), Epoch(1, 1.0, 0.5, 1.0, 0.5, 1.0, True), Notice("full")])
async def test_messages_after_the_last_frame_are_no_failure(console, event: Event) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert not app.screen_stack
    app.on_engine_event(EngineEvent(event))
    app.on_training_ended(TrainingEnded(None))
    answer(app)


@pytest.mark.parametrize("left", [lambda app: app.exit(0), lambda app: setattr(app, "_running", False)])
async def test_a_view_that_is_being_removed_gets_no_requests(console, left: Callable[[MnistTui], None]) -> None:
    """The user quits, or the console is shut down."""
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("escape", "4")
        await until(pilot, lambda: app.current_mode == "confusion")
        left(app)
        await app.screen.query(SubjectBar).remove()  # as happens during the exit
        app.on_engine_event(EngineEvent(Phase("test")))
        answer(app)


async def test_an_error_while_the_console_exits_is_no_failure(console) -> None:
    """Fails where a view that is being made during the exit counts as a failure."""
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("escape")
        app.exit(0)
        app._handle_exception(LookupError("a widget that is gone"))
    assert (app.return_code, app._exception) == (0, None)


async def test_a_click_on_a_removed_widget_is_no_failure(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        gone = Static("gone")  # a removed widget has no parent
        with patch.object(app.screen, "get_widget_and_offset_at", lambda *place: (gone, Offset(0, 0))):
            await app.on_event(MouseDown(None, 5, 5, 0, 0, 1, False, False, False, 5, 5))
        await pilot.press("escape", "4")
        await until(pilot, lambda: app.current_mode == "confusion")


async def test_a_training_may_send_events_after_the_last_frame(console) -> None:
    """The exit removes the screens while a training that is being stopped still sends messages."""
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
