"""The Mistakes view under Pilot: its images and numbers against NumPy, SciPy and scikit-learn, its keys, its limits."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax
from sklearn.metrics import confusion_matrix
from sklearn.neighbors import NearestNeighbors

from mnist_tui.engine.analysis.answers import Answers
from mnist_tui.engine.analysis.image_details import research, sample_epochs
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.stored_network import evaluate_stored
from mnist_tui.engine.session import start
from mnist_tui.engine.training.evaluate import Evaluation
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.views.mistakes.detail import Detail, arrange
from mnist_tui.tui.views.mistakes.texts import bar, bars_text, caption, caption_lines
from mnist_tui.tui.views.mistakes.view import MistakesView
from mnist_tui.tui.widgets.cursor_grid import CursorGrid
from tests.helpers import HANG
from tests.tui.conftest import ENDLESS, QUICK, screen_text, until

FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[RunConfig], tuple[Path, History]]:
    """Trains without a screen, each configuration once."""
    runs: dict[RunConfig, tuple[Path, History]] = {}

    def train(config: RunConfig) -> tuple[Path, History]:
        if config not in runs:
            folder = tmp_path_factory.mktemp("runs")
            events = list(start(config, folder, data_dir=str(folder)))
            runs[config] = next(folder.iterdir()), History.of(iter(events))
        return runs[config]

    return train


@pytest.fixture
def stored(trained, console) -> Callable[..., tuple[RunFolder, History]]:
    """Puts a finished run into the test's own folder."""

    def make(config: RunConfig = QUICK) -> tuple[RunFolder, History]:
        path, history = trained(config)
        return RunFolder(Path(shutil.copytree(path, Path("runs") / path.name))), history

    return make


def answers(run: RunFolder, epoch: int, split: str = "test") -> Evaluation:
    return evaluate_stored(run, epoch, split, data_dir=None, explicit_folder=False)


async def open_view(app: MnistTui, pilot, run: RunFolder, history: History) -> MistakesView:
    await app.show_run(run, history)
    await pilot.press("5")
    await until(pilot, lambda: app.current_mode == "mistakes" and app.screen.data is not None)
    await pilot.pause()
    assert isinstance(app.screen, MistakesView)
    return app.screen


def indices(view: MistakesView) -> list[int]:
    """Where the listed images lie in their file, in the list's order."""
    return view.data.scores.indices[view.data.positions].tolist()


async def drawn(pilot, view: MistakesView, **spec: object) -> None:
    """Wait until the view shows what it was asked for."""
    await until(pilot, lambda: all(getattr(view.data.spec, name) == value for name, value in spec.items()))


async def test_the_wrong_images_are_listed_with_the_evaluations_numbers(console, stored) -> None:
    run, history = stored()
    answer = answers(run, history.best.epoch)
    probabilities, labels = softmax(answer.logits.astype(float), axis=1), answer.labels.astype(int)
    predictions = probabilities.argmax(1)
    wrong = np.flatnonzero(predictions != labels)
    expected = wrong[np.argsort(-probabilities[wrong, predictions[wrong]], kind="stable")]
    app = console()
    async with app.run_test(size=(160, 45)) as pilot:
        view = await open_view(app, pilot, run, history)
        assert indices(view) == expected.tolist()
        grid = view.query_one(CursorGrid)
        assert grid.capacity() == (5, 5)
        for i, picture in zip(expected, grid.pictures, strict=False):
            numbers = [f"{p * 100:.0f}%" for p in (probabilities[i, labels[i]], probabilities[i, predictions[i]])]
            assert picture.caption == f"{labels[i]} {numbers[0]} → {predictions[i]} {numbers[1]}"
        shown = screen_text(app)
        assert f"1 of {len(wrong)}" in shown
        assert f"{len(wrong)} of 297 wrong" in shown
        first = expected[0]
        two = np.sort(probabilities[first])[-2:]
        assert f"loss {-log_softmax(answer.logits[first].astype(float))[labels[first]]:.2f}" in shown
        assert f"margin {(two[1] - two[0]) * 100:.1f} %" in shown
        for label, probability in enumerate(probabilities[first]):
            assert re.search(rf"[ ✓✗] {label} .*\b{probability * 100:.1f} %", shown)


