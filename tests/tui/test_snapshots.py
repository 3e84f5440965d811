"""Every view as a picture, compared with the stored one.

Where a change is meant: `make test ARGS="tests/tui/test_snapshots.py --snapshot-update"`, and look at what it drew.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

from mnist_tui.engine.analysis import imagined_store
from mnist_tui.engine.analysis.imagined import METHODS, Imagined
from mnist_tui.engine.analysis.training_images import Neighbour
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.app import MnistTui
from tests.tui.conftest import screen_text, until
from tests.tui.stored_run import NAME, write_run

LOOKS = {"wide": (132, 40), "normal": (80, 24), "small": (60, 20)}
READY = {
    "training": ("84.85",),
    "confusion": ("recall",),
    "mistakes": ("wrong", "nearest in the"),
    "projection": ("5-NN",),
    "imagine": ("99.9",),
    "weights": ("unit 0", "activate unit 0"),
}
"""What a view shows when it has all that it is made of; the second words only where it is wide."""


@pytest.fixture(params=LOOKS)
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """A terminal's size; the terminal has true colours, the small one none."""
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if request.param == "small":
        monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    return LOOKS[request.param]


def showing(folder: RunFolder, mode: str) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Opens the run and a view, and waits until the view has all that it shows."""

    async def prepare(pilot: Pilot[int]) -> None:
        app = pilot.app
        assert isinstance(app, MnistTui)
        if mode == "imagine":
            store_imagined(folder)
        await app.show_run(folder, History.of(folder.events()))
        await app.action_view(mode)
        words = READY[mode] if app.size.width >= LOOKS["wide"][0] else READY[mode][:1]
        await until(pilot, lambda: all(word in screen_text(app) for word in words))

    return prepare


def store_imagined(folder: RunFolder) -> None:
    """Store pictures of a three, as if they had been searched for."""
    slope = np.linspace(-1, 2, 784, dtype=np.float32).reshape(28, 28)
    near = Neighbour(np.tile(np.arange(28, dtype=np.uint8) * 9, (28, 1)), 3, 7, 12.5)
    for i, method in enumerate(METHODS):
        found = Imagined(method, 3, np.roll(slope, 9 * i, axis=1), 0.999, 100 + i, near)
        imagined_store.save(folder.path, 2, found)


@pytest.mark.parametrize("mode", ["confusion", "mistakes", "projection", "imagine", "weights"])
def test_a_view_on_a_network_looks_as_it_should(console, snap_compare, size, mode) -> None:
    folder = write_run(Path("runs"))
    assert snap_compare(console(), terminal_size=size, run_before=showing(folder, mode))


def test_the_curves_look_as_they_should(console, snap_compare, size) -> None:
    folder = write_run(Path("runs"))
    assert snap_compare(console(), terminal_size=size, run_before=showing(folder, "training"))


async def confusion_without_a_run(pilot: Pilot[int]) -> None:
    """Open a view of a network while no run is open, beside a stored one."""
    await pilot.press("4")
    await until(pilot, lambda: f"open the newest run, {NAME}" in screen_text(pilot.app))


def test_an_empty_view_looks_as_it_should(console, snap_compare, size) -> None:
    write_run(Path("runs"))
    assert snap_compare(console(), terminal_size=size, run_before=confusion_without_a_run)
