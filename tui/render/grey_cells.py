"""Conversion of grey images to terminal cells.

All functions are pure: numpy arrays in, characters and grey levels out. Levels range from 0 (paper) to `LEVELS` - 1
(ink); -1 is the terminal's default colour. Widgets map levels to colours.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

LEVELS = 24
"""Number of grey levels: that of the 256-colour palette."""

Style: TypeAlias = Literal["half", "braille", "ascii"]
STYLES: tuple[Style, ...] = ("half", "braille", "ascii")

SHADES = " .:-=+*#%@"
BRAILLE_INK = 0.35
"""Threshold from which a pixel sets its braille dot, as a fraction of full ink."""
# Bits of the code point by row and column of the dot (Unicode, block Braille Patterns).
_BRAILLE_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


@dataclass(frozen=True, slots=True)
class Cells:
    """A block of terminal cells."""

    chars: np.ndarray
    """(rows, columns): single characters, dtype `<U1`."""
    ink: np.ndarray
    """(rows, columns) int16: foreground level, -1 for the terminal's default."""
    paper: np.ndarray
    """(rows, columns) int16: background level, -1 for the terminal's default."""

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self.chars.shape
        return rows, columns


def image_cells(image: np.ndarray, style: Style, *, small: bool = False) -> Cells:
    """Convert an image to cells.

    Args:
        image: (S, S) uint8, S divisible by 4; 0 is paper, 255 is full ink.
        style: `half` blocks (two grey pixels per cell), `braille` (eight binary pixels per cell) or `ascii` shades.
        small: halve width and height; has no effect on braille, which always has that size.

    Returns:
        For a 28×28 image: 28×14 cells; 14×7 if small or braille.
    """
    if style == "braille":
        return braille(image)
    if small:
        image = shrink(image)
    return half_blocks(image) if style == "half" else shades(image)


def cell_size(style: Style, *, small: bool, pixels: int = 28) -> tuple[int, int]:
    """Return the columns and rows of the result of `image_cells`."""
    if style == "braille" or small:
        return pixels // 2, pixels // 4
    return pixels, pixels // 2


def shrink(image: np.ndarray) -> np.ndarray:
    """Halve width and height by averaging blocks of 2×2 pixels."""
    rows, columns = image.shape
    return np.asarray(image.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3)).round(), dtype=np.uint8)


def levels(image: np.ndarray) -> np.ndarray:
    """Quantise 8-bit pixels to levels 0 … `LEVELS` - 1, int16."""
    return np.asarray((image.astype(np.int32) * (LEVELS - 1) + 127) // 255, dtype=np.int16)


def half_blocks(image: np.ndarray) -> Cells:
    """Render two vertically adjacent grey pixels per cell."""
    grey = levels(image)
    upper, lower = grey[0::2], grey[1::2]
    chars = np.where(upper == lower, " ", "▀")
    return Cells(chars, upper, lower)


def braille(image: np.ndarray) -> Cells:
    """Render eight binary pixels per cell."""
    rows, columns = image.shape
    dots = (image >= round(255 * BRAILLE_INK)).reshape(rows // 4, 4, columns // 2, 2)
    codes = 0x2800 + (dots * _BRAILLE_BITS[None, :, None, :]).sum(axis=(1, 3))
    chars = codes.astype(np.uint32).view("<U1").reshape(codes.shape)
    return Cells(chars, np.full(codes.shape, LEVELS - 1, np.int16), np.zeros(codes.shape, np.int16))


def shades(image: np.ndarray) -> Cells:
    """Render two vertically adjacent pixels per cell as an ASCII character of matching density."""
    rows, columns = image.shape
    grey = image.reshape(rows // 2, 2, columns).mean(axis=1)
    index = (grey * (len(SHADES) - 1) / 255).round().astype(int)
    chars = np.array(list(SHADES))[index]
    own = np.full(chars.shape, -1, np.int16)
    return Cells(chars, own, own)


def text_cells(text: str, width: int) -> Cells:
    """Return one row of text, centred and truncated to `width` columns."""
    chars = np.array([list(text[:width].center(width))])
    own = np.full(chars.shape, -1, np.int16)
    return Cells(chars, own, own)


def stack(blocks: list[Cells]) -> Cells:
    """Stack blocks of equal width vertically."""
    return Cells(
        np.concatenate([block.chars for block in blocks]),
        np.concatenate([block.ink for block in blocks]),
        np.concatenate([block.paper for block in blocks]),
    )


def beside(blocks: list[Cells], gap: int = 1) -> Cells:
    """Place blocks of equal height side by side, separated by `gap` empty columns."""
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
    """Split a row into the fewest spans of uniform colour: text, ink level, paper level."""
    ink, paper = cells.ink[row], cells.paper[row]
    changes = np.flatnonzero((np.diff(ink) != 0) | (np.diff(paper) != 0)) + 1
    bounds = [0, *changes.tolist(), len(ink)]
    text = "".join(cells.chars[row].tolist())
    return [(text[a:b], int(ink[a]), int(paper[a])) for a, b in itertools.pairwise(bounds)]
