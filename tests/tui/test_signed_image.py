"""Signed numbers as cells: golden rows, block means by hand, and a widget that is fast and has the right colours."""

from __future__ import annotations

import time

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.color import Color

from mnist_tui.tui.render.grey_cells import runs
from mnist_tui.tui.render.signed_cells import (
    LEVELS,
    MUTED,
    RAMP,
    SELECTED,
    TERMINAL_DEFAULT,
    block_mean,
    largest,
    legend,
    matrix_cells,
    picture_grid,
    picture_size,
    shrink,
    signed_cells,
    signed_levels,
    strip_cells,
    text_line,
)
from mnist_tui.tui.render.themes import CURVE_COLOURS, THEMES
from mnist_tui.tui.widgets.signed_image import SignedImage, signed_ramp

ZERO, LOW, HIGH = LEVELS, 0, 2 * LEVELS
LINES = np.array([[-1, -1, 0, 0.5, 1], [-1, 1, 0, 0.5, 0]])


def rows_of(cells):
    return ["".join(row) for row in cells.chars.tolist()]


class TestLevels:
    def test_golden(self):
        values = np.array([-9, -1, -0.5, -0.01, 0, 0.01, 0.25, 0.5, 1, 9])
        assert signed_levels(values, 1.0).tolist() == [-12, -12, -6, 0, 0, 0, 3, 6, 12, 12]

    def test_both_sides_are_treated_alike(self):
        values = np.random.default_rng(0).normal(size=1000)
        assert np.array_equal(signed_levels(-values, 2.0), -signed_levels(values, 2.0))

    def test_all_zeros_have_no_scale(self):
        assert largest(np.zeros(3)) == 0
        assert signed_levels(np.zeros(3), 0.0).tolist() == [0, 0, 0]

    def test_weights_of_a_diverged_training(self):
        values = np.array([np.nan, np.inf, -np.inf, 2.0])
        assert largest(values) == 2
        assert largest(values[:1]) == 0
        assert signed_levels(values, 2.0).tolist() == [0, LEVELS, -LEVELS, LEVELS]


class TestCells:
    def test_half_blocks_golden(self):
        cells = signed_cells(LINES, 1.0, "half")
        assert rows_of(cells) == [" ▀  ▀"]
        assert cells.ink.tolist() == [[LOW, LOW, ZERO, 18, HIGH]]
        assert cells.paper.tolist() == [[LOW, HIGH, ZERO, 18, ZERO]]

    def test_equal_neighbours_are_one_piece(self):
        cells = signed_cells(np.array([[-1, -1, 1, 1, 0]] * 2), 1.0, "half")
        assert runs(cells, 0) == [("  ", LOW, LOW), ("  ", HIGH, HIGH), (" ", ZERO, ZERO)]

    def test_signs_golden(self):
        cells = signed_cells(LINES, 1.0, "signs")
        assert rows_of(cells) == ["=  ##"]
        assert cells.ink.tolist() == [[LOW, TERMINAL_DEFAULT, TERMINAL_DEFAULT, HIGH, HIGH]]
        assert (cells.paper == TERMINAL_DEFAULT).all()
        line = np.array([-1, -0.4, -0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.4, 1])
        assert rows_of(signed_cells(np.stack([line, line]), 1.0, "signs")) == ["==--   ++##"]

    def test_the_upper_left_number_is_in_the_upper_left_cell(self):
        values = np.zeros((4, 3))
        values[0, 0], values[3, 2] = -1, 1
        cells = signed_cells(values, 1.0, "half")
        assert cells.ink.tolist() == [[LOW, ZERO, ZERO], [ZERO, ZERO, ZERO]]
        assert cells.paper.tolist() == [[ZERO, ZERO, ZERO], [ZERO, ZERO, HIGH]]

    def test_shrink_is_the_mean_of_four(self):
        values = np.random.default_rng(0).normal(size=(3, 28, 28))
        expected = (values[:, ::2, ::2] + values[:, 1::2, ::2] + values[:, ::2, 1::2] + values[:, 1::2, 1::2]) / 4
        assert shrink(values) == pytest.approx(expected)
        assert picture_size(small=True) == (14, 7)
        assert picture_size(small=False) == (28, 14)

    def test_legend(self):
        assert rows_of(legend(7, "signs")) == ["==- +##"]
        assert legend(RAMP, "half").ink.tolist() == [list(range(RAMP))]


