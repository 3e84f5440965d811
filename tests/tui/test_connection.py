"""Processes with a terminal, and without: lost connections, signals, the background, and who follows it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mnist_tui.engine.events import Epoch, Phase, RunFinished
from mnist_tui.engine.runs.folder import RunFolder, find_run, stored_runs
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.remote import send
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.session import start
from tests.helpers import HANG, QUICK, ROOT, checksums, of_kind

LONG = ("--dataset", "digits", "--hidden", "16", "--device", "cpu", "--threads", "1", "--batch-size", "32")
OWNING = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
"""Makes a terminal the process's own, so that its end is a hang-up."""
COMMAND = "from mnist_tui.tui.cli.commands import main; main()"
CONSOLE = f"""
from pathlib import Path
from mnist_tui.engine.config import RunConfig
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.run import Terminal, end_now, run
config = RunConfig(**{ {**QUICK.to_json(), "hidden": (16,)} })
config = RunConfig.from_json(config.to_json() | {{"epochs": EPOCHS, "batch_size": 32}})
end_now(run(MnistTui(runs_dir=Path("runs"), config=config, driver_class=Terminal)))
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Every test in a folder of its own, far from other people's data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_TUI_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("MNIST_TUI_DATA", str(tmp_path))
    monkeypatch.setenv("MNIST_TUI_MIRROR", "http://127.0.0.1:9/")  # refuses at once; no test leaves the machine
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    monkeypatch.setenv("TERM", "xterm-256color")
    return tmp_path


def wait_for(condition: Callable[[], Any]) -> Any:
    limit = time.monotonic() + HANG
    while not (found := condition()):
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.02)
    return found


class OnTerminal:
    """A process that has a terminal to itself, as behind an SSH connection."""

    def __init__(self, code: str, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        self.before = termios.tcgetattr(slave)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, b"\x24\x00\x78\x00\x00\x00\x00\x00")  # 36 rows, 120 columns

        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNING + code, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        self.slave = slave
        self.seen = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self.master, 65536):
                self.seen += data

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def hang_up(self) -> None:
        """The connection is lost: the last one who holds the terminal lets go."""
        os.close(self.slave)
        os.close(self.master)

    def end(self) -> int:
        return self.process.wait(HANG)


@pytest.fixture
def on_terminal() -> Iterator[Callable[..., OnTerminal]]:
    made: list[OnTerminal] = []

    def make(code: str, *arguments: str) -> OnTerminal:
        made.append(OnTerminal(code, *arguments))
        return made[-1]

    yield make
    for terminal in made:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()


def first_epoch() -> RunFolder:
    """The only run, once it has trained an epoch."""

    def look() -> RunFolder | None:
        runs = stored_runs(Path("runs"))
        return runs[0] if runs and of_kind(runs[0].events(), Epoch) else None

    found: RunFolder = wait_for(look)
    return found


def begun(terminal: OnTerminal) -> RunFolder:
    """The run of a console, once it has trained an epoch."""

    def look() -> list[RunFolder]:
        terminal.press(b"\r")  # the form may not be ready for the first; further ones do nothing
        time.sleep(0.2)
        return stored_runs(Path("runs"))

    wait_for(lambda: b"New run" in terminal.seen)
    wait_for(look)
    return first_epoch()


@contextlib.contextmanager
def held(run: RunFolder) -> Iterator[None]:
    """The training waits meanwhile, so that it can't be at its end before something happens to it."""
    send(run, "pause")
    wait_for(lambda: History.of(run.events()).phase == Phase("paused"))
    yield
    send(run, "resume")


def assert_as_uninterrupted(run: RunFolder) -> None:
    assert summarise(run).status == "completed"
    list(start(run.config(), Path("whole")))
    assert checksums(run.checkpoints) == checksums(stored_runs(Path("whole"))[0].checkpoints)


