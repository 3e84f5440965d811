"""The Projection view under Pilot, on the bundled digits: what is drawn, the cursor and the mouse."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from sklearn import decomposition
from sklearn.metrics import silhouette_score

from mnist_tui.engine.analysis.projection import ProjectionSpec, project
from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.config import RunConfig
from mnist_tui.tui.render.braille import raster
from mnist_tui.tui.views.projection.legend import Legend
from mnist_tui.tui.widgets.scatter import Scatter
from tests.tui.conftest import QUICK, screen_text, until
from tests.tui.projection_helpers import SIZE, opened


async def test_the_picture_is_the_pca_of_the_hidden_layer_and_its_numbers_are_sklearns(console, stored_run) -> None:
    """Fails where other images, another layer or other classes are drawn than the title names."""
    folder = stored_run(QUICK).path
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        view = await opened(app, pilot)
        assert "PCA of the hidden layer, 16-d: 297 test images" in screen_text(app)
        subject = app.scrubber.subject
        evaluation = Analyst().evaluation(Subject(folder, subject.epoch, "test"))
        expected = decomposition.PCA(2).fit(evaluation.hidden)
        points = expected.transform(evaluation.hidden)
        signs = np.sign((points * view.data.points).sum(axis=0))
        np.testing.assert_allclose(view.data.points, points * signs, atol=1e-4)
        np.testing.assert_allclose(view.data.variance, expected.explained_variance_ratio_, rtol=1e-4)
        share = f"PC1 {expected.explained_variance_ratio_[0] * 100:.1f} %"
        assert share in screen_text(app)

        scatter = view.query_one(Scatter)
        drawn = raster(view.data.points, evaluation.labels, scatter.window)
        shown = ["".join(scatter.render_line(y).text) for y in range(scatter.content_size.height)]
        column, row = scatter._cursor_cell(scatter.window)
        for y, line in enumerate(shown):
            for x, character in enumerate(line[: scatter.window.columns]):
                assert character == drawn.chars[y, x] or (x, y) == (column, row)

        await until(pilot, lambda: view.metrics.values is not None)
        assert view.metrics.values.separation.silhouette == pytest.approx(
            silhouette_score(view.data.points, evaluation.labels)
        )
        assert f"{view.metrics.values.separation.silhouette:.3f}" in screen_text(app)
        assert "all 297 points" in screen_text(app)


async def test_layers_methods_and_points_change_what_is_drawn(console, stored_run) -> None:
    stored_run(QUICK)
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        view = await opened(app, pilot)
        await pilot.press("l")
        await until(pilot, lambda: view.data.x.shape[1] == 10)
        assert "PCA of the output, 10-d" in screen_text(app)
        await pilot.press("v", "v")
        await until(pilot, lambda: view.data.available > 1000)
        before = len(view.data.labels)
        await pilot.press("minus")
        await until(pilot, lambda: len(view.data.labels) == 1000)
        assert "1,000 of" in screen_text(app)
        await pilot.press("plus")
        await until(pilot, lambda: len(view.data.labels) == before)
        await pilot.press("t")
        await until(pilot, lambda: view.data.points is None)
        assert "press r to run it" in screen_text(app)


async def test_the_cursor_steps_and_enter_opens_exactly_that_image(console, stored_run) -> None:
    stored_run(QUICK)
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        view = await opened(app, pilot)
        scatter = view.query_one(Scatter)
        visited = {scatter.cursor}
        for key in ("right", "down", "left", "left", "up", "right"):
            before = scatter.cursor
            await pilot.press(key)
            if scatter.cursor != before:
                step = view.data.points[scatter.cursor] - view.data.points[before]
                across = {"right": step[0], "left": -step[0], "up": step[1], "down": -step[1]}[key]
                assert across >= 0
            visited.add(scatter.cursor)
        assert len(visited) > 2
        point = scatter.cursor
        assert f"image {view.data.indices[point]:,}" in screen_text(app)
        column, row = scatter._cursor_cell(scatter.window)
        cell = scatter.render_line(row).crop(column, column + 1)._segments[0]
        assert cell.style.reverse
        assert cell.text == str(view.data.labels[point])
        words = []
        app.open_images = lambda text: words.append(text) or app.action_view("mistakes")
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "mistakes")
        assert words == [f"index:{view.data.indices[point]}"]


async def test_the_mouse_finds_points_opens_zooms_and_pans(console, stored_run) -> None:
    stored_run(QUICK)
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        view = await opened(app, pilot)
        scatter = view.query_one(Scatter)
        wanted = int(view.data.points[:, 0].argmax())  # alone at the edge
        column, row = scatter.window.cells(view.data.points[wanted : wanted + 1])[0].tolist()
        await pilot.hover("#scatter", offset=(column + 1, row + 1))  # inside the border
        await until(pilot, lambda: scatter.cursor == wanted)
        await pilot.press("z", "z")
        assert scatter.zoom == pytest.approx(1.5**2)
        assert scatter._cursor_cell(scatter.window) is not None
        x = scatter.window.x
        await pilot.press("shift+left")
        assert scatter.window.x < x
        await pilot.press("escape")
        assert scatter.zoom == 1
        await pilot.click("#scatter", offset=(column + 1, row + 1))
        await until(pilot, lambda: app.current_mode == "mistakes")


async def test_classes_are_hidden_and_wrong_ones_stand_out(console, stored_run) -> None:
    stored_run(replace(QUICK, epochs=1))
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        view = await opened(app, pilot)
        scatter, legend = view.query_one(Scatter), view.query_one(Legend)
        await pilot.press("c", "down", "enter")
        assert legend.shown == (True, False, *[True] * 8)
        assert not scatter.cloud.visible[view.data.labels == 1].any()
        assert scatter.cloud.visible[view.data.labels != 1].all()
        await pilot.press("o")
        assert legend.shown == (False, True, *[False] * 8)
        assert view.data.labels[scatter.cursor] == 1  # not on a hidden point
        await pilot.press("o", "escape", "w")
        assert all(legend.shown)
        assert view.focused is None
        wrong = view.data.predictions != view.data.labels
        assert wrong.sum() > 5
        assert f"{wrong.sum()} wrong" in screen_text(app)
        for key in ("right", "right", "up", "left", "down"):
            await pilot.press(key)
            assert wrong[scatter.cursor]


def test_orientation_is_kept_from_epoch_to_epoch(console, stored_run) -> None:
    """Fails where an axis is mirrored between two epochs, or where coming back gives another picture."""
    folder = stored_run(replace(QUICK, epochs=4)).path
    analyst = Analyst()
    first = {}
    for epoch in (0, 1, 2, 3, 4):
        first[epoch] = project(analyst, Subject(folder, epoch, "test"), ProjectionSpec()).points
    for before, after in itertools.pairwise(first.values()):
        assert ((before * after).sum(axis=0) > 0).all()
    for epoch in (3, 1, 0):
        again = project(analyst, Subject(folder, epoch, "test"), ProjectionSpec()).points
        np.testing.assert_array_equal(again, first[epoch])


@pytest.mark.parametrize(
    ("size", "theme"), [((160, 45), "mnist-light"), ((80, 24), "ansi-dark"), ((60, 20), "mnist-dark")]
)
async def test_no_size_or_theme_breaks_it_and_a_net_without_hidden_layers_shows_its_input(
    console, stored_run, size, theme
) -> None:
    stored_run(RunConfig(dataset="digits", epochs=1, hidden=()))
    app = console()
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        view = await opened(app, pilot)
        await until(pilot, lambda: view.metrics.values is not None)
        await pilot.pause()
        shown = screen_text(app)
        assert "input" in shown
        assert "784-d" in shown or size[0] < 80
        assert f"{view.metrics.values.separation.trustworthiness:.3f}" in shown
        label = view.data.labels[view.query_one(Scatter).cursor]
        assert f"true {label}" in shown
        await pilot.press("w", "i", "left_square_bracket")
        await until(pilot, lambda: view.data.subject.epoch == 0)
