"""The list of the Mistakes view against NumPy and scikit-learn: which images, in which order, filtered how."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.metrics import confusion_matrix

from mnist_tui.engine.analysis.answers import Answers
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.tui.views.mistakes.texts import caption
from mnist_tui.tui.widgets.cursor_grid import CursorGrid
from tests.tui.conftest import screen_text, until
from tests.tui.mistakes_helpers import answers, drawn, indices, open_view


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
        await drawn(pilot, view, filter=f"true:{true} pred:{predicted}", which="all")
        assert sorted(indices(view)) == np.flatnonzero((labels == true) & (predictions == predicted)).tolist()
        assert len(indices(view)) == counts[true, predicted] > 0
        assert app.pending_filter == ""
        await pilot.press("escape")
        await drawn(pilot, view, filter="", which="wrong")


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


async def test_sort_reverse_and_filter_keys(console, stored) -> None:
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
        await drawn(pilot, view, filter="true:3 conf>0.2")
        assert sorted(indices(view)) == expected
        assert f"{len(expected)} of {wrong.sum()} wrong" in screen_text(app)
        await pilot.press("slash", "end", *" pred:x")
        await until(pilot, lambda: "pred:x: classes are 0 to 9" in screen_text(app))
        assert sorted(indices(view)) == expected
        await pilot.press("backspace", "3")
        await until(pilot, lambda: "matches true:3 conf>0.2 pred:3" in screen_text(app))
        assert "classes are" not in screen_text(app)
        await pilot.press("escape")
        await drawn(pilot, view, filter="")
        await until(pilot, lambda: f"1 of {wrong.sum()}" in screen_text(app))
        assert not view.query_one("#mistakes-filter").display


async def test_paging_shows_every_image_once(console, stored) -> None:
    run, history = stored(RunConfig(dataset="digits", epochs=6, hidden=(16,)))
    app = console()
    async with app.run_test(size=(60, 20)) as pilot:
        view = await open_view(app, pilot, run, history)
        await pilot.press("slash", *"index:0-99", "enter")
        await drawn(pilot, view, filter="index:0-99")
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
        await drawn(pilot, view, filter="true:3,5", sort="loss", which="all")
        index = indices(view)[view.cursor]
        for epoch in (2, 1, 0):
            await pilot.press("left_square_bracket")
            await until(pilot, lambda epoch=epoch: view.data.subject.epoch == epoch)
            answer = answers(run, epoch)
            chosen = np.flatnonzero(np.isin(answer.labels, (3, 5)))
            loss = -log_softmax(answer.logits.astype(float), axis=1)[chosen, answer.labels[chosen]]
            assert indices(view) == chosen[np.argsort(-loss, kind="stable")].tolist()
            assert indices(view)[view.cursor] == index


async def test_the_list_of_10_000_images_is_made_fast(console, stored) -> None:
    """Measure the work of each step after an epoch's first visit: the limit of 0.3 s allows for a slow machine."""
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
