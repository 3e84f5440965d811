"""Figures of a small run: how they were made is written in them, and their numbers are those of the analysis."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from mnist_tui.engine.analysis import imagined_store, listing
from mnist_tui.engine.analysis.curves import run_curves
from mnist_tui.engine.analysis.imagined import METHODS
from mnist_tui.engine.analysis.projection import ProjectionSpec, project
from mnist_tui.engine.analysis.subject import Analyst
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.events import Epoch, Event, Progress
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.export import Form, Size, export
from mnist_tui.engine.figures.registry import KINDS
from mnist_tui.engine.figures.settings import Settings, ViewState, short_path
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from tests.engine.figures_helpers import ONE_RUN, made, subject_of
from tests.figures import finished_run, floats, pixels, record, said, table

pytestmark = pytest.mark.usefixtures("few_noise_images")


@pytest.mark.parametrize("view", ONE_RUN)
def test_every_figure_contains_how_it_was_made(run: RunFolder, tmp_path: Path, view: str) -> None:
    """Fails where a figure is blank, nearly blank or unsigned."""
    exported = made(run, tmp_path, view)
    picture = pixels(exported.figure)
    assert min(picture.shape[:2]) > 300
    assert 0.005 < (picture < 128).any(axis=2).mean() < 0.7, "it is nearly blank, or nearly full"
    text = said(exported.figure)
    assert text["Run"] == run.name
    assert text["View"] == view
    assert text["Seed"] == "1234"
    assert text["Version"]
    assert text["Command"] == exported.command
    assert text["Command"].startswith(f"mnist-tui export {short_path(run.path)} {view}")
    if KINDS[view].epoch:
        assert text["Epoch"] == "3"
    if KINDS[view].split:
        assert text["Split"] == KINDS[view].split
    assert exported.numbers is not None
    assert exported.numbers.stem == exported.figure.stem == view


def test_no_text_exceeds_the_figure(run: RunFolder, tmp_path: Path) -> None:
    """Fails where a heading, a label or a legend is cut off: ink would touch the edge."""
    for view in ("curves", "data", "confusion", "mistakes", "image", "projection", "pca-output", "weights"):
        for size in (None, Size(4, 3)):
            picture = pixels(made(run, tmp_path, view, size=size, dpi=60).figure)
            edges = (picture[0], picture[-1], picture[:, 0], picture[:, -1])
            assert all((edge > 200).all() for edge in edges), (view, size)


class TestNumbers:
    """The numbers in the files are those of the analysis, which the screens draw."""

    def test_curves(self, run: RunFolder, tmp_path: Path) -> None:
        columns = table(made(run, tmp_path, "curves", Settings(smooth=0.6)).numbers)
        data = run_curves(History.of(run.events()), smoothing=0.6)
        assert columns["curve"] == [curve.role for curve in data.curves for _ in curve.xs]
        np.testing.assert_array_equal(floats(columns["loss"]), np.concatenate([curve.loss for curve in data.curves]))
        np.testing.assert_array_equal(floats(columns["accuracy"]), np.concatenate([c.acc for c in data.curves]))
        np.testing.assert_array_equal(floats(columns["epoch"]), np.concatenate([curve.xs for curve in data.curves]))
        assert set(columns["run"]) == {run.name}

    def test_confusion(self, run: RunFolder, tmp_path: Path) -> None:
        values = record(made(run, tmp_path, "confusion").numbers)
        judged = Analyst().scores(subject_of(run))
        assert values["schema"] == "mnist-tui/confusion/1"
        assert values["counts"] == confusion_matrix(judged.labels, judged.predictions, labels=range(10)).tolist()
        assert values["correct"] == int(judged.correct.sum())
        assert values["made"]["epoch"] == 3

    def test_mistakes(self, run: RunFolder, tmp_path: Path) -> None:
        settings = Settings(sort="loss", reverse=True, filter="true:1,3,8", first=2)
        columns = table(made(run, tmp_path, "mistakes", settings).numbers)
        data = listing.compute(Analyst(), subject_of(run), listing.ListSpec("true:1,3,8", "wrong", "loss", True))
        assert len(data.positions) > 3
        assert [int(i) for i in columns["index"]] == data.scores.indices[data.positions].tolist()
        np.testing.assert_array_equal(floats(columns["loss"]), data.scores.loss[data.positions])
        np.testing.assert_array_equal(floats(columns["p3"]), data.scores.probabilities[data.positions, 3])
        assert columns["rank"] == [str(i + 1) for i in range(len(data.positions))]

    @pytest.mark.parametrize("view", ["pca-output", "pca-hidden", "tsne-hidden"])
    def test_pictures(self, run: RunFolder, tmp_path: Path, view: str) -> None:
        columns = table(made(run, tmp_path, view).numbers)
        method, layer = view.split("-")
        picture = project(Analyst(), subject_of(run), ProjectionSpec(method, layer))  # type: ignore[arg-type]
        points = np.stack([floats(columns["x"]), floats(columns["y"])], axis=1)
        np.testing.assert_array_equal(points, picture.points)
        assert [int(i) for i in columns["label"]] == picture.labels.tolist()
        assert [int(i) for i in columns["index"]] == picture.indices.tolist()

    def test_images_and_weights(self, run: RunFolder, tmp_path: Path) -> None:
        analyst, subject = Analyst(), subject_of(run)
        values = record(made(run, tmp_path, "data", Settings(first=5, count=3)).numbers)
        training = analyst.images(run.path, "train")
        assert values["stored"] == training.images[4:7].tolist()
        assert values["stored"] != values["augmented"]
        wrong = listing.compute(analyst, subject, listing.ListSpec()).positions
        values = record(made(run, tmp_path, "image").numbers)
        assert values["index"] == analyst.scores(subject).indices[wrong[0]]
        assert [one["epoch"] for one in values["history"]] == [0, 1, 2, 3]
        assert len(values["neighbours"]) == 10
        columns = table(made(run, tmp_path, "weights", Settings(count=4)).numbers)
        weights = run.weights(3)["input_fc.weight"].numpy()
        np.testing.assert_array_equal(floats(columns["w399"]).astype(np.float32), weights[:4, 399])

    def test_imagined_digits_are_stored_and_used_again(self, run: RunFolder, tmp_path: Path) -> None:
        """Fails where an export searches anew though the run has the pictures."""
        first = record(made(run, tmp_path, "imagine", Settings(digits=(3, 8))).numbers)
        assert [(one["method"], one["digit"]) for one in first["imagined"]] == [(m, d) for m in METHODS for d in (3, 8)]
        stored = imagined_store.load(run.path, 3, 10)
        stored[("noise", 3)].image[0, 0] = 77.0
        imagined_store.save(run.path, 3, stored[("noise", 3)])
        again = record(made(run, tmp_path, "imagine", Settings(digits=(3,))).numbers)
        assert again["imagined"][0]["pixels"][0][0] == 77.0


def test_a_comparison_needs_other_runs_and_overlays_them(run: RunFolder, tmp_path: Path) -> None:
    other = finished_run(tmp_path / "more", "other", replace(run.config(), epochs=1))
    context, form = Context(Analyst()), Form(tmp_path, numbers=True)
    with pytest.raises(ConfigError, match="--with"):
        export(context, ViewState("compare", subject_of(run)), form)
    exported = export(context, ViewState("compare", subject_of(run), Settings(compared=(other.path,))), form)
    columns = table(exported.numbers)
    assert columns["run"] == [run.name] * 3 + [other.name]
    assert floats(columns["loss"])[3] == History.of(other.events()).epochs[0].valid_loss


def test_curves_of_a_training_that_diverged(run: RunFolder, tmp_path: Path) -> None:
    def lost(event: Event) -> Event:
        if not isinstance(event, Progress):
            return event
        nothing = [math.nan] * len(event.losses)
        return replace(event, loss=math.nan, acc=math.nan, losses=nothing, accs=nothing)

    data = run_curves(History.of(map(lost, run.events())))
    assert any(len(curve.xs) for curve in data.curves if curve.role == "batches")
    for settings in (Settings(), Settings(log=True)):
        state = ViewState("curves", subject_of(run, "curves"), settings, data)
        assert export(Context(Analyst()), state, Form(tmp_path)).figure.exists()


def test_empty_curves_are_drawn_even_on_a_logarithmic_axis(run: RunFolder, tmp_path: Path) -> None:
    data = run_curves(History.of(event for event in run.events() if not isinstance(event, Progress | Epoch)))
    assert not any(len(curve.xs) for curve in data.curves)
    state = ViewState("curves", subject_of(run, "curves"), Settings(log=True), data)
    assert export(Context(Analyst()), state, Form(tmp_path)).figure.exists()
