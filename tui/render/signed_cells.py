"""Conversion of signed numbers to terminal cells: a diverging colour ramp, or characters if colours are limited.

All functions are pure. Levels range from -`LEVELS` to +`LEVELS`. Cells store the index in the ramp, 0 … 2·`LEVELS`;
negative values denote colours outside the ramp: `TERMINAL_DEFAULT`, `MUTED` and `SELECTED`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from mnist_tui.tui.render.grey_cells import Cells, beside, stack

LEVELS = 12
"""Levels on each side of zero."""
RAMP = 2 * LEVELS + 1
"""Total number of levels."""
TERMINAL_DEFAULT, MUTED, SELECTED = -1, -2, -3
"""Colours of plain text, of secondary text and of text under the cursor."""

SignedStyle: TypeAlias = Literal["half", "signs"]
"""`half` blocks: two vertically adjacent numbers per cell. `signs`: one character for their mean."""
SIGNED_STYLES: tuple[SignedStyle, ...] = ("half", "signs")

SIGNS = "=- +#"
"""Characters for strongly negative, weakly negative, near zero, weakly positive and strongly positive."""
WEAK, STRONG = 2, 5
"""Smallest absolute levels that count as weak and as strong."""


def largest(values: np.ndarray) -> float:
    """Return the largest finite absolute value; 0 if there is none."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size else 0.0


def signed_levels(values: np.ndarray, scale: float) -> np.ndarray:
    """Quantise numbers to int16 levels, saturating at ±`LEVELS` for ±`scale`; NaN becomes 0."""
    if scale <= 0:
        return np.zeros(values.shape, np.int16)
    shares = np.nan_to_num(values.astype(np.float64) / scale, nan=0.0, posinf=1.0, neginf=-1.0)
    return np.rint(np.clip(shares, -1, 1) * LEVELS).astype(np.int16)