class TestLostConnection:
    def test_the_console_trains_on(self, on_terminal):
        terminal = on_terminal(CONSOLE.replace("EPOCHS", "200"))
        run = begun(terminal)
        with held(run):
            terminal.hang_up()
        assert terminal.end() == 0
        assert_as_uninterrupted(run)

    def test_the_plain_command_trains_on(self, on_terminal):
        terminal = on_terminal(COMMAND, "train", *LONG, "--epochs", "200")
        run = first_epoch()
        with held(run):
            terminal.hang_up()
        assert terminal.end() == 0
        assert_as_uninterrupted(run)

    def test_afterwards_a_polite_kill_still_saves(self, on_terminal):
        terminal = on_terminal(CONSOLE.replace("EPOCHS", "100000"))
        run = begun(terminal)
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

    def test_the_training_goes_on_and_the_terminal_is_given_back_with_a_word(self, on_terminal):
        terminal = on_terminal(self.FAULTY.replace("EPOCHS", "200"))
        run = begun(terminal)
        with held(run):
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
        run = begun(terminal)
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
            time.sleep(0.2)  # or the two would be alt+L
            terminal.press(b"L")
            time.sleep(0.2)
            return terminal.process.poll() is not None

        wait_for(ended)
        assert terminal.end() == 1
        assert b"the screen failed" in terminal.seen


class TestSignals:
    def test_a_polite_kill_saves_and_gives_the_terminal_back(self, on_terminal):
        terminal = on_terminal(CONSOLE.replace("EPOCHS", "100000"))
        run = begun(terminal)
        terminal.process.terminate()
        assert terminal.end() == 128 + signal.SIGTERM
        assert run.state() is not None
        assert not run.is_live()
        # The screen that was there before is back, the cursor too, and keys are echoed.
        wait_for(lambda: b"\x1b[?1049l" in terminal.seen and b"\x1b[?25h" in terminal.seen)
        assert termios.tcgetattr(terminal.slave)[:4] == terminal.before[:4]
        assert b"Traceback" not in terminal.seen

    def test_what_libraries_print_goes_into_the_log(self, on_terminal):
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
        run = begun(terminal)
        wait_for(lambda: not run.is_live())
        log = (run.path / "log.txt").read_text()
        assert "from-C-to-stderr" in log
        assert "from-C-to-stdout" in log
        assert "\x1b" not in log
        terminal.press(b"q")
        assert terminal.end() == 0
        assert b"from-C" not in terminal.seen

    def test_a_second_interrupt_ends_at_once(self, on_terminal):
        # The first one saves; here that takes for ever.
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
        # A view that computes for ever, as t-SNE's first phase can't be interrupted.
        slow = "import mnist_tui.tui.views.weights.view as w, pathlib, time; "
        slow += "w.WeightsView.compute = lambda *_: (pathlib.Path('computing').touch(), time.sleep(1000)); "
        terminal = on_terminal(slow + CONSOLE.replace("EPOCHS", "2"))
        run = begun(terminal)
        wait_for(lambda: not run.is_live())
        terminal.press(b"8")
        wait_for(Path("computing").exists)
        terminal.press(b"q")
        assert terminal.end() == 0


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments], capture_output=True, text=True, timeout=HANG, check=False
    )


class TestBackground:
    def test_begins_can_be_followed_and_stopped(self, here):
        outcome = run_command("train", *LONG, "--epochs", "100000", "--name", "far", "--detach")
        assert (outcome.returncode, outcome.stderr) == (0, "")
        (run,) = stored_runs(here / "runs")
        assert f"mnist-tui attach {run.name}" in outcome.stdout
        assert run.is_live()
        owner = run.owner()
        assert str(owner.pid) in outcome.stdout
        assert os.getsid(owner.pid) == owner.pid  # no terminal's end reaches it
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

    def test_goes_on_in_the_background(self, here):
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
    def test_what_goes_wrong_is_said_here(self, options, status, words):
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
