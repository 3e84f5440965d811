"""Pixels as characters: golden rows for small images, and the Unicode standard's own names for the braille ones."""

import itertools
import unicodedata

import numpy as np
import pytest

from mnist_tui.tui.render.grey_cells import (
    LEVELS,
    STYLES,
    Cells,
    beside,
    braille,
    cell_size,
    half_blocks,
    image_cells,
    levels,
    runs,
    shades,
    shrink,
    stack,
    text_cells,
)


def picture(*rows):
    """An image from rows of hexadecimal digits: 0 is paper, f is full ink."""
    return np.array([[int(digit, 16) * 17 for digit in row] for row in rows], np.uint8)


SEVEN = picture(
    "00000000",
    "0eeeeee0",
    "0aaaaff0",
    "00000f80",
    "0000e800",
    "000e8000",
    "00ee0000",
    "00e70000",
)
"""A small seven with grey edges; its expected rows were worked out by hand."""


def rows_of(cells):
    return ["".join(row) for row in cells.chars.tolist()]


def noise(size=28, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (size, size), np.uint8)


class TestGolden:
    def test_ascii(self):
        # Each character is the mean of the pixel above and the pixel below, on a scale of ten.
        cells = shades(SEVEN)
        assert rows_of(cells) == [
            " ====== ",
            " ----@# ",
            "   =#:  ",
            "  %*    ",
        ]
        # Plain text: the terminal's own colours.
        assert (cells.ink == -1).all()
        assert (cells.paper == -1).all()

    def test_braille(self):
        cells = braille(SEVEN)
        assert rows_of(cells) == ["⠰⠶⢶⡆", "⠀⣴⠋⠀"]
        assert (cells.ink == LEVELS - 1).all()
        assert (cells.paper == 0).all()

    def test_half_blocks(self):
        cells = half_blocks(SEVEN)
        assert rows_of(cells) == [
            " ▀▀▀▀▀▀ ",
            " ▀▀▀▀ ▀ ",
            "   ▀▀▀  ",
            "   ▀    ",
        ]
        # 0xa is level 15 of 23, 0x7 is 11, 0x8 is 12, 0xe is 21.
        assert cells.ink.tolist() == [
            [0, 0, 0, 0, 0, 0, 0, 0],
            [0, 15, 15, 15, 15, 23, 23, 0],
            [0, 0, 0, 0, 21, 12, 0, 0],
            [0, 0, 21, 21, 0, 0, 0, 0],
        ]
        assert cells.paper.tolist() == [
            [0, 21, 21, 21, 21, 21, 21, 0],
            [0, 0, 0, 0, 0, 23, 12, 0],
            [0, 0, 0, 21, 12, 0, 0, 0],
            [0, 0, 21, 11, 0, 0, 0, 0],
        ]

    def test_small(self):
        # Each pixel becomes the mean of four, so eight rows become two rows of cells.
        assert rows_of(image_cells(SEVEN, "half", small=True)) == ["▀▀▀▀", " ▀▀ "]
        assert rows_of(image_cells(SEVEN, "ascii", small=True)) == [":=+-", " +: "]


class TestLevels:
    def test_every_grey(self):
        grey = np.arange(256, dtype=np.uint8)
        result = levels(grey)
        assert np.array_equal(result, np.rint(grey / 255 * (LEVELS - 1)))
        assert set(result.tolist()) == set(range(LEVELS))
        assert (np.diff(result) >= 0).all()
        assert result.dtype == np.int16


class TestBraille:
    def test_every_pattern_is_unicodes(self):
        # Dots 1, 2, 3 and 7 are the left column from top to bottom, 4, 5, 6 and 8 the right one.
        numbers = np.array([[1, 4], [2, 5], [3, 6], [7, 8]])
        for pattern in range(256):
            dots = np.array([pattern >> i & 1 for i in range(8)]).reshape(4, 2)
            (char,) = rows_of(braille((dots * 255).astype(np.uint8)))
            raised = "".join(map(str, sorted(numbers[dots == 1])))
            assert unicodedata.name(char) == (f"BRAILLE PATTERN DOTS-{raised}" if raised else "BRAILLE PATTERN BLANK")

    def test_each_cell_is_its_own_pixels(self):
        image = np.zeros((8, 8), np.uint8)
        image[5, 6] = 255
        # Row 5 is the second of the lower cells, column 6 the left one of the last cell: dot 2.
        assert rows_of(braille(image)) == ["⠀⠀⠀⠀", "⠀⠀⠀⠂"]

    def test_threshold(self):
        dots = [rows_of(braille(np.full((4, 2), value, np.uint8)))[0] for value in range(256)]
        assert dots == ["⠀"] * 89 + ["⣿"] * 167  # 0.35 · 255 = 89.25, rounded


class TestHalfBlocks:
    def test_every_pixel_keeps_its_level(self):
        image = noise()
        cells = half_blocks(image)
        upper = np.where(cells.chars == "▀", cells.ink, cells.paper)
        np.testing.assert_array_equal(upper, levels(image[0::2]))
        np.testing.assert_array_equal(cells.paper, levels(image[1::2]))
        assert set(np.unique(cells.chars)) <= {" ", "▀"}


