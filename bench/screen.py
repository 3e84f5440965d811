"""What a terminal shows: as much of one as the console needs – moves, styles, text, frames."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import get_character_cell_size

PIECES = re.compile(
    r"\x1b\[(?P<parameters>[0-9;:?<>=$ ]*)(?P<final>[@-~])|\x1b\].*?(?:\x07|\x1b\\)|\x1b[^\[\]]"
    r"|(?P<text>[^\x1b\x00-\x1f]+)|(?P<control>[\x00-\x1a\x1c-\x1f])",
    re.DOTALL,
)
UNFINISHED = re.compile(r"\x1b(\[[0-9;:?<>=$ ]*|\][^\x07]*)?\Z")


class Screen:
    """A grid of characters with their styles."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.cells = [[(" ", "")] * columns for _ in range(rows)]
        self._x = self._y = 0
        self._style = ""
        self._rest = ""

    def feed(self, data: str) -> Iterator[None]:
        """Take what a command wrote; yields after every whole frame."""
        data = self._rest + data
        unfinished = UNFINISHED.search(data)
        self._rest = data[unfinished.start() :] if unfinished else ""
        for piece in PIECES.finditer(data[: len(data) - len(self._rest)]):
            if piece["text"]:
                self._write(piece["text"])
            elif piece["control"] == "\n":
                self._y, self._x = min(self._y + 1, self.rows - 1), 0
            elif piece["control"] == "\r":
                self._x = 0
            elif piece["final"] == "m":
                codes = piece["parameters"]
                self._style = codes.removeprefix("0;") if codes not in ("", "0") else ""
            elif piece["final"] == "H":
                row, _, column = piece["parameters"].partition(";")
                self._y, self._x = int(row or 1) - 1, int(column or 1) - 1
            elif piece["final"] == "l" and piece["parameters"] == "?2026":
                yield

    def _write(self, text: str) -> None:
        row = self.cells[self._y]
        for character in text:
            width = get_character_cell_size(character)
            if self._x + width <= self.columns:
                row[self._x : self._x + width] = [(character, self._style), *[("", self._style)] * (width - 1)]
            self._x += width

    def lines(self) -> list[str]:
        """The rows as text."""
        return ["".join(character for character, _ in row) for row in self.cells]

    def shows(self, words: str) -> bool:
        """Whether the screen shows the words, all in one style."""
        for row, line in zip(self.cells, self.lines(), strict=True):
            place = line.find(words)
            if place >= 0:
                styles = [style for character, style in row if character]
                if len(set(styles[place : place + len(words)])) == 1:
                    return True
        return False
