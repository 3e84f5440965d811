"""No hint, title or status is cut, in any view or dialog and at the sizes for which the console is made."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mnist_tui.engine.runs.history import History
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.keys import TABLE, VIEWS
from mnist_tui.tui.widgets.key_bar import KeyBar
from tests.tui.conftest import screen_text, until
from tests.tui.stored_run import write_run
from tests.tui.test_snapshots import READY, store_imagined

SIZES = [(80, 24), (60, 20)]
STEPS: dict[str, tuple[str, ...]] = {
    "setup": ("down", "enter", "escape", "?", "escape", "L", "escape"),
    "data": ("?", "escape"),
    "training": ("y", "m", "z", "z", "e", "escape", "g", "escape", "?", "escape"),
    "confusion": ("p", "u", "e", "escape", "?", "escape"),
    "mistakes": ("enter", "escape", "w", "o", "slash", "escape", "?", "escape"),
    "projection": ("c", "enter", "escape", "w", "l", "?", "escape"),
    "imagine": ("up", "plus", "?", "escape"),
    "weights": ("enter", "escape", "o", "d", "?", "escape"),
    "runs": ("m", "slash", "escape", "d", "escape", "?", "escape"),
}
"""Keys after each of which the screen is examined."""
CUT = re.compile(r"[^\s…]…")


def cut_texts(app: MnistTui) -> list[str]:
    """Return the lines of the screen with an ellipsis after a word; a text in progress has it after a space."""
    return [line for line in screen_text(app).splitlines() if CUT.search(line)]


async def examine(pilot: Pilot[int], step: str) -> list[str]:
    app = pilot.app
    assert isinstance(app, MnistTui)
    await until(pilot, lambda: True)
    return [f"{step}: {text}" for text in cut_texts(app)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("mode", [view.mode for view in VIEWS])
async def test_nothing_is_cut(console: Callable[..., MnistTui], mode: str, size: tuple[int, int]) -> None:
    folder = write_run(Path("runs"))
    store_imagined(folder)
    app = console()
    async with app.run_test(size=size) as pilot:
        await app.show_run(folder, History.of(folder.events()))
        await app.action_view(mode)
        words = READY.get(mode, ("help",))[:1]
        await until(pilot, lambda: all(word in screen_text(app) for word in words))
        app.screen.redraw()  # the sizes of some texts are known only after the first layout
        found = await examine(pilot, mode)
        for key in STEPS[mode]:
            await pilot.press(key)
            found += await examine(pilot, f"{mode} {key}")
        assert not found, "\n".join(dict.fromkeys(found))


@pytest.mark.parametrize("mode", [view.mode for view in VIEWS])
async def test_the_footer_shows_whole_hints_and_always_help_and_quit(console, mode: str) -> None:
    folder = write_run(Path("runs"))
    app = console()
    async with app.run_test(size=(160, 45)) as pilot:
        await app.show_run(folder, History.of(folder.events()))
        await app.action_view(mode)
        await until(pilot, lambda: "quit" in screen_text(app))
        labels = {key.label for keys in TABLE.values() for key in keys if key.label}
        for width in (160, 80, 60):
            shown = await hints(pilot, width)
            assert {"? help", "q quit"} <= shown
            assert {hint.split()[-1] for hint in shown} <= labels


async def hints(pilot: Pilot[int], width: int) -> set[str]:
    """Return the hints of the footer, by their extent."""
    app = pilot.app
    await pilot.resize_terminal(width, 45)
    bar = app.screen.query_one(KeyBar)
    await until(pilot, lambda: bar.size.width == width)
    text = bar.render().plain
    assert len(text) <= width
    return {text[start:end].strip() for start, end, _ in bar._spots}
