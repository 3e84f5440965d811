"""The layout of the Imagine view: no picture is dropped without a remark, at any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_tui.engine.analysis import imagined_store
from mnist_tui.engine.analysis.imagined import METHODS, Imagined
from mnist_tui.engine.analysis.training_images import Neighbour
from mnist_tui.tui.views.imagine_layout import BARS, TABLE_ROWS, layout, text_rows, window
from mnist_tui.tui.widgets.image import ImageGrid
from tests.tui.conftest import QUICK, screen_text, until

SIZES = [(160, 45), (132, 40), (100, 30), (80, 24), (60, 20)]


@pytest.mark.parametrize("style", ["half", "braille", "ascii"])
def test_the_layout_fits_every_terminal(style) -> None:
    for width in range(60, 240):
        for height in range(20, 70):
            plan = layout(width, height, style, 10)
            large = (14, 7) if style == "braille" else (28, 14)
            columns, rows = large if plan.large else (14, 7)
            beside = {"large": large[0] + 1, "small": 15, "panel": 0}[plan.nearest]
            panels = 4 if plan.nearest == "panel" else 3
            assert columns + beside <= width // panels - (1 if width < 80 else 4)
            used = (1 if width < 80 else 2) + rows + plan.captions + text_rows(width, height)
            used += (1 if height < 24 else 2) + TABLE_ROWS + plan.rows * 8
            assert used <= height - BARS
            assert plan.rows == 0 or plan.columns * 15 <= width - 2
            # There is no room for another row of pictures, unless all of them are shown.
            assert plan.capacity >= 10 or height - BARS - used < 8


def test_the_room_is_used() -> None:
    assert layout(160, 45, "half", 10).large
    for width, height in ((160, 45), (132, 40), (100, 40), (80, 45), (200, 60)):
        assert layout(width, height, "half", 10).capacity >= 10, (width, height)
    assert layout(100, 30, "half", 10).capacity == 6


@pytest.mark.parametrize("capacity", range(1, 13))
def test_the_window_has_the_current_picture(capacity) -> None:
    for current in range(10):
        shown = window(10, capacity, current)
        assert current in shown
        assert len(shown) == min(capacity, 10)
        assert shown[0] >= 0
        assert shown[-1] < 10


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_picture_is_drawn_or_its_absence_is_stated(console, stored_run, monkeypatch, size) -> None:
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    folder = stored_run(QUICK)
    image = np.linspace(-1, 2, 784, dtype=np.float32).reshape(28, 28)
    near = Neighbour(np.tile(np.arange(28, dtype=np.uint8) * 9, (28, 1)), 3, 59_999, 12.5)
    app = console()
    async with app.run_test(size=size) as pilot:
        await pilot.press("9")
        await until(pilot, lambda: app.screen.query_one("#run-table").row_count)
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "training" and app.scrubber.best)
        for digit in range(10):
            for method in METHODS:
                found = Imagined(method, digit, image, 0.9, 1_600_000, near)
                imagined_store.save(Path(folder.path), app.scrubber.best, found)
        await pilot.press("7")
        await until(pilot, lambda: app.current_mode == "imagine" and app.screen.data and app.screen.data.pictures)
        grids = [grid for grid in app.screen.query(ImageGrid) if grid.display and grid.parent.parent.display]
        for grid in grids:
            columns, rows = grid.capacity()
            assert 0 < len(grid.pictures) <= columns * rows, grid.id
            assert grid.region.width >= (28 if not grid.small and grid.style == "half" else 14), grid.id
            assert app.screen.region.contains_region(grid.region), grid.id
            assert any(segment.style and segment.style.bgcolor for segment in grid.render_line(3)), grid.id
        nearest = {grid.id for grid in grids if grid.id.startswith("nearest-")}
        assert nearest == {"nearest-one"} or nearest == {f"nearest-{method}" for method in METHODS}
        gallery = app.screen.query_one("#gallery")
        if gallery.display and len(gallery.pictures) < 10:
            assert f"pictures {len(gallery.pictures)} of 10" in screen_text(app)
        shown = screen_text(app)
        for words in ("1,600,000 ", "#59999", "12.5", "90.00 %"):
            assert shown.count(words) >= 3, words
