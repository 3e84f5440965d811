"""The Projection view under Pilot, on the bundled digits: what is drawn, the cursor, t-SNE while it forms."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.color import Color, ColorSystem
from sklearn import decomposition
from sklearn.metrics import silhouette_score

from mnist_tui.engine import session
from mnist_tui.engine.analysis.projection import ProjectionSpec, project, store_path
from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.analysis.tsne import load
from mnist_tui.engine.config import RunConfig
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.render.braille import raster
from mnist_tui.tui.render.class_colours import DARK, LIGHT
from mnist_tui.tui.views.projection.legend import Legend
from mnist_tui.tui.views.projection.view import ProjectionView
from mnist_tui.tui.widgets.scatter import Scatter
from tests.tui.conftest import QUICK, screen_text, until

SIZE = (140, 44)
TEST_IMAGES = 297


def trained(config: RunConfig = QUICK) -> Path:
    """A stored run."""
    list(session.start(config, Path("runs"), data_dir=None, name="run"))
    return next(Path("runs").iterdir())


async def opened(app: MnistTui, pilot) -> ProjectionView:
    """The view on the stored run, with its picture and its metrics."""
    await pilot.press("9")
    await until(pilot, lambda: app.screen.query_one("#run-table").row_count)
    await pilot.press("enter")
    await until(pilot, lambda: app.current_mode == "training")
    await pilot.press("6")
    await until(pilot, lambda: app.current_mode == "projection" and app.screen.data is not None)
    app.screen.query_one(Scatter).style = "dots"
    return app.screen


async def forming(app: MnistTui, pilot, view: ProjectionView) -> None:
    """A t-SNE of the training images, which takes some seconds, has begun."""
    await pilot.press("v", "v")
    await until(pilot, lambda: view.data.subject.split == "train")
    await pilot.press("t")
    await until(pilot, lambda: view.data.spec.method == "tsne")
    app.simulate_key("r")  # Pilot's own press waits until nothing moves any more
    await until(pilot, lambda: view.data.embedding and view.data.embedding.iteration > 0)


def tsne_ended(view: ProjectionView) -> bool:
    return view.data.embedding is not None and view.data.embedding.phase in ("done", "stopped")


async def test_the_picture_is_the_pca_of_the_hidden_layer_and_its_numbers_are_sklearns(console) -> None:
    """Fails where other images, another layer or other classes are drawn than the title says."""
    folder = trained()
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
        assert "k-NN: 297 points; others: 297" in screen_text(app)


async def test_layers_methods_and_points_change_what_is_drawn(console) -> None:
    trained()
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


async def test_the_cursor_steps_and_enter_opens_exactly_that_image(console) -> None:
    trained()
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


async def test_the_mouse_finds_points_opens_zooms_and_pans(console) -> None:
    trained()
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


async def test_classes_are_hidden_and_wrong_ones_stand_out(console) -> None:
    trained(replace(QUICK, epochs=1))
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
        assert view.data.labels[scatter.cursor] == 1  # it does not stay on what nobody sees
        await pilot.press("o", "escape", "w")
        assert all(legend.shown)
        assert view.focused is None
        wrong = view.data.predictions != view.data.labels
        assert wrong.sum() > 5
        assert f"{wrong.sum()} wrong" in screen_text(app)
        for key in ("right", "right", "up", "left", "down"):
            await pilot.press(key)
            assert wrong[scatter.cursor]


async def test_a_tsne_forms_live_while_keys_are_answered_and_is_stored_and_reused(console) -> None:
    folder = trained()
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        view = await opened(app, pilot)
        await forming(app, pilot, view)
        seen: set[int] = set()
        answers = []
        scatter = view.query_one(Scatter)
        while not tsne_ended(view):
            seen.add(view.data.embedding.iteration)
            look, pressed = scatter.style, time.perf_counter()
            app.simulate_key("i")
            await until(pilot, lambda look=look: scatter.style != look)
            answers.append(time.perf_counter() - pressed)
            assert "iteration" in str(scatter.border_subtitle) or tsne_ended(view)
        assert len(seen) >= 2
        assert np.median(answers) < 5.0
        embedding = view.data.embedding
        assert embedding.phase == "done"
        assert "finished" in screen_text(app)
        await until(pilot, lambda: view.metrics.values is not None)

        count = len(view.data.labels)
        path = folder / "projections" / f"tsne-hidden-train-{app.scrubber.subject.epoch}-{count}.npz"
        np.testing.assert_array_equal(load(path).points, embedding.points)

        await pilot.press("l")
        await until(pilot, lambda: view.data.spec.layer == "output")
        assert view.data.points is None  # that of the other layer is another one
        await pilot.press("l")
        await until(pilot, lambda: view.data.spec.layer == "hidden" and view.data.points is not None)
        np.testing.assert_array_equal(view.data.points, embedding.points)


async def test_a_stopped_tsne_is_kept(console) -> None:
    trained()
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        view = await opened(app, pilot)
        await forming(app, pilot, view)
        app.simulate_key("r")
        await until(pilot, lambda: tsne_ended(view))
        kept = load(store_path(app.scrubber.subject, "hidden", len(view.data.labels)))
        assert kept.phase == "stopped"
        assert f"stopped at {kept.iteration}" in screen_text(app)
        np.testing.assert_array_equal(kept.points, view.data.points)


async def test_a_tsne_goes_on_while_another_epoch_is_looked_at(console) -> None:
    """Fails where scrubbing throws away what forms, or draws it over another epoch."""
    trained()
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        view = await opened(app, pilot)
        await forming(app, pilot, view)
        left, forming_left = app.scrubber.subject, view._tsne
        app.simulate_key("left_square_bracket")
        await until(pilot, lambda: view.data.subject == app.scrubber.subject != left)
        assert view.data.points is None
        if view._tsne is forming_left:
            assert f"epoch {left.epoch} running" in str(view.query_one(Scatter).border_subtitle)
        await until(pilot, lambda: view._tsne is None and not view.jobs.is_active("t-SNE"))
        assert view.data.points is None  # nothing of the other epoch was drawn here
        kept = load(store_path(left, "hidden", len(view.data.labels)))
        assert kept.phase == "done"
        app.simulate_key("right_square_bracket")
        await until(pilot, lambda: view.data.subject == left)
        np.testing.assert_array_equal(kept.points, view.data.points)


async def test_a_damaged_tsne_is_made_anew(console) -> None:
    folder = trained()
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        view = await opened(app, pilot)
        path = store_path(replace(app.scrubber.subject, folder=folder), "hidden", TEST_IMAGES)
        path.parent.mkdir()
        path.write_bytes(b"PK\x03\x04 no picture")
        await pilot.press("t")
        await until(pilot, lambda: "damaged" in screen_text(app))
        await until(pilot, lambda: view.data.embedding and view.data.embedding.iteration > 0)
        await until(pilot, lambda: tsne_ended(view))
        assert len(load(path).points) == TEST_IMAGES


async def test_too_few_images_for_a_tsne_are_said_in_one_line(console, monkeypatch) -> None:
    trained()
    monkeypatch.setattr("mnist_tui.engine.analysis.projection.POINT_COUNTS", (3, 5000))
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        view = await opened(app, pilot)
        await pilot.press("minus", "t", "r")
        await until(pilot, lambda: "t-SNE needs at least four points" in screen_text(app))
        assert view._tsne is None


def test_orientation_is_kept_from_epoch_to_epoch(console) -> None:
    """Fails where an axis is mirrored between two epochs, or where coming back gives another picture."""
    folder = trained(replace(QUICK, epochs=4))
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
async def test_no_size_or_theme_breaks_it_and_a_net_without_hidden_layers_shows_its_input(console, size, theme) -> None:
    trained(RunConfig(dataset="digits", epochs=1, hidden=()))
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


def seen_by(colours: tuple[str, ...], matrix: list[list[float]]) -> np.ndarray:
    """Colours as somebody with a deficiency sees them, in CIELAB."""
    rgb = np.array([Color.parse(c).triplet for c in colours]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = (linear @ np.array(matrix).T).clip(0, 1) @ np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    ).T
    f = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


@pytest.mark.parametrize("colours", [DARK, LIGHT])
def test_colour_blind_readers_tell_the_classes_apart(colours: tuple[str, ...]) -> None:
    """A distance of 2.3 in CIELAB is just noticeable; small dots need some ten times as much."""
    seeing = {
        "all": np.eye(3).tolist(),
        "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    }
    for matrix in seeing.values():
        places = seen_by(colours, matrix)
        assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(places, 2)) > 20
    assert len({Color.parse(c).downgrade(ColorSystem.EIGHT_BIT).number for c in colours}) == len(colours)