async def test_a_confusion_cell_opened_by_keys_lists_exactly_the_images_it_counts(console, stored) -> None:
    run, history = stored()
    answer = answers(run, history.best.epoch)
    labels, predictions = answer.labels.astype(int), answer.logits.argmax(1)
    counts = confusion_matrix(labels, predictions)
    np.fill_diagonal(counts, 0)
    true, predicted = (int(i) for i in np.unravel_index(counts.argmax(), counts.shape))
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        view = await open_view(app, pilot, run, history)
        await pilot.press("4")
        await until(pilot, lambda: app.current_mode == "confusion" and app.screen.data is not None)
        await pilot.press(*["down"] * true, *["right"] * predicted, "enter")
        await until(pilot, lambda: app.current_mode == "mistakes")
        await drawn(pilot, view, words=f"true:{true} pred:{predicted}", which="all")
        assert sorted(indices(view)) == np.flatnonzero((labels == true) & (predictions == predicted)).tolist()
        assert len(indices(view)) == counts[true, predicted] > 0
        assert app.pending_filter == ""
        await pilot.press("escape")
        await drawn(pilot, view, words="", which="wrong")


async def test_an_index_leads_to_the_same_image_in_the_data_set(console, stored) -> None:
    run, history = stored()
    dataset = load_digits_dataset()
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        view = await open_view(app, pilot, run, history)
        for split, name in (("test", "test"), ("valid", "training"), ("train", "training")):
            file = dataset.test_images if split == "test" else dataset.images
            await until(pilot, lambda split=split: view.data.subject.split == split)
            words = f"image {indices(view)[0]}(, | of the ){name} file"
            await until(pilot, lambda words=words: re.search(words, screen_text(app)))
            for index, picture in zip(indices(view), view.query_one(CursorGrid).pictures, strict=False):
                assert (picture.image == file[index]).all()
            large = view.query_one("#detail-image").pictures[0].image
            step = len(large) // 28  # braille is drawn twice as large
            assert (large[::step, ::step] == file[indices(view)[0]]).all()
            await pilot.press("v")


async def test_sort_and_turn_and_which(console, stored) -> None:
    run, history = stored()
    answer = answers(run, history.best.epoch)
    logits, labels = answer.logits.astype(float), answer.labels.astype(int)
    ordered = np.sort(softmax(logits, axis=1), axis=1)
    keys = {
        "confidence": -ordered[:, -1],
        "loss": log_softmax(logits, axis=1)[np.arange(297), labels],
        "margin": ordered[:, -2] - ordered[:, -1],
        "index": np.arange(297),
    }
    wrong = np.flatnonzero(logits.argmax(1) != labels)
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        view = await open_view(app, pilot, run, history)
        for sort in ("loss", "margin", "index", "confidence"):
            await pilot.press("o")
            await drawn(pilot, view, sort=sort)
            expected = wrong[np.argsort(keys[sort][wrong], kind="stable")].tolist()
            assert indices(view) == expected
            assert f"by {sort} {'↑' if sort == 'index' else '↓'}" in screen_text(app)
            await pilot.press("O")
            await drawn(pilot, view, reverse=True)
            assert indices(view) == expected[::-1]
            assert f"by {sort} {'↓' if sort == 'index' else '↑'}" in screen_text(app)
        await pilot.press("O", "w")
        await drawn(pilot, view, which="right")
        right = np.flatnonzero(logits.argmax(1) == labels)
        assert indices(view) == right[np.argsort(ordered[right, -1], kind="stable")].tolist()
        assert f"{len(right)} of 297 right" in screen_text(app)
        await pilot.press("w")
        await drawn(pilot, view, which="all")
        assert sorted(indices(view)) == list(range(297))


