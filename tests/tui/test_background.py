"""A training in the background: followed, stopped, and its errors shown where it was started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from mnist_tui.engine.events import Epoch, RunFinished
from mnist_tui.engine.runs.folder import find_run, stored_runs
from mnist_tui.engine.runs.remote import send
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.session import start
from tests.helpers import HANG, QUICK, of_kind
from tests.tui.terminal_process import COMMAND, CONSOLE, LONG, started_run, wait_for

pytestmark = pytest.mark.usefixtures("here")


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments], capture_output=True, text=True, timeout=HANG, check=False
    )


class TestBackground:
    def test_starts_can_be_followed_and_stopped(self, here):
        outcome = run_command("train", *LONG, "--epochs", "100000", "--name", "far", "--detach")
        assert (outcome.returncode, outcome.stderr) == (0, "")
        (run,) = stored_runs(here / "runs")
        assert f"mnist-tui attach {run.name}" in outcome.stdout
        assert run.is_live()
        owner = run.owner()
        assert str(owner.pid) in outcome.stdout
        assert os.getsid(owner.pid) == owner.pid  # closing the terminal does not reach it
        with subprocess.Popen(
            [sys.executable, "-c", COMMAND, "attach"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as follower:
            assert run.name in follower.stdout.readline()
            send(run, "stop")
            out, err = follower.communicate(timeout=HANG)
        assert (follower.returncode, err) == (0, "")
        assert out.splitlines()[-1].startswith("stopped in")
        assert summarise(run).status == "stopped"
        # What it printed is in its log.
        assert "test accuracy" in (run.path / "log.txt").read_text()

    def test_a_console_hands_its_training_over(self, here, on_terminal):
        code = CONSOLE.replace("EPOCHS", "100000").replace("end_now(run(", "app = (").replace("))\n", ")\n")
        terminal = on_terminal(f"{code}from mnist_tui.tui.run import end\nend(app, run(app))")
        run = started_run(terminal)
        terminal.press(b"q")
        wait_for(lambda: b"in the background" in terminal.seen)
        terminal.press(b"\x1b[B\r")
        wait_for(lambda: f"mnist-tui attach {run.name}".encode() in terminal.seen)
        assert terminal.end() == 0
        known = summarise(run).epochs
        wait_for(lambda: run.is_live() and summarise(run).epochs > known + 2)
        assert os.getsid(run.owner().pid) == run.owner().pid  # closing the terminal does not reach it
        send(run, "stop")
        wait_for(lambda: not run.is_live())
        assert summarise(run).status == "stopped"
        epochs = [epoch.epoch for epoch in of_kind(run.events(), Epoch)]
        assert epochs == list(range(1, len(epochs) + 1))  # none is missing, none was trained twice

    def test_resumes_in_the_background(self, here):
        list(start(QUICK, here / "runs", name="near"))
        outcome = run_command("train", "--resume", "near", "--epochs", "5", "--detach")
        assert (outcome.returncode, outcome.stderr) == (0, "")
        run = find_run(here / "runs", "near")
        wait_for(lambda: not run.is_live())
        assert run.epochs() == [0, 1, 2, 3, 4, 5]

    @pytest.mark.parametrize(
        ("options", "status", "words"),
        [
            (("--dataset", "mnist", "--data-dir", "nowhere"), 3, "nowhere"),
            (("--device", "mps"), 2, "--device mps"),
            (("--json",), 2, "--json can't be combined with --detach"),
            (("--resume", "nobody"), 4, "there is no run"),
        ],
    )
    def test_errors_are_reported_in_the_foreground(self, options, status, words):
        outcome = run_command("train", *(() if "--resume" in options else LONG), *options, "--detach")
        assert (outcome.returncode, outcome.stdout) == (status, "")
        (line,) = outcome.stderr.splitlines()
        assert line.startswith("mnist-tui: ")
        assert words in line

    def test_an_interrupt_of_the_follower_stops_nothing(self, here):
        assert run_command("train", *LONG, "--epochs", "100000", "--detach").returncode == 0
        (run,) = stored_runs(here / "runs")
        try:
            with subprocess.Popen(
                [sys.executable, "-c", COMMAND, "attach"], stdout=subprocess.PIPE, text=True
            ) as follower:
                follower.stdout.readline()
                follower.send_signal(signal.SIGINT)
                assert follower.wait(HANG) == 128 + signal.SIGINT
            assert run.is_live()
        finally:
            os.kill(run.owner().pid, signal.SIGTERM)
        wait_for(lambda: not run.is_live())
        assert isinstance(list(run.events())[-1], RunFinished)
        assert json.loads(run_command("runs", "--json").stdout)["status"] == "stopped"
