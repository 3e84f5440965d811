"""The Data view while its data change: the configuration, the data set, a cancelled load."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from mnist_tui.engine.analysis.grids import split_indices
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.dataset import Dataset
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.errors import Cancelled
from mnist_tui.engine.events import Phase
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.views.data import view as data_view
from tests.helpers import HANG
from tests.tui.conftest import QUICK, screen_text, until


async def test_another_configuration_is_drawn_again(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        view = app.screen
        await until(pilot, lambda: view.data is not None)
        await pilot.press("1")
        app.config = changed = replace(QUICK, rotation=40.0, seed=QUICK.seed + 1)
        await pilot.press("2")
        await until(pilot, lambda: view.data.config == changed)
        expected = split_indices(load_digits_dataset(), changed, "train")
        np.testing.assert_array_equal(view.data.indices, expected[: len(view.data.indices)])
        np.testing.assert_array_equal(view._indices["train"], expected)
        assert changed.augmentation in str(view.query_one("#data-right").border_title)


class Source:
    """Replaces the reading of data sets: `mnist` blocks until it is released, `digits` returns immediately."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.ended: list[str] = []
        self.was_cancelled = threading.Event()

    def load(
        self, name: str, folder: Path, *, explicit_folder: bool, cancelled: Callable[[], bool]
    ) -> Generator[Phase, None, Dataset]:
        yield Phase("download", name, 1, 2)
        if name == "mnist":
            while not self.go_on.wait(0.01):
                if cancelled():
                    self.ended.append("cancelled")
                    self.was_cancelled.set()
                    raise Cancelled
        self.ended.append(name)
        return load_digits_dataset()


async def download_begins(pilot: Pilot[int], app: MnistTui) -> None:
    """Open the view and download the missing data set."""
    await pilot.press("2")
    await until(pilot, lambda: "is not ready" in screen_text(app))
    await pilot.press("d")
    await until(pilot, lambda: "downloading" in screen_text(app))


async def test_escape_stops_a_download_and_d_starts_it_again(console, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source()
    monkeypatch.setattr(data_view, "load", source.load)
    app = console(RunConfig())
    async with app.run_test(size=(120, 40)) as pilot:
        await download_begins(pilot, app)
        await pilot.press("escape")
        await until(pilot, lambda: source.ended == ["cancelled"])
        assert "cancelled. Press d to download it." in screen_text(app)
        source.go_on.set()
        await pilot.press("d")
        await until(pilot, lambda: app.screen.data is not None)


async def test_a_late_data_set_does_not_replace_the_chosen_one(console, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source()

    def stubborn(name: str, folder: Path, **options: Any) -> Generator[Phase, None, Dataset]:
        return source.load(name, folder, **options | {"cancelled": lambda: False})

    monkeypatch.setattr(data_view, "load", stubborn)
    app = console(RunConfig())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", "d")
        await until(pilot, lambda: "downloading" in screen_text(app))
        await pilot.press("1")
        app.config = QUICK
        await pilot.press("2")
        view = app.screen
        await until(pilot, lambda: view.data is not None)
        chosen = view._dataset
        source.go_on.set()
        await until(pilot, lambda: source.ended == ["digits", "mnist"])
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert view._dataset is chosen


async def test_an_unexpected_error_is_shown_and_logged(console, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Generator[Phase, None, Dataset]:
        yield Phase("load", "digits")
        raise ZeroDivisionError("out of the blue")

    monkeypatch.setattr(data_view, "load", broken)
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        await until(
            pilot, lambda: "can't be loaded (ZeroDivisionError: out of the blue); L shows the log" in screen_text(app)
        )
        assert any("out of the blue" in line for line in app.log_lines)


async def test_a_load_ends_with_the_console(console, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    source = Source()
    monkeypatch.setattr(data_view, "load", source.load)
    app = console(RunConfig())
    async with app.run_test(size=(120, 40)) as pilot:
        await download_begins(pilot, app)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    await asyncio.to_thread(source.was_cancelled.wait, HANG)
    assert source.ended == ["cancelled"]
    assert "can't be loaded" not in caplog.text
