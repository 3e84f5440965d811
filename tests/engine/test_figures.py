"""Figures of a small run: how they were made is written in them, and their numbers are those of the analysis."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.metrics import confusion_matrix, silhouette_score

from mnist_tui.engine.analysis import imagined_store, listing
from mnist_tui.engine.analysis.confusion import ConfusionData, confusion
from mnist_tui.engine.analysis.curves import comparison, run_curves, smooth
from mnist_tui.engine.analysis.imagined import METHODS
from mnist_tui.engine.analysis.projection import ProjectionSpec, compute_metrics, project
from mnist_tui.engine.analysis.subject import Analyst
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.events import Epoch, Event, Progress
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.export import Form, Size, export
from mnist_tui.engine.figures.numbers import encode
from mnist_tui.engine.figures.registry import KINDS
from mnist_tui.engine.figures.settings import Settings, ViewState, short_path
from mnist_tui.engine.figures.style import Page
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from tests.engine.figures_helpers import ONE_RUN, made, subject_of
from tests.figures import finished_run, floats, made_lines, pixels, record, said, table

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
    assert text["Dataset"] == "digits"
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
        history = History.of(run.events())
        columns = table(made(run, tmp_path, "curves", Settings(smooth=0.6)).numbers)
        data = run_curves(history)
        assert columns["curve"] == [curve.role for curve in data.curves for _ in curve.xs]
        np.testing.assert_array_equal(floats(columns["loss"]), np.concatenate([curve.loss for curve in data.curves]))
        np.testing.assert_array_equal(floats(columns["accuracy"]), np.concatenate([c.acc for c in data.curves]))
        np.testing.assert_array_equal(floats(columns["epoch"]), np.concatenate([curve.xs for curve in data.curves]))
        assert set(columns["run"]) == {run.name}
        assert set(columns["dataset"]) == {"digits"}
        batches = columns["curve"].count("batches")
        averages = floats(columns["loss_smoothed"])
        np.testing.assert_array_equal(averages[:batches], smooth(data.curves[0].loss, 0.6))
        assert np.isnan(averages[batches:]).all()
        assert floats(columns["loss"])[-3:].tolist() == [epoch.valid_loss for epoch in history.epochs]

    @pytest.mark.parametrize("view", ["curves", "mistakes", "pca-hidden", "weights"])
    def test_a_csv_file_says_how_it_was_made(self, run: RunFolder, tmp_path: Path, view: str) -> None:
        exported = made(run, tmp_path, view)
        said_in_figure = said(exported.figure)
        lines = made_lines(exported.numbers)
        assert lines["schema"] == f"mnist-tui/{view}/1"
        for key in ("view", "dataset", "run", "epoch", "split", "seed", "version", "command"):
            assert lines[key] == said_in_figure[key.capitalize()]
        assert lines["dataset"] == "digits"

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

    @pytest.mark.parametrize("view", ["pca-hidden", "tsne-hidden", "projection"])
    def test_the_quality_of_a_projection(self, run: RunFolder, tmp_path: Path, view: str) -> None:
        lines = made_lines(made(run, tmp_path, view).numbers)
        for name in ("pca-output", "pca-hidden", "tsne-output", "tsne-hidden") if view == "projection" else (view,):
            method, layer = name.split("-")
            analyst = Analyst()
            picture = project(analyst, subject_of(run), ProjectionSpec(method, layer))  # type: ignore[arg-type]
            metrics = compute_metrics(analyst, picture)
            assert float(lines[f"{name} knn_plane"]) == metrics.separation.knn_plane
            assert float(lines[f"{name} silhouette"]) == silhouette_score(picture.points, picture.labels)
            assert float(lines[f"{name} trustworthiness"]) == trustworthiness(
                picture.x, picture.points, n_neighbors=metrics.separation.k
            )
            assert float(lines[f"{name} procrustes_r2"]) == metrics.procrustes_r2
            if method == "pca":
                expected = PCA(2).fit(picture.x).explained_variance_ratio_
                assert [float(lines[f"{name} variance_{axis}"]) for axis in "xy"] == pytest.approx(expected, rel=1e-4)
            else:
                assert picture.embedding is not None
                assert float(lines[f"{name} kl_divergence"]) == picture.embedding.kl_divergence

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
    assert made_lines(exported.numbers)["run"] == f"{run.name}, {other.name}"
    assert floats(columns["loss"])[3] == History.of(other.events()).epochs[0].valid_loss


def drawn_texts(view: str, run: RunFolder, settings: Settings, data: object = None) -> str:
    """Every text of a figure."""
    context, subject = Context(Analyst()), subject_of(run, view)
    kind = KINDS[view]
    data = kind.compute(context, subject, settings) if data is None else data
    page = Page(kind.natural(data, settings), 1.0, "")
    kind.draw(page, data, settings)
    return "\n".join(text.get_text() for text in page.figure.findobj(Text))


def test_results_are_those_of_the_run_however_the_curves_are_smoothed(run: RunFolder, tmp_path: Path) -> None:
    other = finished_run(tmp_path / "more", "other", replace(run.config(), epochs=2))
    for smooth_weight in (0.0, 0.9):
        settings = Settings(smooth=smooth_weight, compared=(other.path,))
        texts = drawn_texts("compare", run, settings), drawn_texts("curves", run, settings)
        for folder, text in ((run, texts[0]), (other, texts[0]), (run, texts[1])):
            best = History.of(folder.events()).best
            assert best is not None
            assert f"{best.valid_loss:.4f}" in text
            assert f"{best.valid_acc * 100:.2f} %" in text
        assert "digits" in texts[0]


def test_a_comparison_of_different_data_sets_says_so(run: RunFolder) -> None:
    histories = [History.of(run.events()) for _ in range(2)]
    assert "different data sets" not in drawn_texts("compare", run, Settings(), comparison([("a", histories[0])] * 2))
    assert histories[1].started is not None
    histories[1].started = replace(histories[1].started, dataset="mnist")
    text = drawn_texts("compare", run, Settings(), comparison(list(zip("ab", histories, strict=True))))
    assert "different data sets, not comparable: digits, mnist" in text


def test_what_is_undefined_is_a_dash_and_null(run: RunFolder) -> None:
    labels, predictions = np.array([1, 1, 2]), np.array([1, 3, 1])
    data = ConfusionData(confusion(labels, predictions, 4), ("a", "b", "c", "d"))
    values = json.loads(encode(KINDS["confusion"].numbers(data, Settings()), "", {})[1])
    assert values["recall"] == [None, 0.5, 0.0, None]
    assert values["precision"] == [None, 0.5, None, 0.0]
    assert values["f1"] == [None, 0.5, 0.0, 0.0]
    assert values["shares"][0] == [None] * 4
    assert values["macro"] == {"recall": 0.25, "precision": 0.5, "f1": 0.25}
    assert drawn_texts("confusion", run, Settings(), data).split().count("–") == 5


def test_errors_are_drawn_on_a_scale_of_their_own(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.repeat([0, 1], 1000)
    predictions = np.append(labels[:-16], [0] * 16)
    drawn: list[Any] = []

    def recorded(*given: Any, **options: Any) -> Any:
        drawn.append(imshow(*given, **options))
        return drawn[-1]

    monkeypatch.setattr(Axes, "imshow", recorded)
    drawn_texts("confusion", run, Settings(), ConfusionData(confusion(labels, predictions, 2), ("a", "b")))
    errors, hits = drawn
    assert errors.get_clim() == (0.0, pytest.approx(0.016))
    assert hits.get_clim() == (0.0, 1.0)
    red, green, blue, _ = errors.to_rgba(0.016)
    assert red > 0.3
    assert max(green, blue) < 0.1
    assert errors.get_array().mask.tolist() == [[True, False], [False, True]]
    assert hits.get_array().mask.tolist() == [[False, True], [True, False]]


imshow = Axes.imshow


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