async def test_a_filter_counts_what_is_left_and_an_error_keeps_the_last_valid_one(console, stored) -> None:
    run, history = stored(RunConfig(dataset="digits", epochs=1, hidden=(16,)))
    answer = answers(run, 1)
    probabilities = softmax(answer.logits.astype(float), axis=1)
    wrong = probabilities.argmax(1) != answer.labels
    expected = np.flatnonzero(wrong & (answer.labels == 3) & (probabilities.max(1) > 0.2)).tolist()
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        view = await open_view(app, pilot, run, history)
        await pilot.press("slash", *"true:3 conf>0.2", "enter")
        await drawn(pilot, view, words="true:3 conf>0.2")
        assert sorted(indices(view)) == expected
        assert f"{len(expected)} of {wrong.sum()} wrong" in screen_text(app)
        await pilot.press("slash", "end", *" pred:x")
        await until(pilot, lambda: "pred:x: classes are 0 to 9" in screen_text(app))
        assert sorted(indices(view)) == expected
        await pilot.press("backspace", "3")
        await until(pilot, lambda: "matches true:3 conf>0.2 pred:3" in screen_text(app))
        assert "classes are" not in screen_text(app)
        await pilot.press("escape")
        await drawn(pilot, view, words="")
        await until(pilot, lambda: f"1 of {wrong.sum()}" in screen_text(app))
        assert not view.query_one("#mistakes-filter").display


