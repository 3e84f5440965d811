"""Points as cells, against an independent slow drawing; steps from point to point, against an exhaustive search."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from mnist_tui.tui.render.axes import within
from mnist_tui.tui.render.braille import Window, fit_window, nearest, next_point, raster
from mnist_tui.tui.speed.chart import owners, trace

# The Unicode standard numbers a braille cell's dots 1 2 3 7 down the left column and 4 5 6 8 down the right one; dot n
# is bit n - 1.
DOT_NUMBERS = {(0, 0): 1, (0, 1): 2, (0, 2): 3, (0, 3): 7, (1, 0): 4, (1, 1): 5, (1, 2): 6, (1, 3): 8}
DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1))


def slow_raster(points, classes, window: Window, raised, digits: bool):
    """A reference drawing from the definition, cell by cell and point by point."""
    found: dict[tuple[int, int], list[tuple[int, int, int, bool]]] = {}
    for i, (x, y) in enumerate(points.tolist()):
        column = round((x - window.x) / window.scale + (window.columns * 2 - 1) / 2)
        row = round((window.y - y) / window.scale + (window.rows * 4 - 1) / 2)
        if 0 <= column < window.columns * 2 and 0 <= row < window.rows * 4:
            up = bool(raised is not None and raised[i])
            found.setdefault((row // 4, column // 2), []).append((column % 2, row % 4, int(classes[i]), up))
    chars = np.full((window.rows, window.columns), " ")
    shown = np.full((window.rows, window.columns), -1)
    over = np.zeros((window.rows, window.columns), bool)
    for cell, inhabitants in found.items():
        over[cell] = any(up for *_, up in inhabitants)
        members = [member for member in inhabitants if member[3] or not over[cell]]
        numbers = [number for _, _, number, _ in members]
        shown[cell] = min(set(numbers), key=lambda number: (-numbers.count(number), number))
        bits = {DOT_NUMBERS[column, row] for column, row, _, _ in members}
        chars[cell] = str(shown[cell]) if digits else chr(0x2800 + sum(1 << (bit - 1) for bit in bits))
    return chars, shown, over


@pytest.mark.parametrize("digits", [False, True])
@pytest.mark.parametrize("highlight", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_a_raster_is_what_the_slow_drawing_gives(seed: int, highlight: bool, digits: bool) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(700, 2)) * [3, 1]
    classes = rng.integers(0, 10, 700)
    raised = rng.random(700) < 0.1 if highlight else None
    fitted = fit_window(points, 31, 9)
    zoomed = Window(0.4, -0.2, fitted.scale / 3, 31, 9)  # most points lie outside
    for window in (fitted, zoomed):
        drawn = raster(points, classes, window, raised=raised, digits=digits)
        chars, shown, over = slow_raster(points, classes, window, raised, digits)
        assert (drawn.chars == chars).all()
        assert (drawn.classes == shown).all()
        assert (drawn.raised == over).all()


def test_the_whole_window_shows_every_point_and_touches_the_edges() -> None:
    points = np.random.default_rng(0).normal(size=(300, 2))
    window = fit_window(points, 40, 12)
    dots = window.dots(points)
    assert (dots.min(axis=0) >= 0).all()
    assert (dots.max(axis=0) < [80, 48]).all()
    span = dots.max(axis=0) - dots.min(axis=0) + 1
    assert span[0] == 80 or span[1] == 48


def test_distances_are_the_same_in_both_directions() -> None:
    window = fit_window(np.array([[0.0, 0.0], [10.0, 1.0]]), 50, 20)
    corner, right, up = window.dots(np.array([[1.0, 0.0], [3.0, 0.0], [1.0, 2.0]]))
    assert abs((right[0] - corner[0]) - (corner[1] - up[1])) <= 1  # a dot: they are rounded one by one


@pytest.mark.parametrize(
    "points", [np.empty((0, 2)), np.zeros((1, 2)), np.ones((5, 2)), np.array([[0, 0], [1e300, 0]])]
)
def test_few_equal_and_distant_points_are_drawn(points: np.ndarray) -> None:
    window = fit_window(points, 10, 5)
    drawn = raster(points, np.zeros(len(points), int), window)
    assert (drawn.classes >= 0).sum() == len(np.unique(points, axis=0))


def test_the_middle_of_a_cell_is_in_that_cell() -> None:
    window = Window(2.0, -1.0, 0.3, 20, 7)
    for column, row in ((0, 0), (19, 6), (7, 3)):
        x, y = window.cell_centre(column, row)
        assert window.cells(np.array([[x, y]])).tolist() == [[column, row]]
        assert window.contains(x, y)
    assert not window.contains(*window.cell_centre(20, 3))
    assert not window.contains(*window.cell_centre(5, -1))


def test_a_step_goes_to_the_nearest_point_in_its_direction() -> None:
    points = np.array([[0, 0], [2, 0.5], [1, 1.5], [5, 0], [-1, 0], [0, -3], [0.5, 9]])
    every = np.ones(len(points), bool)
    assert next_point(points, every, 0, 1, 0) == 1  # point 2 is nearer, but more above than to the right
    assert next_point(points, every, 0, 0, 1) == 2
    assert next_point(points, every, 0, -1, 0) == 4
    assert next_point(points, every, 0, 0, -1) == 5
    assert next_point(points, every, 3, 1, 0) is None
    assert next_point(points, every & (np.arange(7) != 1), 0, 1, 0) == 3  # points that are not chosen are skipped
    assert next_point(points, every & (np.arange(7) > 4), 3, 0, 1) == 6  # nothing straight above: the nearest one above


@pytest.mark.parametrize("kind", ["cloud", "clusters", "grid with piles"])
@pytest.mark.parametrize("seed", range(3))
def test_steps_reach_every_point_from_every_point(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(250, 2))
    if kind == "clusters":
        points += 8 * rng.normal(size=(10, 2))[rng.integers(10, size=250)]
    if kind == "grid with piles":
        points = np.round(points * 2)
        assert len(np.unique(points, axis=0)) < 150
    chosen = rng.random(250) < 0.8
    ways = {i: [next_point(points, chosen, i, *way) for way in DIRECTIONS] for i in range(250)}
    for start in np.flatnonzero(chosen)[::40].tolist():
        seen, left = {start}, [start]
        while left:
            fresh = {place for place in ways[left.pop()] if place is not None} - seen
            seen |= fresh
            left += fresh
        assert seen == set(np.flatnonzero(chosen).tolist())


def test_nearest_is_the_nearest_chosen_one() -> None:
    rng = np.random.default_rng(1)
    points, chosen = rng.normal(size=(200, 2)), rng.random(200) < 0.3
    distances = [float(np.hypot(*(p - [0.3, -0.4]))) if c else np.inf for p, c in zip(points, chosen, strict=True)]
    assert nearest(points, chosen, 0.3, -0.4) == int(np.argmin(distances))
    assert nearest(points, np.zeros(200, bool), 0, 0) is None


class TestTrace:
    """Lines in dots, against dots found one by one."""

    COLUMNS, ROWS = 30, 12

    def lit(self, drawn):
        """The dots of a picture: (rows, columns) of booleans."""
        bits = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
        codes = np.vectorize(ord)(drawn[0])
        codes = np.where(codes == ord(" "), 0, codes - 0x2800)
        return np.kron(codes, np.ones((4, 2), int)) & np.tile(bits, codes.shape) > 0

    def traced(self, *lines, low=(0.0, 0.0), high=(59.0, 47.0)):
        """Lines whose coordinates are dots, the first one at the lower left."""
        return trace([np.array(line, float) for line in lines], *zip(low, high, strict=True), self.COLUMNS, self.ROWS)

    @pytest.mark.parametrize("seed", range(20))
    def test_a_line_holds_its_points_and_has_no_gap(self, seed):
        points = np.random.default_rng(seed).integers((0, 0), (60, 48), (6, 2))
        lit = self.lit(self.traced(points))[::-1]
        for x, y in points:
            assert lit[y, x]
        # From any dot all others can be reached by steps to a neighbour, as a king goes.
        _, pieces = ndimage.label(lit, structure=np.ones((3, 3)))
        assert pieces == 1

    @pytest.mark.parametrize(("end", "count"), [((59, 0), 60), ((0, 47), 48), ((47, 47), 48), ((59, 20), 60)])
    def test_a_straight_line_has_one_dot_for_each_step_and_none_is_far_from_it(self, end, count):
        lit = self.lit(self.traced([(0, 0), end]))[::-1]
        ys, xs = np.nonzero(lit)
        assert len(xs) == count
        assert np.abs(xs * end[1] - ys * end[0]).max() < max(end)  # less than a dot beside it

    def test_a_cell_shows_the_line_in_front_or_one_after_the_other(self):
        drawn = np.array(self.traced([(0, 0), (59, 0)], [(0, 2), (19, 2)]))
        assert "".join(drawn[0][-1]) == chr(0x2800 + 0x40 + 0x80) * 30
        assert "".join(drawn[1][-1]) == chr(0x2800 + 0x02 + 0x10) * 10 + " " * 20
        assert (drawn[:, :-1] == " ").all()
        crossed = drawn != " "
        for layers, expected in (((0, 1), [1] * 10 + [0] * 20), ((1, 0), [0] * 30), ((0, 0), [0, 1] * 5 + [0] * 20)):
            which = owners(crossed, layers)
            assert which[-1].tolist() == expected
            assert (which[:-1] == -1).all()

    def test_points_outside_are_clipped_and_change_nothing_inside(self):
        drawn = self.lit(self.traced([(0, 0), (58, 94)]))[::-1]
        wanted = self.lit(self.traced([(0, 0), (29, 47)]))[::-1]
        assert (drawn == wanted).all()

    def test_an_infinite_value_is_drawn_in_finite_time(self):
        ys = within(np.array([0, 1e30, 0]), 0.0, 47.0)
        drawn = self.traced(np.stack([[0, 30, 59], ys], axis=1))
        assert (self.lit(drawn).sum(axis=1) > 0).all()

    def test_one_point_and_no_line(self):
        assert self.lit(self.traced([(7, 7)])).sum() == 1
        assert self.traced() == []
        assert (owners(np.zeros((0, 2, 3), bool), ()) == -1).all()
