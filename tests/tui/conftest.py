"""The console as tests drive it: offline, on the bundled digits, in a folder of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from mnist_tui.engine.config import RunConfig
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.speed import switch
from tests.helpers import HANG
from tests.tui import settle

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


def needs(*overrides: str) -> pytest.MarkDecorator:
    """Skip a test of overrides of Textual, by their names, where any of them is switched off."""
    off = [name for name in overrides if not switch.enabled(name)]
    return pytest.mark.skipif(bool(off), reason=f"{switch.VARIABLE} switches {', '.join(off)} off")


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Wait until `condition()` holds and the screen shows it; a hang fails instead of waiting for ever."""
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
    """What the screen shows, as lines of text."""
    screen = app.screen
    lines = screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines)
