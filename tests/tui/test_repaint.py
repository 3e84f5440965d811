"""Only changed cells are written, and the terminal still shows the whole frame."""

from __future__ import annotations

import random

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from bench.screen import Screen
from mnist_tui.tui.speed.repaint import Painted

COLUMNS, ROWS = 30, 4
CONSOLE = Console(color_system="truecolor", force_terminal=True)
STYLES = [Style(), Style(color="#ff0000"), Style(color="#00ff00", bgcolor="#102030"), Style(bold=True)]
CHARACTERS = "ab ─█数字é"


def strip_of(chance: random.Random, columns: int) -> Strip:
    segments, width = [], 0
    while width < columns:
        segment = Segment(chance.choice(CHARACTERS), chance.choice(STYLES))
        if width + segment.cell_length <= columns:
            segments.append(segment)
            width += segment.cell_length
    return Strip(segments)


def write(screen: Screen, text: str) -> None:
    assert not list(screen.feed(text))


def test_the_terminal_shows_what_a_full_redraw_would_show() -> None:
    chance = random.Random(1)
    for _ in range(20):
        painted, ours, plain = Painted(), Screen(COLUMNS, ROWS), Screen(COLUMNS, ROWS)
        for _ in range(20):
            first = chance.randrange(ROWS)
            lines = [[strip_of(chance, COLUMNS)] for _ in range(chance.randint(1, ROWS - first))]
            update = LayoutUpdate(lines, Region(0, first, COLUMNS, len(lines)))
            write(ours, painted.changes(update, (COLUMNS, ROWS)).render_segments(CONSOLE))
            for y, (strip,) in enumerate(lines, first):
                write(plain, f"\x1b[{y + 1};1H" + strip.render(CONSOLE))
            assert ours.cells == plain.cells


def test_unchanged_cells_are_not_written() -> None:
    painted = Painted()

    def written(text: str) -> str:
        update = LayoutUpdate([[Strip([Segment(text.ljust(COLUMNS))])]], Region(0, 1, COLUMNS, 1))
        return painted.changes(update, (COLUMNS, ROWS)).render_segments(CONSOLE)

    assert written("epoch 1 of 10").endswith("epoch 1 of 10".ljust(COLUMNS))
    assert written("epoch 1 of 10") == ""
    assert written("epoch 2 of 10") == "\x1b[2;7H2"
    assert written("Epoch 2 of 11") == "\x1b[2;1HE\x1b[2;13H1", "far changes are jumped to"


def test_after_a_resize_or_a_foreign_screen_everything_is_written() -> None:
    painted = Painted()
    update = LayoutUpdate([[Strip([Segment("x" * COLUMNS)])]], Region(0, 0, COLUMNS, 1))
    whole = painted.changes(update, (COLUMNS, ROWS)).render_segments(CONSOLE)
    assert painted.changes(update, (COLUMNS, ROWS)).render_segments(CONSOLE) == ""
    assert painted.changes(update, (COLUMNS, ROWS + 1)).render_segments(CONSOLE) == whole
    painted.forget()
    assert painted.changes(update, (COLUMNS, ROWS + 1)).render_segments(CONSOLE) == whole


def test_part_of_a_row_is_cut_where_the_update_ends() -> None:
    painted, screen = Painted(), Screen(COLUMNS, ROWS)
    chops = [{0: Strip([Segment("abcdef")]), 6: Strip([Segment("ghijkl")])}]
    update = ChopsUpdate(chops, [(0, 0, 9)], [[6, 12]])
    write(screen, painted.changes(update, (COLUMNS, ROWS)).render_segments(CONSOLE))
    assert screen.lines()[0].rstrip() == "abcdefghi"


def test_a_frame_for_a_larger_terminal_is_cut() -> None:
    painted, screen = Painted(), Screen(COLUMNS, ROWS)
    strips = [Strip([Segment("a" * (COLUMNS - 5))]), Strip([Segment("b" * 10)]), Strip([Segment("c" * 40)])]
    update = LayoutUpdate([strips] * (ROWS + 3), Region(0, 0, COLUMNS + 45, ROWS + 3))
    write(screen, painted.changes(update, (COLUMNS, ROWS)).render_segments(CONSOLE))
    assert screen.lines() == ["a" * (COLUMNS - 5) + "b" * 5] * ROWS


def test_rows_below_a_smaller_screen_are_left_out() -> None:
    painted, screen = Painted(), Screen(COLUMNS, ROWS)
    update = ChopsUpdate([{0: Strip([Segment("abc")])}], [(0, 0, 3), (1, 0, 3), (7, 0, 3), (-1, 0, 3)], [[3]])
    write(screen, painted.changes(update, (COLUMNS, ROWS)).render_segments(CONSOLE))
    assert [line.strip() for line in screen.lines()] == ["abc", *[""] * (ROWS - 1)]