class TestArranging:
    def test_grid(self):
        pictures = np.zeros((3, 2, 4))
        pictures[2] = 1
        cells = picture_grid(pictures, ["a", "bc", "defgh"], 1, 2, [1.0] * 3, "half")
        assert rows_of(cells) == ["         ", " a    bc ", "         ", "defg     "]
        assert cells.ink[1].tolist() == [TERMINAL_DEFAULT] * 5 + [SELECTED] * 4
        assert cells.paper[2].tolist() == [HIGH] * 4 + [TERMINAL_DEFAULT] * 5

    def test_each_picture_has_its_scale(self):
        pictures = np.stack([np.full((2, 2), 1.0), np.full((2, 2), 4.0)])
        cells = picture_grid(pictures, ["", ""], 0, 2, [1.0, 8.0], "half")
        assert cells.paper[0].tolist() == [HIGH, HIGH, TERMINAL_DEFAULT, 18, 18]

    def test_text_is_cut_and_filled(self):
        assert rows_of(text_line("abc", 5)) == ["abc  "]
        assert rows_of(text_line("abc", 2)) == ["ab"]

    def test_block_mean_by_hand(self):
        values = np.arange(15).reshape(3, 5)
        means, block = block_mean(values, 2, 2)
        assert block == (2, 3)
        assert means.tolist() == [[3.5, 6.0], [11, 13.5]]
        same, block = block_mean(values, 3, 9)
        assert block == (1, 1)
        assert same.tolist() == values.tolist()

    def test_a_matrix_has_its_names_beside_its_rows(self):
        cells, block, scale = matrix_cells(np.array([[1.0, -2], [0, 0]]), ["one", "two"], 5, 30, "half")
        assert (block, scale) == ((1, 1), 2.0)
        assert [row[:4] for row in rows_of(cells)] == ["one ", "    ", "two ", "    "]
        assert cells.ink[0, :3].tolist() == [MUTED] * 3
        assert cells.paper[0, 4:].tolist() == cells.paper[1, 4:].tolist() == [18] * 8 + [LOW] * 8
        assert cells.paper[2, 4:].tolist() == [ZERO] * 16

    @pytest.mark.parametrize("shape", [(1, 1), (10, 100), (100, 250), (3, 5), (41, 7), (2000, 1500)])
    @pytest.mark.parametrize("space", [(14, 56), (39, 158), (1, 10)])
    def test_a_matrix_fits_its_space(self, shape, space):
        values = np.random.default_rng(0).normal(size=shape)
        names = [str(i) for i in range(shape[0])]
        cells, block, scale = matrix_cells(values, names, *space, "half")
        assert cells.shape[0] <= space[0]
        assert cells.shape[1] <= space[1]
        assert scale <= np.abs(values).max()
        first = "".join(cells.chars[0]).split()[0]
        assert first == "0"
        if block == (1, 1) and shape[0] > space[0]:
            assert "".join(cells.chars[1]).split()[0] == "2"

    @pytest.mark.parametrize(("count", "space", "step"), [(10, (3, 47), 1), (100, (3, 44), 1), (100, (1, 44), 2)])
    def test_a_strip_is_filled_row_by_row(self, count, space, step):
        values = np.linspace(-1, 1, count)
        cells, found = strip_cells(values, *space, 1.0, "half")
        assert found == step
        assert cells.shape[0] <= space[0]
        assert cells.shape[1] <= space[1]
        places = np.stack([cells.ink, cells.paper], axis=1).reshape(-1)
        assert places[0] == LOW
        shown = places[: count // step] if step > 1 else cells.paper.reshape(-1)
        assert (np.diff(shown[shown != ZERO]) >= 0).all()


class TestColours:
    @pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
    def test_the_ramp_meets_at_the_background(self, theme):
        variables = {**theme.to_color_system().generate(), **theme.variables}
        ramp = [Color.parse(colour) for colour in signed_ramp(variables)]
        assert len(ramp) == len(set(ramp)) == RAMP
        assert ramp[LEVELS] == Color.parse(theme.background)
        # Blue on the negative side, orange on the positive one; the further from zero the further from the background.
        assert all(colour.b > colour.r for colour in ramp[:LEVELS])
        assert all(colour.r > colour.b for colour in ramp[LEVELS + 1 :])
        paper = ramp[LEVELS].brightness
        distances = [abs(colour.brightness - paper) for colour in ramp]
        assert distances[LEVELS:] == sorted(distances[LEVELS:])
        assert distances[: LEVELS + 1] == sorted(distances[: LEVELS + 1], reverse=True)

    def test_a_theme_with_the_terminals_colours(self):
        variables = {**CURVE_COLOURS, "background": "ansi_default", "foreground": "ansi_default"}
        assert signed_ramp(variables)[LEVELS] == "#000000"


class Pictures(App[None]):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return CURVE_COLOURS

    def compose(self) -> ComposeResult:
        yield SignedImage()


class TestWidget:
    async def test_draws_its_cells_in_their_colours(self):
        app = Pictures()
        async with app.run_test(size=(8, 3)) as pilot:
            image = app.query_one(SignedImage)
            image.show(signed_cells(LINES, 1.0, "half"))
            await pilot.pause()
            strip = image.render_line(0)
            assert strip.text == " ▀  ▀   "
            ramp = signed_ramp(app.theme_variables)
            second = list(strip)[1]
            assert second.style.color.name == ramp[LOW]
            assert second.style.bgcolor.name == ramp[HIGH]
            assert image.render_line(2).text == " " * 8

    async def test_25_pictures_are_drawn_fast(self):
        pictures = np.random.default_rng(0).normal(size=(25, 14, 14))
        app = Pictures()
        async with app.run_test(size=(75, 41)) as pilot:
            image = app.query_one(SignedImage)
            await pilot.pause()
            times = []
            for _ in range(7):
                began = time.process_time()
                image.show(picture_grid(pictures, ["1"] * 25, 3, 5, [3.0] * 25, "half"))
                for y in range(40):
                    image.render_line(y)
                times.append(time.process_time() - began)
            assert min(times) < 2.0