class TestShades:
    def test_darkness_rises_with_ink(self):
        chars = [shades(np.full((2, 1), value, np.uint8)).chars[0, 0] for value in range(256)]
        scale = " .:-=+*#%@"
        places = [scale.index(char) for char in chars]
        assert places == [round(value / 255 * 9) for value in range(256)]
        assert all(char.isascii() for char in chars)


class TestShrink:
    def test_is_the_mean_of_four(self):
        image = noise()
        expected = (image[0::2, 0::2].astype(int) + image[0::2, 1::2] + image[1::2, 0::2] + image[1::2, 1::2]) / 4
        result = shrink(image)
        assert result.dtype == np.uint8
        assert np.abs(result - expected).max() <= 0.5

    def test_white_stays_white(self):
        assert (shrink(np.full((28, 28), 255, np.uint8)) == 255).all()


class TestSizes:
    @pytest.mark.parametrize("style", STYLES)
    @pytest.mark.parametrize("small", [False, True])
    @pytest.mark.parametrize("pixels", [8, 28])
    def test_as_announced(self, style, small, pixels):
        cells = image_cells(noise(pixels), style, small=small)
        columns, rows = cell_size(style, small=small, pixels=pixels)
        assert cells.shape == (rows, columns)
        assert cells.ink.shape == cells.paper.shape == (rows, columns)
        assert cells.ink.dtype == cells.paper.dtype == np.int16
        assert all(len(row) == columns for row in rows_of(cells))
        assert cells.ink.min() >= -1
        assert cells.ink.max() < LEVELS

    @pytest.mark.parametrize(
        ("style", "small", "size"),
        [
            ("half", False, (28, 14)),
            ("ascii", False, (28, 14)),
            ("braille", False, (14, 7)),
            ("half", True, (14, 7)),
            ("ascii", True, (14, 7)),
            ("braille", True, (14, 7)),
        ],
    )
    def test_of_a_digit(self, style, small, size):
        assert cell_size(style, small=small) == size


class TestText:
    def test_is_centred_and_cut(self):
        assert rows_of(text_cells("7", 5)) == ["  7  "]
        assert rows_of(text_cells("12345678", 5)) == ["12345"]
        assert rows_of(text_cells("", 3)) == ["   "]
        assert (text_cells("7", 5).ink == -1).all()


class TestArranging:
    def test_stack(self):
        cells = stack([half_blocks(SEVEN), text_cells("seven", 8)])
        assert rows_of(cells) == [*rows_of(half_blocks(SEVEN)), " seven  "]
        assert cells.ink[-1].tolist() == cells.paper[-1].tolist() == [-1] * 8
        assert cells.ink[1, 1] == 15

    def test_beside(self):
        cells = beside([shades(SEVEN), half_blocks(SEVEN), braille(SEVEN.repeat(2, axis=0))], gap=2)
        assert cells.shape == (4, 8 + 2 + 8 + 2 + 4)
        assert rows_of(cells)[1].startswith(" ----@#    ▀▀▀▀ ▀   ")
        assert cells.ink[1, 8:10].tolist() == cells.paper[1, 8:10].tolist() == [-1, -1]
        assert cells.ink[1, 11] == 15

    def test_one_alone(self):
        assert rows_of(beside([shades(SEVEN)])) == rows_of(shades(SEVEN))
        assert rows_of(stack([shades(SEVEN)])) == rows_of(shades(SEVEN))


class TestRuns:
    def test_golden(self):
        assert runs(half_blocks(SEVEN), 1) == [
            (" ", 0, 0),
            ("▀▀▀▀", 15, 0),
            (" ", 23, 23),
            ("▀", 23, 12),
            (" ", 0, 0),
        ]

    def test_one_colour_is_one_piece(self):
        assert runs(shades(SEVEN), 1) == [(" ----@# ", -1, -1)]
        assert runs(braille(SEVEN), 0) == [("⠰⠶⢶⡆", LEVELS - 1, 0)]

    @pytest.mark.parametrize("seed", range(20))
    def test_covers_the_row_with_the_fewest_pieces(self, seed):
        random = np.random.default_rng(seed)
        shape = (3, 40)
        chars = random.choice(list("ab▀"), shape)
        ink, paper = (random.integers(-1, 2, shape).astype(np.int16) for _ in range(2))
        cells = Cells(chars, ink, paper)
        for row in range(3):
            pieces = runs(cells, row)
            assert "".join(text for text, _, _ in pieces) == "".join(chars[row])
            colours = [(a, b) for text, a, b in pieces for _ in text]
            assert colours == list(zip(ink[row].tolist(), paper[row].tolist(), strict=True))
            # Neighbours differ, and none is empty.
            assert all(a[1:] != b[1:] for a, b in itertools.pairwise(pieces))
            assert all(text for text, _, _ in pieces)


class TestPure:
    @pytest.mark.parametrize("style", STYLES)
    def test_image_stays_as_it_is(self, style):
        image = noise()
        image.setflags(write=False)
        before = image.copy()
        image_cells(image, style, small=True)
        np.testing.assert_array_equal(image, before)
