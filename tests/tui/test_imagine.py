"""The Imagine view: three methods for each digit, controlled by keys."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from mnist_tui.engine.analysis import imagined_store
from mnist_tui.engine.analysis.answers import Answers
from mnist_tui.engine.analysis.imagined import METHODS, Imagined, grey, imagine
from mnist_tui.engine.analysis.percentages import probability_label
from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.analysis.training_images import Neighbour
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.training.model import MLP
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.views.imagine import short_probability
from tests.helpers import HANG
from tests.tui.conftest import screen_text, until

CONFIG = RunConfig(dataset="digits", epochs=12, hidden=(32,))


@pytest.fixture
def opened(console: Callable[..., MnistTui], stored_run: Callable[[RunConfig], RunFolder]) -> Callable[..., MnistTui]:
    stored_run(CONFIG)
    return console


async def open_imagine(app: MnistTui, pilot) -> None:
    await pilot.press("9")
    await until(pilot, lambda: app.screen.query_one("#run-table").row_count)
    await pilot.press("enter")
    await until(pilot, lambda: app.current_mode == "training")
    await pilot.press("7")
    await until(pilot, lambda: app.current_mode == "imagine" and app.screen.data is not None)


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (60, 20)])
async def test_a_digit_is_imagined_in_three_ways(opened, size) -> None:
    app = opened()
    async with app.run_test(size=size) as pilot:
        await open_imagine(app, pilot)
        view = app.screen
        assert "3: no image yet" in screen_text(app)
        await pilot.press("minus", "minus", "r")
        await until(pilot, lambda: len(view.data.pictures) == 3 and not view.is_searching)
        for (method, digit), found in view.data.pictures.items():
            assert digit == 3
            assert found.done
            assert probability_label(found.probability) in screen_text(app), method
        await pilot.press("right")
        assert "4: no image yet" in screen_text(app)


async def test_a_search_that_outlives_the_console_ends_silently(opened, monkeypatch, caplog) -> None:
    begun, ended, image = threading.Event(), threading.Event(), np.zeros((28, 28), np.float32)
    app = opened()
    async with app.run_test(size=(120, 40)) as pilot:
        await open_imagine(app, pilot)

        def search(*arguments, **more):
            begun.set()
            ended.wait(HANG)
            yield Imagined("noise", 3, image, 0.5, 10, Neighbour(image.astype(np.uint8), 3, 0, 1.0))

        monkeypatch.setattr("mnist_tui.engine.analysis.stored_answers.imagine", search)
        await pilot.press("r")
        await until(pilot, begun.is_set)
    ended.set()
    (late,) = [thread for thread in threading.enumerate() if thread.name == "job search"]
    late.join(HANG)
    assert not late.is_alive()
    assert not caplog.records


async def test_a_search_can_be_stopped_and_keeps_its_best(opened, monkeypatch) -> None:
    # Too many for any machine to finish before the key: only the stop can end the search.
    monkeypatch.setattr("mnist_tui.tui.views.imagine.BUDGETS", (1000, 1000, 1000, 10**11))
    app = opened()
    async with app.run_test(size=(120, 40)) as pilot:
        await open_imagine(app, pilot)
        view = app.screen
        await pilot.press("plus", "r")
        await until(pilot, lambda: ("noise", 3) in view.data.pictures)
        await pilot.press("escape")
        await until(pilot, lambda: not view.is_searching)
        assert view.data.pictures["noise", 3].done
        assert view.data.pictures["noise", 3].tried < 10**11
        assert app.current_mode == "imagine"


async def test_every_epoch_has_pictures_of_its_own(opened) -> None:
    app = opened()
    async with app.run_test(size=(120, 40)) as pilot:
        await open_imagine(app, pilot)
        view = app.screen
        await pilot.press("minus", "minus", "r")
        await until(pilot, lambda: len(view.data.pictures) == 3 and not view.is_searching)
        kept = view.data.pictures
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: not view.data.pictures)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: view.data.pictures == kept)


async def test_a_retrained_epoch_has_no_pictures_yet(opened) -> None:
    app = opened()
    async with app.run_test(size=(120, 40)) as pilot:
        await open_imagine(app, pilot)
        view = app.screen
        run, epoch = RunFolder(view.subject.folder), view.subject.epoch
        near = Neighbour(np.zeros((28, 28), np.uint8), 3, 0, 1.0)
        found = Imagined("noise", 3, np.eye(28, dtype=np.float32), 0.9, 100, near)
        imagined_store.save(run.path, epoch, found)
        app.analyst.answers = Answers()
        view.refresh_data()
        await until(pilot, lambda: view.data.pictures)
        writer = RunWriter.reopen(run)
        writer.save_weights(epoch, run.weights(1))
        writer.close()
        view.subject_changed()
        await until(pilot, lambda: not view.data.pictures)


async def test_the_result_of_a_search_with_replaced_weights_is_not_stored(opened, monkeypatch) -> None:
    """Fails where a search that outlasts a retraining is stored, or shown, as one of the new weights."""
    gate, image = threading.Event(), np.zeros((28, 28), np.float32)
    found = Imagined("noise", 3, image, 0.5, 10, Neighbour(image.astype(np.uint8), 3, 0, 1.0))

    def search(*arguments, **more):
        assert gate.wait(20)
        yield found

    monkeypatch.setattr("mnist_tui.engine.analysis.stored_answers.imagine", search)
    app = opened()
    async with app.run_test(size=(120, 40)) as pilot:
        await open_imagine(app, pilot)
        view = app.screen
        await pilot.press("r")
        run, epoch = RunFolder(view.subject.folder), view.subject.epoch
        writer = RunWriter.reopen(run)
        writer.save_weights(epoch, run.weights(1))
        writer.close()
        view.subject_changed()
        gate.set()
        await until(pilot, lambda: not view.is_searching and not view.is_computing)
        assert any("retrained" in note.message for note in app._notifications)
        assert not view.data.pictures
        assert not list(run.path.glob("imagined/*"))


def hidden_layer(model: MLP, x: np.ndarray) -> np.ndarray:
    """Return the activations of the only hidden layer, in double precision from the plain formula."""
    state = {name: tensor.double().numpy() for name, tensor in model.state_dict().items()}
    return np.maximum(x @ state["input_fc.weight"].T + state["input_fc.bias"], 0)


def test_probabilities_and_nearest_images_are_the_networks_and_the_datas(opened) -> None:
    folder = stored_runs(Path("runs"))[0].path
    analyst, subject = Analyst(), Subject(folder, 12, "test")
    model = analyst.model(folder, 12)
    _, dataset = analyst.run(folder)
    training = analyst.images(folder, "train")
    normalised = (training.images.reshape(-1, 784) / 255 - dataset.mean) / dataset.std
    reference = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(hidden_layer(model, normalised))
    done = [found for found in imagine(analyst, subject, (0, 7), images=20_000) if found.done]
    expected = {(method, digit) for method in METHODS for digit in (0, 7)}
    assert {(found.method, found.digit) for found in done} == expected
    for found in done:
        with torch.no_grad():
            logits, _ = model(torch.tensor(found.image)[None])
        assert found.probability == pytest.approx(torch.softmax(logits, 1)[0, found.digit].item(), abs=1e-5)
        distance, position = reference.kneighbors(hidden_layer(model, found.image.reshape(1, -1)))
        assert found.nearest.distance == pytest.approx(distance[0, 0], rel=1e-4)
        assert found.nearest.index == training.indices[position[0, 0]]
        assert (found.nearest.image == dataset.images[found.nearest.index]).all()
        if found.method == "ascent":
            assert found.probability > 0.999


def test_texts_never_round_a_probability_up_to_certainty() -> None:
    assert probability_label(0.9998) == "99.98 %"
    assert probability_label(0.9999997) == "99.99997 %"
    assert probability_label(1.0) == ">99.9999999 %"
    assert short_probability(0.99999, narrow=False) == "99.99"
    assert short_probability(0.999, narrow=True) == "99"
    assert [short_probability(1.0, narrow=narrow) for narrow in (False, True)] == [">99.9", ">99"]


def test_a_picture_uses_all_greys() -> None:
    image = np.linspace(-3, 5, 784, dtype=np.float32).reshape(28, 28)
    assert grey(image).min() == 0
    assert grey(image).max() == 255
    assert (grey(np.zeros((28, 28), np.float32)) == 0).all()
