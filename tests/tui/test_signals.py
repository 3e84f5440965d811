"""Signals to a console on a terminal: the work is stored and the terminal restored."""

from __future__ import annotations

import signal
import termios
from pathlib import Path

import pytest

from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.engine.runs.summaries import summarise
from tests.tui.terminal_process import COMMAND, CONSOLE, LONG, started_run, wait_for

pytestmark = pytest.mark.usefixtures("here")


class TestSignals:
    def test_sigterm_saves_and_restores_the_terminal(self, on_terminal):
        terminal = on_terminal(CONSOLE.replace("EPOCHS", "100000"))
        run = started_run(terminal)
        terminal.process.terminate()
        assert terminal.end() == 128 + signal.SIGTERM
        assert run.state() is not None
        assert not run.is_live()
        # The screen that was there before is back, the cursor too, and keys are echoed.
        wait_for(lambda: b"\x1b[?1049l" in terminal.seen and b"\x1b[?25h" in terminal.seen)
        assert termios.tcgetattr(terminal.slave)[:4] == terminal.before[:4]
        assert b"Traceback" not in terminal.seen

    def test_the_output_of_libraries_goes_into_the_log(self, on_terminal):
        noisy = """
import os, mnist_tui.engine.runs.writer as w
save = w.RunWriter.save_weights
def loud(self, *arguments):
    os.write(2, b"from-C-to-stderr \\x1b[2J\\n")
    os.write(1, b"from-C-to-stdout\\n")
    save(self, *arguments)
w.RunWriter.save_weights = loud
"""
        terminal = on_terminal(noisy + CONSOLE.replace("EPOCHS", "2"))
        run = started_run(terminal)
        wait_for(lambda: not run.is_live())
        log = (run.path / "log.txt").read_text()
        assert "from-C-to-stderr" in log
        assert "from-C-to-stdout" in log
        assert "\x1b" not in log
        terminal.press(b"q")
        assert terminal.end() == 0
        assert b"from-C" not in terminal.seen

    def test_a_second_interrupt_ends_at_once(self, on_terminal):
        # The first one saves, which here takes forever.
        slow = (
            "import mnist_tui.engine.training.loop as loop, time; loop.measure = lambda *_: time.sleep(1000); "
            + COMMAND
        )
        terminal = on_terminal(slow, "train", *LONG, "--batch-size", "1000", "--epochs", "9")
        wait_for(lambda: stored_runs(Path("runs")))
        terminal.press(b"\x03")
        wait_for(lambda: b"press Ctrl+C again to exit" in terminal.seen)
        terminal.press(b"\x03")
        assert terminal.end() == 128 + signal.SIGINT
        (run,) = stored_runs(Path("runs"))
        assert summarise(run).status == "died"

    def test_quitting_does_not_wait_for_a_computation(self, on_terminal):
        # A view that computes forever, like t-SNE's first phase, which can't be interrupted.
        slow = "import mnist_tui.tui.views.weights.view as w, pathlib, time; "
        slow += "w.WeightsView.compute = lambda *_: (pathlib.Path('computing').touch(), time.sleep(1000)); "
        terminal = on_terminal(slow + CONSOLE.replace("EPOCHS", "2"))
        run = started_run(terminal)
        wait_for(lambda: not run.is_live())
        terminal.press(b"8")
        wait_for(Path("computing").exists)
        terminal.press(b"q")
        assert terminal.end() == 0
