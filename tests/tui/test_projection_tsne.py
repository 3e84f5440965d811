"""t-SNE in the Projection view: while it forms, stopped, stored, damaged and refused."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from mnist_tui.engine.analysis import tsne
from mnist_tui.engine.analysis.projection import store_path
from mnist_tui.engine.analysis.tsne import load
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.views.projection.view import ProjectionView
from mnist_tui.tui.widgets.scatter import Scatter
from tests.tui.conftest import QUICK, screen_text, until
from tests.tui.projection_helpers import SIZE, opened

TEST_IMAGES = 297


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a quarter of the iterations: the screen is the subject here."""
    monkeypatch.setattr(tsne, "EARLY_ITERATIONS", 60)
    monkeypatch.setattr(tsne, "ITERATIONS", 250)


async def forming(app: MnistTui, pilot, view: ProjectionView) -> None:
    """Start a t-SNE of the training images, which takes some seconds."""
    await pilot.press("v", "v")
    await until(pilot, lambda: view.data.subject.split == "train")
    await pilot.press("t")
    await until(pilot, lambda: view.data.spec.method == "tsne")
    app.simulate_key("r")  # Pilot's own press would wait until the t-SNE has ended
    await until(pilot, lambda: view.data.embedding and view.data.embedding.iteration > 0)


def tsne_ended(view: ProjectionView) -> bool:
    return view.data.embedding is not None and view.data.embedding.phase in ("done", "stopped")


async def test_a_tsne_forms_live_while_keys_are_answered_and_is_stored_and_reused(console, stored_run) -> None:
    folder = stored_run(QUICK).path
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


async def test_a_stopped_tsne_is_kept(console, stored_run) -> None:
    stored_run(QUICK)
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


async def test_a_tsne_continues_while_another_epoch_is_shown(console, stored_run) -> None:
    """Fails where scrubbing throws away what forms, or draws it over another epoch."""
    stored_run(QUICK)
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


async def test_a_damaged_tsne_is_computed_again(console, stored_run) -> None:
    folder = stored_run(QUICK).path
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


async def test_too_few_images_for_a_tsne_are_reported_in_one_line(console, stored_run, monkeypatch) -> None:
    stored_run(QUICK)
    monkeypatch.setattr("mnist_tui.engine.analysis.projection.POINT_COUNTS", (3, 5000))
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        view = await opened(app, pilot)
        await pilot.press("minus", "t", "r")
        await until(pilot, lambda: "t-SNE needs at least four points" in screen_text(app))
        assert view._tsne is None
