"""Differential screen updates, which save bytes on slow connections.

Textual repaints a whole widget when any part of it changes, and a whole view when the layout changes. Most cells are
then unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

Cell: TypeAlias = tuple[str, str]
"""A character and its SGR codes, such as `1;31`; the second cell of a wide character is empty."""
MAX_GAP = 6
"""Maximum gap of unchanged cells that is rewritten, because a cursor movement takes as many bytes."""
UNKNOWN: Cell = ("", "unknown")


class Painted:
    """Current contents of the terminal."""

    def __init__(self) -> None:
        self._size = (0, 0)
        self._rows: list[list[Cell]] = []

    def forget(self) -> None:
        """Write all cells at the next update, because the contents of the terminal are unknown."""
        self._size = (0, 0)

    def changes(self, update: LayoutUpdate | ChopsUpdate, size: tuple[int, int]) -> Changes:
        """Return the cells of an update that differ from the terminal of `size` columns and rows."""
        if size != self._size:
            self._size = size
            self._rows = [[UNKNOWN] * size[0] for _ in range(size[1])]
        return Changes(self._rows, update)


class Changes(CompositorUpdate):
    """Cells of an update that differ from the terminal; rendering them also updates the stored contents."""

    def __init__(self, rows: list[list[Cell]], update: LayoutUpdate | ChopsUpdate) -> None:
        self._rows, self._update = rows, update

    def render_segments(self, console: Console) -> str:
        colours = console._color_system or ColorSystem.TRUECOLOR
        parts: list[str] = []
        style = ""
        for y, x, strip in indexd(self._update):
            # Strips drawn for another size may lie outside.
            if not (0 <= y < len(self._rows) and 0 <= x < len(self._rows[y])):
                continue
            shown = self._rows[y]
            new = cells(strip, colours)[: len(shown) - x]
            for first, last in changed(shown[x : x + len(new)], new):
                parts.append(f"\x1b[{y + 1};{x + first + 1}H")
                for character, its_style in new[first:last]:
                    if its_style != style:
                        style = its_style
                        parts.append(f"\x1b[0;{style}m" if style else "\x1b[m")
                    parts.append(character)
            shown[x : x + len(new)] = new
        if style:
            parts.append("\x1b[m")
        return "".join(parts)


def indexd(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Yield the strips of an update with their row and first column."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield y, x, strip
                x += strip.cell_length
        return
    for y, first, last in update.spans:
        if not 0 <= y < len(update.chops):  # drawn for a taller terminal
            continue
        for end, (x, piece) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if piece is not None and x <= last and end > first:
                yield y, x, piece if end <= last else piece.crop(0, last - x)


def cells(strip: Strip, colours: ColorSystem) -> list[Cell]:
    """Return the cells of a strip."""
    result: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        codes = "" if style is None else style._ansi
        if codes is None:
            assert style is not None
            codes = Strip.render_ansi(style, colours)  # caches the codes in the style
        if text.isascii():
            result += [(character, codes) for character in text]
            continue
        for character in text:
            width = get_character_cell_size(character)
            if width == 0 and result:  # combining character
                result[-1] = (result[-1][0] + character, result[-1][1])
            else:
                result.append((character, codes))
                result += [("", codes)] * (width - 1)
    return result


def changed(shown: Sequence[Cell], new: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Yield ranges that cover all cells that differ, with short gaps merged; they never split a wide character."""
    if shown == new:
        return
    first = last = -1
    for index, (before, after) in enumerate(zip(shown, new, strict=True)):
        if before is after or before == after:
            continue
        if first < 0:
            first = index
        elif index - last > MAX_GAP:
            yield first, last
            first = index
        while first > 0 and not new[first][0]:
            first -= 1
        last = index + 1
        while last < len(new) and not new[last][0]:
            last += 1
    yield first, last
