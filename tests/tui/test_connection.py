"""Processes that lose their terminal: the training continues."""

from __future__ import annotations

import signal
import termios
import time
from pathlib import Path

import pytest

from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.summaries import summarise
from tests.tui.terminal_process import (
    COMMAND,
    CONSOLE,
    LONG,
    assert_as_uninterrupted,
    first_epoch,
    paused,
    started_run,
    wait_for,
)

pytestmark = pytest.mark.usefixtures("here")


class TestLostConnection:
    def test_the_console_continues_training(self, on_terminal):
        terminal = on_terminal(CONSOLE.replace("EPOCHS", "200"))
        run = started_run(terminal)
        with paused(run):
            terminal.hang_up()
        assert terminal.end() == 0
        assert_as_uninterrupted(run)

    def test_the_plain_command_continues_training(self, on_terminal):
        terminal = on_terminal(COMMAND, "train", *LONG, "--epochs", "200")
        run = first_epoch()
        with paused(run):
            terminal.hang_up()
        assert terminal.end() == 0
        assert_as_uninterrupted(run)

    def test_after_a_hangup_sigterm_still_saves(self, on_terminal):
        terminal = on_terminal(CONSOLE.replace("EPOCHS", "100000"))
        run = started_run(terminal)
        terminal.hang_up()
        known = len(History.of(run.events()).epochs)
        wait_for(lambda: len(History.of(run.events()).epochs) > known)
        terminal.process.terminate()
        assert terminal.end() == 128 + signal.SIGTERM
        assert summarise(run).status == "stopped"

    def test_without_a_training_it_ends(self, on_terminal):
        terminal = on_terminal(CONSOLE.replace("EPOCHS", "3"))
        wait_for(lambda: b"New run" in terminal.seen)
        terminal.hang_up()
        assert terminal.end() == 128 + signal.SIGHUP
        assert stored_runs(Path("runs")) == []


class TestFailingScreen:
    FAULTY = CONSOLE.replace(
        "end_now(", "from mnist_tui.tui.views.base import View\nView.action_log = lambda self: 1 / 0\nend_now("
    )
    """`L`, as any key could, meets a fault of ours."""

    def test_the_training_continues_and_the_terminal_is_restored_with_a_message(self, on_terminal):
        terminal = on_terminal(self.FAULTY.replace("EPOCHS", "200"))
        run = started_run(terminal)
        with paused(run):
            terminal.press(b"L")
            wait_for(lambda: b"the training continues: mnist-tui attach shows it" in terminal.seen)
            wait_for(lambda: termios.tcgetattr(terminal.slave)[:4] == terminal.before[:4])
        assert terminal.end() == 1
        assert_as_uninterrupted(run)
        said = terminal.seen[terminal.seen.rindex(b"\x1b[?1049l") :]
        assert b"the screen failed (ZeroDivisionError: division by zero), which is a bug in mnist-tui" in said
        assert b"Traceback" not in terminal.seen

    def test_an_interrupt_saves_and_stops_it(self, on_terminal):
        terminal = on_terminal(self.FAULTY.replace("EPOCHS", "100000"))
        run = started_run(terminal)
        terminal.press(b"L")
        wait_for(lambda: b"the training continues" in terminal.seen)
        terminal.press(b"\x03")
        assert terminal.end() == 128 + signal.SIGINT
        assert summarise(run).status == "stopped"

    def test_without_a_training_it_ends(self, on_terminal):
        terminal = on_terminal(self.FAULTY.replace("EPOCHS", "3"))
        wait_for(lambda: b"New run" in terminal.seen)

        def ended() -> bool:
            terminal.press(b"\x1b")  # out of the field
            time.sleep(0.2)  # otherwise the two keys would be read as alt+L
            terminal.press(b"L")
            time.sleep(0.2)
            return terminal.process.poll() is not None

        wait_for(ended)
        assert terminal.end() == 1
        assert b"the screen failed" in terminal.seen