async def test_paging_shows_every_image_once(console, stored) -> None:
    run, history = stored(RunConfig(dataset="digits", epochs=6, hidden=(16,)))
    app = console()
    async with app.run_test(size=(60, 20)) as pilot:
        view = await open_view(app, pilot, run, history)
        await pilot.press("slash", *"index:0-99", "enter")
        await drawn(pilot, view, words="index:0-99")
        grid = view.query_one(CursorGrid)
        columns, rows = grid.capacity()
        assert (columns, rows) == (4, 2)
        count = len(indices(view))
        captions = [caption(view.data.scores, i, view.data.classes, 14) for i in view.data.positions]
        steps = {"right": count, "pagedown": -(-count // (columns * rows)), "down": -(-count // columns)}
        for key, times in steps.items():
            seen: dict[int, list[str]] = {}
            for _ in range(times):
                seen[view.cursor // (columns * rows)] = [picture.caption for picture in grid.pictures]
                assert grid.pictures[grid.cursor].caption == captions[view.cursor]
                await pilot.press(key)
            assert [text for page in sorted(seen) for text in seen[page]] == captions
            await pilot.press("home")
        await pilot.press("end", "right", "down")
        assert view.cursor == count - 1
        await pilot.press("home", "left", "up", "pageup")
        assert view.cursor == 0


async def test_scrubbing_keeps_filter_sort_and_the_image(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        view = await open_view(app, pilot, run, history)
        await pilot.press("o", "w", "w", "slash", *"true:3,5", "enter", "right", "right")
        await drawn(pilot, view, words="true:3,5", sort="loss", which="all")
        index = indices(view)[view.cursor]
        for epoch in (2, 1, 0):
            await pilot.press("left_square_bracket")
            await until(pilot, lambda epoch=epoch: view.data.subject.epoch == epoch)
            answer = answers(run, epoch)
            chosen = np.flatnonzero(np.isin(answer.labels, (3, 5)))
            loss = -log_softmax(answer.logits.astype(float), axis=1)[chosen, answer.labels[chosen]]
            assert indices(view) == chosen[np.argsort(-loss, kind="stable")].tolist()
            assert indices(view)[view.cursor] == index


async def test_a_perfect_run_says_so_and_leads_on(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        # The network's own answers as the true classes: then every one is right.
        config, dataset = app.analyst.run(run.path)
        said = answers(run, history.best.epoch).logits.argmax(1).astype(np.uint8)
        app.analyst._runs[run.path] = config, replace(dataset, test_labels=said)
        view = await open_view(app, pilot, run, history)
        words = "all 297 images are correct – w shows the least confident ones"
        await until(pilot, lambda: words in screen_text(app))
        await pilot.press("down", "enter", "o", "O", "b", "i", "end", "pagedown")
        await until(pilot, lambda: words in screen_text(app))
        await pilot.press("w")
        await until(pilot, lambda: "297 of 297 right" in screen_text(app) and view.query_one(CursorGrid).pictures)
        assert "✓" in view.query_one(CursorGrid).pictures[0].caption


async def test_an_untrained_network_and_one_without_hidden_layers(console, stored) -> None:
    run, history = stored(RunConfig(dataset="digits", epochs=1, hidden=()))
    app = console()
    async with app.run_test(size=(160, 45)) as pilot:
        view = await open_view(app, pilot, run, history)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: view.data.subject.epoch == 0)
        assert len(indices(view)) == 297 - answers(run, 0).correct > 200
        await until(pilot, lambda: "nearest training images in the pixels" in screen_text(app))
        dataset = load_digits_dataset()
        train, _ = dataset.split(history_seed(run), QUICK.valid_fraction)
        pixels = dataset.images[train].reshape(len(train), -1) / (255 * dataset.std)
        query = dataset.test_images[indices(view)[0]].reshape(1, -1) / (255 * dataset.std)
        distances, nearest = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(pixels).kneighbors(query)
        found = view.query_one(Detail)._details.neighbours
        assert [neighbour.index for neighbour in found] == train[nearest[0]].tolist()
        assert np.allclose([neighbour.distance for neighbour in found], distances[0], rtol=1e-4)


def answered(detail: Detail, split: str, place: int) -> bool:
    """Whether everything is known of the image at a place of the list."""
    found, data = detail._details, detail._data
    return (
        found is not None
        and bool(found.neighbours)
        and (found.query.subject.split, found.query.position) == (split, data.positions[place])
    )


def history_seed(run: RunFolder) -> int:
    return run.config().seed


async def test_history_and_neighbours_of_an_image(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(160, 45)) as pilot:
        view = await open_view(app, pilot, run, history)
        detail = view.query_one(Detail)
        for split in ("test", "train"):
            await until(pilot, lambda split=split: view.data.subject.split == split)
            await pilot.press("right")
            await until(pilot, lambda split=split: answered(detail, split, view.cursor))
            await pilot.pause()
            findings, position = detail._details, view.data.positions[1]
            assert findings.question.position == position

            assert [verdict.epoch for verdict in findings.verdicts] == [0, 1, 2, 3]
            shown = screen_text(app).splitlines()
            (said,) = [line for line in shown if re.search(r"pred {2,}[✓✗]", line)]
            marks = re.findall(r"[✓✗]\d", said)
            for verdict, mark in zip(findings.verdicts, marks, strict=True):
                answer = answers(run, verdict.epoch, split)
                probabilities = softmax(answer.logits[position].astype(float))
                predicted = int(probabilities.argmax())
                assert mark == f"{'✓' if predicted == answer.labels[position] else '✗'}{predicted}"
                assert verdict.confidence == pytest.approx(probabilities.max(), abs=1e-5)

            epoch = view.data.subject.epoch
            train, query = answers(run, epoch, "train"), answers(run, epoch, split).hidden[position]
            distances = np.linalg.norm(train.hidden.astype(float) - query, axis=1)
            if split == "train":
                distances[position] = np.inf
            places = np.argsort(distances, kind="stable")[:10]
            dataset = load_digits_dataset()
            file_indices = dataset.split(history_seed(run), QUICK.valid_fraction)[0][places]
            assert [neighbour.index for neighbour in findings.neighbours] == file_indices.tolist()
            captions = [picture.caption for picture in view.query_one("#detail-neighbours").pictures]
            assert captions == [f"{dataset.labels[i]} #{i}" for i in file_indices]
            for index, picture in zip(file_indices, view.query_one("#detail-neighbours").pictures, strict=True):
                assert (picture.image == dataset.images[index]).all()
            await pilot.press("v", "v")


async def test_the_grid_does_not_wait_for_what_is_found_out(console, stored, monkeypatch: pytest.MonkeyPatch) -> None:
    run, history = stored()
    gate = threading.Event()

    def slow(analyst, question, cancelled):
        assert gate.wait(HANG)
        yield from research(analyst, question, cancelled)

    monkeypatch.setattr("mnist_tui.tui.views.mistakes.detail.research", slow)
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        view = await open_view(app, pilot, run, history)
        await until(pilot, lambda: "computing nearest neighbours" in screen_text(app))
        for epoch in (2, 1, 0):
            await pilot.press("left_square_bracket")
            await until(pilot, lambda epoch=epoch: view.data.subject.epoch == epoch)
        await pilot.press("right")
        assert view.cursor == 1
        gate.set()
        await until(pilot, lambda: "nearest in the hidden layer" in screen_text(app))
        assert view.query_one(Detail)._details.query.position == view.data.positions[1]


async def test_enter_opens_the_image_over_a_narrow_grid_and_escape_goes_back(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        view = await open_view(app, pilot, run, history)
        detail, grid = view.query_one(Detail), view.query_one(CursorGrid)
        assert grid.display
        assert not detail.display
        await pilot.press("right", "enter")
        await until(pilot, lambda: detail.display and f"image {indices(view)[1]} " in screen_text(app))
        assert not grid.display
        await until(pilot, lambda: "nearest in the hidden layer" in screen_text(app))
        await pilot.press("down")  # over the grid there is one image, so the next one
        await until(pilot, lambda: f"image {indices(view)[2]} " in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: grid.display and not detail.display)
        assert view.cursor == 2
        assert grid.cursor == 2
        await pilot.resize_terminal(140, 45)
        await until(pilot, lambda: grid.display and detail.display and detail.size.width)
        await until(pilot, lambda: f"image {indices(view)[2]} " in screen_text(app))
        assert grid.capacity()[0] == 5


async def test_a_click_moves_the_cursor_and_a_second_one_opens(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        view = await open_view(app, pilot, run, history)
        await pilot.click(CursorGrid, offset=(20, 3))
        assert view.cursor == 1
        await pilot.click(CursorGrid, offset=(20, 3))
        await until(pilot, lambda: view.query_one(Detail).display)
        assert view.cursor == 1


async def test_a_diverged_run_and_damaged_weights_do_not_break_it(console, stored) -> None:
    run, history = stored()
    path = run.checkpoint(3)
    weights = torch.load(path, weights_only=True)
    torch.save({name: torch.full_like(value, float("nan")) for name, value in weights.items()}, path)
    run.checkpoint(1).write_bytes(b"torn")
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        app.scrubber.select_run(run.path, history, growing=False)
        await app.show_run(run, history)
        app.scrubber.choose(3)
        await pilot.press("5")
        await until(pilot, lambda: "no neighbours: the representations are not finite" in screen_text(app))
        view = app.screen
        detail = view.query_one(Detail)
        assert [verdict.epoch for verdict in detail._details.predictions] == [0, 2, 3]
        assert view.query_one(CursorGrid).pictures[0].caption.endswith("→ 0 –")
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: view.data.subject.epoch == 2)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "epoch-0001.pt" in screen_text(app))


async def test_it_follows_a_run_that_trains(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        app.training.start(ENDLESS)
        await until(pilot, lambda: len(app.training.history.epochs) > 1)
        await app.action_view("mistakes")
        await until(pilot, lambda: app.screen.data is not None)
        view, detail = app.screen, app.screen.query_one(Detail)
        epoch = view.data.subject.epoch
        await until(pilot, lambda: view.data.subject.epoch > epoch + 3)
        app.scrubber.step(-1)
        view.action_which()
        chosen = app.scrubber.subject.epoch
        await until(pilot, lambda: view.data.subject.epoch == chosen and detail._details is not None)
        last = detail._details.predictions[-1].epoch
        await until(pilot, lambda: detail._details is not None and detail._details.predictions[-1].epoch > last)
        assert view.data.subject.epoch == chosen
        app.training.thread.control.stop()
        await until(pilot, lambda: not app.training.is_running)


async def test_every_theme_style_and_size_draws(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(120, 30)) as pilot:
        view = await open_view(app, pilot, run, history)
        for theme in ("ansi-dark", "mnist-light", "mnist-dark"):
            app.theme = theme
            await pilot.press("i", "b")
            assert "of 297 wrong" in screen_text(app)
        for size in ((200, 60), (61, 21), (10, 3), (119, 50), (120, 20), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.press("enter", "right", "escape", "left")
        await until(pilot, lambda: "of 297 wrong" in screen_text(app) and view.query_one(CursorGrid).display)


async def test_the_list_of_10_000_images_is_made_at_once(console, stored) -> None:
    """What is computed at each step after an epoch's first visit: 0.3 s are allowed, with room for a slow machine."""
    run, history = stored(RunConfig(dataset="digits", epochs=1, hidden=(16,)))
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        view = await open_view(app, pilot, run, history)
        view.spec = type(view.spec)(filter="true:0-8 conf>0.01 !index:3", which="all", sort="loss")
        big, folder = app.analyst, view.data.subject.folder
        config, dataset = big.run(folder)
        rng = np.random.default_rng(0)
        images = rng.integers(0, 255, (10_000, 28, 28), np.uint8)
        more = replace(dataset, test_images=images, test_labels=rng.integers(0, 10, 10_000).astype(np.uint8))
        big._runs[folder] = config, more
        big.answers = Answers()
        view.compute(Subject(folder, 1, "test"))
        began = time.perf_counter()
        data = view.compute(Subject(folder, 1, "test"))
        assert time.perf_counter() - began < 5.0
        assert len(data.positions) > 5000


def test_captions_fit_and_keep_their_numbers() -> None:
    """A long name must not push a probability out of the caption."""
    data = _Judged()
    assert caption(data, 0, "0123456789", 14) == "5 12% → 3 88%"
    assert caption(data, 1, "0123456789", 14) == "7 100% ✓"
    assert caption_lines("0123456789", 14) == 1
    assert caption_lines(FASHION, 14) == 2
    assert caption(data, 0, FASHION, 14) == "Sandal 12%\n→Dress 88%"
    assert caption(data, 2, FASHION, 14) == "T-shirt/to 10%\n→Ankle boo 90%"
    assert caption_lines(FASHION, 40) == 1


class _Judged:
    """Three verdicts."""

    labels = np.array([5, 7, 0])
    predictions = np.array([3, 7, 9])
    correct = np.array([False, True, False])
    true_probability = np.array([0.12, 1.0, 0.1])
    confidence = np.array([0.88, 1.0, 0.9])


def test_bars_are_as_long_as_the_probabilities() -> None:
    assert bar(0.0, 8) == " " * 8
    assert bar(1.0, 8) == "█" * 8
    assert bar(0.5, 3) == "█▌ "
    assert bar(float("nan"), 4) == "    "
    colours = dict.fromkeys(("success", "error", "primary", "foreground", "secondary"), "white")
    probabilities = np.array([0.05, 0.25, 0.7] + [0.0] * 7)
    for size, columns in (((40, 10), 1), ((44, 5), 2)):
        lines = bars_text(probabilities, 1, 2, "0123456789", colours, size).plain.splitlines()
        assert len(lines) == 10 // columns
        assert {len(line) for line in lines} == {size[0]}
    assert lines[1].startswith("✓ 1")
    assert lines[2].startswith("✗ 2")


def test_the_parts_of_the_panel_lie_inside_it_and_apart() -> None:
    """From 60×20's panel up, no part hides another or is cut."""
    for width in range(40, 200):
        for height in range(16, 60):
            places = arrange(width, height)
            regions = [places.image, places.facts, places.bars, places.words, places.near, places.history]
            shown = [region for region in regions if region.area]
            for region in shown:
                assert 0 <= region.x <= region.right <= width
                assert 0 <= region.y <= region.bottom <= height, (width, height, places)
            for i, region in enumerate(shown):
                assert not any(region.overlaps(other) for other in shown[:i])
            assert len(shown) >= 5


def test_many_epochs_are_thinned_out_and_keep_the_ends_and_the_current_one() -> None:
    for count in (1, 2, 10, 11, 12, 100, 999):
        epochs = list(range(count))
        for room in (3, 10, 37):
            for current in (0, count // 3, count - 1):
                chosen = sample_epochs(epochs, current, room)
                assert len(chosen) <= room
                assert {0, count - 1, current} <= set(chosen)
                assert all(a < b for a, b in pairwise(chosen))


@pytest.mark.parametrize("size", [(120, 40), (132, 40), (160, 45)])
async def test_the_detail_beside_the_grid_is_there_at_the_first_look(console, size) -> None:
    app = console(QUICK)
    async with app.run_test(size=size) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.finished and not app.training.is_running)
        await pilot.press("4", "5")
        await until(pilot, lambda: app.current_mode == "mistakes" and "margin" in screen_text(app))
