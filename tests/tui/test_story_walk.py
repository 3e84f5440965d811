"""A walk through the console: at every step the top bar, the heading, the body, the figure and the JSON agree."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.widgets import DataTable

from mnist_tui.engine.analysis import imagined_store
from mnist_tui.engine.analysis.imagined import Imagined
from mnist_tui.engine.analysis.projection import store_path
from mnist_tui.engine.analysis.training_images import Neighbour
from mnist_tui.engine.analysis.tsne import Embedding, save
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.events import Epoch, Progress, RunFinished, RunStarted, Test, to_json
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.export import Form, export
from mnist_tui.engine.figures.settings import ViewState
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.session import start
from mnist_tui.engine.training import loop
from mnist_tui.engine.training.control import Control
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.views.training.panel import PanelState, panel_text
from mnist_tui.tui.widgets.chart import Chart
from mnist_tui.tui.widgets.epoch_table import EpochTable
from mnist_tui.tui.widgets.subject_bar import SubjectBar
from tests.figures import floats, made_lines, record, said, table
from tests.helpers import command
from tests.tui.conftest import QUICK, screen_text, until

SIZE = (160, 45)
COLOURS = dict.fromkeys(("foreground", "secondary", "success", "warning", "error", "accent", "border"), "red")


def exported(app: MnistTui, state: ViewState, folder: Path) -> tuple[dict[str, Any], Path]:
    """Export what a view shows; return the picture's metadata and the file with its numbers."""
    written = export(Context(app.analyst), state, Form(folder, numbers=True))
    assert written.numbers is not None
    return said(written.figure), written.numbers


def evaluated(app: MnistTui) -> dict[str, Any]:
    """Return what `mnist-tui evaluate --json` prints about the selected network."""
    subject = app.scrubber.subject
    assert subject is not None
    options = ("--epoch", str(subject.epoch), "--split", subject.split, "--runs-dir", "runs", "--json")
    outcome = command("evaluate", subject.folder.name, *options)
    assert outcome.status == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)
    return found


def assert_one_story(app: MnistTui, run: RunFolder, folder: Path) -> None:
    """Check Confusion: its top bar, subject bar, body, figure and the JSON of the same network."""
    subject, view = app.scrubber.subject, app.screen
    history, lines = History.of(run.events()), screen_text(app).splitlines()
    told = evaluated(app)
    assert history.test is not None
    assert f"test {history.test.acc * 100:.2f} %" in lines[0]
    assert view.subject == view.query_one(SubjectBar).subject == subject
    bar = next(line for line in lines if line.strip().startswith("epoch "))
    assert run.name in bar
    assert f"★{history.best.epoch}" in bar
    assert "…0" not in bar
    assert f"digits {'validation' if told['split'] == 'valid' else told['split']}" in bar
    matrix = view.data.matrix
    assert (told["correct"], told["total"]) == (matrix.correct, matrix.total)
    assert f"{told['acc'] * 100:.2f} %" in screen_text(app)
    text, numbers = exported(app, view.export_states()[0], folder)
    made = record(numbers)["made"]
    for key in ("run", "dataset", "epoch", "split", "partial"):
        assert made[key] == told[key], key
        assert text[key.capitalize()] == str(told[key])
    assert told["run"] == run.name
    assert record(numbers)["accuracy"] == told["acc"]


async def test_runs_epochs_and_splits(console, stored, tmp_path: Path) -> None:
    runs = [stored(QUICK)[0], stored(replace(QUICK, seed=5, lr=0.003))[0]]
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        for run in (*runs, runs[0]):
            await app.show_run(run, History.of(run.events()), "confusion")
            for keys in ((), ("left_square_bracket",), ("v",), ("left_square_bracket", "v"), ("f", "v")):
                await pilot.press(*keys)
                view = app.screen
                await until(pilot, lambda view=view: view.data is not None and view.subject == app.scrubber.subject)
                assert_one_story(app, run, tmp_path)


