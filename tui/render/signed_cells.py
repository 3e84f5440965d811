"""Signed numbers as terminal cells: a colour for each side of zero, or a character where colours are short.

Everything here is pure. A level is -`LEVELS` … +`LEVELS`, 0 is zero. In the cells it stands as its place in the ramp,
0 … 2·`LEVELS`, so that negative numbers stay free for what is not on the ramp: `OWN`, `QUIET` and `CHOSEN`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from mnist_tui.tui.render.grey_cells import Cells, beside, stack

LEVELS = 12
"""Steps on each side of zero."""
RAMP = 2 * LEVELS + 1
"""All levels together."""
OWN, QUIET, CHOSEN = -1, -2, -3
"""Text in the terminal's own colour, in a quiet one, and under the cursor."""

Look: TypeAlias = Literal["half", "signs"]
"""`half` blocks: two numbers a cell, one above the other. `signs`: a character for their mean."""
LOOKS: tuple[Look, ...] = ("half", "signs")

SIGNS = "=- +#"
"""Strongly and weakly negative, about zero, weakly and strongly positive."""
WEAK, STRONG = 2, 5
"""The levels from which a number is a weak and a strong sign."""


def largest(values: np.ndarray) -> float:
    """The largest absolute value, leaving out what is no number; 0 where nothing is left."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size else 0.0


def signed_levels(values: np.ndarray, scale: float) -> np.ndarray:
    """Numbers as levels, int16: ±`scale` and everything beyond it is ±`LEVELS`; what is no number is 0."""
    if scale <= 0:
        return np.zeros(values.shape, np.int16)
    shares = np.nan_to_num(values.astype(np.float64) / scale, nan=0.0, posinf=1.0, neginf=-1.0)
    return np.rint(np.clip(shares, -1, 1) * LEVELS).astype(np.int16)


def picture_size(*, small: bool, pixels: int = 28) -> tuple[int, int]:
    """Columns and rows of a picture."""
    return (pixels // 2, pixels // 4) if small else (pixels, pixels // 2)


def shrink(values: np.ndarray) -> np.ndarray:
    """Half the height and width of (…, H, W), both even: each number the mean of four."""
    *rest, rows, columns = values.shape
    return np.asarray(values.reshape(*rest, rows // 2, 2, columns // 2, 2).mean(axis=(-3, -1)))


def signed_cells(values: np.ndarray, scale: float, look: Look) -> Cells:
    """Numbers as cells.

    Args:
        values: (R, C), R even.
        scale: what ±`LEVELS` stands for.

    Returns:
        R / 2 rows and C columns.
    """
    if look == "signs":
        rows, columns = values.shape
        places = signed_levels(values.reshape(rows // 2, 2, columns).mean(axis=1), scale)
        strength = np.sign(places) * (np.digitize(np.abs(places), [WEAK, STRONG]))
        chars = np.array(list(SIGNS))[strength + 2]
        ink = np.where(strength == 0, OWN, LEVELS + np.sign(strength) * LEVELS).astype(np.int16)
        return Cells(chars, ink, np.full(chars.shape, OWN, np.int16))
    places = signed_levels(values, scale) + np.int16(LEVELS)
    upper, lower = places[0::2], places[1::2]
    return Cells(np.where(upper == lower, " ", "▀"), upper, lower)


def legend(width: int, look: Look) -> Cells:
    """One row of the whole scale, from negative to positive."""
    line = np.linspace(-1, 1, width)
    return signed_cells(np.stack([line, line]), 1.0, look)


def text_line(text: str, width: int, colour: int = OWN, *, centred: bool = False) -> Cells:
    """One row of text, filled up to `width` columns and cut where it is longer."""
    text = text[:width].center(width) if centred else text[:width].ljust(width)
    shape = (1, width)
    return Cells(np.array([list(text)]).reshape(shape), np.full(shape, colour, np.int16), np.full(shape, OWN, np.int16))


def blank(rows: int, columns: int) -> Cells:
    """Empty cells in the terminal's own colours."""
    own = np.full((rows, columns), OWN, np.int16)
    return Cells(np.full((rows, columns), " "), own, own)


