"""`make screenshots`: drive the console through a run on MNIST and write every view as SVG and PNG beside this file.

With `TEXTUAL_COLOR_SYSTEM=truecolor` in the environment, as the Makefile sets it: without a terminal Textual believes
in few colours, and the pictures would be braille.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import matplotlib
import resvg_py
from textual.pilot import Pilot

from engine.data.folder import data_folder
from tui.analysis_view import AnalysisView
from tui.app import MnistTui

HERE = Path(__file__).resolve().parent
SIZE = (132, 40)
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
# DejaVu Sans Mono has no braille; resvg takes what it lacks from DejaVu Sans.
FONT_FILES = [str(FONTS / name) for name in ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSans.ttf")]


def to_png(svg: str) -> bytes:
    """A screenshot as Textual exports it, drawn with fonts that are at hand."""
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono")
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, font_files=FONT_FILES, monospace_family="DejaVu Sans Mono"))


async def until(pilot: Pilot[int], condition: object, seconds: float = 120.0) -> None:
    """Wait for `condition()`."""
    assert callable(condition)
    for _ in range(int(seconds / 0.05)):
        if condition():
            await pilot.pause(0.6)
            return
        await pilot.pause(0.05)
    raise TimeoutError("the app did not come to what the screenshot should show")


async def take() -> None:
    """Train once and take the pictures on the way."""
    app = MnistTui(runs_dir=Path("runs"), data_dir="data")

    def shoot(name: str) -> None:
        svg = app.export_screenshot(title="mnist-tui", simplify=True)
        (HERE / f"{name}.svg").write_text(svg, encoding="utf-8")
        (HERE / f"{name}.png").write_bytes(to_png(svg))

    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.devices is not None)
        shoot("new-run")
        await pilot.press("enter")
        await until(pilot, lambda: len(app.live.epochs) >= 6)
        shoot("training")
        await pilot.press("2")
        await until(pilot, lambda: not app.is_training)
        await pilot.press("r")
        await pilot.pause(1.0)
        shoot("data")
        await pilot.press("3")
        await pilot.pause(1.0)
        shoot("finished")
        await look_inside(app, pilot, shoot)
        await pilot.press("1")
        app.screen.query_one("#hidden").value = "100"  # type: ignore[attr-defined]
        app.screen.query_one("#epochs").value = "3"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: app.live.finished is not None and not app.is_training)
        await pilot.press("9")
        await pilot.pause(1.5)
        shoot("runs")


async def look_inside(app: MnistTui, pilot: Pilot[int], shoot: Callable[[str], None]) -> None:
    """The views on the trained network."""
    for digit, name in (("4", "confusion"), ("5", "mistakes"), ("6", "projection"), ("7", "imagine"), ("8", "weights")):
        await pilot.press(digit)
        view = app.screen
        assert isinstance(view, AnalysisView)
        await until(pilot, lambda view=view: view.data is not None)
        if name == "confusion":
            await pilot.press(*["down"] * 7, *["right"] * 9)
        if name == "projection":
            await pilot.press("t", "r")
            await pilot.pause(45.0)
        if name == "imagine":
            await pilot.press("r")
            await pilot.pause(8.0)
        if name == "weights":
            await pilot.press("o", "o")
        await pilot.pause(5.0)
        shoot(name)


def main() -> None:
    """Write the pictures."""
    data = data_folder(None).resolve()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("data").symlink_to(data)  # so that no picture shows where it was taken
        asyncio.run(take())


if __name__ == "__main__":
    main()
