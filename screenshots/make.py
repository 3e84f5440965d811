"""`make screenshots`: drive the console through a run on MNIST and write every view as SVG and PNG beside this file.

With `TEXTUAL_COLOR_SYSTEM=truecolor` in the environment, as the Makefile sets it: without a terminal Textual believes
in few colours, and the pictures would be braille. On the same machine the same pictures come out: the clock is moved
by the training alone, and each picture is taken when nothing more is to come.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import matplotlib
import resvg_py
from textual.pilot import Pilot

from mnist_tui.engine import session
from mnist_tui.engine.data.folder import data_folder
from mnist_tui.engine.events import Event, Progress
from mnist_tui.engine.hardware import devices
from mnist_tui.engine.runs import writer
from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from mnist_tui.engine.training import loop, tally
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.cli import export_run
from mnist_tui.tui.state import stopwatch
from mnist_tui.tui.views.analysis_base import AnalysisView
from mnist_tui.tui.widgets.image import ImageGrid
from screenshots.clock import Clock

HERE = Path(__file__).resolve().parent
SIZE = (132, 40)
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
# DejaVu Sans Mono has no braille; resvg takes what it lacks from DejaVu Sans.
FONT_FILES = [str(FONTS / name) for name in ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSans.ttf")]
HELD = (7, 4)
"""Where the training waits for its picture: this epoch, and the number of its progress events."""
MEMORY = 600 << 20
"""The memory shown; the real value differs every time."""
CLOCKED = (loop, tally, session, writer, stopwatch)
"""Modules whose times are shown."""
FIGURES = ("curves", "data", "confusion", "mistakes", "image", "projection", "imagine", "weights")


def to_png(svg: str) -> bytes:
    """A screenshot as Textual exports it, drawn with installed fonts."""
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono")
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, font_files=FONT_FILES, monospace_family="DejaVu Sans Mono"))


class Gate:
    """Holds a training at one event until it is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.held_at: Progress | None = None

    def start(self, *arguments: Any, **options: Any) -> Iterator[Event]:
        """What `engine.session.start` yields."""
        reports = 0
        for event in _start(*arguments, **options):
            yield event
            reports += isinstance(event, Progress) and event.epoch == HELD[0]
            if isinstance(event, Progress) and (event.epoch, reports) == HELD:
                self.held_at = event
                self.opened.wait()


_start = session.start


async def until(pilot: Pilot[int], condition: Callable[[], object], seconds: float = 300.0) -> None:
    """Wait for `condition()`, and for what follows from it to be drawn."""
    for _ in range(int(seconds / 0.05)):
        if condition():
            await pilot.pause(1.0)
            return
        if not pilot.app.is_running:
            raise KeyboardInterrupt("the app was closed by another process")
        await pilot.pause(0.05)
    raise TimeoutError("the app did not reach the state of the screenshot")


async def take(gate: Gate) -> None:
    """Train once and take the pictures on the way."""
    app = MnistTui(runs_dir=Path("runs"), data_dir="data")

    async def shoot(name: str) -> None:
        app.screen.redraw()  # type: ignore[attr-defined]
        await pilot.pause(0.5)
        svg = app.export_screenshot(title="mnist-tui", simplify=True)
        (HERE / f"{name}.svg").write_text(svg, encoding="utf-8")
        (HERE / f"{name}.png").write_bytes(to_png(svg))

    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.devices.found is not None)
        await shoot("new-run")
        await pilot.press("enter")
        await until(pilot, lambda: gate.held_at is not None and app.training.history.progress == gate.held_at)
        await shoot("training")
        gate.opened.set()
        await pilot.press("2")
        await until(pilot, lambda: not app.training.is_running and getattr(app.screen, "data", None) is not None)
        await pilot.press("r")
        await pilot.pause(2.0)
        await shoot("data")
        await pilot.press("3")
        await pilot.pause(2.0)
        await shoot("finished")
        await look_inside(app, pilot, shoot)
        await pilot.press("1")
        app.screen.query_one("#hidden").value = "100"  # type: ignore[attr-defined]
        app.screen.query_one("#epochs").value = "3"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.finished is not None and not app.training.is_running)
        await pilot.press("9")
        await pilot.pause(3.0)
        await shoot("runs")


async def look_inside(app: MnistTui, pilot: Pilot[int], shoot: Callable[[str], Any]) -> None:
    """The views on the trained network."""
    for digit, name in (("4", "confusion"), ("5", "mistakes"), ("6", "projection"), ("7", "imagine"), ("8", "weights")):
        await pilot.press(digit)
        view: Any = app.screen
        assert isinstance(view, AnalysisView)
        await until(pilot, lambda view=view: view.data is not None)
        if name == "confusion":
            await pilot.press(*["down"] * 7, *["right"] * 9)
        if name == "mistakes":
            near = view.query_one("#detail-neighbours", ImageGrid)
            await until(pilot, lambda near=near: near.pictures)
        if name == "projection":
            await pilot.press("t", "r")
            await until(pilot, lambda view=view: view.data.embedding and view.data.embedding.phase == "done")
            await until(pilot, lambda view=view: view.metrics.values is not None)
        if name == "imagine":
            await pilot.press("a")
            await until(pilot, lambda view=view: len(view.data.pictures) == 30 and not view.is_searching)
        if name == "weights":
            await pilot.press("o", "o")
        await pilot.pause(2.0)
        await shoot(name)


def figures(run: RunFolder) -> None:
    """Export the run's figures by the command."""
    folder = HERE / "figures"
    shutil.rmtree(folder, ignore_errors=True)
    options = export_run.ExportOptions(
        given={}, compared=(), epoch="best", split="", out=folder, format="png", size="auto", dpi=90, numbers=False
    )
    export_run.export(run, FIGURES, options, data_dir="data")


def main() -> None:
    """Write the pictures."""
    data = data_folder(None).resolve()
    clock, gate = Clock(), Gate()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(stack.enter_context(tempfile.TemporaryDirectory())))
        Path("data").symlink_to(data)  # so that no picture shows where it was taken
        stack.enter_context(patch.dict(os.environ, {"HOME": os.getcwd(), "TZ": "UTC", "MNIST_TUI_DATA": "data"}))
        time.tzset()
        for module in CLOCKED:
            stack.enter_context(patch.object(module, "time", clock))
        stack.enter_context(patch.object(devices, "memory_in_use", lambda device: MEMORY))
        stack.enter_context(patch.object(session, "start", gate.start))
        asyncio.run(take(gate))
        figures(stored_runs(Path("runs"))[-1])


if __name__ == "__main__":
    main()