def stopped_run(place: tuple[int, int], name: str) -> RunFolder:
    control = Control()
    for event in start(replace(QUICK, batch_size=32), Path("runs"), data_dir=".", name=name, control=control):
        if isinstance(event, Progress) and (event.epoch, event.batch) == place:
            control.stop()
    assert isinstance(event, RunFinished)
    return RunFolder(Path("runs") / event.run)


def labels_of(screen: Any) -> list[str]:
    """Return the first column of the table of epochs."""
    epochs = screen.query_one(EpochTable)
    lines = [epochs.render_line(y).text for y in range(2, 2 + epochs.row_count)]
    return [line.split()[0] for line in lines]


async def test_a_partial_epoch_is_marked_until_a_resume_discards_it(console, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(loop, "REPORT_SECONDS", 0.0)
    run = stopped_run((1, 20), "first")
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        await app.show_run(run)
        view = app.screen
        await until(pilot, lambda: view.query_one(EpochTable).row_count)
        assert labels_of(view) == ["★…1"]
        result = History.of(run.events()).test
        assert f"test {result.acc * 100:.2f} % (partial epoch 1)" in screen_text(app).splitlines()[0]
        assert "epoch 1 (partial)" in screen_text(app)
        text, numbers = exported(app, view.export_states()[0], tmp_path)
        points = table(numbers)
        last = [float(x) for x, curve in zip(points["epoch"], points["curve"], strict=True) if curve == "validation"]
        assert last == [History.of(run.events()).epochs[0].trained]
        assert 0 < last[0] < 1
        await pilot.press("4")
        await until(pilot, lambda: app.screen.data is not None)
        assert "★…1" in screen_text(app)
        assert evaluated(app)["partial"]
        text, numbers = exported(app, app.screen.export_states()[0], tmp_path)
        assert (text["Epoch"], text["Partial"], record(numbers)["made"]["partial"]) == ("1", "True", True)
        await pilot.press("9")
        await until(pilot, lambda: app.screen.query_one(DataTable).row_count)
        row = [str(cell) for cell in app.screen.query_one(DataTable).get_row_at(0)]
        assert row[1] == f"{result.acc * 100:.2f} % …"
        assert row[2].endswith(" % …")
        assert row[3] == "0/3"

        offer = app.resumption.offer(run, History.of(run.events()))
        app.resumption.resume(offer, 3)
        await until(pilot, lambda: app.training.history.finished and not app.training.is_running)
        assert any("was the best so far, but partial" in note.message for note in app._notifications)
        await until(pilot, lambda: app.current_mode == "training" and app.screen.query_one(EpochTable).row_count == 3)
        best = app.training.history.best.epoch
        assert labels_of(app.screen) == [f"★{n}" if n == best else str(n) for n in (1, 2, 3)]
        assert "partial" not in screen_text(app).splitlines()[0]
        await pilot.press("4")
        await until(pilot, lambda: app.screen.data is not None and app.screen.subject == app.scrubber.subject)
        assert_one_story(app, run, tmp_path)


async def test_a_later_partial_epoch_has_no_star(console, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(loop, "REPORT_SECONDS", 0.0)
    run = stopped_run((3, 20), "later")
    history = History.of(run.events())
    assert history.best.epoch == history.test.epoch < 3
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        await app.show_run(run, history)
        await until(pilot, lambda: app.screen.query_one(EpochTable).row_count)
        assert labels_of(app.screen) == [
            "★1" if history.best.epoch == 1 else "1",
            "★2" if history.best.epoch == 2 else "2",
            "…3",
        ]
        await pilot.press("4")
        await until(pilot, lambda: app.screen.data is not None and app.screen.subject == app.scrubber.subject)
        assert_one_story(app, run, tmp_path)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: app.screen.subject == app.scrubber.subject)
        assert "…3" in screen_text(app)
        assert evaluated(app)["partial"]


async def test_undefined_numbers(console, stored_run, tmp_path: Path) -> None:
    run = stored_run(QUICK)
    weights = {name: tensor * 0 for name, tensor in run.weights(0).items()}  # every image is taken for a zero
    import torch

    torch.save(weights, run.checkpoint(0))
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        await app.show_run(run, None, "confusion")
        app.scrubber.choose(0)
        view = app.screen
        await until(pilot, lambda: view.data is not None and view.subject.epoch == 0)
        assert " – " in screen_text(app)
        _, numbers = exported(app, view.export_states()[0], tmp_path)
        told = record(numbers)
        assert told["precision"] == [told["precision"][0]] + [None] * 9
        assert told["recall"] == [1.0] + [0.0] * 9


async def test_options_of_the_charts(console, stored_run, tmp_path: Path) -> None:
    run = stored_run(QUICK)
    history = History.of(run.events())
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        await app.show_run(run, history)
        await pilot.press("y", "m")
        view = app.screen
        labels = [str(view.query_one(f"#{name}", Chart).border_subtitle) for name in ("loss", "acc")]
        assert labels == ["log, smoothed 0.6", "smoothed 0.6"]
        text, numbers = exported(app, view.export_states()[0], tmp_path)
        assert "--log --smooth 0.6" in text["Command"]
        points = table(numbers)
        chosen = np.array(points["curve"]) == "validation"
        np.testing.assert_allclose(floats(points["loss"])[chosen], [epoch.valid_loss for epoch in history.epochs])


async def test_results_that_another_process_stored(console, stored_run) -> None:
    run = stored_run(QUICK)
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        await app.show_run(run, None, "projection")
        await until(pilot, lambda: app.screen.data is not None)
        await pilot.press("t")
        await until(pilot, lambda: app.screen.data.spec.method == "tsne")
        epoch = app.screen.subject.epoch
        assert f"no t-SNE of these 297 points at epoch {epoch} yet" in screen_text(app)
        await pilot.press("7")
        await until(pilot, lambda: app.screen.data is not None)
        assert "no image yet" in screen_text(app)

        points = np.random.default_rng(0).normal(size=(297, 2))
        path = store_path(replace(app.scrubber.subject), "hidden", 297)
        path.parent.mkdir()
        save(path, Embedding(points, 9, 9, 1.25, "done"))
        near = Neighbour(np.zeros((28, 28), np.uint8), 3, 11, 0.75)
        imagined_store.save(run.path, epoch, Imagined("smooth", 3, np.eye(28, dtype=np.float32), 0.9, 7, near))

        await pilot.press("6")
        await until(pilot, lambda: app.screen.data is not None and app.screen.data.points is not None)
        np.testing.assert_array_equal(app.screen.data.points, points)
        await until(pilot, lambda: "KL 1.250" in screen_text(app))
        await pilot.press("7")
        await until(pilot, lambda: "nearest 3 #11" in screen_text(app))
        assert "at distance 0.8 in the hidden layer" in screen_text(app)


async def test_the_numbers_beside_a_projection_are_those_of_its_figure(console, stored_run, tmp_path: Path) -> None:
    run = stored_run(QUICK)
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        await app.show_run(run, None, "projection")
        await until(pilot, lambda: app.screen.data is not None and app.screen.metrics.values is not None)
        view = app.screen
        measured = view.metrics.values.separation
        text, numbers = exported(app, view.export_states()[0], tmp_path)
        made = made_lines(numbers)
        for name, value in (
            ("knn_plane", measured.knn_plane),
            ("silhouette", measured.silhouette),
            ("trustworthiness", measured.trustworthiness),
            ("procrustes_r2", view.metrics.values.procrustes_r2),
        ):
            assert float(made[f"pca-hidden {name}"]) == value
            assert f"pca-hidden {name} {value}" in text["Numbers"]
        for key, value in {"dataset": "digits", "run": run.name, "epoch": view.subject.epoch, "split": "test"}.items():
            assert made[key] == text[key.capitalize()] == str(value)
        assert f"{measured.silhouette:.3f}" in screen_text(app)
        assert "all 297 points" in screen_text(app)


async def test_runs_of_different_data_sets(console, stored_run, tmp_path: Path) -> None:
    run = stored_run(QUICK)
    other = RunFolder(Path(shutil.copytree(run.path, run.path.with_name("20260102-000000-other"))))
    events = [replace(e, dataset="mnist") if isinstance(e, RunStarted) else e for e in other.events()]
    (other.path / "events.jsonl").write_text("".join(f"{to_json(event)}\n" for event in events))
    manifest = json.loads((other.path / "config.json").read_text())
    (other.path / "config.json").write_text(json.dumps(manifest | {"dataset": "mnist"}))
    app = console()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("9")
        await until(pilot, lambda: app.screen.query_one(DataTable).row_count == 2)
        view = app.screen
        await until(pilot, lambda: str(view.query_one("#preview-loss").border_subtitle) == view._current.name)
        await pilot.press("m", "m", "c")
        await until(pilot, lambda: "different data sets, not comparable: digits, mnist" in screen_text(app))
        text, numbers = exported(app, app.screen.export_states()[0], tmp_path)
        assert sorted(text["Dataset"].split(", ")) == ["digits", "mnist"]
        assert set(table(numbers)["dataset"]) == {"digits", "mnist"}


async def test_the_strength_of_the_augmentation(console, tmp_path: Path) -> None:
    config = RunConfig.from_recipe("fast", dataset="digits", hidden=(16,), epochs=5)
    app = console(config)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("2")
        view = app.screen
        await until(pilot, lambda: view.data is not None)
        first = view.data
        assert "augmented: epoch 1 of 5, strength 100 %" in screen_text(app)
        await pilot.press(*["right_square_bracket"] * 9)
        await until(pilot, lambda: view.data.epoch == 5)
        assert "augmented: epoch 5 of 5, strength 10 %" in screen_text(app)

        def change(data: Any) -> float:
            return float(np.abs(data.augmented.astype(int) - data.stored).mean())

        assert change(view.data) < change(first) / 3
        text, numbers = exported(app, view.export_states()[0], tmp_path)
        told = record(numbers)
        assert (told["epoch"], told["strength"], text["Epoch"]) == (5, pytest.approx(0.1), "5")
        np.testing.assert_array_equal(told["augmented"], view.data.augmented)
        await pilot.press("f")
        await until(pilot, lambda: view.data.epoch == 1)


async def test_the_augmentation_of_a_training_is_that_of_its_epoch(console) -> None:
    app = console(RunConfig.from_recipe("fast", dataset="digits", hidden=(16,), epochs=100_000, fade=1.0))
    async with app.run_test(size=SIZE) as pilot:
        app.training.start(app.config)
        await until(pilot, lambda: app.training.history.current_epoch > 2)
        await pilot.press("2")
        view = app.screen
        await until(pilot, lambda: view.data is not None and view.data.epoch > 2)
        seen = view.data.epoch
        await until(pilot, lambda: view.data.epoch > seen)
        app.training.stop()
        await until(pilot, lambda: not app.training.is_running)


def test_the_spread_over_seeds_stands_beside_one_run() -> None:
    from mnist_tui.tui.cli.plain import _event_lines

    started = RunStarted("a", RunConfig().to_json(), "mnist", "cpu", 1, 2, 3, 4, 0.1, 0.3, 5.0)
    events = [
        started,
        Epoch(10, 0.1, 0.97, 0.08, 0.975, 1.0, best=True),
        Test(10, 0.07, 0.9793, 9793, 10_000),
        RunFinished("a", "completed", 9.0),
    ]
    history = History.of(events)
    assert (
        _event_lines(events[-1], history)[-1] == "these settings reach 98.14 ± 0.13 % over 21 seeds (README, Results)"
    )
    state = PanelState(training=False, paused=False, stored="a", failure="", elapsed=0.0)
    shown = panel_text(history, state, 60, COLOURS, brief=False).plain
    assert "97.93 %" in shown
    assert "98.14 ± 0.13 % over 21 seeds (README, Results)" in shown
    assert "seeds" not in panel_text(History.of(events[:3]), state, 60, COLOURS, brief=False).plain