def picture_size(*, small: bool, pixels: int = 28) -> tuple[int, int]:
    """Return the columns and rows of a picture."""
    return (pixels // 2, pixels // 4) if small else (pixels, pixels // 2)


def shrink(values: np.ndarray) -> np.ndarray:
    """Halve the height and width of (…, H, W), both even, by averaging blocks of 2×2."""
    *rest, rows, columns = values.shape
    return np.asarray(values.reshape(*rest, rows // 2, 2, columns // 2, 2).mean(axis=(-3, -1)))


def signed_cells(values: np.ndarray, scale: float, style: SignedStyle) -> Cells:
    """Convert numbers to cells.

    Args:
        values: (R, C), R even.
        scale: absolute value that maps to ±`LEVELS`.

    Returns:
        R / 2 rows and C columns.
    """
    if style == "signs":
        rows, columns = values.shape
        levels = signed_levels(values.reshape(rows // 2, 2, columns).mean(axis=1), scale)
        strength = np.sign(levels) * (np.digitize(np.abs(levels), [WEAK, STRONG]))
        chars = np.array(list(SIGNS))[strength + 2]
        ink = np.where(strength == 0, TERMINAL_DEFAULT, LEVELS + np.sign(strength) * LEVELS).astype(np.int16)
        return Cells(chars, ink, np.full(chars.shape, TERMINAL_DEFAULT, np.int16))
    indices = signed_levels(values, scale) + np.int16(LEVELS)
    upper, lower = indices[0::2], indices[1::2]
    return Cells(np.where(upper == lower, " ", "▀"), upper, lower)


def legend(width: int, style: SignedStyle) -> Cells:
    """Return one row that shows the whole scale, from negative to positive."""
    line = np.linspace(-1, 1, width)
    return signed_cells(np.stack([line, line]), 1.0, style)


def text_line(text: str, width: int, colour: int = TERMINAL_DEFAULT, *, centred: bool = False) -> Cells:
    """Return one row of text, padded or truncated to `width` columns."""
    text = text[:width].center(width) if centred else text[:width].ljust(width)
    shape = (1, width)
    return Cells(
        np.array([list(text)]).reshape(shape),
        np.full(shape, colour, np.int16),
        np.full(shape, TERMINAL_DEFAULT, np.int16),
    )


def blank(rows: int, columns: int) -> Cells:
    """Return empty cells in the terminal's default colours."""
    default = np.full((rows, columns), TERMINAL_DEFAULT, np.int16)
    return Cells(np.full((rows, columns), " "), default, default)


def picture_grid(
    pictures: np.ndarray,
    captions: Sequence[str],
    selected: int,
    columns: int,
    scales: Sequence[float],
    style: SignedStyle,
) -> Cells:
    """Arrange captioned pictures in rows.

    Args:
        pictures: (M, R, C), M > 0, R even.
        captions: one for each picture.
        selected: index of the picture under the cursor.
        columns: pictures per row.
        scales: for each picture, the absolute value at the ends of its colour ramp.
    """
    width = pictures.shape[2]
    blocks = [
        stack(
            [
                signed_cells(picture, scale, style),
                text_line(caption, width, SELECTED if i == selected else TERMINAL_DEFAULT, centred=True),
            ]
        )
        for i, (picture, caption, scale) in enumerate(zip(pictures, captions, scales, strict=True))
    ]
    missing = -len(blocks) % columns if len(blocks) > columns else 0
    blocks += [blank(*blocks[0].shape)] * missing
    return stack([beside(blocks[start : start + columns]) for start in range(0, len(blocks), columns)])


def block_mean(values: np.ndarray, rows: int, columns: int) -> tuple[np.ndarray, tuple[int, int]]:
    """Downsample a matrix to at most `rows` × `columns` by averaging blocks; the last blocks may be smaller.

    Returns:
        The means, and the height and width of a block, as small as possible.
    """
    height, width = -(-values.shape[0] // rows), -(-values.shape[1] // columns)
    sums: np.ndarray = values.astype(np.float64)
    for axis, step in enumerate((height, width)):
        starts = np.arange(0, values.shape[axis], step)
        counts = np.diff([*starts, values.shape[axis]])
        sums = np.add.reduceat(sums, starts, axis=axis) / np.expand_dims(counts, 1 - axis)
    return sums, (height, width)


def matrix_cells(
    values: np.ndarray, names: Sequence[str], rows: int, columns: int, style: SignedStyle
) -> tuple[Cells, tuple[int, int], float]:
    """Render a matrix in at most `rows` × `columns` cells, with row names on the left.

    Args:
        values: (R, C).
        names: R names; each line of cells is labelled with the name of its first row.

    Returns:
        The cells, the height and width of the averaged blocks, and the absolute value at the ends of the colour ramp.
    """
    gutter = min(max(map(len, names)), columns // 3)
    space = max(1, columns - gutter - 1)
    tall = 1 if len(values) > rows else 2 * max(1, min(rows // len(values), MOST_ENLARGED // 2))
    means, (height, width) = block_mean(values, 2 * rows, space)
    wide = max(1, min(space // means.shape[1], MOST_ENLARGED))
    pixels = means.repeat(tall, axis=0).repeat(wide, axis=1)
    if len(pixels) % 2:  # pad the lower half of the last row of cells with zeros
        pixels = np.concatenate([pixels, np.zeros((1, pixels.shape[1]))])
    scale = largest(means)
    body = signed_cells(pixels, scale, style)
    named = max(1, tall // 2) if tall > 1 else 1
    per_line = height * 2 if tall == 1 else 1
    labels = []
    for line in range(body.shape[0]):
        first = line // named * per_line
        labels.append(text_line(names[first].rjust(gutter) if line % named == 0 else "", gutter, MUTED))
    return beside([stack(labels), body]), (height, width), scale


MOST_ENLARGED = 8
"""Largest width of one number of a small matrix, in columns; wider ones no longer look like a matrix."""


def strip_cells(values: np.ndarray, rows: int, columns: int, scale: float, style: SignedStyle) -> tuple[Cells, int]:
    """Render a list of numbers in at most `rows` × `columns` cells, in reading order.

    Depending on the available space, each number takes one or more cells, half a cell, or is averaged with others.

    Returns:
        The cells, and the number of values averaged in each.
    """
    step = -(-len(values) // (2 * rows * columns))
    means = block_mean(values[None], 1, -(-len(values) // step))[0][0]
    tall = 2 if len(means) <= rows * columns else 1
    wide = max(1, min(columns // len(means), MOST_ENLARGED))
    per_line = columns // wide
    lines = -(-len(means) // per_line)
    pixels = np.zeros((lines + (lines * tall) % 2, per_line))
    pixels.flat[: len(means)] = means
    return signed_cells(pixels.repeat(tall, axis=0).repeat(wide, axis=1), scale, style), step
