"""The console as tests drive it: offline, on the bundled digits, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from mnist_tui.engine.config import RunConfig
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.speed import switch

QUICK = RunConfig(dataset="digits", epochs=3, hidden=(16,))
ENDLESS = RunConfig(dataset="digits", epochs=100_000, hidden=(16,))


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


async def until(pilot: Pilot[Any], condition: Callable[[], object], seconds: float = 40.0) -> None:
    """Wait until `condition()` holds; a hang fails instead of waiting for ever."""
    for _ in range(int(seconds / 0.02)):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.02)
    raise AssertionError("the console did not come to the expected state")


def screen_text(app: MnistTui) -> str:
    """What the screen shows, as lines of text."""
    screen = app.screen
    lines = screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines)