def picture_grid(
    pictures: np.ndarray, captions: Sequence[str], chosen: int, columns: int, scales: Sequence[float], look: Look
) -> Cells:
    """Pictures with a caption under each, row by row.

    Args:
        pictures: (M, R, C), R even; at least one.
        captions: M of them.
        chosen: the place of the one under the cursor.
        columns: pictures in a row.
        scales: for each picture what the ends of its colours stand for.
    """
    width = pictures.shape[2]
    blocks = [
        stack(
            [
                signed_cells(picture, scale, look),
                text_line(caption, width, CHOSEN if i == chosen else OWN, centred=True),
            ]
        )
        for i, (picture, caption, scale) in enumerate(zip(pictures, captions, scales, strict=True))
    ]
    missing = -len(blocks) % columns if len(blocks) > columns else 0
    blocks += [blank(*blocks[0].shape)] * missing
    return stack([beside(blocks[start : start + columns]) for start in range(0, len(blocks), columns)])


def block_mean(values: np.ndarray, rows: int, columns: int) -> tuple[np.ndarray, tuple[int, int]]:
    """A matrix brought down to at most `rows` and `columns`, each number the mean of a block; blocks may end short.

    Returns:
        The means, and a block's height and width: the smallest whole numbers that do.
    """
    height, width = -(-values.shape[0] // rows), -(-values.shape[1] // columns)
    sums: np.ndarray = values.astype(np.float64)
    for axis, step in enumerate((height, width)):
        starts = np.arange(0, values.shape[axis], step)
        counts = np.diff([*starts, values.shape[axis]])
        sums = np.add.reduceat(sums, starts, axis=axis) / np.expand_dims(counts, 1 - axis)
    return sums, (height, width)


def matrix_cells(
    values: np.ndarray, names: Sequence[str], rows: int, columns: int, look: Look
) -> tuple[Cells, tuple[int, int], float]:
    """A matrix in at most `rows` × `columns` cells, its rows named at the left.

    Args:
        values: (R, C).
        names: R names; each stands beside its line of cells, or beside the line that its row is the first of.

    Returns:
        The cells, height and width of the blocks that were averaged, and what the ends of the colours stand for.
    """
    gutter = min(max(map(len, names)), columns // 3)
    space = max(1, columns - gutter - 1)
    tall = 1 if len(values) > rows else 2 * max(1, min(rows // len(values), MOST_ENLARGED // 2))
    means, (height, width) = block_mean(values, 2 * rows, space)
    wide = max(1, min(space // means.shape[1], MOST_ENLARGED))
    pixels = means.repeat(tall, axis=0).repeat(wide, axis=1)
    if len(pixels) % 2:  # half a cell is left: it stays at zero
        pixels = np.concatenate([pixels, np.zeros((1, pixels.shape[1]))])
    scale = largest(means)
    body = signed_cells(pixels, scale, look)
    named = max(1, tall // 2) if tall > 1 else 1
    per_line = height * 2 if tall == 1 else 1
    labels = []
    for line in range(body.shape[0]):
        first = line // named * per_line
        labels.append(text_line(names[first].rjust(gutter) if line % named == 0 else "", gutter, QUIET))
    return beside([stack(labels), body]), (height, width), scale


MOST_ENLARGED = 8
"""Columns that one number of a small matrix takes at most, so that it still looks like a matrix."""


def strip_cells(values: np.ndarray, rows: int, columns: int, scale: float, look: Look) -> tuple[Cells, int]:
    """A list of numbers in at most `rows` × `columns` cells, in reading order.

    Each number takes one cell or more as long as there is space, then two share one, then their means are shown.

    Returns:
        The cells, and how many numbers each stands for.
    """
    step = -(-len(values) // (2 * rows * columns))
    means = block_mean(values[None], 1, -(-len(values) // step))[0][0]
    tall = 2 if len(means) <= rows * columns else 1
    wide = max(1, min(columns // len(means), MOST_ENLARGED))
    per_line = columns // wide
    lines = -(-len(means) // per_line)
    pixels = np.zeros((lines + (lines * tall) % 2, per_line))
    pixels.flat[: len(means)] = means
    return signed_cells(pixels.repeat(tall, axis=0).repeat(wide, axis=1), scale, look), step
