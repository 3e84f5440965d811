"""Fixtures of the console's tests: offline, on the bundled digits, in the test's own folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.session import start
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.speed import switch
from tests.helpers import HANG
from tests.tui import settle
from tests.tui.fault_cases import Place, stopped_run
from tests.tui.terminal_process import OnTerminal

QUICK = RunConfig(dataset="digits", epochs=3, hidden=(16,))
ENDLESS = RunConfig(dataset="digits", epochs=100_000, hidden=(16,))


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for messages, not for processor time."""
    settle.install(monkeypatch)


@pytest.fixture(autouse=True)
def views_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a view when a test opens it, not all nine in every app.

    A module about the start-up overrides this fixture.
    """
    monkeypatch.setattr(switch, "OFF", switch.OFF | {"prepare"})


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., MnistTui]:
    """Makes consoles whose runs and data lie in the test's own folder."""
    monkeypatch.setenv("MNIST_TUI_DATA", str(tmp_path))
    monkeypatch.setenv("MNIST_TUI_MIRROR", "http://127.0.0.1:9/")  # refuses at once; no test leaves the machine
    monkeypatch.chdir(tmp_path)

    def make(config: RunConfig = QUICK, data_dir: str | None = None) -> MnistTui:
        return MnistTui(runs_dir=Path("runs"), config=config, data_dir=data_dir)

    return make


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[RunConfig], tuple[Path, History]]:
    """Train without a screen, each configuration once in this process."""
    folder = tmp_path_factory.mktemp("trained")
    runs: dict[RunConfig, tuple[Path, History]] = {}

    def train(config: RunConfig) -> tuple[Path, History]:
        if config not in runs:
            events = list(start(config, folder, data_dir=str(folder)))
            runs[config] = folder / events[-1].run, History.of(iter(events))
        return runs[config]

    return train


@pytest.fixture
def stored(trained, console) -> Callable[..., tuple[RunFolder, History]]:
    """Copy a finished run into the console's folder."""

    def make(config: RunConfig = QUICK) -> tuple[RunFolder, History]:
        path, history = trained(config)
        return RunFolder(Path(shutil.copytree(path, Path("runs") / path.name))), history

    return make


@pytest.fixture
def stored_run(stored) -> Callable[[RunConfig], RunFolder]:
    """Copy a finished run into the console's folder."""
    return lambda config: stored(config)[0]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run the command in the test's own folder, offline."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_TUI_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("MNIST_TUI_DATA", str(tmp_path))
    monkeypatch.setenv("MNIST_TUI_MIRROR", "http://127.0.0.1:9/")  # refuses at once; no test leaves the machine
    return tmp_path


@pytest.fixture
def on_terminal(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., OnTerminal]]:
    """Start processes on terminals of their own; kill those that the test leaves running."""
    monkeypatch.setenv("TERM", "xterm-256color")
    made: list[OnTerminal] = []

    def make(code: str, *arguments: str) -> OnTerminal:
        made.append(OnTerminal(code, *arguments))
        return made[-1]

    yield make
    for terminal in made:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()


@pytest.fixture(scope="session")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped in the middle of its second epoch; tests work on copies."""
    return stopped_run(tmp_path_factory.mktemp("stopped"))


@pytest.fixture
def place(here: Path, stopped: Path) -> Place:
    """The test's own folder, with a copy of the stopped run on demand."""
    return Place(here, stopped)


def needs(*overrides: str) -> pytest.MarkDecorator:
    """Skip a test of overrides of Textual, by their names, where any of them is switched off."""
    off = [name for name in overrides if not switch.enabled(name)]
    return pytest.mark.skipif(bool(off), reason=f"{switch.VARIABLE} switches {', '.join(off)} off")


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Wait until `condition()` holds and the screen shows it; fail after a time limit."""
    limit = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < limit, f"the console did not come to the expected state:\n{screen_text(pilot.app)}"
        assert pilot.app._exception is None, "the console failed"
        await pilot.pause(0.01)
    await pilot.pause()


async def shows(pilot: Pilot[Any], *words: str) -> None:
    """Wait until the screen shows all these words."""
    await until(pilot, lambda: all(word in screen_text(pilot.app) for word in words))


def screen_text(app: App[Any]) -> str:
    """Return the screen's lines as text."""
    screen = app.screen
    lines = screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines)
