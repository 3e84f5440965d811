"""Grey images as terminal cells: the only code that turns pixels into characters.

Everything here is pure: numpy arrays in, characters and grey levels out. A level is 0 (paper) … `LEVELS` - 1 (ink);
-1 is the terminal's own colour. What colour a level has is the widget's business.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

LEVELS = 24
"""Grey steps: as many as the 256-colour palette has."""

Style: TypeAlias = Literal["half", "braille", "ascii"]
STYLES: tuple[Style, ...] = ("half", "braille", "ascii")

SHADES = " .:-=+*#%@"
BRAILLE_INK = 0.35
"""A braille dot is set where the pixel has at least this share of full ink."""
# The dots of a braille cell, by row and column, as bits of its code point (Unicode, block Braille Patterns).
_BRAILLE_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


@dataclass(frozen=True, slots=True)
class Cells:
    """A block of terminal cells."""

    chars: np.ndarray
    """(rows, columns) of single characters, dtype `<U1`."""
    ink: np.ndarray
    """(rows, columns) int16: the characters' level, -1 for the terminal's own."""
    paper: np.ndarray
    """(rows, columns) int16: the background's level, -1 for the terminal's own."""

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self.chars.shape
        return rows, columns


def image_cells(image: np.ndarray, style: Style, *, small: bool = False) -> Cells:
    """An image as cells.

    Args:
        image: (S, S) uint8, S divisible by 4; 0 is paper, 255 full ink.
        style: `half` blocks (two grey pixels a cell), `braille` (eight black-and-white ones) or `ascii` shades.
        small: half the width and height; braille is always as small.

    Returns:
        For 28×28: 28×14 cells, small or braille 14×7.
    """
    if style == "braille":
        return braille(image)
    if small:
        image = shrink(image)
    return half_blocks(image) if style == "half" else shades(image)


def cell_size(style: Style, *, small: bool, pixels: int = 28) -> tuple[int, int]:
    """Columns and rows that `image_cells` takes."""
    if style == "braille" or small:
        return pixels // 2, pixels // 4
    return pixels, pixels // 2


def shrink(image: np.ndarray) -> np.ndarray:
    """Half the width and height: each pixel the mean of four."""
    rows, columns = image.shape
    return np.asarray(image.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3)).round(), dtype=np.uint8)


def levels(image: np.ndarray) -> np.ndarray:
    """8-bit pixels as levels, 0 … `LEVELS` - 1, int16."""
    return np.asarray((image.astype(np.int32) * (LEVELS - 1) + 127) // 255, dtype=np.int16)


def half_blocks(image: np.ndarray) -> Cells:
    """Two pixels a cell, one above the other; both grey."""
    grey = levels(image)
    upper, lower = grey[0::2], grey[1::2]
    chars = np.where(upper == lower, " ", "▀")
    return Cells(chars, upper, lower)


def braille(image: np.ndarray) -> Cells:
    """Eight pixels a cell, each a dot or none."""
    rows, columns = image.shape
    dots = (image >= round(255 * BRAILLE_INK)).reshape(rows // 4, 4, columns // 2, 2)
    codes = 0x2800 + (dots * _BRAILLE_BITS[None, :, None, :]).sum(axis=(1, 3))
    chars = codes.astype(np.uint32).view("<U1").reshape(codes.shape)
    return Cells(chars, np.full(codes.shape, LEVELS - 1, np.int16), np.zeros(codes.shape, np.int16))


def shades(image: np.ndarray) -> Cells:
    """One ASCII character for two pixels, one above the other, the denser the more ink."""
    rows, columns = image.shape
    grey = image.reshape(rows // 2, 2, columns).mean(axis=1)
    index = (grey * (len(SHADES) - 1) / 255).round().astype(int)
    chars = np.array(list(SHADES))[index]
    own = np.full(chars.shape, -1, np.int16)
    return Cells(chars, own, own)


def text_cells(text: str, width: int) -> Cells:
    """One row of text, centred in `width` columns and cut where it is longer."""
    chars = np.array([list(text[:width].center(width))])
    own = np.full(chars.shape, -1, np.int16)
    return Cells(chars, own, own)


def stack(blocks: list[Cells]) -> Cells:
    """Blocks of one width above each other."""
    return Cells(
        np.concatenate([block.chars for block in blocks]),
        np.concatenate([block.ink for block in blocks]),
        np.concatenate([block.paper for block in blocks]),
    )


def beside(blocks: list[Cells], gap: int = 1) -> Cells:
    """Blocks of one height beside each other, `gap` empty columns between them."""
    rows = blocks[0].chars.shape[0]
    empty = np.full((rows, gap), -1, np.int16)
    space = Cells(np.full((rows, gap), " "), empty, empty)
    parts = [part for block in blocks for part in (space, block)][1:]
    return Cells(
        np.concatenate([part.chars for part in parts], axis=1),
        np.concatenate([part.ink for part in parts], axis=1),
        np.concatenate([part.paper for part in parts], axis=1),
    )


def runs(cells: Cells, row: int) -> list[tuple[str, int, int]]:
    """A row as the fewest pieces of equal colour: text, ink level, paper level."""
    ink, paper = cells.ink[row], cells.paper[row]
    changes = np.flatnonzero((np.diff(ink) != 0) | (np.diff(paper) != 0)) + 1
    bounds = [0, *changes.tolist(), len(ink)]
    text = "".join(cells.chars[row].tolist())
    return [(text[a:b], int(ink[a]), int(paper[a])) for a, b in itertools.pairwise(bounds)]
