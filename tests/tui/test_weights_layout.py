"""The layout and the texts of the Weights view."""

from __future__ import annotations

import pytest

from mnist_tui.tui.views.weights.layout import grid_layout, unit_layout
from mnist_tui.tui.views.weights.texts import bar, number, signed


class TestWords:
    def test_numbers(self):
        values = (0.3124, -1.251, 0, 12.345, 123.45, 1234.5, float("nan"))
        assert [number(value) for value in values] == ["0.312", "−1.25", "0.000", "12.35", "123.5", "1234", "–"]
        assert [signed(value) for value in (0.3124, -1.251, float("nan"))] == ["+0.312", "−1.25", "–"]

    def test_bars(self):
        assert bar(1, 4, plain=False) == "████"
        assert bar(0.5, 3, plain=False) == "█▌"
        assert bar(0, 4, plain=False) == ""
        assert bar(0.5, 4, plain=True) == "##"


class TestLayout:
    @pytest.mark.parametrize(
        ("space", "panel", "page"),
        [((160, 41), True, (5, 5)), ((80, 20), False, (5, 2)), ((60, 16), False, (4, 2)), ((120, 36), True, (5, 4))],
    )
    def test_pages(self, space, panel, page):
        layout = grid_layout(*space, small=True, panel=panel)
        assert (layout.columns, layout.rows) == page
        assert layout.page <= 25

    @pytest.mark.parametrize("small", [True, False])
    def test_nothing_is_cut_off(self, small):
        for width in range(60, 260):
            for height in range(16, 80, 3):
                panel = width >= 120
                page = grid_layout(width, height, small=small, panel=panel)
                one = 15 if page.small else 29
                high = 8 if page.small else 15
                assert page.columns * one - 1 <= page.width <= width
                assert page.rows * high <= height
                for room in (width, width - page.width - 2) if panel else (width,):
                    unit = unit_layout(room, height, small=small)
                    assert unit.bars >= 15
                    if unit.arrangement == "below":
                        assert 14 + 1 + unit.images[1] + unit.outgoing[1] <= height
                    else:
                        assert 28 + 1 + unit.bars + 1 + unit.images[0] == room
                    wanted = (14, 8) if unit.small else (28, 15)
                    assert unit.images[1] == 0 or (unit.images[0] >= wanted[0] and unit.images[1] >= wanted[1])
