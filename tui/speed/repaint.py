"""What the terminal shows, so that only cells that change are written: over a slow line every byte counts.

Textual redraws a widget as a whole, and a view as a whole when anything in it changes its size. Most cells are then
what they were before.
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
"""A character and its style as the terminal takes it, such as `1;31`; the second cell of a wide character is empty."""
BRIDGE = 6
"""So many cells that did not change are rather written again than jumped over: a jump takes as many bytes."""
UNKNOWN: Cell = ("", "unknown")


class Painted:
    """The cells that were written last."""

    def __init__(self) -> None:
        self._size = (0, 0)
        self._rows: list[list[Cell]] = []

    def forget(self) -> None:
        """The terminal may show something else: write everything the next time."""
        self._size = (0, 0)

    def changes(self, update: LayoutUpdate | ChopsUpdate, size: tuple[int, int]) -> Changes:
        """What of an update must be written on a terminal of `size` columns and rows."""
        if size != self._size:
            self._size = size
            self._rows = [[UNKNOWN] * size[0] for _ in range(size[1])]
        return Changes(self._rows, update)


class Changes(CompositorUpdate):
    """The cells of an update that differ from what is shown; rendering it takes them as shown."""

    def __init__(self, rows: list[list[Cell]], update: LayoutUpdate | ChopsUpdate) -> None:
        self._rows, self._update = rows, update

    def render_segments(self, console: Console) -> str:
        colours = console._color_system or ColorSystem.TRUECOLOR
        parts: list[str] = []
        style = ""
        for y, x, strip in placed(self._update):
            # What was drawn for another size may lie outside.
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


def placed(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """An update's strips with the row and the column where each begins."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield y, x, strip
                x += strip.cell_length
        return
    for y, first, last in update.spans:
        if not 0 <= y < len(update.chops):  # of a widget that was lower in the terminal's size before
            continue
        for end, (x, piece) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if piece is not None and x <= last and end > first:
                yield y, x, piece if end <= last else piece.crop(0, last - x)


def cells(strip: Strip, colours: ColorSystem) -> list[Cell]:
    """A strip's cells."""
    result: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        codes = "" if style is None else style._ansi
        if codes is None:
            assert style is not None
            codes = Strip.render_ansi(style, colours)  # which remembers it in the style
        if text.isascii():
            result += [(character, codes) for character in text]
            continue
        for character in text:
            width = get_character_cell_size(character)
            if width == 0 and result:  # it goes over the character before
                result[-1] = (result[-1][0] + character, result[-1][1])
            else:
                result.append((character, codes))
                result += [("", codes)] * (width - 1)
    return result


def changed(shown: Sequence[Cell], new: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Stretches of `new` that hold every cell that differs, short gaps bridged; none begins inside a character."""
    if shown == new:
        return
    first = last = -1
    for place, (before, after) in enumerate(zip(shown, new, strict=True)):
        if before is after or before == after:
            continue
        if first < 0:
            first = place
        elif place - last > BRIDGE:
            yield first, last
            first = place
        while first > 0 and not new[first][0]:
            first -= 1
        last = place + 1
        while last < len(new) and not new[last][0]:
            last += 1
    yield first, last
