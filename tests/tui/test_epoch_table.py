"""The table of the epochs: its rows, and which of them are visible."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from mnist_tui.tui.widgets.epoch_table import EpochTable
from tests.tui.conftest import screen_text


def row(epoch: int, *, best: bool = False, complete: bool = True) -> tuple:
    return epoch, 0.12345 + epoch, 0.5, 0.25, 1.0, 2.04, best, complete


class TableApp(App[None]):
    def compose(self) -> ComposeResult:
        yield EpochTable(id="table")


def lines(app: App) -> list[str]:
    return [line.rstrip("▁▂▃▄▅▆▇█ ") for line in screen_text(app).splitlines()]


@pytest.fixture
def rows() -> list[tuple]:
    return [row(epoch) for epoch in range(1, 31)]


async def test_numbers_are_aligned_with_their_headings(rows) -> None:
    app = TableApp()
    async with app.run_test(size=(36, 10)) as pilot:
        table = app.query_one(EpochTable)
        assert table.show([row(1), row(2, best=True), row(3, complete=False)])
        await pilot.pause()
        assert lines(app)[:5] == [
            "       train        valid",
            "        loss acc %   loss acc %    s",
            "    1 1.1235 50.00 0.2500 100.0  2.0",
            "   ★2 2.1235 50.00 0.2500 100.0  2.0",
            "   …3 3.1235 50.00 0.2500 100.0  2.0",
        ]
        assert not table.show([row(1), row(2, best=True), row(3, complete=False)])


async def test_the_newest_row_is_visible_until_the_user_scrolls_up_and_again_at_the_end(rows) -> None:
    app = TableApp()
    async with app.run_test(size=(38, 10)) as pilot:
        table = app.query_one(EpochTable)
        for count in (5, 9, 20, 29):
            table.show(rows[:count])
            await pilot.pause()
            assert lines(app)[min(count + 1, 9)].split()[0] == str(count)
        table.focus()
        await pilot.press("up", "up")
        await pilot.pause()
        assert lines(app)[9].split()[0] == "27"
        table.show(rows)
        await pilot.pause()
        assert lines(app)[9].split()[0] == "27"
        await pilot.press("end")
        await pilot.pause()
        table.show([*rows, row(31)])
        await pilot.pause()
        assert lines(app)[9].split()[0] == "31"


async def test_a_terminal_of_another_size_shows_the_newest_too(rows) -> None:
    app = TableApp()
    async with app.run_test(size=(38, 20)) as pilot:
        app.query_one(EpochTable).show(rows)
        for height in (8, 25, 50, 12):
            await pilot.resize_terminal(38, height)
            await pilot.pause()
            assert lines(app)[min(height, 32) - 1].split()[0] == "30", height


async def test_another_run_s_rows_replace_the_old_ones(rows) -> None:
    app = TableApp()
    async with app.run_test(size=(38, 10)) as pilot:
        table = app.query_one(EpochTable)
        table.show(rows)
        table.show(rows[:2])
        await pilot.pause()
        assert [line.split()[0] for line in lines(app)[2:] if line] == ["1", "2"]
        assert table.row_count == 2
